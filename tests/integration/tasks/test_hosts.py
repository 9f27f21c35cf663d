# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A call made on the controller needs nothing of the task's host: no connection, no Python, no privilege."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import callback, execution_info
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

NOWHERE = {"ansible_host": "127.0.0.1", "ansible_port": 1}
SUDO = {"ansible_become": True, "ansible_become_exe": "/nonexistent/sudo"}

# What the inventory says of a host, and what of it does not keep a call from being made on the controller.
HOSTS: dict[str, dict[str, Any]] = {
    "unreachable_by_ssh": {**NOWHERE, "ansible_connection": "ssh"},
    "windows": {**NOWHERE, "ansible_connection": "winrm", "ansible_user": "u", "ansible_password": "p"},
    "windows_by_psrp": {**NOWHERE, "ansible_connection": "psrp", "ansible_user": "u", "ansible_password": "p"},
    "network_gear": {"ansible_connection": "fgs_test_persistent", "ansible_network_os": "some.network.os"},
    "without_python": {"ansible_python_interpreter": "/nonexistent/python"},
    "interpreter_to_be_found": {**NOWHERE, "ansible_connection": "ssh", "ansible_python_interpreter": "auto"},
    "without_sudo": {**SUDO, "ansible_become_user": "nobody"},
    "to_the_same_user": SUDO,
    "as_another_user": {**SUDO, "ansible_become_user": "nobody-of-that-name"},
    "by_su": {"ansible_become": True, "ansible_become_method": "su", "ansible_become_exe": "/nonexistent/su"},
}
# Where the host does matter to a call made there.
MATTER = ("unreachable_by_ssh", "without_python", "without_sudo")
# Ansible itself refuses these before it asks any plugin for the task; this is how a task gets past that.
WORKAROUNDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unknown_become_method": (
        {"ansible_become": True, "ansible_become_method": "nonexistent"},
        {"vars": {"ansible_become": False}},
    ),
    "unknown_connection": ({"ansible_connection": "nonexistent.collection.gear"}, {"delegate_to": "localhost"}),
}


class Hosts(NamedTuple):
    run: Run
    runs: dict[str, dict[str, str]]
    simulator: Simulator


