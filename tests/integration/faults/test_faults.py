# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault through both faces: the result, the requests that the service saw, what the run became.

All of them are called directly, on every ansible-core and so with the oldest libraries too; a selection goes through
real playbooks.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from cases import every
from fault_case import FACES, Case, comparable, matches
from support import direct
from support.playbooks import Run, ansible_playbook
from support.simulators import Simulator

FORKS = 12
DEFAULTS = {"timeout": 20, "retries": 1, "result": "success", "output": {"hosts_changed": 3}}
# What a process of its own, its arguments and its environment could change: connections, TLS, proxies, sizes, waits,
# check mode, warnings, redaction, and each delivery.
IN_PLAYBOOKS = (
    *("refused", "silent_handshake", "untrusted", "tls", "proxy_password", "proxy_wants_password", "no_proxy"),
    *("region_through_proxy", "closed_during", "applied_closed", "hang", "drip_body", "ended_meanwhile"),
    *("unreadable_403", "refused_on_reading", "always_lags_on", "already_delivered_check", "superseded_before"),
    *("html_200", "redirect_302", "status_401_echo", "status_429_once", "status_500_for_ever", "large"),
)

PLAY = """
- hosts: all
  strategy: free
  gather_facts: false
  tasks:
    - ansible.builtin.include_tasks: "{{ tasks_folder }}/{{ inventory_hostname }}.json"
"""


class Met:
    """What one case met with one face: the task's result, and the run."""

    def __init__(self, result: dict[str, Any], outcome: str, run: dict[str, Any]) -> None:
        self.result, self.outcome, self.run = result, outcome, run

    def comparable(self) -> Any:
        """The result without what is of this run only."""
        return comparable(self.result, {self.run[name]: name for name in ("workflow_run_id", "workflow_state_id")})


def filled(value: Any, addresses: dict[str, Any]) -> Any:
    """value with {name} in its strings replaced by the simulator's addresses."""
    if isinstance(value, dict):
        return {name: filled(item, addresses) for name, item in value.items()}
    if isinstance(value, str):
        return re.sub(r"(?<!\{)\{(\w+)\}(?!\})", lambda match: str(addresses[match[1]]), value)
    return value


def endpoint(case: Case, addresses: dict[str, Any]) -> str:
    """Where the case sends its callback."""
    if not case.at:
        return "https://functiongraph.cn-north-4.myhuaweicloud.com"
    return case.at if "://" in case.at else str(addresses[case.at])


def own_key(name: str, face: str, way: str) -> dict[str, str]:
    """An access key for one case, of the same length for both faces."""
    return {kind: f"{kind}-{way}-{face[:6]}-{name}" for kind in ("access_key", "secret_key")}


def arguments(case: Case, run: dict[str, str], addresses: dict[str, Any], account: dict[str, Any]) -> dict[str, Any]:
    """The options of a case's task."""
    ids = {name: run[name] for name in ("workflow_id", "workflow_run_id", "workflow_state_id")}
    keys = {name: account[name] for name in ("access_key", "secret_key")}
    project = {"project_id": account["project_id"]}
    given = {**DEFAULTS, **keys, **project, **ids, **filled(dict(case.options), addresses)}
    return {**given, "endpoint": endpoint(case, addresses)} if case.at else given


def end_when_asked(simulator: Simulator, case: Case, run: dict[str, str]) -> None:
    """Let somebody else end the run, before anything or as soon as the callback has come."""
    assert case.ended is not None
    when, status = case.ended
    path = f"/_simulator/wait?run={run['workflow_run_id']}&for=callback&timeout=240"
    if when == "callback" and not simulator.ask("GET", path, timeout=250)["happened"]:
        return
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": status})


@pytest.fixture(scope="module")
def addresses(simulator: Simulator) -> dict[str, Any]:
    proxy = simulator.accounts["proxy"]
    with_password = simulator["proxy_auth"].replace("://", f"://{proxy['user']}:{proxy['password']}@")
    return {**simulator.addresses, "proxy_with_password": with_password}


Way = Callable[[dict[str, dict[str, Any]], str, Path], Run]


def through_playbook(tasks: dict[str, dict[str, Any]], face: str, place: Path) -> Run:
    """Runs the tasks in a playbook, each on a host that is named after it."""
    for name, one in tasks.items():
        task = {
            "name": name,
            "functiongraph.workflow.fgs_workflow_callback": {**one["arguments"], "run_on": face},
            "environment": one["environment"],
            "check_mode": one["check_mode"],
            "ignore_errors": True,
        }
        (place / f"{name}.json").write_text(json.dumps([task]))
    finished = ansible_playbook(
        PLAY,
        "--forks",
        str(FORKS),
        home=place,
        hosts={name: {} for name in tasks},
        extra_vars={"tasks_folder": str(place)},
        env={"ANSIBLE_PIPELINING": "true"},
    )
    assert finished.returncode == 0, finished.output[-3000:]
    return finished


