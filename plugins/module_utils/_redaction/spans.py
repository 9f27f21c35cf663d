# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Where a secret is in a text.

Imported only where there is one.
"""

from __future__ import annotations

import typing as t


def without(
    secrets: t.Collection[str],
    text: str,
    layers: t.Iterable[tuple[str, t.Sequence[int]]],
    head_length: int,
    placeholder: str,
) -> str:
    """text with a placeholder for each secret in one of its layers: see escapes.layers(). All are in the same case."""
    found: set[tuple[int, int]] = set()
    for layer, places in layers:
        found.update((places[a], places[b]) for secret in secrets for a, b in _of(secret, layer, head_length))
    return _replaced(text, found, placeholder)


def _of(secret: str, text: str, head_length: int) -> t.Iterator[tuple[int, int]]:
    """Where secret is in text, whole or cut after its first head_length characters. Both are in the same case."""
    head = secret[:head_length]
    start = text.find(head)
    while start >= 0:
        cut = (
            place for place, (one, other) in enumerate(zip(secret, text[start : start + len(secret)])) if one != other
        )
        end = start + next(cut, min(len(secret), len(text) - start))
        yield start, end
        start = text.find(head, end)


def _replaced(text: str, spans: t.Iterable[tuple[int, int]], placeholder: str) -> str:
    """text with a placeholder for each span, and one for spans that overlap."""
    parts: list[str] = []
    kept = 0
    for start, end in sorted(spans):
        if start >= kept:
            parts.extend((text[kept:start], placeholder))
        kept = max(kept, end)
    return "".join(parts) + text[kept:]
