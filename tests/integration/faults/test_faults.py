# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault through a real playbook, once per face: result, requests that the server saw, what the run became."""

from __future__ import annotations

import json
import re
import runpy
import threading
from pathlib import Path
from typing import Any

import pytest
from cases import every
from fault_case import FACES, Case
from support.playbooks import ansible_playbook
from support.simulators import Simulator

FORKS = 12
DEFAULTS = {"timeout": 20, "retries": 1, "result": "success", "output": {"hosts_changed": 3}}
# What differs between two runs of the same case, and what only one of two releases of ansible-core adds.
PASSING = ("request_id", "invocation", "exception", "deprecations", "diff")

PLAY = """
- hosts: all
  strategy: free
  gather_facts: false
  module_defaults:
    group/functiongraph.workflow.fgs:
      access_key: "{{ account.access_key }}"
      secret_key: "{{ account.secret_key }}"
      project_id: "{{ project_id }}"
      run_on: "{{ run_on }}"
  tasks:
    - ansible.builtin.include_tasks: "{{ tasks_folder }}/{{ inventory_hostname }}.json"
"""


class Met:
    """What one case met with one face: the task's result, and the run."""

    def __init__(self, result: dict[str, Any], outcome: str, run: dict[str, Any]) -> None:
        self.result, self.outcome, self.run = result, outcome, run

    def comparable(self) -> Any:
        """The result without what is of this run only."""
        kept = {name: value for name, value in self.result.items() if name not in PASSING and not name.startswith("_")}
        text = json.dumps(kept, sort_keys=True)
        for name in ("workflow_run_id", "workflow_state_id"):
            text = text.replace(self.run[name], name)
        # How a loss shows is a race with the kernel.
        text = re.sub(r"closed without a response|connection reset by peer|broken pipe", "lost", text)
        text = re.sub(r"\d{8}T\d{6}Z|differs by \d+ seconds", "some time", text)
        return json.loads(re.sub(r"\b[0-9a-f]{32}\b", "some id", text))


def filled(value: Any, addresses: dict[str, Any]) -> Any:
    """value with {name} in its texts replaced by the simulator's addresses."""
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


def own_key(name: str, face: str) -> dict[str, str]:
    """An access key for one case, of the same length for both faces."""
    return {"access_key": f"AK-{face[:6]}-{name}", "secret_key": f"SK-{face[:6]}-{name}"}


def task(case: Case, run: dict[str, str], addresses: dict[str, Any], face: str) -> dict[str, Any]:
    """The task of a case, as a user would write it."""
    ids = {name: run[name] for name in ("workflow_id", "workflow_run_id", "workflow_state_id")}
    options = {**DEFAULTS, **ids, **filled(dict(case.options), addresses)}
    if case.at:
        options["endpoint"] = endpoint(case, addresses)
    if case.own_key:
        options.update(own_key(case.name, face))
    return {
        "name": "callback",
        "functiongraph.workflow.fgs_workflow_callback": options,
        "environment": filled(dict(case.environment), addresses),
        "check_mode": case.check,
        "ignore_errors": True,
    }


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


@pytest.fixture(scope="module")
def met(
    simulator: Simulator, addresses: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Met]]:
    """What every case met, by face and name."""
    cases = {name: case for name, case in every().items() if not case.at or addresses.get(case.at, case.at)}
    met = {}
    for face in FACES:
        chosen = {name: case for name, case in cases.items() if face in case.faces}
        met[face] = _run(simulator, addresses, chosen, face, tmp_path_factory.mktemp(face))
    return met


def _run(
    simulator: Simulator, addresses: dict[str, Any], cases: dict[str, Case], face: str, place: Any
) -> dict[str, Met]:
    runs = {name: simulator.start_run(name=name, **case.run) for name, case in cases.items()}
    somebody = [
        threading.Thread(target=end_when_asked, args=(simulator, case, runs[name]))
        for name, case in cases.items()
        if case.ended
    ]
    for thread in somebody:
        thread.start()
    for name, case in cases.items():
        (place / f"{name}.json").write_text(json.dumps([task(case, runs[name], addresses, face)]))
        if case.own_key:
            simulator.ask("POST", "/_simulator/accounts", {"name": f"{face} {name}", **own_key(name, face)})
    before = simulator.ask("GET", "/_simulator/connections")
    finished = ansible_playbook(
        PLAY,
        "--forks",
        str(FORKS),
        home=place,
        hosts={name: {} for name in cases},
        extra_vars={
            "account": simulator.accounts["permanent"],
            "project_id": simulator.project_id,
            "run_on": face,
            "tasks_folder": str(place),
        },
        env={"ANSIBLE_PIPELINING": "true"},
    )
    assert finished.returncode == 0, finished.output[-3000:]
    for thread in somebody:
        thread.join()
    after = simulator.ask("GET", "/_simulator/connections")
    found = {t.host: t for t in finished.tasks if t.task == "callback"}
    met = {name: Met(found[name].result, found[name].outcome, simulator.run(run)) for name, run in runs.items()}
    for name, case in cases.items():
        met[name].run["listener_connections"] = after.get(case.at, 0) - before.get(case.at, 0)
    return met


def matches(pattern: str, text: str, **values: str) -> bool:
    """Whether text is pattern, where … stands for anything and {name} for a value."""
    parts = re.split(r"(…|\{\w+\})", pattern)
    expression = "".join(
        ".*" if part == "…" else re.escape(values[part[1:-1]] if part.startswith("{") else part) for part in parts
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


@pytest.mark.parametrize("name", every())
def test_fault(met: dict[str, dict[str, Met]], addresses: dict[str, Any], name: str) -> None:
    case = every()[name]
    if name not in met["controller"]:
        pytest.skip("this machine has no such listener (IPv6)")
    for face in case.faces:
        one = met[face][name]
        check_result(case, one, endpoint(case, addresses), face)
        check_run(case, one.run, face)
    if case.faces == FACES:
        assert met["controller"][name].comparable() == met["target"][name].comparable()


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


def test_the_other_host_saw_nothing(met: dict[str, dict[str, Met]], simulator: Simulator) -> None:
    assert set(met) == set(FACES)
    assert simulator.ask("GET", "/_simulator/redirect_target") == {"count": 0, "requests": []}


def test_every_fault_of_the_simulator_is_met(simulator: Simulator) -> None:
    met = {case.run.get(kind) for case in every().values() for kind in ("fault", "read_fault")}
    # Chance is met by the test of chaos.
    assert set(simulator.ask("GET", "/_simulator/faults")) - met == {"random"}


def test_the_table_of_the_guide_is_fresh() -> None:
    tool = Path(__file__).resolve().parents[2] / "tools/fault_table.py"
    names = runpy.run_path(str(tool))
    assert names["TABLE"].read_text("utf-8") == names["table"](), "run python tests/tools/fault_table.py"
