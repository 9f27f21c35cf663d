# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every wrong argument of a task that starts, stops, retries or lists runs: one line, all violations, nothing sent."""

from __future__ import annotations

from typing import Any

import pytest
from fault_case import FACES, comparable
from support import direct
from support.simulators import Simulator

LEFT_OUT = ...
RUN = {"execution_id": "run"}
DEEP: dict[str, Any] = {}
for _level in range(201):
    DEEP = {"a": DEEP}

# The arguments, the options and rules that they break, and a piece of the sentence.
Broken = dict[str, tuple[dict[str, Any], set[tuple[str, str]], str]]
TASKS: Broken = {
    "no workflow": ({"workflow_id": LEFT_OUT}, {("workflow_id", "required")}, "workflow_id is required"),
    "list as input": ({"input": [1]}, {("input", "type")}, "input"),
    "text as input": ({"input": "no JSON"}, {("input", "type")}, "input"),
    "NaN": ({"input": {"a": [float("nan")]}}, {("input", "number")}, "must be a finite number, got nan"),
    "infinite": ({"input": {"a": float("-inf")}}, {("input", "number")}, "must be a finite number, got -inf"),
    "nested": ({"input": DEEP}, {("input", "depth")}, "input"),
    "control characters in the ID": (
        {"execution_id": "a\nb"},
        {("execution_id", "control_characters")},
        "execution_id must not contain control characters",
    ),
    "whitespace around the ID": (
        {"execution_id": " a"},
        {("execution_id", "blanks")},
        "execution_id must not have leading or trailing whitespace",
    ),
    "dots as the ID": ({"execution_id": ".."}, {("execution_id", "path_segment")}, "execution_id"),
    "no time": ({"wait_timeout": 0.9}, {("wait_timeout", "range")}, "wait_timeout must be from 1 to 2678400 seconds"),
    "no end": ({"wait_timeout": 2_678_401}, {("wait_timeout", "range")}, "to 2678400 seconds, got 2678401"),
    "a word for wait_timeout": ({"wait_timeout": "soon"}, {("wait_timeout", "type")}, "wait_timeout"),
    "NaN for wait_timeout": ({"wait_timeout": float("nan")}, {("wait_timeout", "range")}, "got nan"),
    "stop nothing": ({"state": "stopped"}, {("execution_id", "required")}, "execution_id is required"),
    "stop an empty ID": (
        {"state": "stopped", "execution_id": ""},
        {("execution_id", "required")},
        "execution_id is empty",
    ),
    "retry nothing": ({"state": "retried"}, {("execution_id", "required")}, "execution_id is required"),
    "retry an empty ID": (
        {"state": "retried", "execution_id": ""},
        {("execution_id", "required")},
        "execution_id is empty",
    ),
    "stop with input": (
        {**RUN, "state": "stopped", "input": {"a": 1}, "wait": True},
        {("input", "state"), ("wait", "state")},
        "input is for state=started only, got state=stopped; unset it; wait is for state=started only",
    ),
    "state": ({"state": "paused"}, {("state", "enum")}, "state"),
    "misspelt": (
        {"inptu": {}},
        {("inptu", "unsupported")},
        "inptu is not an option of this module (did you mean input?)",
    ),
    "option of the list": ({"since": "1d"}, {("since", "unsupported")}, "since is not an option of this module"),
    "all at once": (
        {
            "workflow_id": "..",
            "execution_id": "a\nb",
            "state": "retried",
            "input": {"a": float("nan")},
            "wait": True,
            "wait_timeout": 0,
            "retries": -1,
            "inptu": 1,
        },
        {
            ("workflow_id", "path_segment"),
            ("execution_id", "control_characters"),
            ("input", "number"),
            ("input", "state"),
            ("wait", "state"),
            ("wait_timeout", "range"),
            ("retries", "range"),
            ("inptu", "unsupported"),
        },
        "Nothing was sent: ",
    ),
}
LISTS: Broken = {
    "since": (
        {"since": "yesterday"},
        {("since", "time")},
        "since must be a time such as 2026-01-31T23:59:59Z or an age",
    ),
    "until": ({"until": "2026-13-01"}, {("until", "time")}, "until must be a time"),
    "backwards": ({"since": "1h", "until": "2h"}, {("since", "time")}, "since must not be later than until"),
    "too long": ({"since": "3001d"}, {("since", "range")}, "since must be at most 3000 days before until"),
    "none": ({"max_results": 0}, {("max_results", "range")}, "max_results must be from 1 to 10000, got 0"),
    "too many": ({"max_results": 10_001}, {("max_results", "range")}, "max_results must be from 1 to 10000, got 10001"),
    "status": ({"status": "waiting"}, {("status", "enum")}, "status"),
    "states of a run": (
        {**RUN, "states": True},
        {("states", "list")},
        "states is for a list of runs; unset it or execution_id",
    ),
    "state of no run": (
        {"workflow_state_name": "callback"},
        {("execution_id", "required")},
        "execution_id is required with workflow_state_name",
    ),
    "empty ID": ({"execution_id": ""}, {("execution_id", "required")}, "execution_id is empty"),
    "several": (
        {"since": "soon", "until": "later", "max_results": 0, "status": "waiting", "workflow_id": ".."},
        {
            ("since", "time"),
            ("until", "time"),
            ("max_results", "range"),
            ("status", "enum"),
            ("workflow_id", "path_segment"),
        },
        "; ",
    ),
}
START, INFO = "fgs_workflow_execution", "fgs_workflow_execution_info"
# By module and name.
CASES = {**{(START, name): row for name, row in TASKS.items()}, **{(INFO, name): row for name, row in LISTS.items()}}

