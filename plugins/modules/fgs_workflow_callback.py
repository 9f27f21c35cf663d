#!/usr/bin/python
# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fgs_workflow_callback
short_description: Complete a waiting state of a Huawei Cloud FunctionGraph workflow
version_added: 1.0.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - A FunctionGraph workflow waits at a callback node until it receives the result of external work.
    This module reports that result, success with an output or fail with an error.
  - The arguments are validated against the service's specification before anything is sent, and all violations
    are reported at once.
  - The callback is not idempotent, and without it the workflow waits indefinitely. A request is retried only if it
    cannot have arrived, or if the run details show that the state is still waiting. See O(confirm).
  - By default the call is made by the Ansible process itself, on the controller. The target host needs neither
    Python nor a connection, and the credentials stay on the controller. See O(run_on).
extends_documentation_fragment:
  - functiongraph.workflow.connection
  - functiongraph.workflow.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is sent in check mode. With O(confirm=always) or O(workflow_state_name) the run is read, and for a name
        that the run does not show also the workflow; without O(project_id) the project is looked up in IAM.
  diff_mode:
    support: full
    details:
      - Shows the request that is sent, or in check mode would be sent, without secrets and signature.
  idempotent:
    support: partial
    details:
      - With O(confirm=always), if the run can be read.
options:
  workflow_id:
    description:
      - The ID of the workflow definition, 1 to 512 characters.
      - A function in the workflow gets this ID and that of the run from its context.
    type: str
    required: true
  workflow_run_id:
    description:
      - The ID of the waiting run.
    type: str
    required: true
    aliases: [run_id]
  workflow_state_id:
    description:
      - The ID of the waiting state, which is a node of the workflow.
      - The state ID in the context of a function is most likely that of the function's own node, not that of a callback
        node behind it. The service does not document it. See O(workflow_state_name).
      - This or O(workflow_state_name) is required. If both are set, they must belong to the same state.
    type: str
    aliases: [state_id]
  workflow_state_name:
    description:
      - The name of the waiting state, that is, of its callback node. Its ID is looked up in the run, or if the run does
        not show it, in the definition of the workflow. Nothing is sent if no state or more than one has the name.
      - Names are compared exactly. The credentials need permission to read the run, and the workflow if the run does
        not show the state. If the run shows the state as finished, the workflow is read, too, as another state may have
        the same name.
      - The ID is looked up in check mode and with O(confirm=never), too.
    type: str
    aliases: [state_name]
    version_added: 1.1.0
  result:
    description:
      - How the work ended.
    type: str
    required: true
    choices: [success, fail]
  output:
    description:
      - The output of the state, a mapping that is sent as a JSON object. It is always sent, even if empty.
      - According to the service's API page, it has a value only on success. This module sends any value.
      - A string that contains a JSON object is accepted as well. The maximum nesting depth is 200 levels.
    type: dict
    default: {}
  output_schema:
    description:
      - A JSON Schema that O(output) must satisfy before anything is sent. It is the contract with the next state.
      - C($schema) selects the draft. Without it, the newest draft that the installed jsonschema supports is used.
        External references are not fetched.
    type: dict
  error:
    description:
      - The error, 1 to 64 characters. An empty string is treated as unset.
    type: str
  truncate_error:
    description:
      - Whether to shorten an O(error) of more than 64 characters instead of failing. It is cut between words, and
        then ends with C(…).
    type: bool
    default: false
  confirm:
    description:
      - When to read the run.
      - V(when_unknown), if it is unknown whether a request arrived. That is so after a lost connection, a timeout, an
        interim response without a final one, a status code of 408 or of 500 or above, a success without a valid
        C(execution_id), and any other failure after the first byte was sent. If the state is still waiting, the request
        is retried. If the run cannot be read, the task fails.
      - V(always), also before anything is sent and afterwards. If the state has already finished with this result,
        nothing is sent, so that the task can be repeated. If the run cannot be read before sending, the request is sent
        with a warning.
      - V(never), not at all. An unknown outcome fails the task. Each callback uses its own connection.
    type: str
    choices: [never, when_unknown, always]
    default: when_unknown
  undelivered_path:
    description:
      - A file in which to save a report that could not be delivered, if it may be delivered later, or with other
        credentials, permissions or addresses. For a directory, a file is created in it.
      - That is so if network or gateway failed, if the outcome is unknown, if no or only invalid credentials are set,
        if the service, IAM or a proxy refused the credentials (401, 403, 407), if the project cannot be looked up, if
        an option of the connection such as O(region) is unset or invalid, if another server responds, or if the report
        was refused while the run does not show the state of O(workflow_state_name).
      - A report is not saved if the service refused its IDs or its state (400, 404), if the state already finished with
        another result, if an argument about the report itself is invalid, or in check mode.
      - In a directory each workflow, run and state has its own file. An existing file is replaced, so set a directory
        if more than one report may have to be saved.
      - A device, a pipe or a socket is refused before anything is sent.
      - The file contains variables but no secrets. Its comments say when and why it was saved, and which command sends
        it. The playbook C(functiongraph.workflow.callback) sends it later, and then removes it.
    type: path