def meet(
    simulator: Simulator, addresses: dict[str, Any], names: Iterable[str], way: Way, face: str, place: Path
) -> dict[str, Met]:
    """What cases meet with a face."""
    cases = {name: case for name, case in every().items() if name in names and face in case.faces}
    # A machine without IPv6 has no such listener.
    cases = {name: case for name, case in cases.items() if not case.at or addresses.get(case.at, case.at)}
    runs = {name: simulator.start_run(name=name, **case.run) for name, case in cases.items()}
    somebody = [
        threading.Thread(target=end_when_asked, args=(simulator, case, runs[name]))
        for name, case in cases.items()
        if case.ended
    ]
    for thread in somebody:
        thread.start()
    tasks = {}
    for name, case in cases.items():
        account = {**simulator.accounts["permanent"], "project_id": simulator.project_id}
        if case.own_key:
            account.update(own_key(name, face, way.__name__))
            simulator.ask("POST", "/_simulator/accounts", {**account, "name": f"{way.__name__} {face} {name}"})
        tasks[name] = {
            "arguments": arguments(case, runs[name], addresses, account),
            "environment": filled(dict(case.environment), addresses),
            "check_mode": case.check,
        }
    before = simulator.ask("GET", "/_simulator/connections")
    finished = way(tasks, face, place)
    for thread in somebody:
        thread.join()
    after = simulator.ask("GET", "/_simulator/connections")
    found = {t.task: t for t in finished.tasks if t.task in cases}
    met = {name: Met(found[name].result, found[name].outcome, simulator.run(run)) for name, run in runs.items()}
    for name, case in cases.items():
        met[name].run["listener_connections"] = after.get(case.at, 0) - before.get(case.at, 0)
    return met


Faced = dict[str, dict[str, Met]]


@pytest.fixture(scope="module")
def called(simulator: Simulator, addresses: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Faced:
    """What every case met, by face and name."""
    return {
        face: meet(simulator, addresses, every(), direct.run, face, tmp_path_factory.mktemp(face)) for face in FACES
    }


@pytest.fixture(scope="module")
def played(simulator: Simulator, addresses: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Faced:
    """What the selected cases met in a playbook, by face and name."""
    return {
        face: meet(simulator, addresses, IN_PLAYBOOKS, through_playbook, face, tmp_path_factory.mktemp(face))
        for face in FACES
    }


@pytest.mark.core
@pytest.mark.parametrize("name", every())
def test_fault_called_directly(called: Faced, addresses: dict[str, Any], name: str) -> None:
    if name not in called["controller"]:
        pytest.skip("this machine has no such listener (IPv6)")
    check(every()[name], called, addresses)


@pytest.mark.parametrize("name", IN_PLAYBOOKS)
def test_fault_in_a_playbook(played: Faced, addresses: dict[str, Any], name: str) -> None:
    check(every()[name], played, addresses)


def check(case: Case, met: Faced, addresses: dict[str, Any]) -> None:
    """Each face gave what the case says, and both gave the same."""
    for face in case.faces:
        one = met[face][case.name]
        check_result(case, one, endpoint(case, addresses), face)
        check_run(case, one.run, face)
    if case.faces == FACES:
        assert met["controller"][case.name].comparable() == met["target"][case.name].comparable()


def check_result(case: Case, one: Met, where: str, face: str) -> None:
    """What the user gets."""
    result = one.result
    got = {key: result.get(key) for key in ("delivery", "changed", "requests_sent")}
    expected = {"delivery": case.delivery, "changed": case.changed, "requests_sent": case.sent}
    assert got == expected, (face, result)
    assert one.outcome == ("failed" if case.failed else "ok"), (face, result)
    assert matches(case.message, result.get("msg", ""), endpoint=where), (face, result.get("msg"))
    assert case.hint in result.get("hint", ""), (face, result.get("hint"))
    assert {key: result.get(key) for key in case.also} == dict(case.also), face
    warnings = [str(warning) for warning in result.get("warnings", [])]
    assert not case.warning or any(matches(case.warning, warning) for warning in warnings), (face, warnings)
    if not case.failed:
        assert result["execution_id"] == one.run["workflow_run_id"]
        assert result["ansible_facts"] == {"fgs_workflow_execution_id": result["execution_id"]}


def check_run(case: Case, run: dict[str, Any], face: str) -> None:
    """What the service saw, and what became of the run."""
    got = (run["status"], run["callback_requests"], bool(run["read_requests"]), run["completed_times"])
    completed = int(case.became != "running")
    assert got == (case.became, case.callback_requests(), case.reads, completed), (face, run["requests"])
    if case.delivery == "delivered":
        assert run["completed_by"] == "callback", face
    if case.connections is not None:
        assert run["listener_connections"] == case.connections, face


@pytest.mark.core
def test_redirects_are_not_followed(called: Faced, simulator: Simulator) -> None:
    assert set(called) == set(FACES)
    assert simulator.ask("GET", "/_simulator/redirect_target") == {"count": 0, "requests": []}


def test_every_fault_of_the_simulator_is_met(simulator: Simulator) -> None:
    met = {case.run.get(kind) for case in every().values() for kind in ("fault", "read_fault")}
    # Chance is met by the test of chaos.
    assert set(simulator.ask("GET", "/_simulator/faults")) - met == {"random"}
