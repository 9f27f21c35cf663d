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
  - A FunctionGraph workflow pauses at a callback node until somebody tells it how the work outside ended.
    This module tells it, with success and an output or with fail and an error.
  - The arguments are validated against the service's specification before anything is sent, and everything that is
    wrong with them is reported at once.
  - The callback is not idempotent, and a lost one leaves a workflow hanging. So a request is sent again only where it
    cannot have arrived, or where the run, read back, shows that the state still waits. See O(confirm).
  - By default the call is made by the Ansible process itself, on the controller. The host of the task needs neither
    Python nor a connection, and the credentials stay where they are. See O(run_on).
extends_documentation_fragment:
  - functiongraph.workflow.connection
  - functiongraph.workflow.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is sent in check mode. With O(confirm=always) the run is read; without O(project_id) the project is
        looked up in IAM.
  diff_mode:
    support: full
    details:
      - Shows the request that is, or in check mode would be, sent, without secrets and signature.
  idempotent:
    support: partial
    details:
      - With O(confirm=always), as far as the run can be read.
options:
  workflow_id:
    description:
      - The ID of the workflow definition, 1 to 512 characters.
      - A function in the workflow learns the three IDs from its context.
    type: str
    required: true
  workflow_run_id:
    description:
      - The ID of the run that waits.
    type: str
    required: true
    aliases: [run_id]
  workflow_state_id:
    description:
      - The ID of the state, a node of the workflow, that waits.
      - Whether the state ID in the context of a function is that of the callback node is not documented.
    type: str
    required: true
    aliases: [state_id]
  result:
    description:
      - How the work ended.
    type: str
    required: true
    choices: [success, fail]
  output:
    description:
      - The result of the state, a mapping that is sent as a JSON object. It is always sent, if only as an empty one.
      - The service's page says that it has a value only on success. Whatever is given here is sent.
      - A text that holds a JSON object is taken as well. It may be nested up to 200 levels deep.
    type: dict
    default: {}
  output_schema:
    description:
      - A JSON Schema that O(output) must meet before anything is sent. It is the contract with the next state.
      - It is read by the draft that its C($schema) names, by the newest one that the installed jsonschema knows where
        it names none. References out of the schema are not fetched.
    type: dict
  error:
    description:
      - What went wrong, 1 to 64 characters. An empty text counts as not given.
    type: str
  truncate_error:
    description:
      - Whether to shorten an O(error) of more than 64 characters instead of failing. Words are kept, and the text then
        ends with C(…).
    type: bool
    default: false
  confirm:
    description:
      - When to read the run back.
      - With V(when_unknown), where it is not known whether a request arrived, that is after a lost connection, a
        timeout, an interim response without a final one, a status of 408 or of 500 or above, a success without a valid
        C(execution_id), or anything else that fails after the first byte was sent. Where the state still waits, the
        request is sent again. Where the run cannot be read, the task fails.
      - With V(always) also before anything is sent, so that a state that already ended with this result is left alone,
        and afterwards. This makes a task that can be repeated. Where the run cannot be read beforehand, the request is
        sent with a warning.
      - With V(never), not at all. An unknown outcome fails the task. Each callback has a connection of its own.
      - Workflows of the express kind keep no history, so nothing can be read back from them.
    type: str
    choices: [never, when_unknown, always]
    default: when_unknown
  undelivered_path:
    description:
      - A file, or a folder in which a file is made, to keep an answer that could not be delivered for reasons of the
        network or the gateway, or because its outcome is unknown.
      - In a folder each workflow, run and state has a file of its own. A file that is named here is replaced, so name a
        folder where more than one answer may have to be kept.
      - A device, a pipe or a socket is refused before anything is sent.
      - It holds variables and no secrets, and the playbook C(functiongraph.workflow.callback) sends it later.
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
    error: "The disk of the database server is full, and there is nothing left that could be deleted"
    truncate_error: true

- name: Send nothing that the next state does not understand, and nothing twice
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

- name: Show which run goes on
  ansible.builtin.debug:
    msg: "{{ callback.execution_id }} goes on"
"""

RETURN = r"""
execution_id:
  description: The ID of the run that goes on, as the service answered it or as it was read back.
  type: str
  returned: when RV(delivery) is V(delivered) or V(already_delivered)
  sample: 48aff955-ea10-4ffd-b426-190bc192dc13
ansible_facts:
  description: A fact for later plays.
  type: dict
  returned: when RV(execution_id) is
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
    - V(already_delivered), the state had this result before, as the run shows. Nothing was changed.
    - V(not_sent), nothing reached the service. That is also so where the access key was refused before with status 401,
      as repeated failures lock the key.
    - V(rejected), the service refused the callback.
    - V(superseded), the state ended with another result, as the run shows.
    - V(unknown), the callback may or may not have arrived.
  type: str
  returned: always
  choices: [delivered, already_delivered, not_sent, rejected, superseded, unknown]
  sample: delivered
requests_sent:
  description: The number of callback requests of which at least a part was sent.
  type: int
  returned: always
  sample: 1
http_status:
  description: The HTTP status of the last answer.
  type: int
  returned: answered
  sample: 200
error_code:
  description: The code of the service's or the gateway's error.
  type: str
  returned: answered with an error that has one
  sample: FGS.3002
error_msg:
  description: The text of the service's or the gateway's error, without secrets and without an echoed request.
  type: str
  returned: answered with an error that has one
  sample: Invalid parameters.
request_id:
  description: The ID of the request, for the service's support.
  type: str
  returned: answered with one
  sample: 6f9a2e4a8f0f4f9ab5c2d0d1d7a3f8aa
violations:
  description: Everything that is wrong with the arguments.
  type: list
  elements: dict
  returned: when something is
  contains:
    option:
      description: The option, empty where the rule is not about one.
      type: str
      returned: always
      sample: error
    rule:
      description: The rule that is broken.
      type: str
      returned: always
      sample: maxLength
    limit:
      description: What the rule allows, V(null) where it has no number or list.
      type: raw
      returned: always
      sample: 64
    message:
      description: The same in words.
      type: str
      returned: always
      sample: error must have at most 64 characters, got 65 (set truncate_error=true to have it shortened)
undelivered_file:
  description: The file in which the answer was kept.
  type: str
  returned: when O(undelivered_path) is given and the answer was kept
  sample: /var/lib/runbooks/undelivered.yml
hint:
  description: What to do.
  type: str
  returned: failed, where something is known
  sample: "Check workflow_id, workflow_run_id and region: the service does not know them there."
msg:
  description: What went wrong, in a sentence that stands alone.
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