@pytest.fixture(scope="module")
def hosts(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Hosts:
    runs = {name: simulator.start_run() for name in (*HOSTS, *WORKAROUNDS)}
    inventory: dict[str, dict[str, Any]] = {
        name: {"runs": {"callback": run, "info": run, "target": run}, "run_on": "controller"}
        for name, run in runs.items()
    }
    for name, variables in (*HOSTS.items(), *((name, given) for name, (given, _unused) in WORKAROUNDS.items())):
        inventory[name].update(variables)
    defaults = faces.connection(simulator)
    plays = [
        faces.play(
            [execution_info("info"), callback("callback"), callback("target", {"run_on": "target"}, when="matters")],
            defaults,
            hosts=list(HOSTS),
            strategy="free",
            vars={"matters": f"{{{{ inventory_hostname in {list(MATTER)} }}}}"},
        )
    ]
    plays += [
        faces.play([callback("callback", **keywords)], defaults, hosts=name)
        for name, (_unused, keywords) in WORKAROUNDS.items()
    ]
    run = playbooks.ansible_playbook(
        plays,
        *("--forks", "4"),
        home=tmp_path_factory.mktemp("home"),
        hosts={**inventory, "localhost": {}},
        env={"ANSIBLE_CONNECTION_PLUGINS": str(playbooks.ROOT / "tests/support/connection_plugins")},
    )
    return Hosts(run, runs, simulator)


@pytest.mark.parametrize("host", HOSTS)
def test_controller_call_needs_nothing_of_the_host(hosts: Hosts, host: str) -> None:
    assert hosts.run.result("info", host)["status"] == "running"
    assert hosts.run.result("callback", host)["delivery"] == "delivered"
    assert hosts.simulator.run(hosts.runs[host])["callback_requests"] == 1


@pytest.mark.parametrize("host", MATTER)
def test_target_call_needs_its_host(hosts: Hosts, host: str) -> None:
    outcome = {task.outcome for task in hosts.run.tasks if (task.task, task.host) == ("target", host)}
    assert outcome <= {"failed", "unreachable"}
    assert outcome


@pytest.mark.parametrize("host", WORKAROUNDS)
def test_workaround_for_what_ansible_refuses(hosts: Hosts, host: str) -> None:
    assert hosts.run.result("callback", host)["delivery"] == "delivered"


# What runs in the module's place.
LOST = {"killed": "kill -9 $$", "garbage": "echo this is no result"}


def test_lost_result_of_the_module_is_unknown(simulator: Simulator, home: Path, tmp_path: Path) -> None:
    run = simulator.start_run()
    host = {"runs": {"callback": run}, "run_on": "target"}
    hosts = {"gone": {**host, "ansible_connection": "fgs_test_gone", "fgs_test_gone_says": "the host is gone"}}
    for name, line in LOST.items():
        interpreter = tmp_path / name
        interpreter.write_text(f"#!/bin/sh\n{line}\n")
        interpreter.chmod(0o755)
        hosts[name] = {**host, "ansible_python_interpreter": str(interpreter)}
    task = callback("callback", ignore_errors=True, ignore_unreachable=True, register="lost")
    seen = {
        "name": "seen",
        "ansible.builtin.debug": {"msg": "{{ [lost.delivery, lost is unreachable, lost is failed] }}"},
    }
    finished = playbooks.ansible_playbook(
        [faces.play([task, seen], faces.connection(simulator))],
        home=home,
        hosts=hosts,
        env={"ANSIBLE_CONNECTION_PLUGINS": str(playbooks.ROOT / "tests/support/connection_plugins")},
    )
    for name in hosts:
        result = finished.result("callback", name)
        assert (result["delivery"], result["changed"], result["requests_sent"]) == ("unknown", False, 0), result
        assert result["msg"].startswith(
            "It is not known whether the callback arrived: the module on the host of the task returned no result. "
        )
        assert "Check the run before you send again" in result["hint"]
        assert finished.result("seen", name)["msg"] == ["unknown", name == "gone", name != "gone"]
    assert finished.result("callback", "gone")["msg"].endswith("the host is gone")
    assert {task.outcome for task in finished.tasks if (task.task, task.host) == ("callback", "gone")} == {
        "unreachable"
    }


@pytest.mark.parametrize("library", ["requests", "jsonschema"])
def test_missing_library_is_explained(simulator: Simulator, tmp_path: Path, home: Path, library: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules['{library}'] = None\n")
    inventory = faces.hosts(simulator, ["callback", "info"])
    tasks = [callback("callback", ignore_errors=True), execution_info("info", ignore_errors=True)]
    play = faces.play(tasks, faces.connection(simulator))
    run = playbooks.ansible_playbook([play], home=home, hosts=inventory, env={"PYTHONPATH": str(tmp_path)})
    for case in ("callback", "info"):
        result = faces.same(run, inventory, case)
        assert f"{library} cannot be imported on " in result["msg"]
        assert " -m pip install 'requests>=2.25' 'jsonschema>=3.2'." in result["msg"]
        assert "execution environment" in result["hint"]
        assert result.get("delivery") == ("not_sent" if case == "callback" else None)
    assert not simulator.run(inventory["controller"]["runs"]["callback"])["callback_requests"]


def test_task_timeout_keeps_what_is_known(simulator: Simulator, home: Path, tmp_path: Path) -> None:
    """Each task has a host of its own, so that they wait together, long enough for what comes before."""
    options: dict[str, dict[str, Any]] = {
        "callback": {"fault": "hang"},
        "before": {},
        "info": {"read_fault": "read_hang"},
    }
    inventory: dict[str, dict[str, Any]] = {
        case: {"run_on": "controller", "runs": {case: simulator.start_run(**options[case])}} for case in options
    }
    keywords: dict[str, Any] = {"timeout": 6, "ignore_errors": True, "when": "case in runs"}
    tasks = [
        callback("callback", {"undelivered_path": str(tmp_path / "kept.yml")}, **keywords),
        callback("before", {"endpoint": simulator["hang_tls"], "timeout": 20}, **keywords),
        execution_info("info", **keywords),
    ]
    play = faces.play(tasks, faces.connection(simulator), strategy="free")
    run = playbooks.ansible_playbook([play], home=home, hosts=inventory)
    result = run.result("callback", "callback")
    assert (result["delivery"], result["requests_sent"], result["changed"]) == ("unknown", 1, False)
    assert "the task timed out after 6 seconds" in result["msg"]
    assert result["undelivered_file"] == str(tmp_path / "kept.yml")
    result = run.result("before", "before")
    assert (result["delivery"], result["requests_sent"]) == ("not_sent", 0)
    assert "The run was not read, as the task timed out" in run.result("info", "info")["msg"]


def test_ad_hoc_command_completes_a_state(simulator: Simulator, home: Path) -> None:
    inventory = faces.hosts(simulator, ["ad hoc"])
    given = {**faces.connection(simulator), **faces.IDS, "result": "success", "output": {"from": "ansible -m"}}
    arguments = json.dumps(given)
    run = playbooks.ansible_playbook(
        "all",
        *("-m", faces.CALLBACK, "-a", arguments),
        command="ansible",
        home=home,
        hosts=inventory,
        extra_vars={"case": "ad hoc"},
        env={"ANSIBLE_LOAD_CALLBACK_PLUGINS": "true"},
    )
    assert run.returncode == 0, run.output
    for face in faces.FACES:
        assert simulator.run(inventory[face]["runs"]["ad hoc"])["output"] == {"from": "ansible -m"}
