# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A round trip: which node waits, which ID of it the service takes, and that nothing is left waiting."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from support.servers import Call, scripted
from support.tasks import SECRET, check_task

from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import round_trip

RUN_ID = "run-of-this-account"
WORKFLOW_ID = "workflow-of-this-account"
PATH = f"/v2/p/fgs/workflows/{WORKFLOW_ID}"
LISTED = Call("GET", "/v2/p/fgs/workflows?limit=1", 200, {})
STATES = ({"id": "id-1", "name": "wait", "type": "Call|back"}, {"id": "id-2", "name": "after", "type": "Operation"})
STARTED = Call("POST", f"{PATH}/executions", 200, {"execution_id": RUN_ID})
STOPPED = Call("POST", f"{PATH}/executions/{RUN_ID}/terminate", 200)
NOT_STOPPED = Call("POST", f"{PATH}/executions/{RUN_ID}/terminate", 403, {})
UNREAD = Call("GET", f"{PATH}/executions/{RUN_ID}", 403, {})
TAKEN = Call("POST", f"{PATH}/callback", 200, {"execution_id": RUN_ID})
REFUSED = Call("POST", f"{PATH}/callback", 400, {"error_code": "FGS.3002", "error_msg": f"no state of {RUN_ID}"})

SHOWN = "Does a run show a callback node that waits?"
ID = "Which ID does the service take as X-Workflow-State-Id?"
REFUSALS = "Which other IDs of that node does it refuse?"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "_FIRST_PAUSE", 0.001)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is a second later than the one before, so that the number of readings ends a wait."""
    ticking = SimpleNamespace(monotonic=itertools.count().__next__, sleep=time.sleep, strftime=time.strftime)
    monkeypatch.setattr(round_trip, "time", ticking)


def node(number: int, status: str, name: str = "wait", **execution: Any) -> dict[str, Any]:
    executions = [{"status": status, "begin_time": 1, **execution}]
    return {"node_id": f"id-{number}", "node_name": name, "execution_id": f"x-{number}", "executions": executions}


def run(*nodes: dict[str, Any], status: str = "running") -> Call:
    return Call("GET", f"{PATH}/executions/{RUN_ID}", 200, {"status": status, "node_execution_details": list(nodes)})


WAITS = run(node(1, "running"))
ENDED = run(node(1, "success"), node(2, "success", "after", input=round_trip.OUTPUT), status="success")


def made(*calls: Call, states: Any = STATES, **arguments: Any) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """The result, the findings by question, and the IDs of the callbacks that were sent."""
    shown = Call("GET", PATH, 200, {"definition": {"states": states}})
    with scripted(LISTED, shown, *calls) as server:
        given = {"endpoint": server.url, "workflow_id": WORKFLOW_ID, "fgs_check_round_trip": True, **arguments}
        result = check_task(given).run()
        sent = [each.headers["X-Workflow-State-Id"] for each in server.came if each.path.endswith("/callback")]
    text = result["findings"]
    for private in (SECRET, RUN_ID, WORKFLOW_ID, "id-1", "id-2", "x-1"):
        assert private not in text
    assert SECRET not in json.dumps(result)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return result, dict(rows[1:]), sent


def problems(result: dict[str, Any]) -> list[str]:
    found: list[str] = result["problems"]
    return found


def test_shown_node_is_called_by_its_node_id() -> None:
    result, found, sent = made(STARTED, WAITS, WAITS, WAITS, TAKEN, REFUSED, WAITS, ENDED, ENDED)
    assert sent == ["id-1", "id-1"]
    assert (result["changed"], problems(result)) == (True, [])
    answers = list(found.items())
    assert answers[0] == ("Does a run have the ID that is sent as X-WorkflowRun-ID?", "no, it has another one")
    assert answers[1:5] == [
        (SHOWN, "yes, with status running"),
        (ID, "node_id"),
        (REFUSALS, "none was tried"),
        ("Is the execution_id of the response the ID of the run?", "yes"),
    ]
    assert found["Type of the callback node in the definition"] == r"Call\|back"
    assert found["Which response does a second callback get?"] == "status 400 FGS.3002"
    assert found["How soon does a run show that the state has finished?"].endswith(" seconds, as success")
    assert found["Does the next node get output as its input?"] == "yes"
    assert found["Status of the run after the callback"] == "success"
    assert result["rows"][-1]["check"] == "round trip"


def test_shown_node_is_called_by_its_execution_id() -> None:
    other = Call("POST", f"{PATH}/callback", 200, {"execution_id": "another"})
    result, found, sent = made(STARTED, WAITS, WAITS, WAITS, REFUSED, other, TAKEN, ENDED, ENDED, states=[])
    assert sent == ["id-1", "x-1", "x-1"]
    assert (found[ID], found[REFUSALS]) == ("execution_id", "node_id: status 400 FGS.3002")
    assert found["Is the execution_id of the response the ID of the run?"] == "no"
    assert found["Type of the callback node in the definition"] == "not shown"
    assert found["Which response does a second callback get?"] == "status 200"
    warning = result["rows"][-1]
    assert (warning["check"], warning["status"]) == ("callback", "warning")
    assert warning["remedy"].startswith("Set workflow_state_id to the execution_id of the node")
    assert "- callback: the service takes the execution_id of a node as its ID" in result["findings"]


def test_hidden_node_is_called_by_the_id_of_the_definition() -> None:
    none = run(node(3, "success", "launch"))
    states = [{"id": "id-3", "name": "launch"}, {"name": "no ID"}, *reversed(STATES)]
    result, found, sent = made(STARTED, none, none, none, REFUSED, TAKEN, REFUSED, ENDED, ENDED, states=states)
    assert sent == ["id-2", "id-1", "id-1"]
    # That of the node after it is no other ID of the node.
    assert (found[SHOWN], found[ID], found[REFUSALS]) == ("no", "node_id", "none was tried")
    assert problems(result) == []


@pytest.mark.parametrize("status", [400, 404])
def test_refusal_of_every_id_is_a_problem(status: int) -> None:
    refused = replace(REFUSED, status=status)
    result, found, sent = made(STARTED, run(), run(), run(), refused, refused, run(), STOPPED)
    assert sent == ["id-1", "id-2"]
    assert (found[SHOWN], found[ID]) == ("no", "none that can be read")
    assert found[REFUSALS] == f"node_id: status {status} FGS.3002"
    assert found["Can a run that waits be stopped?"] == "yes"
    assert problems(result) == ["callback: no ID that a run or a definition shows is that of the state that waits"]


def test_ids_are_tried_again_once_the_run_shows_something_else() -> None:
    works = run(node(3, "running", "launch"))
    calls = (works, works, works, *[REFUSED] * 4, run(node(3, "success", "launch"), node(1, "running")))
    later = run(node(3, "success", "launch"), node(1, "running"))
    result, found, sent = made(STARTED, *calls, later, later, TAKEN, REFUSED, ENDED, ENDED)
    assert sent == ["id-3", "x-3", "id-1", "id-2", "id-1", "id-1"]
    assert (found[ID], found[REFUSALS]) == ("node_id", "execution_id: status 400 FGS.3002")
    assert problems(result) == []


@pytest.mark.usefixtures("clock")
def test_shown_node_that_refuses_every_id_leaves_the_answer_open() -> None:
    calls = (WAITS, WAITS, WAITS, *[REFUSED] * 3, WAITS)
    result, found, _sent = made(STARTED, *calls, WAITS, STOPPED, fgs_check_timeout=3.5)
    assert found[SHOWN] == "not known, as none of the nodes that it shows could be called back"
    assert found[REFUSALS] == "node_id: status 400 FGS.3002, execution_id: status 400 FGS.3002"
    assert len(problems(result)) == 1


def test_node_with_the_name_is_called_back_at_once() -> None:
    early = run(node(3, "running", "launch"))
    both = run(node(3, "running", "launch"), node(1, "running"))
    result, _found, sent = made(STARTED, early, both, TAKEN, REFUSED, ENDED, ENDED, fgs_check_state_name="wait")
    assert (sent, problems(result)) == (["id-1", "id-1"], [])


@pytest.mark.usefixtures("clock")
def test_wait_for_a_node_times_out() -> None:
    changing = [run(node(number, "success")) for number in (3, 4)]
    result, _found, sent = made(STARTED, *changing, run(), STOPPED, fgs_check_timeout=1.5)
    assert (sent, problems(result)) == ([], ["callback: no node waited for a callback within 1.5 seconds"])


def test_run_that_ends_without_a_callback_is_a_problem() -> None:
    result, _found, _sent = made(STARTED, ENDED, ENDED)
    text = "callback: the run ended with status success before a node of it could be called back"
    assert problems(result) == [text]


@pytest.mark.parametrize(
    ("response", "found", "may_run"),
    [
        (
            Call("POST", f"{PATH}/executions", 403, {"error_code": "APIGW.0302", "error_msg": RUN_ID}),
            "status 403 APIGW.0302",
            False,
        ),
        (Call("POST", f"{PATH}/executions", 200, {}), "status 200", True),
        (Call("POST", f"{PATH}/executions", 200, []), "status 200", True),
        (Call("POST", f"{PATH}/executions", 502, {}), "status 502", True),
        (Call("POST", f"{PATH}/executions", cut=True), "lost", True),
    ],
)
def test_failed_start_is_a_problem(monkeypatch: pytest.MonkeyPatch, response: Call, found: str, may_run: bool) -> None:
    """One that may have started all the same is stopped by the ID that it was to have."""
    monkeypatch.setattr(round_trip, "uuid", SimpleNamespace(uuid4=lambda: RUN_ID))
    result, answers, _sent = made(response, *[run(), STOPPED][: 2 * may_run])
    (problem,) = problems(result)
    assert problem.startswith("callback: the run could not be started: ")
    assert f"- callback: the run could not be started ({found})" in result["findings"]
    assert ("Can a run that waits be stopped?" in answers) == may_run


def test_callback_refused_for_another_reason_ends_the_trip() -> None:
    no = Call("POST", f"{PATH}/callback", 403, {"error_code": "APIGW.0302", "error_msg": RUN_ID})
    result, found, sent = made(STARTED, WAITS, WAITS, WAITS, no, WAITS, STOPPED)
    assert (sent, ID in found) == (["id-1"], False)
    assert "- callback: the callback was refused (status 403 APIGW.0302)" in result["findings"]


@pytest.mark.usefixtures("clock")
def test_wait_for_the_end_of_the_state_times_out() -> None:
    calls = (WAITS, WAITS, WAITS, TAKEN, REFUSED, *[WAITS] * 4, STOPPED)
    _result, found, _sent = made(STARTED, *calls, fgs_check_timeout=2.5)
    assert found["How soon does a run show that the state has finished?"] == "not within 2.5 seconds"
    assert found["Does the next node get output as its input?"] == "not seen"
    assert found["Status of the run after the callback"] == "running"


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ((ENDED, WAITS, NOT_STOPPED), "the run could not be stopped (status 403)"),
        ((UNREAD, UNREAD, NOT_STOPPED), "the run could not be stopped (status 403)"),
        ((UNREAD, UNREAD, replace(STOPPED, cut=True)), "the run could not be stopped (lost)"),
    ],
)
def test_run_that_is_left_behind_is_named(calls: tuple[Call, ...], reason: str) -> None:
    result, _found, _sent = made(STARTED, *calls)
    left = result["rows"][-1]
    assert (left["check"], left["status"]) == ("clean-up", "warning")
    assert left["remedy"] == f"Stop the run {RUN_ID} in the console of FunctionGraph."
    assert f"- clean-up: {reason}" in result["findings"].splitlines()


@pytest.mark.parametrize(
    ("unread", "reason"), [(UNREAD, " (status 403)"), (replace(UNREAD, cut=True), "")], ids=["403", "cut"]
)
def test_run_that_cannot_be_read_is_stopped(unread: Call, reason: str) -> None:
    result, found, _sent = made(STARTED, unread, unread, STOPPED)
    assert f"- callback: the run could not be read{reason}" in result["findings"].splitlines()
    assert [row["check"] for row in result["rows"] if row["status"] == "warning"] == []
    assert "Can a run that waits be stopped?" not in found


LEFT = f"Stop the run {RUN_ID} in the console of FunctionGraph."
OVER = f"The run {RUN_ID} was stopped."


@pytest.mark.parametrize(
    ("calls", "left"),
    [
        ((STARTED, STOPPED), OVER),
        ((STARTED, NOT_STOPPED), LEFT),
        ((STARTED, replace(STOPPED, cut=True)), LEFT),
        ((replace(STARTED, status=403),), ""),
    ],
    ids=["stopped", "refused", "lost", "not started"],
)
@pytest.mark.parametrize("ending", [SystemExit, ValueError], ids=["signal", "unexpected error"])
def test_run_of_an_interrupted_round_trip_is_stopped_or_named(
    monkeypatch: pytest.MonkeyPatch, calls: tuple[Call, ...], left: str, ending: type[BaseException]
) -> None:
    def end(*_arguments: Any) -> None:
        raise ending

    monkeypatch.setattr(round_trip.RoundTrip, "_complete", end)
    monkeypatch.setattr(round_trip.RoundTrip, "_clean_up", end)
    shown = Call("GET", PATH, 200, {"definition": {"states": STATES}})
    with scripted(LISTED, shown, *calls) as server:
        task = check_task({"endpoint": server.url, "workflow_id": WORKFLOW_ID, "fgs_check_round_trip": True})
        if ending is ValueError:
            said = task.run()["rows"][-1]["remedy"].replace("Report it to this project.", "")
        else:
            with pytest.raises(SystemExit):
                task.run()
            said = task.interrupted("a signal came")["msg"].replace("The check was not finished, as a signal came.", "")
    assert said.strip() == left
