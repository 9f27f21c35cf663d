# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
What keeps a secret out of messages, results and warnings: every free text passes through here before a user sees it.
"""

from __future__ import annotations

import itertools
import re
import sys
import typing as t

try:
    from ansible.module_utils.secrets import register_secret
except ImportError:  # ansible-core before 2.22
    register_secret = None

PLACEHOLDER = "********"

# A shorter secret is replaced only where it stands alone: it may be part of any id or word.
SHORT = 8

# A longer secret is found by its first characters: whoever echoes it may have cut the rest.
_HEAD = 16

# What signs a request, wherever it is echoed, perhaps cut. 32 digits alone are an ID of a project, 40 of a commit.
_SIGNATURE = re.compile(
    r"(Signature=|Access=|\bSDK-HMAC-SHA256\s+)[^\s,\"']+|\b(?![0-9a-f]{40}\b)[0-9a-f]{33,64}\b", re.IGNORECASE
)

# A terminal obeys control characters, and reorders text by the last two ranges.
_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# Characters as URLs, JSON and HTML write them, perhaps one within the other.
_ESCAPED = re.compile(
    r"(?:%[0-9a-f]{2})+|(?:\\u[0-9a-f]{4})+|\\.|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE
)
_WHITESPACE = {"n": "\n", "r": "\r", "t": "\t"}
_LAYERS = 3


def visible(text: str) -> str:
    """text on one line, with control characters written as escapes, so that no terminal obeys them."""
    return _CONTROL.sub(lambda match: repr(match.group())[1:-1], text)


def _folded(text: str) -> str:
    """text in lower case, of the same length."""
    folded = text.lower()
    return folded if len(folded) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


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
    head = secret[:_HEAD]
    start = text.find(head)
    while start >= 0:
        cut = (
            place for place, (one, other) in enumerate(zip(secret, text[start : start + len(secret)])) if one != other
        )
        end = start + next(cut, min(len(secret), len(text) - start))
        yield start, end
        start = text.find(head, end)


def _without(text: str, spans: t.Iterable[tuple[int, int]]) -> str:
    """text with a placeholder for each span, and one for spans that overlap."""
    parts: list[str] = []
    kept = 0
    for start, end in sorted(spans):
        if start >= kept:
            parts.extend((text[kept:start], PLACEHOLDER))
        kept = max(kept, end)
    return "".join(parts) + text[kept:]


class Redactor:
    """Knows the secrets of one task and takes them out of texts."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        # Folded, those that are replaced wherever they stand.
        self._long: set[str] = set()

    def add(self, *values: t.Optional[str]) -> None:
        for value in values:
            if value and value not in self._secrets:
                self._secrets.update((value, value.strip() or value))
                self._long = {_folded(secret) for secret in self._secrets if len(secret) >= SHORT}
                if register_secret is not None and len(value) >= SHORT:
                    register_secret(value)

    def known(self, text: str) -> str:
        """text without the secrets of this task, in any case, however escaped, and wherever they were cut."""
        if self._is_in(text):
            text = self._without_long(text)
        for secret in self._secrets:
            if len(secret) < SHORT:
                text = re.sub(r"(?<!\w)%s(?!\w)" % re.escape(secret), PLACEHOLDER, text)
        return text

    def _is_in(self, text: str) -> bool:
        """Whether the head of a long secret is in text. Quick, as most of a run's many strings have none."""
        for _count in range(_LAYERS):
            folded = _folded(text)
            if any(secret[:_HEAD] in folded for secret in self._long):
                return True
            if not _ESCAPED.search(text):
                return False
            text = _ESCAPED.sub(lambda match: "".join(one for one, _length in _characters(match.group())), text)
        return False

    def _without_long(self, text: str) -> str:
        spans: set[tuple[int, int]] = set()
        layer, places = text, t.cast(t.Sequence[int], range(len(text) + 1))
        for _count in range(_LAYERS):
            folded = _folded(layer)
            spans.update((places[a], places[b]) for secret in self._long for a, b in _spans(secret, folded))
            if not _ESCAPED.search(layer):
                break
            layer, inner = _unescaped(layer)
            places = [places[place] for place in inner]
        return _without(text, spans)

    def text(self, text: str) -> str:
        """text that others wrote, without secrets and without what else signs a request."""
        return _SIGNATURE.sub(lambda match: (match.group(1) or "") + PLACEHOLDER, self.known(text))

    def line(self, text: str) -> str:
        """text() on one line, for a message: no terminal obeys what others wrote."""
        return visible(self.text(text))

    def within(self, value: t.Any, depth: int = sys.maxsize, hide: t.Optional[t.Callable[[str], str]] = None) -> t.Any:
        """A copy of value, JSON of any depth, whose strings, keys included, went through hide, by default known().

        What is nested deeper than depth levels is left out.
        """
        hide = hide or self.known
        root = [value]
        waiting: list[tuple[int, t.Any]] = [(0, root)]
        while waiting:
            level, container = waiting.pop()
            for place, item in list(container.items() if isinstance(container, dict) else enumerate(container)):
                if isinstance(item, str):
                    container[place] = hide(item)
                elif isinstance(item, (dict, list, tuple)):
                    container[place] = "…"
                    if level < depth:
                        container[place] = _copy(item, hide)
                        waiting.append((level + 1, container[place]))
        return root[0]


def _copy(value: t.Any, hide: t.Callable[[str], str]) -> t.Any:
    if not isinstance(value, dict):
        return list(value)
    return {hide(key) if isinstance(key, str) else key: item for key, item in value.items()}