# What only the service knows: a flow that does not exist, and an express flow.
NO_FLOW = {"workflow_id": "00000000-0000-4000-8000-000000000000"}
NOT_FOUND = "status 404 (FGS.5002: Function flow not found)."
UNREAD = "Nothing was sent, as the run could not be read: "
REFUSED = "The service refused to start the run: "
NO_FLOWS = (
    (START, "start", NO_FLOW, REFUSED + NOT_FOUND),
    (START, "start and wait", {**NO_FLOW, "wait": True}, REFUSED + NOT_FOUND),
    (START, "stop", {**NO_FLOW, **RUN, "state": "stopped"}, UNREAD + NOT_FOUND),
    (START, "retry", {**NO_FLOW, **RUN, "state": "retried"}, UNREAD + NOT_FOUND),
    (INFO, "list", NO_FLOW, "The list of runs could not be read: " + NOT_FOUND),
)
EXPRESS = {"mode": "EXPRESS", "states": [{"id": "1", "name": "only", "type": "Sleep", "duration": 60, "end": True}]}
OF_EXPRESS: dict[str, dict[str, Any]] = {"express": {"input": {"a": 1}}, "express and wait": {"wait": True}}

Bad = dict[str, dict[tuple[str, str], dict[str, Any]]]


def arguments(simulator: Simulator, given: dict[str, Any]) -> dict[str, Any]:
    """The options of a task with what is given."""
    keys = {name: simulator.accounts["permanent"][name] for name in ("access_key", "secret_key")}
    rest = {"endpoint": simulator["http"], "project_id": simulator.project_id}
    return {name: value for name, value in {**rest, **keys, **given}.items() if value is not LEFT_OUT}


@pytest.fixture(scope="module")
def flow(simulator: Simulator) -> str:
    """A flow that must see no request."""
    return str(simulator.ask("POST", "/_simulator/workflows", {})["id"])


@pytest.fixture(scope="module")
def express(simulator: Simulator) -> str:
    """An express flow."""
    return str(simulator.ask("POST", "/_simulator/workflows", {"definition": EXPRESS})["id"])


@pytest.fixture(scope="module")
def bad(simulator: Simulator, flow: str, express: str, tmp_path_factory: pytest.TempPathFactory) -> Bad:
    """The result of each case, by face and case."""
    found: Bad = {}
    cases = {case: {"workflow_id": flow, **row[0]} for case, row in CASES.items()}
    cases.update({(module, name): given for module, name, given, _message in NO_FLOWS})
    cases.update({(START, name): {"workflow_id": express, **given} for name, given in OF_EXPRESS.items()})
    for face in FACES:
        tasks = {
            f"{module} {name}": {
                "arguments": arguments(simulator, given),
                "environment": {},
                "check_mode": False,
                "module": module,
            }
            for (module, name), given in cases.items()
        }
        run = direct.run(tasks, face, tmp_path_factory.mktemp(face))
        found[face] = dict(zip(cases, [task.result for task in run.tasks], strict=True))
    return found


def same(found: Bad, case: tuple[str, str]) -> dict[str, Any]:
    """The result of a case, after checking that both faces gave it."""
    one, other = (comparable(found[face][case], {}) for face in FACES)
    assert one == other
    return found["target"][case]


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_all_violations_are_reported_at_once(bad: Bad, case: tuple[str, str]) -> None:
    _unused, expected, said = CASES[case]
    result = same(bad, case)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result.get("requests_sent", 0) == 0
    assert {(one["option"], one["rule"]) for one in result["violations"]} == expected, result["violations"]
    assert said in result["msg"]
    assert result["msg"] == "Nothing was sent: " + "; ".join(one["message"] for one in result["violations"]) + "."
    assert "\n" not in result["msg"]


def test_nothing_was_sent(bad: Bad, simulator: Simulator, flow: str) -> None:
    assert set(bad) == set(FACES)
    assert simulator.ask("GET", f"/_simulator/workflows/{flow}") == {"requests": [], "runs": []}


@pytest.mark.parametrize(("module", "name", "message"), [(row[0], row[1], row[3]) for row in NO_FLOWS])
def test_flow_that_does_not_exist(bad: Bad, module: str, name: str, message: str) -> None:
    result = same(bad, (module, name))
    assert (result["changed"], result["msg"]) == (False, message)
    assert "Check workflow_id" in result["hint"]


def test_express_flow_is_started_but_not_waited_for(bad: Bad, simulator: Simulator, express: str) -> None:
    for face in FACES:
        started = bad[face][START, "express"]
        assert (started["changed"], started.get("failed", False)) == (True, False)
        assert simulator.run(started["execution_id"])["input"] == {"a": 1}
    result = same(bad, (START, "express and wait"))
    assert (result["failed"], result["changed"], result["requests_sent"]) == (True, False, 0)
    assert result["msg"] == (
        "Nothing was sent, as runs of an express workflow leave no history, so that nothing can be waited for; set "
        "wait=false."
    )
    # One run for each face.
    assert len(simulator.ask("GET", f"/_simulator/workflows/{express}")["runs"]) == len(FACES)
