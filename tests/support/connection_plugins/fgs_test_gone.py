# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that is this machine, until it goes away."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: fgs_test_gone
short_description: A host that goes away
description: A host that is unreachable as soon as a file exists, or if no file is set.
options:
  gone_when:
    description: The file.
    vars:
      - name: fgs_test_gone_when
  says:
    description: The message of the failure.
    default: the host is gone
    vars:
      - name: fgs_test_gone_says
"""


class Connection(Local):  # type: ignore[misc]
    """The connection to it."""

    transport = "fgs_test_gone"

    def _connect(self) -> Any:
        sign = self.get_option("gone_when")
        if not sign or os.path.exists(sign):
            raise AnsibleConnectionFailure(self.get_option("says"))
        return super()._connect()
