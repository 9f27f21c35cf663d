# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wrong key costs one refused signature in one ansible-playbook, whoever uses it there: more than five lock it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import faces, reporting
from support.playbooks import Run
from support.simulators import Simulator

Playbook = Callable[..., Run]
WRONG = "SKwrong-0123456789"
HOSTS: dict[str, dict[str, Any]] = {f"web{number}": {} for number in range(4)}
IDS = {name: f"{{{{ fgs_{name} }}}}" for name in reporting.NAMES}


def launch(simulator: Simulator, run: dict[str, str]) -> dict[str, Any]:
    """How a launch with a wrong secret key looks, with the report plugin switched on."""
    env = reporting.environment(
        simulator, HUAWEICLOUD_SDK_SK=WRONG, HUAWEICLOUD_SDK_PROJECT_ID=simulator.project_id, FGS_REPORT_RETRIES="0"
    )
    return {"env": env, "extra_vars": reporting.extra_vars(run), "hosts": HOSTS}


def callback(name: str, confirm: str, **keywords: Any) -> dict[str, Any]:
    arguments = {**IDS, "result": "success", "confirm": confirm}
    return {"name": name, faces.CALLBACK: arguments, "ignore_errors": True, **keywords}


@pytest.mark.parametrize("confirm", ["always", "when_unknown"])
def test_all_hosts_items_and_the_report_send_one_request(
    simulator: Simulator, ansible_playbook: Playbook, confirm: str
) -> None:
    run = simulator.start_run()
    tasks = [callback("of each host", confirm), callback("of each item", confirm, loop=[1, 2])]
    # One after the other: what is under way at the same moment cannot know of each other.
    finished = ansible_playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": tasks}], "--forks", "1", **launch(simulator, run)
    )
    became = simulator.run(run)
    assert [(request["method"], request["phase"]) for request in became["requests"]] == [
        ("GET" if confirm == "always" else "POST", "responded")
    ]
    results = [finished.result("of each host", host) for host in HOSTS] + finished.items("of each item")
    first = "not_sent" if confirm == "always" else "rejected"
    assert [result["delivery"] for result in results] == [first, *["not_sent"] * (3 * len(HOSTS) - 1)]
    said = reporting.unwrapped(finished.output)
    assert "the service refused the keys from the variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK before" in said
    assert "could not be reported to the workflow" in said


def test_the_role_and_the_report_send_one_request(simulator: Simulator, ansible_playbook: Playbook, home: Path) -> None:
    run = simulator.start_run()
    (home / "work.yml").write_text(json.dumps([{"name": "work", "ansible.builtin.debug": {"msg": "work"}}]))
    include = {
        "name": "run",
        "ansible.builtin.include_role": {"name": "functiongraph.workflow.runbook"},
        "vars": {"runbook_tasks_file": str(home / "work.yml"), "runbook_confirm": "always"},
    }
    finished = ansible_playbook([{"hosts": "all", "gather_facts": False, "tasks": [include]}], **launch(simulator, run))
    assert finished.returncode != 0
    assert len(simulator.run(run)["requests"]) == 1, finished.output
    # The role has said in red why its report failed, and the plugin leaves the state to it.
    assert "could not be reported to the workflow" not in reporting.unwrapped(finished.output)
