# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Whether the module has an action plugin, so that it can run on the controller.
    support: full
  action_group:
    description: Use C(group/functiongraph.workflow.fgs) in C(module_defaults) to set options for all modules at once.
    support: full
    membership:
      - functiongraph.workflow.fgs
  async:
    description: Can be used with C(async).
    support: partial
    details:
      - Only with O(run_on=target). The module and its arguments, including secrets, are stored in the C(remote_tmp) of
        the host until some seconds after the job has ended, and remain there if the job is killed.
  check_mode:
    description: Can run in check mode and report changes without making them.
  diff_mode:
    description: Shows what changes in diff mode.
  idempotent:
    description: A task that is run again with the same options changes nothing more.
  platform:
    description: Where the call can be made.
    support: full
    platforms: posix
"""
