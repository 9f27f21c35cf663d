# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of start, stop, retry and list through both faces: the result, the requests, and which runs there are then.

Above all: no task starts two runs, and none fails without the ID of a run that it has started.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from execution_case import LISTED, RETRIED, STARTED, ExecutionCase
from execution_cases_more import LISTS, RETRIES, STOPS
from execution_cases_start import STARTS
from fault_case import FACES, comparable, matches
from support import direct
from support.simulators import Simulator

CASES = {case.name: case for case in (*STARTS, *STOPS, *RETRIES, *LISTS)}
KEYS = ("access_key", "secret_key")
# For each kind of loss, refusal and unknown outcome of each operation, what `make test` has time for.
QUICK = (
    *("start_undisturbed", "start_close_before_response_applied", "start_reset_in_body", "start_truncated_body"),
    *(
        "start_applied_cut_then_400",
        "start_keep_alive_close",
        "start_status_204",
        "start_number_200",
        "start_status_101",
    ),
    *(
        "start_missing_execution_id",
        "start_status_500_applied",
        "start_status_500",
        "start_status_429",
        "start_html_200",
    ),
    *("start_close_during_request", "start_close_before_response_for_ever", "start_status_429_for_ever"),
    *("start_status_400", "start_status_403", "start_status_401_echo", "start_redirect_307", "start_international"),
    *("start_applied_read_403", "start_applied_read_other_execution", "start_by_somebody_else", "start_shown_too_late"),
    *("start_unread_own_id", "start_unread_before_own_id"),
    *("stop_undisturbed", "stop_applied_closed", "stop_closed_during", "stop_by_somebody_else", "stop_applied_unread"),
    *("stop_status_400", "stop_shown_late", "stop_accepted_unread", "stop_closed_for_ever"),
    *("retry_undisturbed", "retry_applied_closed", "retry_closed_during", "retry_by_somebody_else", "retry_unread"),
    *("retry_status_403", "retry_applied_unread"),
    *("list_undisturbed", "list_closed", "list_status_500_for_ever", "list_status_403", "list_array_200"),
)
REST = [name for name in CASES if name not in QUICK]


