# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
What keeps a secret out of messages, results and warnings: every free text passes through here before a user sees it.
"""

from __future__ import annotations

import re
import sys
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction.texts import visible

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
_SIGNATURE = r"(Signature=|Access=|\bSDK-HMAC-SHA256\s+)[^\s,\"']+|\b(?![0-9a-f]{40}\b)[0-9a-f]{33,64}\b"
# A shorter text without these has no match.
_SIGNATURE_LENGTH = 33
_SIGNATURE_PARTS = ("=", "256")

# What escapes begin with.
_ESCAPING = ("%", "\\", "&")


def _folded(text: str) -> str:
    """text in lower case, of the same length."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


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
            from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import escapes, spans

            layers = ((_folded(layer), places) for layer, places in escapes.layers(text))
            text = spans.without(self._long, text, layers, _HEAD, PLACEHOLDER)
        for secret in self._secrets:
            if len(secret) < SHORT:
                text = re.sub(r"(?<!\w)%s(?!\w)" % re.escape(secret), PLACEHOLDER, text)
        return text

    def _is_in(self, text: str) -> bool:
        """Whether the head of a long secret is in text. Quick, as most of a run's many strings have none."""
        if self._has_head(text):
            return True
        if not any(sign in text for sign in _ESCAPING):
            return False
        # Here, as Ansible compiles what is imported at each start, and few texts have escapes.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import escapes

        return any(map(self._has_head, escapes.unescaped(text)))

    def _has_head(self, text: str) -> bool:
        lowered = _folded(text)
        return any(secret[:_HEAD] in lowered for secret in self._long)

    def text(self, text: str) -> str:
        """text that others wrote, without secrets and without what else signs a request."""
        text = self.known(text)
        if len(text) < _SIGNATURE_LENGTH and not any(part in text for part in _SIGNATURE_PARTS):
            return text
        # The expression is compiled only here, as that takes longer than most of what a task does.
        return re.sub(_SIGNATURE, lambda match: (match.group(1) or "") + PLACEHOLDER, text, flags=re.IGNORECASE)

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


__all__ = ("PLACEHOLDER", "SHORT", "Redactor", "visible")
