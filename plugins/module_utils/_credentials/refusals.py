# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The access keys that were refused with 401, so that nothing more is sent with them: more than five refused signatures
in a row lock a key for five minutes.

Ansible runs each task in a process that it forks. Strategies load the action plugin before that, so what stands here
is seen by all tasks of one ansible-playbook, and by its callback plugins.
"""

from __future__ import annotations

import hashlib
import hmac
import mmap
import os
import typing as t

# A slot holds a digest and a hint. Two keys that meet in one slot displace each other: then one is sent once more.
_SLOTS = 100
_SLOT = 1024
_DIGEST = hashlib.sha256().digest_size


class RefusedKeys:
    """Remembers refused credentials by a salted digest, in memory that is shared with processes forked later."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOTS * _SLOT)
        self._salt = os.urandom(_DIGEST)

    def _find(self, key: t.Hashable) -> tuple[bytes, int]:
        digest = hmac.new(self._salt, repr(key).encode("utf-8"), hashlib.sha256).digest()
        return digest, digest[0] % _SLOTS * _SLOT

    def add(self, key: t.Hashable, hint: str) -> None:
        """key is Credentials.key(), hint what the user can do about the refusal."""
        digest, start = self._find(key)
        text = hint.encode("utf-8")[: _SLOT - _DIGEST].ljust(_SLOT - _DIGEST, b"\0")
        # The digest last: another process that finds it finds the hint too.
        self._memory[start + _DIGEST : start + _SLOT] = text
        self._memory[start : start + _DIGEST] = digest

    def hint(self, key: t.Hashable) -> t.Optional[str]:
        """The hint for credentials that were refused, None for others."""
        digest, start = self._find(key)
        if self._memory[start : start + _DIGEST] != digest:
            return None
        return self._memory[start + _DIGEST : start + _SLOT].rstrip(b"\0").decode("utf-8", "ignore")


refused_keys = RefusedKeys()
