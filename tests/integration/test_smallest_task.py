# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest useful task, as a user writes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: callback
      functiongraph.workflow.fgs_workflow_callback:
        access_key: "{{ account.access_key }}"
        secret_key: "{{ account.secret_key }}"
        region: "{{ region }}"
        endpoint: "{{ endpoint }}"
        iam_endpoint: "{{ endpoint }}"
        workflow_id: "{{ run.workflow_id }}"
        workflow_run_id: "{{ run.workflow_run_id }}"
        workflow_state_id: "{{ run.workflow_state_id }}"
        result: success
        output: {hosts_changed: 3}
        run_on: "{{ run_on }}"
      register: callback
- hosts: localhost
  gather_facts: false
  tasks:
    - name: a later play
      ansible.builtin.debug:
        msg: "{{ ansible_facts.fgs_workflow_execution_id }}"
"""


@pytest.mark.parametrize("run_on", ["controller", "target"])
def test_completes_a_waiting_state(simulator: Simulator, ansible_playbook: Callable[..., Run], run_on: str) -> None:
    run = simulator.start_run()
    variables = {"run": run, "run_on": run_on, "account": simulator.accounts["permanent"]}
    finished = ansible_playbook(
        PLAYBOOK, extra_vars={**variables, "endpoint": simulator["http"], "region": simulator.region}
    )
    assert finished.returncode == 0, finished.output
    result = finished.result("callback")
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (True, "delivered", 1)
    assert finished.result("a later play")["msg"] == result["execution_id"]
    became = simulator.run(run)
    assert (became["status"], became["output"], became["callback_requests"]) == ("success", {"hosts_changed": 3}, 1)
