# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What the user gives, made to fit what the service takes.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field


def shortened(error: str, limit: t.Optional[int] = None) -> str:
    """error within limit, by default Table 3's. A longer one comes on one line, cut between words, "…" at its end."""
    if limit is None:
        limit = field("error").max_length
    if limit is None or len(error) <= limit:
        return error
    text = " ".join(error.split())
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if text[limit - 1] != " ":
        words = head.rsplit(" ", 1)[0]
        # A last word that fills half of the limit is worth more cut than dropped.
        head = words if len(words) >= limit // 2 else head
    return head.rstrip() + "…"
