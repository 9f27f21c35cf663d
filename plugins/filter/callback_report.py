# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: callback_report
short_description: What the playbook functiongraph.workflow.callback sends
version_added: 1.1.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Made for the playbook C(functiongraph.workflow.callback), and no promise to anybody else. It can change with
    any release.
positional: saved, note, variables
options:
  _input:
    description: Options of M(functiongraph.workflow.fgs_workflow_callback) that are set, and C(check_mode).
    type: dict
    required: true
  saved:
    description: The variables of a report that C(undelivered_path) has kept.
    type: dict
    required: true
  note:
    description: AWX's C(job_metadata), a mapping or its JSON.
    type: raw
    required: true
  variables:
    description: C(job_id), C(job_name), C(workflow_job_id) and C(workflow_job_name), as AWX gives them to a job.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What is sent for a job that was canceled
  ansible.builtin.debug:
    msg: "{{ {'check_mode': false} | functiongraph.workflow.callback_report({}, awx_note, jobs) }}"
  vars:
    jobs: {job_id: "", job_name: "", workflow_job_id: "", workflow_job_name: ""}
"""

RETURN = r"""
_value:
  description:
    - The three IDs, C(result), C(output) and C(error).
    - C(problems), a list of what is wrong or missing.
    - C(skipped), why nothing is to be sent; empty where it is.
  type: dict
"""

import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import callback_report as report


class FilterModule:
    """The filter of the playbook callback."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        return {"callback_report": report}
