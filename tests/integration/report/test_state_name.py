# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state by its name, however the service means a state ID: module, report plugin, role and playbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import faces, reporting
from support.faces import callback, execution_info
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

READINGS = [(ids, nodes) for ids in ("node", "execution") for nodes in ("shown", "hidden")]
NAME = {"workflow_state_id": ..., "workflow_state_name": "{{ runs[case].workflow_state_name }}"}
OTHER = "The service refused the node_id of the state; try workflow_state_id="


def reading(state_ids: str, waiting_nodes: str) -> dict[str, str]:
    return {"state_ids": state_ids, "waiting_nodes": waiting_nodes}


def variables(run: dict[str, str]) -> dict[str, str]:
    """Extra vars with the name of the state in place of its ID."""
    names = ("workflow_id", "workflow_run_id", "workflow_state_name")
    return {f"fgs_{name}": run[name] for name in names}


def test_module_in_every_reading(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> None:
    cases: dict[str, dict[str, Any]] = {" ".join(pair): reading(*pair) for pair in READINGS}
    hosts = faces.hosts(simulator, {**cases, "info": {}, "launcher": {}})
    own = {
        "workflow_state_id": "{{ runs[case].launcher_state_id }}",
        "workflow_state_name": NAME["workflow_state_name"],
    }
    tasks = [
        *(callback(case, {**NAME, "confirm": "never"}, ignore_errors=True) for case in cases),
        callback("launcher", own, ignore_errors=True),
        execution_info("info", NAME),
    ]
    finished = ansible_playbook([faces.play(tasks, faces.connection(simulator))], hosts=hosts)
    assert finished.returncode == 0, finished.output
    for face in faces.FACES:
        runs = hosts[face]["runs"]
        for case in cases:
            result, became = finished.result(case, host=face), simulator.run(runs[case])
            if case.startswith("node"):
                assert (result["delivery"], result["workflow_state_id"]) == (
                    "delivered",
                    runs[case]["workflow_state_id"],
                )
                assert (became["status"], became["callback_requests"]) == ("success", 1)
            else:
                assert (result["delivery"], became["status"], became["callback_requests"]) == ("rejected", "running", 1)
                assert "functiongraph.workflow.check shows which ID of a state the service takes." in result["hint"]
        # A waiting node that is shown has the other candidate.
        shown = finished.result("execution shown", host=face)
        assert shown["hint"].startswith(OTHER + runs["execution shown"]["workflow_state_id"])
        refused = finished.result("launcher", host=face)
        assert (refused["delivery"], refused["requests_sent"]) == ("not_sent", 0)
        assert "workflow_state_id is not the ID of the state 'callback'" in refused["msg"]
        assert finished.result("info", host=face)["state"]["node_name"] == "callback"


@pytest.mark.parametrize(
    ("waiting_nodes", "source"),
    [("hidden", "extra_vars"), pytest.param("shown", "environment", marks=pytest.mark.test_all)],
)
def test_report_plugin(
    simulator: Simulator, ansible_playbook: Callable[..., Run], waiting_nodes: str, source: str
) -> None:
    run = simulator.start_run(**reading("node", waiting_nodes))
    given = variables(run)
    environ = {name.upper(): value for name, value in given.items()} if source == "environment" else {}
    finished = ansible_playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "work", "ansible.builtin.ping": None}]}],
        extra_vars=given if source == "extra_vars" else {},
        env=reporting.environment(simulator, **environ),
    )
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("success", 1)


@pytest.mark.test_all
def test_report_plugin_leaves_the_state_to_a_task_with_its_name(
    simulator: Simulator, ansible_playbook: Callable[..., Run]
) -> None:
    """Also where only one of launch and task has the ID: the result of the task has it too, or the name leads to it."""
    by_name, by_id = "workflow_state_name", "workflow_state_id"
    for given, state in ((variables, by_name), (reporting.extra_vars, by_name), (variables, by_id)):
        run = simulator.start_run()
        arguments = {name: run[name] for name in ("workflow_id", "workflow_run_id", state)}
        task = {"name": "callback", faces.CALLBACK: {**arguments, "result": "success", "output": {"by": "the task"}}}
        finished = ansible_playbook(
            [{"hosts": "all", "gather_facts": False, "tasks": [task]}],
            extra_vars=given(run),
            env=reporting.environment(simulator, FGS_REPORT_CONFIRM="never"),
        )
        assert finished.returncode == 0, finished.output
        became = simulator.run(run)
        assert (became["callback_requests"], became["output"]) == (1, {"by": "the task"})


@pytest.mark.parametrize("fails", [pytest.param(False, marks=pytest.mark.test_all), True])
def test_role(simulator: Simulator, ansible_playbook: Callable[..., Run], home: Path, fails: bool) -> None:
    run = simulator.start_run()
    work = home / "work.yml"
    work.write_text('[{"name": "work", "ansible.builtin.%s": null}]' % ("fail" if fails else "ping"))
    include = {"name": "functiongraph.workflow.runbook"}
    tasks = [{"name": "run", "ansible.builtin.include_role": include, "vars": {"runbook_tasks_file": str(work)}}]
    finished = ansible_playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": tasks}],
        extra_vars=variables(run),
        env=reporting.environment(simulator, ANSIBLE_CALLBACKS_ENABLED="fgs_test_record"),
    )
    assert (finished.returncode != 0) == fails, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("fail" if fails else "success", 1)


@pytest.mark.parametrize(("own", "of_launch"), [("name", "id"), ("id", "name")])
def test_role_whose_play_names_the_state_leaves_that_of_the_launch(
    simulator: Simulator, ansible_playbook: Callable[..., Run], home: Path, own: str, of_launch: str
) -> None:
    """A launcher most likely hands on the state of its own node."""
    run = simulator.start_run()
    others = {"id": run["launcher_state_id"], "name": "launcher"}
    work = home / "work.yml"
    work.write_text('[{"name": "work", "ansible.builtin.ping": null}]')
    given = {"runbook_tasks_file": str(work), f"runbook_workflow_state_{own}": run[f"workflow_state_{own}"]}
    tasks = [{"name": "run", "ansible.builtin.include_role": {"name": "functiongraph.workflow.runbook"}, "vars": given}]
    ids = {f"fgs_{name}": run[name] for name in ("workflow_id", "workflow_run_id")}
    finished = ansible_playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": tasks}],
        extra_vars={**ids, f"fgs_workflow_state_{of_launch}": others[of_launch]},
        env=reporting.environment(simulator, ANSIBLE_CALLBACKS_ENABLED="fgs_test_record"),
    )
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("success", 1)


@pytest.mark.test_all
def test_playbook_callback(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> None:
    run = simulator.start_run(**reading("node", "hidden"))
    env = reporting.environment(simulator)
    given = {**variables(run), "fgs_workflow_result": "success", "fgs_workflow_state_id": ""}
    finished = ansible_playbook("functiongraph.workflow.callback", extra_vars=given, env=env)
    assert finished.returncode == 0, finished.output
    assert simulator.run(run)["status"] == "success"
