# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: runbook_watch
short_description: Report the end of a playbook that does not come to the end of the role runbook
version_added: 1.1.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Made for the role P(functiongraph.workflow.runbook#role), and no promise to anybody else. It can change with any
    release.
  - It works in the condition of M(ansible.builtin.meta) only, which Ansible evaluates where it runs the playbook.
positional: is_done
options:
  _input:
    description: The options of M(functiongraph.workflow.fgs_workflow_callback) that the role was given.
    type: dict
    required: true
  is_done:
    description: Whether the role has come to its own report, so that nothing else is to be reported.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Report the end of the playbook where this role does not come to it
  ansible.builtin.meta: flush_handlers
  when: >-
    {'workflow_id': fgs_workflow_id, 'workflow_run_id': fgs_workflow_run_id, 'workflow_state_id': fgs_workflow_state_id}
    | functiongraph.workflow.runbook_watch
"""

RETURN = r"""
_value:
  description: Always V(false), so that the task with the condition is skipped.
  type: bool
"""

import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _runbook


def runbook_watch(options: t.Mapping[str, t.Any], is_done: bool = False) -> bool:
    return _runbook.done(options) if is_done else _runbook.watch(options)


class FilterModule:
    """The filter of the role runbook."""

    def filters(self) -> t.Dict[str, t.Callable[..., bool]]:
        return {"runbook_watch": runbook_watch}
