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

try:
    from ansible.module_utils.secrets import register_secret
except ImportError:  # ansible-core before 2.22
    register_secret = None

PLACEHOLDER = "********"

# A shorter secret is replaced only where it stands alone: it may be part of any id or word.
SHORT = 8

# What signs a request, wherever it is echoed.
_SIGNATURE = re.compile(r"(Signature=|Access=|\bSDK-HMAC-SHA256\s+)[^\s,\"']+|\b[0-9a-f]{64}\b", re.IGNORECASE)


class Redactor:
    """Knows the secrets of one task and takes them out of texts."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def add(self, *values: t.Optional[str]) -> None:
        for value in values:
            if value and value not in self._secrets:
                self._secrets.add(value)
                if register_secret is not None and len(value) >= SHORT:
                    register_secret(value)

    def known(self, text: str) -> str:
        """text without the secrets of this task."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(secret) >= SHORT:
                text = text.replace(secret, PLACEHOLDER)
            else:
                text = re.sub(r"(?<!\w)%s(?!\w)" % re.escape(secret), PLACEHOLDER, text)
        return text

    def text(self, text: str) -> str:
        """text that others wrote, without secrets and without what else signs a request."""
        return _SIGNATURE.sub(lambda match: (match.group(1) or "") + PLACEHOLDER, self.known(text))

    def within(self, value: t.Any, depth: int = sys.maxsize) -> t.Any:
        """A copy of value, JSON of any depth, whose texts, keys included, are without the secrets of this task.

        What is nested deeper than depth levels is left out.
        """
        root = [value]
        waiting: list[tuple[int, t.Any]] = [(0, root)]
        while waiting:
            level, container = waiting.pop()
            for place, item in list(container.items() if isinstance(container, dict) else enumerate(container)):
                if isinstance(item, str):
                    container[place] = self.known(item)
                elif isinstance(item, (dict, list, tuple)):
                    container[place] = "…"
                    if level < depth:
                        container[place] = self._copy(item)
                        waiting.append((level + 1, container[place]))
        return root[0]

    def _copy(self, value: t.Any) -> t.Any:
        if not isinstance(value, dict):
            return list(value)
        return {self.known(key) if isinstance(key, str) else key: item for key, item in value.items()}
