# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a client needs of others. Imported by type checkers only.
"""

from __future__ import annotations

import typing as t


class Caller(t.Protocol):
    """Who calls: what a client needs of credentials."""

    source: str
    redactor: t.Any

    @property
    def kind(self) -> str: ...

    @property
    def is_key(self) -> bool: ...

    def key(self) -> t.Hashable: ...

    def auth(self) -> t.Any: ...


class Connections(t.Protocol):
    """What a client needs of open connections."""

    def adapter(self, key: t.Hashable) -> t.Any: ...

    def own(self) -> t.ContextManager[t.Any]: ...
