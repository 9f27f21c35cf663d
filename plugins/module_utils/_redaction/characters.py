# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Texts by their characters: what secrets are compared by, and what no terminal obeys.
"""

from __future__ import annotations

import re

PLACEHOLDER = "********"

# A longer secret is found by its first characters: whoever echoes it may have cut the rest.
HEAD = 16

# A terminal obeys control characters, and reorders text by the last two ranges.
_CONTROL = "[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]"


def visible(text: str) -> str:
    """text on one line, with control characters written as escapes, so that no terminal obeys them."""
    return text if text.isprintable() else re.sub(_CONTROL, lambda match: repr(match.group())[1:-1], text)


def folded(text: str) -> str:
    """text in lower case, of the same length."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
