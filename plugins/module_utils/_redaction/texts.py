# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What others wrote as it may stand in a message: on one line, short, and with nothing that a terminal obeys.
"""

from __future__ import annotations

import re
import typing as t

# A terminal obeys control characters, and reorders text by the last two ranges.
_CONTROL = "[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
_SHORT_LIMIT = 512


def visible(text: str) -> str:
    """text on one line, with control characters written as escapes, so that no terminal obeys them."""
    return text if text.isprintable() else re.sub(_CONTROL, lambda match: repr(match.group())[1:-1], text)


def short(value: t.Any) -> t.Optional[str]:
    """A string or number of a response as a short text; None for an empty one and for any other value."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = visible(" ".join(str(value).split()))
    return (text if len(text) <= _SHORT_LIMIT else text[: _SHORT_LIMIT - 1] + "…") or None
