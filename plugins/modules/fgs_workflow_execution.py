#!/usr/bin/python
# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fgs_workflow_execution
short_description: Start, stop or retry a run of a Huawei Cloud FunctionGraph workflow
version_added: 1.1.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Starts a run and, with O(wait), waits until it ends or until a state in it is running; stops a run; or retries a run
    that failed.
  - The service starts a run for each request that it receives. A request is sent again only if it cannot have arrived,
    or if the run, read back, shows that it had no effect. For that, every run is started with an ID that is known
    beforehand.
  - By default the call is made by the Ansible process itself, on the controller. See O(run_on).
extends_documentation_fragment:
  - functiongraph.workflow.connection
  - functiongraph.workflow.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is sent in check mode, and nothing is waited for. With O(execution_id) the run is read; without
        O(project_id) the project is looked up in IAM.
  diff_mode:
    support: full
    details:
      - Shows the request that is sent, or in check mode would be sent, without secrets and signature. Without
        O(execution_id), the ID of the run is a new one each time.
  idempotent:
    support: partial
    details:
      - O(state=started) with O(execution_id), unless the workflow is an express workflow, whose runs cannot be read.
        With O(wait), the task fails if the run did not end with V(success), or if the state of O(wait_for) is over.
      - O(state=stopped), and O(state=retried) until the run fails again.
options:
  workflow_id:
    description:
      - The ID of the workflow definition, 1 to 512 characters.
    type: str
    required: true
  state:
    description:
      - V(started), start a run. If there is a run with O(execution_id) already, it is left alone, however it ended.
      - V(stopped), stop the run. A run that has ended is left alone.
      - V(retried), retry the run if its status is V(fail). Any other run is left alone. The service retries only runs
        of standard workflows; it does not document from which state on.
    type: str
    choices: [started, stopped, retried]
    default: started
  execution_id:
    description:
      - The ID of the run. It is required with O(state=stopped) and O(state=retried).
      - With O(state=started), the ID that the new run gets. Set it to be able to repeat the task. By default it is a
        new UUID.
      - The service documents neither which IDs it accepts, nor what a second start with the same ID does.
    type: str
    aliases: [workflow_run_id, run_id]
  input:
    description:
      - The input of the run, a mapping that is sent as a JSON object. Only for O(state=started).
    type: dict
    default: {}
  wait:
    description:
      - Wait for the run. Only for O(state=started). The run is read at growing intervals of 1 to about 20 seconds.
      - The task fails if the run ends with another status than V(success), or does not end within O(wait_timeout). The
        run itself continues, also after Ctrl-C or a task's C(timeout).
      - With C(-v), Ansible reports the result of each read, except with O(run_on=target) or C(no_log).
      - Runs of an express workflow leave no history, so that they can be started, but not waited for.
    type: bool
    default: false
  wait_for:
    description:
      - What to wait for, V(end) or the name of a state, which is compared exactly. The wait for a state ends as soon as
        the run shows the state as V(running). A state that waits for its callback most likely has that status.
      - The task fails if the run ends before, or if the state has already finished.
      - It has no effect unless O(wait=true).
    type: str
    default: end
  wait_timeout:
    description:
      - The number of seconds to wait once the run is started, from V(1) to V(2678400), which is 31 days. A read that is
        in progress at the end is canceled.
      - It has no effect unless O(wait=true).
    type: float
    default: 600
seealso:
  - module: functiongraph.workflow.fgs_workflow_execution_info
  - module: functiongraph.workflow.fgs_workflow_callback
"""

EXAMPLES = r"""
- name: Start a run, and wait until it ends
  functiongraph.workflow.fgs_workflow_execution:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    input:
      release: "2026.11"
    wait: true
    wait_timeout: 1800
  register: run

- name: Show the output of the run
  ansible.builtin.debug:
    msg: "{{ run.execution.output }}"

- name: Start a run once, however often the playbook is repeated, and wait until it needs the runbook
  functiongraph.workflow.fgs_workflow_execution:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    execution_id: release-2026.11
    wait: true
    wait_for: callback

- name: Stop a run
  functiongraph.workflow.fgs_workflow_execution:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    execution_id: release-2026.11
    state: stopped

- name: Retry a run, if it failed
  functiongraph.workflow.fgs_workflow_execution:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    execution_id: release-2026.11
    state: retried
"""

RETURN = r"""
execution_id:
  description: The ID of the run. If it is not known whether a run was started, the ID that it has then.
  type: str
  returned: success, unless a run would be started in check mode; and on failure if the run exists or may exist
  sample: 48aff955-ea10-4ffd-b426-190bc192dc13
ansible_facts:
  description: A fact for later plays. Ansible sets it only if the task succeeds.
  type: dict
  returned: when the task started the run
  contains:
    fgs_workflow_execution_id:
      description: The same as RV(execution_id).
      type: str
      returned: always
      sample: 48aff955-ea10-4ffd-b426-190bc192dc13
status:
  description: The status of the run.
  type: str
  returned: when the run could be read
  choices: [success, fail, running, timeout, cancel]
  sample: fail
execution:
  description: The run as returned by the service.
  type: dict
  returned: when the run could be read
  sample:
    execution_id: 48aff955-ea10-4ffd-b426-190bc192dc13
    status: fail
    node_execution_details:
      - node_id: 0f5758f7-aa43-49ae-8923-c6448d7c1f91
        node_name: deploy
        executions:
          - status: fail
            error_message:
              error: No space left on device
requests_sent:
  description: The number of requests to start, stop or retry a run of which at least a part was sent.
  type: int
  returned: always
  sample: 1
http_status:
  description:
    - The HTTP status code of the last response to such a request.
    - If no request was sent, or a read failed during the wait, that of the read.
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
  sample: >-
    The run 48aff955-ea10-4ffd-b426-190bc192dc13 ended with status fail: 'deploy': {"error": "No space left on device"}.
"""

from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution import ExecutionTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.module import run_module


def main() -> None:
    run_module(ExecutionTask)


if __name__ == "__main__":
    main()
