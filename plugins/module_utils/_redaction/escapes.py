# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Characters as URLs, JSON and HTML write them, perhaps one within the other.

Imported only where a text has what may be an escape.
"""

from __future__ import annotations

import itertools
import re
import typing as t

_ESCAPE = re.compile(
    r"(?:%[0-9a-f]{2})+|(?:\\u[0-9a-f]{4})+|\\.|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE
)
_WHITESPACE = {"n": "\n", "r": "\r", "t": "\t"}
# Below the text itself.
_LAYERS = 2


def _characters(escaped: str) -> list[tuple[str, int]]:
    """The characters that a match of _ESCAPE stands for, each with the length of its escape."""
    if escaped[0] == "%":
        text = bytes.fromhex(escaped.replace("%", "")).decode("utf-8", "surrogateescape")
        return [(one, 3 * len(one.encode("utf-8", "surrogateescape"))) for one in text]
    if escaped[0] == "&":
        # Here, as it takes as long to import as this file, and few texts hold HTML.
        import html

        text = html.unescape(escaped)
        return [(text, len(escaped))] if len(text) == 1 else [(one, 1) for one in escaped]
    if len(escaped) == 2:
        return [(_WHITESPACE.get(escaped[1], escaped[1]), 2)]
    text = bytes.fromhex(re.sub(r"\\u", "", escaped, flags=re.IGNORECASE)).decode("utf-16-be", "surrogatepass")
    return [(one, 3 * len(one.encode("utf-16-be", "surrogatepass"))) for one in text]


def _with_places(text: str) -> tuple[str, list[int]]:
    """text without one layer of escapes, and where each of its characters, and its end, is in text."""
    found: list[tuple[str, int]] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        found.extend((one, 1) for one in text[end : match.start()])
        found.extend(_characters(match.group()))
        end = match.end()
    found.extend((one, 1) for one in text[end:])
    places = itertools.accumulate((length for _character, length in found), initial=0)
    return "".join(character for character, _length in found), list(places)


def unescaped(text: str) -> t.Iterator[str]:
    """text without one layer of escapes after the other."""
    for _count in range(_LAYERS):
        if not _ESCAPE.search(text):
            return
        text = _ESCAPE.sub(lambda match: "".join(one for one, _length in _characters(match.group())), text)
        yield text


def layers(text: str) -> t.Iterator[tuple[str, t.Sequence[int]]]:
    """text, then like unescaped(), each with where its characters, and its end, are in text."""
    places: t.Sequence[int] = range(len(text) + 1)
    yield text, places
    for _count in range(_LAYERS):
        if not _ESCAPE.search(text):
            return
        text, inner = _with_places(text)
        places = [places[place] for place in inner]
        yield text, places
