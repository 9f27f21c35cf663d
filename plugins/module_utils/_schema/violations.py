# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What breaks a rule, and how a message says so.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field

# How deep output may be nested. With some factor more, Ansible fails: on the arguments, or on the result of a callback
# that was sent.
DEPTH = 200

# A value that is quoted in a message is cut to this many characters.
_QUOTED = 60


class Violation(t.NamedTuple):
    """One rule that one option breaks. limit is what the rule allows, None where the rule has no number or list."""

    option: str
    rule: str
    limit: t.Any
    message: str


# Takes secrets out of a text. By default it leaves the text as it is.
Hide = t.Callable[[str], str]


def quoted(value: t.Any, hide: Hide = str) -> str:
    """value as it may stand in a message: on one line, cut after hide took the secrets out."""
    text = hide(repr(value))
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def suggestion(word: str, known: t.Sequence[str]) -> str:
    """ " (did you mean …?)" with the known word that is most like word, empty where none is like it."""
    # Imported only where something is wrong.
    from difflib import get_close_matches

    found = get_close_matches(word.lower(), known, 1)
    return " (did you mean %s?)" % found[0] if found else ""


def sentence(violations: t.Sequence[Violation]) -> str:
    """All violations as the one sentence that a user reads."""
    return "Nothing was sent: %s." % "; ".join(violation.message for violation in violations)


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
