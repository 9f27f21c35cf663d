#!/usr/bin/python
# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fgs_workflow_execution_info
short_description: Read a run of a Huawei Cloud FunctionGraph workflow, and the state in it
version_added: 1.0.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Reads a run and, if O(workflow_state_id) or O(workflow_state_name) is set, a state in it. Never changes anything.
  - Use it in C(until) loops that wait for a run to continue or to end.
  - A response of more than 1 MiB cannot be read.
extends_documentation_fragment:
  - functiongraph.workflow.connection
  - functiongraph.workflow.attributes
attributes:
  check_mode:
    support: full
    details:
      - The module reads in check mode as well.
  diff_mode:
    support: N/A
  idempotent:
    support: full
options:
  workflow_id:
    description:
      - The ID of the workflow definition, 1 to 512 characters.
    type: str
    required: true
  execution_id:
    description:
      - The ID of the run. RV(functiongraph.workflow.fgs_workflow_callback#module:execution_id) is one.
      - This is very likely the run ID of the callback, but the service does not document it.
    type: str
    required: true
    aliases: [workflow_run_id, run_id]
  workflow_state_id:
    description:
      - The ID of a state in the run, by its node's C(node_id) or C(execution_id). The service does not document which
        of the two the callback uses, so both are compared.
    type: str
    aliases: [state_id]
  workflow_state_name:
    description:
      - The name of a state in the run, compared exactly. If O(workflow_state_id) is set too, both must belong to the
        same state. The module fails while the run does not show the state.
    type: str
    aliases: [state_name]
    version_added: 1.1.0
seealso:
  - module: functiongraph.workflow.fgs_workflow_callback
"""

EXAMPLES = r"""
- name: Wait until the run has ended
  functiongraph.workflow.fgs_workflow_execution_info:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    execution_id: "{{ fgs_workflow_run_id }}"
  register: run
  until: run.status is defined and run.status != 'running'
  retries: 30
  delay: 10

- name: Read a state of the run
  functiongraph.workflow.fgs_workflow_execution_info:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    execution_id: "{{ fgs_workflow_run_id }}"
    workflow_state_id: "{{ fgs_workflow_state_id }}"
  register: run

- name: Show how the state ended
  ansible.builtin.debug:
    msg: "{{ run.state.node_name }} is {{ run.state.status }}"
"""

RETURN = r"""
status:
  description: The status of the run.
  type: str
  returned: success
  choices: [success, fail, running, timeout, cancel]
  sample: running
execution:
  description: The run as returned by the service.
  type: dict
  returned: success
  sample:
    execution_id: 48aff955-ea10-4ffd-b426-190bc192dc13
    status: running
    node_execution_details: []
state:
  description: The state with that ID or name.
  type: dict
  returned: success, when O(workflow_state_id) or O(workflow_state_name) is set
  contains:
    node_id:
      description: The ID of the node.
      type: str
      returned: always
      sample: 0f5758f7-aa43-49ae-8923-c6448d7c1f91
    node_name:
      description: The name of the node.
      type: str
      returned: always
      sample: wait-for-runbook
    execution_id:
      description: The ID of the node's execution.
      type: str
      returned: always
      sample: 7c2d7f5e-0f5c-4b4e-8a38-3a6a8d4f0d11
    status:
      description:
        - The status of the node's latest execution.
        - The service has no status for a state that is waiting for its callback. It most likely shows V(running).
      type: str
      returned: always
      sample: running
    error_message:
      description: The error of the state; V(null) unless the state failed.
      type: raw
      returned: always
http_status:
  description: The HTTP status code of the response.
  type: int
  returned: when the service or the gateway responded
  sample: 200
error_code:
  description: The error code of the service or the gateway.
  type: str
  returned: when the error response has one
  sample: FGS.5002
error_msg:
  description: The error message of the service or the gateway, without secrets and without an echoed request.
  type: str
  returned: when the error response has one
  sample: Function flow not found.
request_id:
  description: The ID of the request, for support requests to the service.
  type: str
  returned: when the response has one
  sample: 6f9a2e4a8f0f4f9ab5c2d0d1d7a3f8aa
violations:
  description:
    - All violations in the arguments, each as in
      RV(functiongraph.workflow.fgs_workflow_callback#module:violations).
  type: list
  elements: dict
  returned: when an argument is invalid
hint:
  description: How to fix the failure.
  type: str
  returned: failed, when a remedy is known
  sample: "Check workflow_id, workflow_run_id and region: the service does not know them there."
msg:
  description: The failure in one self-contained sentence.
  type: str
  returned: failed
  sample: "The run could not be read: status 404: FGS.5002 Function flow not found."
"""

from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution_info import ExecutionInfoTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.module import run_module


def main() -> None:
    run_module(ExecutionInfoTask)


if __name__ == "__main__":
    main()
