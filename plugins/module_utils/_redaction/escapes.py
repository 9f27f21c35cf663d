# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Takes secrets out of a text in which they may be escaped, perhaps in layers, or cut.

Imported only where a text has an escape or the beginning of a secret.
"""

from __future__ import annotations

import itertools
import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction.characters import (
    HEAD,
    PLACEHOLDER,
    folded,
)

# Characters as URLs, JSON and HTML write them, perhaps one within the other.
_ESCAPED = re.compile(
    r"(?:%[0-9a-f]{2})+|(?:\\u[0-9a-f]{4})+|\\.|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE
)
_WHITESPACE = {"n": "\n", "r": "\r", "t": "\t"}
_LAYERS = 3


def _characters(escaped: str) -> list[tuple[str, int]]:
    """The characters that a match of _ESCAPED stands for, each with the length of its escape."""
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


def _unescaped(text: str) -> tuple[str, list[int]]:
    """text without one layer of escapes, and where each of its characters, and its end, is in text."""
    found: list[tuple[str, int]] = []
    end = 0
    for match in _ESCAPED.finditer(text):
        found.extend((one, 1) for one in text[end : match.start()])
        found.extend(_characters(match.group()))
        end = match.end()
    found.extend((one, 1) for one in text[end:])
    places = itertools.accumulate((length for _character, length in found), initial=0)
    return "".join(character for character, _length in found), list(places)


def _spans(secret: str, text: str) -> t.Iterator[tuple[int, int]]:
    """Where secret is in text, whole or cut after its head. Both are folded."""
    head = secret[:HEAD]
    start = text.find(head)
    while start >= 0:
        cut = (
            place for place, (one, other) in enumerate(zip(secret, text[start : start + len(secret)])) if one != other
        )
        end = start + next(cut, min(len(secret), len(text) - start))
        yield start, end
        start = text.find(head, end)


def _with_placeholders(text: str, spans: t.Iterable[tuple[int, int]]) -> str:
    """text with a placeholder for each span, and one for spans that overlap."""
    parts: list[str] = []
    kept = 0
    for start, end in sorted(spans):
        if start >= kept:
            parts.extend((text[kept:start], PLACEHOLDER))
        kept = max(kept, end)
    return "".join(parts) + text[kept:]


def without(text: str, secrets: t.Collection[str]) -> str:
    """text without the secrets, which are folded, in any case, however escaped, and wherever they were cut."""
    return _without_long(text, secrets) if _is_in(text, secrets) else text


def _is_in(text: str, secrets: t.Collection[str]) -> bool:
    """Whether the head of a long secret is in text. Quick, as most of a run's many strings have none."""
    for _count in range(_LAYERS):
        lowered = folded(text)
        if any(secret[:HEAD] in lowered for secret in secrets):
            return True
        if not _ESCAPED.search(text):
            return False
        text = _ESCAPED.sub(lambda match: "".join(one for one, _length in _characters(match.group())), text)
    return False


def _without_long(text: str, secrets: t.Collection[str]) -> str:
    spans: set[tuple[int, int]] = set()
    layer, places = text, t.cast(t.Sequence[int], range(len(text) + 1))
    for _count in range(_LAYERS):
        lowered = folded(layer)
        spans.update((places[a], places[b]) for secret in secrets for a, b in _spans(secret, lowered))
        if not _ESCAPED.search(layer):
            break
        layer, inner = _unescaped(layer)
        places = [places[place] for place in inner]
    return _with_placeholders(text, spans)
