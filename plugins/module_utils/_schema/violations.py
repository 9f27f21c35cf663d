# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What breaks a rule, and how a message says so.

Not imported by a callback whose arguments are valid.
"""

from __future__ import annotations

import json
import math
import typing as t

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


def missing(*options: str) -> Violation:
    """A required option that is unset, or several of which one is required."""
    return Violation(options[0], "required", None, "%s is required" % " or ".join(reversed(options)))


def not_json(option: str, given: dict[t.Any, t.Any], hide: Hide, depth: int) -> t.Iterator[Violation]:
    """What JSON cannot say, although Python's json module would write it, and what is nested more than depth levels."""
    waiting: list[tuple[int, str, t.Any]] = [(1, option, given)]
    while waiting:
        level, place, value = waiting.pop()
        if level > depth and isinstance(value, (dict, list, tuple)):
            yield Violation(option, "depth", depth, "%s must be nested at most %d levels deep" % (option, depth))
            return
        if isinstance(value, dict):
            for key, item in value.items():
                if not isinstance(key, str):
                    text = "%s keys must be strings, got %s" % (place, quoted(key, hide))
                    yield Violation(option, "keys", None, text)
                else:
                    waiting.append((level + 1, "%s.%s" % (place, key), item))
        elif isinstance(value, (list, tuple)):
            waiting.extend((level + 1, "%s[%d]" % (place, index), item) for index, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            yield Violation(option, "number", None, "%s must be a finite number, got %s" % (place, value))
        elif not isinstance(value, (str, int, float, bool, type(None))):
            kind = type(value).__name__
            yield Violation(option, "json", None, "%s must be a JSON value, got type %s" % (place, kind))
    try:
        json.dumps(given, skipkeys=True, default=lambda value: None)
    except ValueError as error:  # an integer of too many digits
        text = "%s cannot be written as JSON: %s" % (option, quoted(str(error)))
        yield Violation(option, "json", None, text)


def sentence(violations: t.Sequence[Violation]) -> str:
    """All violations as the one sentence that a user reads."""
    return "Nothing was sent: %s." % "; ".join(violation.message for violation in violations)
