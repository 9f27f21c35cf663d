#!/usr/bin/python
# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fgs_workflow_execution_info
short_description: Read a run of a Huawei Cloud FunctionGraph workflow and a state in it, or list runs
version_added: 1.0.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Reads a run and, if O(workflow_state_id) or O(workflow_state_name) is set, a state in it. Without O(execution_id) it
    lists the runs of the workflow, the newest first. Never changes anything.
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
      - If it is not set, runs are listed. An empty value is an error, as an extra var is probably missing then.
      - It was required before version 1.1.0.
    type: str
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
  status:
    description:
      - List only runs with this status.
    type: str
    choices: [success, fail, running, timeout, cancel]
    version_added: 1.1.0
  since:
    description:
      - List only runs that began at that time or later. A time in ISO 8601, in UTC unless it has another offset, or an
        age in minutes, hours or days, such as V(90m), V(12h) or V(7d).
      - By default it is 3 days before O(until), at most it is 3000 days before O(until). The service lists 3 days at
        most in one response, so that each 3 days take a request, and one more if there are runs.
      - That the service compares the begin of a run is an inference.
    type: str
    version_added: 1.1.0
  until:
    description:
      - List only runs that began at that time or earlier, in the same formats as O(since). By default there is no
        limit.
    type: str
    version_added: 1.1.0
  max_results:
    description:
      - The largest number of runs to list, up to V(10000). If there are more, RV(truncated) is V(true).
    type: int
    default: 200
    version_added: 1.1.0
  states:
    description:
      - Read each run of the list, too, and return its states. Five runs are read at a time. The list of states of a run
        that the service no longer shows is empty.
    type: bool
    default: false
    version_added: 1.1.0
seealso:
  - module: functiongraph.workflow.fgs_workflow_execution
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

- name: List the runs of the last week that are running, with their states
  functiongraph.workflow.fgs_workflow_execution_info:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    status: running
    since: 7d
    states: true
  register: runs

- name: Show which runs are running, and at which states
  ansible.builtin.debug:
    msg: >-
      {{ item.execution_id }} is at
      {{ item.states | selectattr('status', 'equalto', 'running') | map(attribute='node_name') | join(', ') }}
  loop: "{{ runs.executions }}"
  loop_control:
    label: "{{ item.begin_time }}"
"""

RETURN = r"""
executions:
  description: The runs as listed by the service, the newest first.
  type: list
  elements: dict
  returned: success, when O(execution_id) is not set
  sample:
    - execution_id: 48aff955-ea10-4ffd-b426-190bc192dc13
      status: running
      begin_time: "2026-11-26T03:00:00Z"
      end_time:
  contains:
    states:
      description: The states of the run, each as RV(state).
      type: list
      elements: dict
      returned: when O(states=true)
  version_added: 1.1.0
truncated:
  description: Whether there are more runs than O(max_results).
  type: bool
  returned: success, when O(execution_id) is not set
  sample: false
  version_added: 1.1.0
status:
  description: The status of the run.
  type: str
  returned: success, when O(execution_id) is set
  choices: [success, fail, running, timeout, cancel]
  sample: running
execution:
  description: The run as returned by the service.
  type: dict
  returned: success, when O(execution_id) is set
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
      description: The error of the state as returned by the service, an object; V(null) unless the state failed.
      type: raw
      returned: always
      sample:
        error: No space left on device
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