class Met:
    """What one case met with one face: the IDs of its flow and of its run, if there was one before, and the result."""

    def __init__(self, simulator: Simulator, case: ExecutionCase, face: str) -> None:
        self.simulator, self.case = simulator, case
        self.result: dict[str, Any] = {}
        self.flow: str = simulator.ask("POST", "/_simulator/workflows", dict(case.flow))["id"]
        self.chosen = str(uuid.uuid4()) if case.own_id else ""
        self.run = ""
        if case.state != STARTED:
            self.run = simulator.start_run(workflow_id=self.flow, **case.run)["workflow_run_id"]
        if case.state == RETRIED:
            simulator.ask("POST", f"/_simulator/runs/{self.run}/end", {"status": "fail"})
        account = (
            simulator.accounts[case.account] if case.account else {key: f"{key}-{face}-{case.name}" for key in KEYS}
        )
        if case.account is None:
            simulator.ask("POST", "/_simulator/accounts", {**account, "name": f"{face} {case.name}"})
        self.keys = {key: account[key] for key in KEYS}

    def task(self) -> dict[str, Any]:
        """The task as direct.run() takes it."""
        run_id = self.chosen if self.case.state == STARTED else self.run if self.case.state != LISTED else ""
        given = {
            "endpoint": self.simulator["http"],
            "project_id": self.simulator.project_id,
            "workflow_id": self.flow,
            "timeout": 20,
            "retries": 1,
            **self.keys,
            **({"execution_id": run_id} if run_id else {}),
            **({} if self.case.state == LISTED else {"state": self.case.state}),
            **self.case.options,
        }
        module = "fgs_workflow_execution" + ("_info" if self.case.state == LISTED else "")
        return {"arguments": given, "environment": {}, "check_mode": False, "module": module}

    def run_id(self) -> str:
        """The ID of the run that the result is about, whether there is one or not."""
        return self.run or self.chosen or str(self.result.get("execution_id", ""))

    def comparable(self) -> Any:
        """The result without what is of this run only."""
        result = {name: value for name, value in self.result.items() if name not in ("execution", "executions")}
        return comparable(result, {self.flow: "flow", self.run_id() or "\0": "run"})

    def check(self) -> None:
        """Everything that the case says."""
        case, result = self.case, self.result
        got = {name: result.get(name) for name in ("changed", "requests_sent")}
        assert got == {"changed": case.changed, "requests_sent": None if case.state == LISTED else case.sent}, result
        assert bool(result.get("failed")) == case.failed, result
        assert matches(case.message, result.get("msg", ""), id=self.run_id()), result
        assert case.hint in result.get("hint", ""), result
        assert {name: result.get(name) for name in case.also} == dict(case.also)
        warnings = [str(warning) for warning in result.get("warnings", [])]
        assert bool(warnings) == bool(case.warning), warnings
        assert all(matches(case.warning, warning) for warning in warnings), warnings
        self._check_service()

    def _check_service(self) -> None:
        case, result = self.case, self.result
        shown = self.simulator.ask("GET", f"/_simulator/workflows/{self.flow}")
        # A list that failed did not change that.
        assert len(shown["runs"]) == (0 if case.status() is None else 1), shown
        requests = shown["requests"] + [r for run in shown["runs"] for r in self._requests(run)]
        assert sum(request["operation"] == case.operation for request in requests) == case.requests_seen(), requests
        if case.knows_id and case.state != LISTED:
            assert result["execution_id"] == self.run_id()
        for run in shown["runs"]:
            assert self.simulator.run(run)["status"] == case.status()
            # Never a run that nobody knows of.
            assert run == self.run_id()
        if case.state == STARTED and case.changed:
            assert result["ansible_facts"] == {"fgs_workflow_execution_id": result["execution_id"]}
        if case.state == LISTED and not case.failed:
            assert [run["execution_id"] for run in result["executions"]] == [self.run]

    def _requests(self, run: str) -> list[dict[str, Any]]:
        # The start is a request for the flow, and there already.
        return [request for request in self.simulator.run(run)["requests"] if request["operation"] != "start"]


Faced = dict[str, dict[str, Met]]


def meet(simulator: Simulator, names: Iterable[str], tmp_path_factory: pytest.TempPathFactory) -> Faced:
    """What cases met, by face and name."""
    found: Faced = {}
    for face in FACES:
        found[face] = {name: Met(simulator, CASES[name], face) for name in names}
        tasks = {name: one.task() for name, one in found[face].items()}
        for task in direct.run(tasks, face, tmp_path_factory.mktemp(face)).tasks:
            found[face][task.task].result = task.result
    return found


@pytest.fixture(scope="module")
def quick(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Faced:
    return meet(simulator, QUICK, tmp_path_factory)


@pytest.fixture(scope="module")
def rest(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Faced:
    return meet(simulator, REST, tmp_path_factory)


@pytest.mark.core
@pytest.mark.parametrize("name", QUICK)
def test_fault(quick: Faced, name: str) -> None:
    check(quick, name)


@pytest.mark.test_all
@pytest.mark.parametrize("name", REST)
def test_fault_of_the_rest(rest: Faced, name: str) -> None:
    check(rest, name)


def check(met: Faced, name: str) -> None:
    """Each face gave what the case says, and both gave the same."""
    for face in FACES:
        met[face][name].check()
    assert met["controller"][name].comparable() == met["target"][name].comparable()


def test_every_fault_of_the_simulator_meets_a_start(simulator: Simulator) -> None:
    found = {case.flow.get("fault") for case in STARTS}
    faults = simulator.ask("GET", "/_simulator/faults")
    assert {name for name, fault in faults.items() if not fault["reads"]} - found == {"random"}