seealso:
  - name: CreateCallbackWorkflow
    description: The operation of the FunctionGraph API that this module calls.
    link: https://support.huaweicloud.com/intl/en-us/api-functiongraph/functiongraph_23_1106_08.html
  - module: functiongraph.workflow.fgs_workflow_execution_info
"""

EXAMPLES = r"""
- name: Report success to the workflow
  functiongraph.workflow.fgs_workflow_callback:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    workflow_run_id: "{{ fgs_workflow_run_id }}"
    workflow_state_id: "{{ fgs_workflow_state_id }}"
    result: success
    output:
      hosts_changed: 3

- name: Report a failure to the workflow
  functiongraph.workflow.fgs_workflow_callback:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    workflow_run_id: "{{ fgs_workflow_run_id }}"
    workflow_state_id: "{{ fgs_workflow_state_id }}"
    result: fail
    error: "The disk of the database server is full, and no data can be deleted"
    truncate_error: true

- name: Report success to the callback node with a name
  functiongraph.workflow.fgs_workflow_callback:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    workflow_run_id: "{{ fgs_workflow_run_id }}"
    workflow_state_name: callback
    result: success

- name: Validate the output for the next state, and send nothing twice
  functiongraph.workflow.fgs_workflow_callback:
    region: cn-north-4
    workflow_id: "{{ fgs_workflow_id }}"
    workflow_run_id: "{{ fgs_workflow_run_id }}"
    workflow_state_id: "{{ fgs_workflow_state_id }}"
    result: success
    output:
      address: 192.0.2.10
    output_schema:
      type: object
      required: [address]
      properties:
        address:
          type: string
    confirm: always
  register: callback

- name: Show which run continues
  ansible.builtin.debug:
    msg: "{{ callback.execution_id }} continues"
"""

RETURN = r"""
execution_id:
  description: The ID of the run that continues, from the response of the service or from the run details.
  type: str
  returned: when RV(delivery) is V(delivered) or V(already_delivered)
  sample: 48aff955-ea10-4ffd-b426-190bc192dc13
ansible_facts:
  description: A fact for later plays.
  type: dict
  returned: when RV(execution_id) is returned
  contains:
    fgs_workflow_execution_id:
      description: The same as RV(execution_id).
      type: str
      returned: always
      sample: 48aff955-ea10-4ffd-b426-190bc192dc13
delivery:
  description:
    - How the delivery ended.
    - V(delivered), this task completed the state.
    - V(already_delivered), the state had already finished with this result, as the run shows. Nothing was changed.
    - V(not_sent), nothing reached the service. This includes a key that was refused earlier with status code 401,
      because repeated failures lock the key.
    - V(rejected), the service refused the callback.
    - V(superseded), the state finished with another result, as the run shows.
    - V(unknown), the callback may or may not have arrived.
  type: str
  returned: always
  choices: [delivered, already_delivered, not_sent, rejected, superseded, unknown]
  sample: delivered
workflow_state_id:
  description: The ID of the state, as looked up by its name.
  type: str
  returned: when O(workflow_state_name) is set and the ID was found
  sample: 0f5758f7-aa43-49ae-8923-c6448d7c1f91
  version_added: 1.1.0
requests_sent:
  description: The number of callback requests of which at least a part was sent.
  type: int
  returned: always
  sample: 1
http_status:
  description: The HTTP status code of the last response.
  type: int
  returned: when the service or the gateway responded
  sample: 200
error_code:
  description: The error code of the service or the gateway.
  type: str
  returned: when the error response has one
  sample: FGS.3002
error_msg:
  description: The error message of the service or the gateway, without secrets and without an echoed request.
  type: str
  returned: when the error response has one
  sample: Invalid parameters.
request_id:
  description: The ID of the request, for support requests to the service.
  type: str
  returned: when the response has one
  sample: 6f9a2e4a8f0f4f9ab5c2d0d1d7a3f8aa
violations:
  description: All violations in the arguments.
  type: list
  elements: dict
  returned: when an argument is invalid
  contains:
    option:
      description: The option; empty if the rule does not belong to one.
      type: str
      returned: always
      sample: error
    rule:
      description: The violated rule.
      type: str
      returned: always
      sample: maxLength
    limit:
      description: The limit of the rule; V(null) if it has no number or list.
      type: raw
      returned: always
      sample: 64
    message:
      description: The violation in words.
      type: str
      returned: always
      sample: error must have at most 64 characters, got 65 (set truncate_error=true to have it shortened)
undelivered_file:
  description: The file in which the report was saved.
  type: str
  returned: when O(undelivered_path) is set and the report was saved
  sample: /var/lib/runbooks/undelivered.yml
hint:
  description: How to fix the failure.
  type: str
  returned: failed, when a remedy is known
  sample: "Check workflow_id, workflow_run_id and region: the service does not know them there."
msg:
  description: The failure in one self-contained sentence.
  type: str
  returned: failed
  sample: "The service refused the callback: status 404 (FGS.5002: Function flow not found)."
"""

from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.module import run_module


def main() -> None:
    run_module(CallbackTask)


if __name__ == "__main__":
    main()
