# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to network gear that cannot be reached: Ansible would start a helper process for it."""

from __future__ import annotations

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: fgs_test_persistent
short_description: Network gear that cannot be reached
description: Network gear that cannot be reached.
options:
  persistent_command_timeout:
    description: Seconds.
    type: int
    default: 1
"""


class Connection(ConnectionBase):  # type: ignore[misc]
    transport = "fgs_test_persistent"
    has_pipelining = False
    force_persistence = True

    def _connect(self) -> None:
        raise AnsibleConnectionFailure("the gear is out of reach")

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> None:
        self._connect()

    def put_file(self, in_path: str, out_path: str) -> None:
        self._connect()

    def fetch_file(self, in_path: str, out_path: str) -> None:
        self._connect()

    def close(self) -> None:
        pass
