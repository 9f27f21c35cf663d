# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: runbook_failure
short_description: What a failed task says, for the role runbook
version_added: 1.0.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Made for the role P(functiongraph.workflow.runbook#role), and no promise to anybody else. It can change with any
    release.
positional: host, task
options:
  _input:
    description: C(ansible_failed_result) in a C(rescue).
    type: dict
    required: true
  host:
    description: The host on which the task failed.
    type: str
    required: true
  task:
    description: C(ansible_failed_task) in the same C(rescue).
    type: dict
    required: true
  options:
    description: The options of M(functiongraph.workflow.fgs_workflow_callback) that are or name secrets.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: A block with a rescue
  block:
    - name: A task that fails
      ansible.builtin.command: "false"
      changed_when: false
  rescue:
    - name: Say why
      ansible.builtin.debug:
        msg: >-
          {{ ansible_failed_result
             | functiongraph.workflow.runbook_failure(inventory_hostname, ansible_failed_task) }}
"""

RETURN = r"""
_value:
  description:
    - C(error), host, task and first useful line in at most 64 characters.
    - C(told), whether Ansible tells what failed. It does not of hosts that fail because others do.
    - C(failed_task), a mapping of C(host), C(task) and C(message), which is V(null) for a task under C(no_log).
  type: dict
"""

import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import failure


class FilterModule:
    """The filter of the role runbook."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        return {"runbook_failure": failure}
