# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in real playbooks: started once, waited for until they need a result and until they end, stopped, retried."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from support import faces, playbooks
from support.faces import FACES
from support.playbooks import BIN, Run
from support.simulators import Simulator

EXECUTION, INFO = "functiongraph.workflow.fgs_workflow_execution", faces.EXECUTION_INFO
WORKFLOW = "{{ workflow_id }}"


def execution(name: str, arguments: dict[str, Any], module: str = EXECUTION, **keywords: Any) -> dict[str, Any]:
    return {"name": name, module: {"workflow_id": WORKFLOW, **arguments}, **keywords}


def hosts(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """A host for each face, with a workflow and an ID for a run of its own."""
    workflows = {face: simulator.ask("POST", "/_simulator/workflows", {})["id"] for face in FACES}
    return {
        face: {"run_on": face, "workflow_id": workflow_id, "chosen": str(uuid.uuid4())}
        for face, workflow_id in workflows.items()
    }


RUN = {"execution_id": "{{ chosen }}"}
START = {**RUN, "input": {"release": "2026.11"}, "wait": True, "wait_for": "callback", "wait_timeout": 120}
COMPLETE = {
    "name": "complete",
    faces.CALLBACK: {
        "workflow_id": WORKFLOW,
        "workflow_run_id": "{{ fgs_workflow_execution_id }}",
        "workflow_state_name": "callback",
        "result": "success",
        "output": {"address": "192.0.2.10"},
    },
}
LIFE = [
    execution("check", START, check_mode=True),
    execution("start", START, diff=True),
    execution("start again", START),
    execution("list", {"status": "running", "states": True}, INFO),
    COMPLETE,
    execution("wait", {**RUN, "wait": True, "wait_timeout": 120}),
    execution("list of the ended", {"since": "7d", "max_results": 1}, INFO),
    execution("stop", {**RUN, "state": "stopped"}),
    execution("retry", {**RUN, "state": "retried"}),
    execution("start another", {}),
    execution("stop another", {"state": "stopped", "execution_id": "{{ fgs_workflow_execution_id }}"}),
    execution("fail", {"wait": True, "wait_timeout": 2}, ignore_errors=True),
    {"name": "fact", "ansible.builtin.debug": {"msg": "{{ fgs_workflow_execution_id }}"}},
]


@pytest.fixture(scope="module")
def life(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, dict[str, Any]]]:
    """The playbook at -v, and its hosts."""
    inventory = hosts(simulator)
    play = faces.play(LIFE, faces.connection(simulator))
    return playbooks.ansible_playbook([play], "-v", home=tmp_path_factory.mktemp("home"), hosts=inventory), inventory


@pytest.mark.core
@pytest.mark.parametrize("face", FACES)
def test_life_of_a_run(life: tuple[Run, dict[str, dict[str, Any]]], face: str) -> None:
    finished, inventory = life
    assert finished.returncode == 0, finished.output
    chosen = inventory[face]["chosen"]
    found = {task["name"]: finished.result(task["name"], face) for task in LIFE}
    changed = [name for name, result in found.items() if result["changed"]]
    # The one that failed has started its run before.
    assert changed == ["check", "start", "complete", "start another", "stop another", "fail"]
    assert "execution_id" not in found["check"]
    assert json.loads(found["start"]["diff"]["after"].split("\n\n")[1])["input"] == {"release": "2026.11"}
    statuses = {name: result["status"] for name, result in found.items() if "status" in result}
    assert statuses == {
        "start": "running",
        "start again": "running",
        "wait": "success",
        "stop": "success",
        "retry": "success",
        "start another": "running",
        "stop another": "cancel",
        "fail": "running",
    }
    # Ansible sets no facts of a task that fails.
    assert found["fact"]["msg"] == found["start another"]["execution_id"]
    (listed,) = found["list"]["executions"]
    assert listed["execution_id"] == chosen
    assert [state["status"] for state in listed["states"] if state["node_name"] == "callback"] == ["running"]
    (ended,) = found["list of the ended"]["executions"]
    assert (ended["execution_id"], ended["status"], "states" in ended) == (chosen, "success", False)
    assert found["fail"]["msg"] == (
        f"The run {found['fail']['execution_id']} did not reach wait_for='end' within 2 seconds: it shows status "
        "running at 'callback'."
    )


def test_both_faces_give_the_same(life: tuple[Run, dict[str, dict[str, Any]]]) -> None:
    finished, inventory = life
    for task in LIFE[:8]:
        one, other = (
            json.dumps(faces.plain(finished.result(task["name"], face), face), sort_keys=True)
            .replace(inventory[face]["workflow_id"], "<workflow>")
            .replace(inventory[face]["chosen"], "<run>")
            for face in FACES
        )
        varying = r"\d{4}-\d\d-\d\dT[\d:]+Z|\b\d{13}\b|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        assert re.sub(varying, "…", one) == re.sub(varying, "…", other), task["name"]


def test_people_see_how_far_a_run_is(life: tuple[Run, dict[str, dict[str, Any]]]) -> None:
    finished, _inventory = life
    run_id = finished.result("fail", "controller")["execution_id"]
    shown = rf"^Run {run_id}: it shows status running at 'callback', after \d+ seconds$"
    assert re.search(shown, finished.output, re.MULTILINE)


@pytest.fixture
def short_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path: ansible-core 2.21 makes a socket below TMPDIR, whose path may have a hundred characters."""
    return tmp_path_factory.mktemp("home")


def test_interrupted_wait_leaves_a_run_of_a_known_id(simulator: Simulator, short_home: Path) -> None:
    inventory = {"controller": hosts(simulator)["controller"]}
    task = execution("start", {**RUN, "wait": True})
    (short_home / "play.json").write_text(json.dumps([faces.play([task], faces.connection(simulator))]))
    (short_home / "inventory.yml").write_text(playbooks.inventory(inventory))
    process = subprocess.Popen(
        [str(BIN / "ansible-playbook"), "-v", str(short_home / "play.json"), "-i", str(short_home / "inventory.yml")],
        # Ansible does not flush what it writes into a pipe.
        env=playbooks.environment(short_home, PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    before = ""
    while "it shows status running" not in before:
        line = process.stdout.readline()
        assert line, before
        before += line
    os.killpg(process.pid, signal.SIGINT)
    output, _unused = process.communicate(timeout=60)
    assert "User interrupted execution" in output
    # Ansible may end before it shows what the task says.
    run_id = inventory["controller"]["chosen"]
    assert f"Run {run_id}: it shows status running" in before
    assert simulator.run(run_id)["status"] == "running"


@pytest.mark.test_all
def test_task_timeout_says_which_run_continues(simulator: Simulator, short_home: Path) -> None:
    inventory = hosts(simulator)
    task = execution("start", {**RUN, "wait": True}, timeout=8, ignore_errors=True)
    finished = playbooks.ansible_playbook(
        [faces.play([task], faces.connection(simulator))], home=short_home, hosts=inventory
    )
    run_id = inventory["controller"]["chosen"]
    result = finished.result("start", "controller")
    assert result["msg"] == f"The task stopped waiting for the run {run_id}, as the task timed out after 8 seconds."
    assert (result["changed"], result["execution_id"]) == (True, run_id)
    assert finished.result("start", "target")["msg"] == (
        "It is not known whether a run was started, stopped or retried: the task timed out after 8 seconds."
    )
