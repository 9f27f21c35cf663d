# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pass of reconcile does with each state and job, between the simulator and a stand-in for AWX."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from awx.standin import PASSWORD, TOKEN, USER, serving
from awx.world import ACTIVE, Awx
from support.reconciling import HOUR, STATE_NAME, Place
from support.simulators import Simulator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _api, _connections, _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import awx as awx_api
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import task as reconcile_task

LISTS = "/api/v2/unified_jobs/"
TEN_MINUTES = 600


@pytest.fixture
def place(simulator: Simulator) -> Iterator[Place]:
    awx = Awx()
    with serving(awx) as url:
        yield Place(simulator, awx, url)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads that wait for a status that lags do not pause."""
    monkeypatch.setattr(
        "ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts.BACKOFF_BASE", 0
    )


# Verdicts.


@pytest.mark.parametrize(
    ("status", "fields", "result", "error", "message"),
    [
        ("failed", {}, "fail", "failed: deploy", None),
        ("error", {}, "fail", "ended with an error: deploy", None),
        (
            "error",
            {"result_traceback": "Traceback\nno image"},
            "fail",
            "ended with an error: no image",
            "Traceback\nno image",
        ),
        ("error", {"job_explanation": "It was lost."}, "fail", "ended with an error: It was lost.", "It was lost."),
        ("canceled", {}, "fail", "was canceled: deploy", None),
        ("successful", {}, "success", None, None),
        ("failed", {"kind": "workflow_job"}, "fail", "failed: deploy", None),
        ("canceled", {"kind": "workflow_job"}, "fail", "was canceled: deploy", None),
    ],
)
def test_state_is_answered_with_the_end_of_its_job(
    place: Place, status: str, fields: dict[str, Any], result: str, error: str | None, message: str | None
) -> None:
    job = place.job(status, artifacts={"version": 7}, **fields)
    reported = place.reconcile()
    assert (reported["changed"], reported["problems"], place.state()["waits"]) == (False, [], True)
    assert place.row(reported)["text"].endswith(f"; fgs_reconcile=answer would answer {result}")
    found = place.answer()
    assert (found["changed"], found["problems"]) == (True, [])
    row, state = place.row(found), place.state()
    kind = fields.get("kind", "job").replace("_", " ")
    assert (row["verdict"], row["result"], row["delivery"]) == ("ended_without_answer", result, "delivered")
    assert row["job"] == f"AWX {kind} {job['id']}"
    assert (
        row["text"]
        == f"AWX {kind} {job['id']} has the status {status} and did not report; answered {result} (delivered)"
    )
    assert (state["result"], state["completed_times"]) == (result, 1)
    assert state["error"] == (error and f"AWX {kind} {job['id']} {error}")
    ansible = state["output"].pop("ansible")
    assert state["output"] == ({} if "kind" in fields else {"version": 7})
    assert ansible == {
        "job": row["job_link"],
        "job_id": job["id"],
        "job_name": "deploy",
        "job_status": status,
        **({"job_message": message} if message else {}),
    }
    page = "workflow" if "kind" in fields else "playbook"
    assert row["job_link"] == f"{place.url}/#/jobs/{page}/{job['id']}"
    # The run goes on, so nothing is left to do.
    assert place.answer() == {"changed": False, "rows": [], "problems": []}


def test_output_is_that_of_all_jobs_of_a_workflow_job(place: Place) -> None:
    whole = place.job("successful", kind="workflow_job")
    place.job("successful", parent=whole, artifacts={"a": 1, "b": 1})
    place.job("successful", parent=whole, artifacts={"b": 2, "ansible": "own"})
    # AWX shows no artifacts of a job that was not started.
    place.job("successful", parent=whole, artifacts="")
    place.answer()
    assert place.state()["output"] == {"a": 1, "b": 2, "ansible": "own"}


@pytest.mark.parametrize("status", ACTIVE)
def test_job_that_may_report_is_never_answered(place: Place, status: str) -> None:
    job = place.job(status)
    found = place.answer()
    assert (found["changed"], found["problems"], place.state()["callback_requests"]) == (False, [], 0)
    row = place.row(found)
    assert (row["verdict"], row["result"], row["delivery"]) == ("running", "", "")
    assert (
        row["line"] == f"state '{STATE_NAME}' of run '{row['workflow_run_id']}' has waited for 1 h 0 min: {row['text']}"
    )
    assert row["text"] == f"AWX job {job['id']} is {status}"


def test_state_without_a_job_is_answered(place: Place) -> None:
    row = place.row(place.answer())
    assert (row["verdict"], row["result"], row["delivery"]) == ("never_launched", "fail", "delivered")
    assert (row["job"], row["job_link"]) == ("", "")
    state = place.state()
    assert (state["result"], state["error"]) == ("fail", "no AWX job was launched for this state")
    assert state["output"]["ansible"]["job_status"] == "never launched"


def test_nothing_is_answered_within_the_grace(place: Place) -> None:
    young, of_young = place.start(age=60), place.start(age=60)
    ended = place.start()
    place.job("failed", of_young, ago=30)
    place.job("failed", ended, ago=60)
    place.job("failed")
    found = place.answer()
    assert found["problems"] == []
    verdicts = [place.row(found, run)["verdict"] for run in (young, of_young, ended)]
    assert verdicts == ["may_still_report"] * 3
    assert [place.state(run)["waits"] for run in (young, of_young, ended, place.run)] == [True, True, True, False]
    found = place.answer(fgs_reconcile_grace="30s")
    assert [place.row(found, run)["delivery"] for run in (young, of_young, ended)] == ["delivered"] * 3


def test_state_that_the_run_does_not_show_is_left_alone_without_a_job(place: Place) -> None:
    hidden, of_job = (place.start(waiting_nodes="hidden") for _unused in range(2))
    place.job("failed", of_job)
    found = place.answer()
    row = place.row(found, hidden)
    assert (row["verdict"], row["waits"], row["waiting_since"], row["delivery"]) == ("not_shown", None, "", "")
    assert row["line"].startswith(f"state '{STATE_NAME}' of run '{hidden['workflow_run_id']}': the run does not show")
    answered = [row for row in found["rows"] if row["delivery"]]
    assert {row["workflow_run_id"] for row in answered} == {place.run["workflow_run_id"], of_job["workflow_run_id"]}
    assert (place.state(of_job)["result"], place.state(hidden)["waits"]) == ("fail", True)


def test_state_of_a_retried_run_that_the_run_does_not_show_yet_is_left_alone(place: Place) -> None:
    begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - HOUR))
    run = place.start(age=60, waiting_nodes="hidden", shown={"begin_time": begin})
    place.job("failed", run)
    row = place.row(place.answer(fgs_callback_states=[]), run)
    assert (row["verdict"], row["waits"], place.state(run)["waits"]) == ("may_still_report", None, True)


@pytest.mark.parametrize(
    ("executions", "is_problem"),
    [
        ([], True),
        ([{"status": "success", "begin_time": 1}], True),
        # A wait node may run for a day.
        ([{"status": "running", "begin_time": 1}], False),
    ],
)
def test_state_that_is_not_shown_for_too_long_is_a_problem(
    place: Place, executions: list[Any], is_problem: bool
) -> None:
    node = {"node_id": "another", "node_name": "another", "executions": executions}
    run = place.start(shown={"node_execution_details": [node]})
    assert place.reconcile(fgs_reconcile_alarm="61m")["problems"] == []
    found = place.reconcile(fgs_reconcile_alarm="59m", fgs_callback_states=[STATE_NAME])
    row = place.row(found, run)
    assert (row["verdict"], row["waits"], row["is_problem"]) == ("not_shown", None, is_problem)
    assert row["text"].endswith("; the run shows no running state") == is_problem


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        ({}, {}),
        ({"state_ids": "execution"}, {}),
        ({}, {"fgs_workflow_state_id": "", "fgs_workflow_state_name": STATE_NAME}),
        ({"waiting_nodes": "hidden"}, {}),
        ({"waiting_nodes": "hidden"}, {"fgs_workflow_state_id": "", "fgs_workflow_state_name": STATE_NAME}),
    ],
)
def test_state_is_known_from_its_job(place: Place, options: dict[str, Any], variables: dict[str, str]) -> None:
    run = place.start(**options)
    place.job("failed", run, variables=variables)
    found = place.answer(fgs_callback_states=[])
    assert (place.row(found, run)["delivery"], place.state(run)["result"]) == ("delivered", "fail")
    # Nobody has named the state of this one.
    assert place.state()["waits"]
    assert len(found["rows"]) == 1


def test_jobs_of_others_are_ignored(place: Place) -> None:
    place.awx.add_job({}, "running")
    place.awx.add_job({"fgs_workflow_id": "another", "fgs_workflow_run_id": "r"}, "running")
    place.awx.add_job({"fgs_workflow_id": place.workflow_id, "fgs_workflow_run_id": 5}, "running")
    place.awx.add_job({**place.ids(), "fgs_workflow_id": "another"}, "running")
    place.job("running", variables={"fgs_workflow_state_id": place.run["launcher_state_id"]})
    place.job("failed", variables={"fgs_workflow_state_id": "another state"})
    found = place.answer()
    assert [(row["verdict"], row["workflow_state_id"]) for row in found["rows"]] == [
        ("never_launched", place.run["workflow_state_id"]),
        ("ended_without_answer", "another state"),
    ]


@pytest.mark.parametrize("state_id", ["of an earlier execution", ""])
def test_state_is_left_alone_while_a_job_of_its_run_may_be_meant_for_it(place: Place, state_id: str) -> None:
    job = place.job("running", variables={"fgs_workflow_state_id": state_id})
    found = place.answer()
    row = found["rows"][0]
    assert (row["verdict"], row["workflow_state_id"]) == ("may_still_report", place.run["workflow_state_id"])
    text = f"AWX job {job['id']} is running, and carries the ID of the run, but of no state that the run shows"
    assert (row["text"], place.state()["callback_requests"]) == (text, 0)


@pytest.mark.parametrize(
    "variables",
    [{"fgs_workflow_id": ""}, {"fgs_workflow_id": "upper"}, {"fgs_workflow_run_id": "upper"}],
)
def test_job_is_known_from_the_id_of_its_run(place: Place, variables: dict[str, str]) -> None:
    ids = place.ids()
    job = place.job("running", variables={name: value and ids[name].upper() for name, value in variables.items()})
    row = place.row(place.answer())
    assert (row["verdict"], row["job"]) == ("running", f"AWX job {job['id']}")


def test_job_may_be_older_than_its_run(place: Place) -> None:
    # A function may launch it before the run shows that it began.
    place.job("successful", created=time.time() - HOUR - TEN_MINUTES)
    assert place.row(place.reconcile())["verdict"] == "ended_without_answer"


def test_job_of_a_workflow_job_without_ids_is_left_alone(place: Place) -> None:
    whole = place.awx.add_job({}, "running", kind="workflow_job")
    place.job("successful", parent=whole)
    row = place.row(place.answer())
    assert (row["verdict"], row["job"]) == ("running", f"AWX workflow job {whole['id']}")


@pytest.mark.parametrize(
    "executions", [[], [{"status": "fail", "begin_time": 1}, {"status": "running", "begin_time": 1}]]
)
def test_state_whose_status_is_unknown_gets_the_end_of_its_job(place: Place, executions: list[Any]) -> None:
    node = {"node_id": place.run["workflow_state_id"], "node_name": STATE_NAME, "executions": executions}
    shown = {"node_execution_details": [node]}
    alone, of_job = place.start(shown=shown), place.start(shown=shown)
    place.job("failed", of_job)
    found = place.answer()
    row = place.row(found, alone)
    assert (row["verdict"], row["waits"], row["delivery"]) == ("not_shown", None, "")
    assert (place.row(found, of_job)["verdict"], place.state(of_job)["result"]) == ("ended_without_answer", "fail")


def test_state_that_has_ended_does_not_wait(place: Place) -> None:
    place.job("failed", variables={"fgs_workflow_state_id": place.run["launcher_state_id"]})
    (row,) = place.reconcile()["rows"]
    assert row["verdict"] == "never_launched"


# Jobs without a run.


def ended(place: Place, ago: float = HOUR / 2, **shown: Any) -> dict[str, str]:
    """Returns a run that ended that many seconds ago."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))
    run = place.start(shown={"end_time": end, "last_update_time": end, **shown})
    place.simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": "cancel"})
    return run


def test_job_without_a_run_is_canceled(place: Place) -> None:
    run = ended(place)
    job = place.job("running", run)
    for way in ("report", "answer"):
        found = place.reconcile(fgs_reconcile=way)
        row = place.row(found, run)
        assert (row["verdict"], row["is_problem"]) == ("job_without_run", False)
        assert row["text"] == f"the run has the status cancel, and AWX job {job['id']} is running"
        assert row["job_link"] == f"{place.url}/#/jobs/playbook/{job['id']}"
    row = place.row(place.reconcile(fgs_reconcile_cancel=True), run)
    assert row["text"].endswith("; fgs_reconcile=answer would cancel it")
    row = place.row(place.reconcile(True, fgs_reconcile_cancel=True, fgs_reconcile="answer"), run)
    assert row["text"].endswith("; fgs_reconcile=answer would cancel it")
    assert job["status"] == "running"
    found = place.answer(fgs_reconcile_cancel=True)
    assert (found["changed"], job["status"]) == (True, "canceled")
    assert place.row(found, run)["text"].endswith("; it was canceled")


def test_workflow_job_is_canceled_as_a_whole(place: Place) -> None:
    run = ended(place)
    whole = place.job("running", run, kind="workflow_job")
    parts = [place.job("running", run, parent=whole), place.job("pending", run, parent=whole)]
    found = place.answer(fgs_reconcile_cancel=True)
    row = place.row(found, run)
    assert row["job"] == f"AWX workflow job {whole['id']}"
    assert [each["status"] for each in (whole, *parts)] == ["canceled"] * 3
    assert [path for _method, path, _body in place.awx.changes()] == [f"/api/v2/workflow_jobs/{whole['id']}/cancel/"]


def test_job_that_ends_before_it_is_canceled(place: Place) -> None:
    run = ended(place)
    place.job("running", run)
    place.awx.ended_at_once = True
    found = place.answer(fgs_reconcile_cancel=True, fgs_callback_states=[])
    assert (found["changed"], found["problems"]) == (False, [])
    assert place.row(found, run)["text"].endswith("; it has ended by now")


def test_job_that_cannot_be_canceled_is_a_problem(place: Place) -> None:
    run = ended(place)
    job = place.job("running", run)
    place.awx.refused.add("cancel")
    found = place.answer(fgs_reconcile_cancel=True, fgs_callback_states=[])
    row = place.row(found, run)
    assert (found["changed"], row["is_problem"], job["status"]) == (False, True, "running")
    (problem,) = found["problems"]
    assert problem == (
        f"Run '{run['workflow_run_id']}': the run has the status cancel, and AWX job {job['id']} is running; it was "
        f"not canceled, as AWX returned status 403 for jobs/{job['id']}/cancel/: You do not have permission to perform "
        "this action."
    )


def test_job_of_a_run_that_has_just_ended_is_left_alone(place: Place) -> None:
    place.job("running", ended(place, ago=60))
    place.job("running", ended(place, ago=60, end_time=None))
    place.job("running")
    found = place.answer(fgs_reconcile_cancel=True)
    assert [row["verdict"] for row in found["rows"]] == ["running"]
    assert place.awx.changes() == []


def test_run_of_a_job_that_cannot_be_read_is_a_problem(place: Place) -> None:
    job = place.job("running", {**place.run, "workflow_run_id": "gone"}, variables={"fgs_workflow_state_id": "s"})
    found = place.answer(fgs_reconcile_cancel=True, fgs_callback_states=[])
    (problem,) = found["problems"]
    assert problem.startswith(f"Run gone of workflow {place.workflow_id} could not be read: ")
    assert (found["rows"], job["status"]) == ([], "running")


# Nothing is changed.


@pytest.mark.parametrize("variables", [{}, {"check_mode": True, "fgs_reconcile": "answer"}])
def test_report_and_check_mode_change_nothing(place: Place, variables: dict[str, Any]) -> None:
    runs = [place.start() for _unused in range(3)]
    place.job("failed", runs[0])
    place.job("successful", runs[1])
    place.job("running", ended(place))
    found = place.reconcile(**variables, fgs_reconcile_cancel=True)
    assert (found["changed"], found["problems"]) == (False, [])
    assert len(found["rows"]) == 5
    assert place.awx.changes() == []
    assert not any(place.state(run)["callback_requests"] for run in (place.run, *runs))


# The second look.


def at_request(place: Place, path: str, number: int, event: Any) -> None:
    """Lets something happen right before AWX responds to a request for a path, counted from 1."""

    def happens(_method: str, asked: str) -> None:
        if asked == path and place.asked(path) == number:
            event()

    place.awx.on_request = happens


@pytest.mark.parametrize("has_a_job", [True, False])
def test_job_that_is_launched_in_the_meantime_stops_the_answer(place: Place, has_a_job: bool) -> None:
    if has_a_job:
        place.job("failed")
    at_request(place, LISTS, 3, lambda: place.awx.add_job(place.ids(), "pending"))
    found = place.answer()
    assert place.asked(LISTS) == 3
    assert (found["changed"], found["problems"], place.row(found)["verdict"]) == (False, [], "running")
    assert place.state()["callback_requests"] == 0


def test_job_that_awx_shows_late_stops_the_answer(place: Place) -> None:
    # Created in a transaction that began before the pass, and ended after it had read all jobs.
    at_request(place, LISTS, 3, lambda: place.awx.add_job(place.ids(), "pending", created=time.time() - 240))
    found = place.answer()
    assert (place.row(found)["verdict"], place.state()["callback_requests"]) == ("running", 0)


def test_job_that_changes_in_the_meantime_stops_the_answer(place: Place) -> None:
    job = place.job("failed")
    at_request(place, f"/api/v2/jobs/{job['id']}/", 1, lambda: job.update(status="running"))
    found = place.answer()
    row = place.row(found)
    assert row["text"].endswith(f"; It was not answered, as AWX job {job['id']} has the status running by now")
    assert (row["is_problem"], place.state()["callback_requests"]) == (True, 0)


def test_job_that_is_deleted_in_the_meantime_stops_the_answer(place: Place) -> None:
    job = place.job("failed")
    at_request(place, f"/api/v2/jobs/{job['id']}/", 1, place.awx.objects["jobs"].clear)
    found = place.answer()
    assert f"AWX returned status 404 for jobs/{job['id']}/: Not found." in found["problems"][0]
    assert place.state()["callback_requests"] == 0
    assert place.row(place.answer())["verdict"] == "never_launched"


def test_job_that_reports_in_the_meantime_is_believed(place: Place) -> None:
    job = place.job("failed")
    end = {"status": "success"}
    at_request(
        place,
        f"/api/v2/jobs/{job['id']}/",
        1,
        lambda: place.simulator.ask("POST", f"/_simulator/runs/{place.run['workflow_run_id']}/end", end),
    )
    found = place.answer()
    row, state = place.row(found), place.state()
    assert (found["changed"], found["problems"], row["delivery"]) == (False, [], "superseded")
    assert (state["result"], state["completed_times"], state["completed_by"]) == ("success", 1, "somebody else")


def test_answer_that_is_refused_is_a_problem(place: Place) -> None:
    place.simulator.ask("PUT", f"/_simulator/runs/{place.run['workflow_run_id']}/fault", {"fault": "status_403"})
    found = place.answer()
    row = place.row(found)
    assert (found["changed"], row["delivery"], row["is_problem"]) == (False, "rejected", True)
    assert found["problems"][0] == row["line"][0].upper() + row["line"][1:] + "."
    assert ".." not in found["problems"][0]


def test_two_passes_at_once_answer_each_run_once(place: Place) -> None:
    runs = [place.run, *(place.start() for _unused in range(9))]
    for number, run in enumerate(runs):
        if number % 2:
            place.job("failed", run)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _number: place.answer(), range(2))
    assert first["problems"] == second["problems"] == []
    states = [place.state(run) for run in runs]
    assert {(state["completed_times"], state["result"]) for state in states} == {(1, "fail")}
    delivered = [row["delivery"] for each in (first, second) for row in each["rows"]].count("delivered")
    assert delivered == len(runs)


# AWX.


def test_nothing_is_answered_while_awx_does_not_respond(place: Place) -> None:
    place.awx.instead["me"] = (None, None)
    found = place.answer()
    assert (found["changed"], found["rows"], place.state()["callback_requests"]) == (False, [], 0)
    (problem,) = found["problems"]
    assert problem.startswith("Nothing was answered, as AWX did not respond to me/: ")


NOTHING = "Nothing was answered, as AWX"


@pytest.mark.parametrize(
    ("path", "status", "body", "problem"),
    [
        (
            "me",
            401,
            {"detail": "Invalid."},
            f"{NOTHING} returned status 401 for me/: Invalid. Check fgs_awx_token.",
        ),
        ("me", 403, {"detail": "No."}, f"{NOTHING} returned status 403 for me/: No. Check fgs_awx_token."),
        ("unified_jobs", 400, {"detail": "No."}, f"{NOTHING} returned status 400 for unified_jobs/: No."),
        ("unified_jobs", 500, b"<html>", f"{NOTHING} returned status 500 for unified_jobs/."),
        ("unified_jobs", 429, {"detail": "Slow."}, f"{NOTHING} returned status 429 for unified_jobs/: Slow."),
        ("unified_jobs", 301, None, f"{NOTHING} returned status 301 for unified_jobs/."),
        ("me", 200, b"<html>", f"{NOTHING}'s response to GET me/ is not JSON"),
        ("me", 200, b"", f"{NOTHING}'s response to GET me/ is empty."),
        ("me", 200, [], f"{NOTHING}'s response to GET me/ is no object."),
        ("unified_jobs", 200, {"results": 5, "next": None}, f"{NOTHING} returned no list for GET unified_jobs/."),
        ("unified_jobs", 200, {"results": [5], "next": None}, f"{NOTHING} returned no list for GET unified_jobs/."),
        ("unified_jobs", 200, {"results": []}, f"{NOTHING} returned no list for GET unified_jobs/."),
        ("unified_jobs", 200, {"results": [{}], "next": None}, f"{NOTHING} returned a job without an ID."),
        (
            "me",
            401,
            {"detail": f"Bad {TOKEN}"},
            f"{NOTHING} returned status 401 for me/: Bad ********. Check fgs_awx_token.",
        ),
    ],
)
def test_response_of_awx_that_is_unusable(place: Place, path: str, status: int, body: Any, problem: str) -> None:
    place.job("failed")
    place.awx.instead[path] = (status, body)
    found = place.answer()
    assert (found["changed"], found["rows"], place.state()["callback_requests"]) == (False, [], 0)
    assert len(found["problems"]) == 1
    assert found["problems"][0].startswith(problem)


def test_awx_that_goes_away_is_not_asked_for_each_state(place: Place) -> None:
    runs = [place.start() for _unused in range(4)]
    place.job("failed")
    place.awx.on_request = lambda _method, _path: place.awx.instead.update(
        {"unified_jobs": (503, None)} if place.asked(LISTS) == 3 else {}
    )
    before = len(place.awx.requests)
    found = place.answer(retries=2)
    assert len(found["rows"]) == len(found["problems"]) == len(runs) + 1
    assert all(
        "It was not answered, as AWX returned status 503 for unified_jobs/." in each for each in found["problems"]
    )
    assert not any(place.state(run)["callback_requests"] for run in runs)
    assert len(place.awx.requests) - before <= 8


def test_awx_that_throttles_is_asked_again(place: Place) -> None:
    place.awx.instead["me"] = (429, {"detail": "Slow."})
    place.awx.on_request = lambda _method, _path: place.awx.instead.clear() if place.asked("/api/v2/me/") == 3 else None
    assert place.answer(retries=2)["problems"] == []
    assert not place.state()["waits"]


def test_password_works_as_well_as_a_token(place: Place) -> None:
    login = {"fgs_awx_token": "", "fgs_awx_username": USER}
    assert place.answer(**login, fgs_awx_password=PASSWORD)["problems"] == []
    (problem,) = place.answer(**login, fgs_awx_password="wrong")["problems"]
    assert problem.endswith("Check fgs_awx_username and fgs_awx_password.")


@pytest.fixture
def small_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads at most 1 MiB of a response of AWX, so that the tests need no jobs of that size."""
    monkeypatch.setattr(awx_api.AwxClient, "body_limit", 1 << 20)


@pytest.mark.usefixtures("small_responses")
def test_jobs_with_large_variables_are_read_in_smaller_pages(place: Place) -> None:
    for _unused in range(30):
        place.awx.add_job({"text": "x" * 40_000}, "failed")
    job = place.job("running")
    place.awx.requests.clear()
    assert place.row(place.answer())["job"] == f"AWX job {job['id']}"
    assert place.asked(LISTS) == 4


def test_job_with_a_large_output_is_read(place: Place) -> None:
    place.awx.add_job({"text": "x" * (1 << 21)}, "running")
    assert place.answer()["problems"] == []


@pytest.mark.usefixtures("small_responses")
def test_job_that_is_too_large_to_read(place: Place) -> None:
    place.awx.add_job({"text": "x" * (1 << 20)}, "running")
    (problem,) = place.answer()["problems"]
    text = f"{NOTHING}'s response to GET unified_jobs/ is larger than 1 MiB or compressed in an unknown way."
    assert problem == text
    assert place.state()["waits"]


def test_every_page_is_read_if_awx_has_smaller_pages(place: Place) -> None:
    place.awx.page_limit = 3
    for _unused in range(7):
        place.awx.add_job({}, "failed")
    place.job("running")
    assert place.row(place.answer())["verdict"] == "running"


@pytest.mark.parametrize(
    ("me", "is_auditor", "sees_all"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"is_superuser": True}, False, True),
        ({"is_system_auditor": True}, False, True),
    ],
)
def test_user_who_may_not_see_every_job(place: Place, me: dict[str, bool], is_auditor: bool, sees_all: bool) -> None:
    place.awx.me.update(me)
    place.awx.is_auditor = is_auditor
    place.job("running", is_hidden=not sees_all)
    run = place.start()
    place.job("failed", run)
    found = place.answer()
    assert place.state()["waits"]
    assert (place.row(found)["verdict"], place.row(found)["result"]) == (
        "running" if sees_all else "never_launched",
        "",
    )
    assert place.row(found, run)["delivery"] == "delivered"
    text = (
        "AWX: this user of AWX may not see every job, so states without a job are not answered; give it the role "
        "Auditor of the organization."
    )
    assert found["problems"] == ([] if sees_all else [text])


# Callbacks that were saved.


def saved(place: Place, folder: Path, state_name: str = "", **changes: str) -> Path:
    """Saves a success of the run of place, as a job would that could not report it, and did not know the state's ID."""
    run = place.run
    callback = _api.Callback(
        **{name: run[name] for name in ("workflow_id", "workflow_run_id")},
        workflow_state_id="" if state_name else run["workflow_state_id"],
        result="success",
        output={"saved": True},
        error=None,
    )
    addresses = {"endpoint": place.simulator["http"], "project_id": place.simulator.project_id, **changes}
    addresses["workflow_state_name"] = state_name
    return Path(undelivered.write(str(folder), undelivered.variables(callback, addresses), "refused"))


def test_saved_callback_is_sent_before_its_job_is_answered(place: Place, tmp_path: Path) -> None:
    place.job("failed")
    file = saved(place, tmp_path)
    reported = place.reconcile(undelivered_path=str(tmp_path))
    assert (reported["changed"], reported["problems"], place.state()["waits"]) == (False, [], True)
    assert [row["verdict"] for row in reported["rows"]] == ["saved_callback", "ended_without_answer"]
    assert file.exists()
    found = place.answer(undelivered_path=str(tmp_path))
    assert (found["changed"], found["problems"]) == (True, [])
    (row,) = found["rows"]
    assert (row["verdict"], row["delivery"]) == ("saved_callback", "delivered")
    assert (place.state()["result"], place.state()["output"]) == ("success", {"saved": True})
    assert not file.exists()


def ago(file: Path, seconds: float) -> None:
    """Lets the file say that it was saved that many seconds ago."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    file.write_text(re.sub("(?<=# Saved at: ).*", when, file.read_text()))


@pytest.mark.parametrize("name", ["", STATE_NAME])
def test_saved_callback_is_not_sent_to_a_later_wait(place: Place, tmp_path: Path, name: str) -> None:
    file = saved(place, tmp_path, name)
    ago(file, HOUR + 60)
    place.job("failed", ago=60)
    found = place.answer(undelivered_path=str(tmp_path))
    row, of_job = found["rows"]
    text = f"{file}: The file {file} was left: the state has begun to wait again since it was saved"
    assert (row["text"], row["delivery"], row["is_problem"]) == (text, "", False)
    assert (of_job["verdict"], place.state()["waits"], found["problems"]) == ("may_still_report", True, [])
    # Of its own wait.
    ago(file, HOUR - 60)
    place.answer(undelivered_path=str(tmp_path))
    assert (place.state()["result"], file.exists()) == ("success", False)


def test_saved_callback_that_does_not_say_when_it_was_saved_is_sent(place: Place, tmp_path: Path) -> None:
    file = saved(place, tmp_path)
    file.write_text(re.sub("(?<=# Saved at: ).*", "yesterday", file.read_text()))
    place.answer(undelivered_path=str(tmp_path))
    assert place.state()["result"] == "success"


@pytest.mark.parametrize(("name", "options"), [("", {}), (STATE_NAME, {}), ("", {"waiting_nodes": "hidden"})])
def test_saved_callback_is_not_sent_while_a_job_may_report(
    place: Place, tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    place.run = place.start(**options)
    file = saved(place, tmp_path, name)
    place.job("failed")
    place.awx.add_job({}, "running")
    job = place.job("running", variables={"fgs_workflow_run_id": place.run["workflow_run_id"].upper()})
    found = place.answer(undelivered_path=str(tmp_path))
    row = found["rows"][0]
    assert row["text"] == f"{file}: The file {file} was left: AWX job {job['id']} is running and may still report"
    assert (place.state()["waits"], row["is_problem"], file.exists()) == (True, False, True)
    place.awx.end_job(job, "failed")
    place.answer(undelivered_path=str(tmp_path))
    assert (place.state()["result"], file.exists()) == ("success", False)


def test_saved_callback_is_sent_if_awx_or_reading_fails(place: Place, tmp_path: Path) -> None:
    place.run = place.start(read_fault="read_403")
    saved(place, tmp_path)
    place.awx.instead["unified_jobs"] = place.awx.instead["me"] = (None, None)
    found = place.answer(undelivered_path=str(tmp_path))
    assert place.state()["result"] == "success"
    assert any(problem.startswith("Nothing was answered, as AWX") for problem in found["problems"])


def test_address_that_does_not_respond_is_not_called_for_each_file(place: Place, tmp_path: Path) -> None:
    refused = place.simulator["refused"]
    files = [saved(place, tmp_path)]
    place.run = place.start()
    files.append(saved(place, tmp_path))
    found = place.answer(undelivered_path=str(tmp_path), endpoint=refused)
    texts = sorted(row["text"] for row in found["rows"] if row["verdict"] == "saved_callback")
    assert sum(f"Nothing was sent, as {refused} did not respond before" in text for text in texts) == 1
    assert all(file.exists() for file in files)


def test_name_that_leads_to_no_state_does_not_stop_other_files(place: Place, tmp_path: Path) -> None:
    # Files are sent in the order of their names.
    wrong = saved(place, tmp_path, "no such state").rename(tmp_path / "fgs-undelivered-.0.yml")
    saved(place, tmp_path)
    found = place.answer(undelivered_path=str(tmp_path))
    assert [row["delivery"] for row in found["rows"]] == ["not_sent", "delivered"]
    assert (place.state()["result"], [*tmp_path.iterdir()]) == ("success", [wrong])


def test_saved_callback_that_is_not_delivered_is_a_problem(place: Place, tmp_path: Path) -> None:
    file = saved(place, tmp_path)
    found = place.answer(undelivered_path=str(tmp_path), endpoint=place.simulator["refused"])
    assert any(str(file) in problem for problem in found["problems"])
    assert file.exists()


# FunctionGraph.


def test_runs_that_cannot_be_listed_are_a_problem(place: Place) -> None:
    place.job("failed")
    found = place.answer(endpoint=place.simulator["refused"])
    (problem,) = found["problems"]
    assert problem.startswith(f"The runs of workflow {place.workflow_id} could not be read: ")
    assert (found["changed"], found["rows"]) == (False, [])


def test_functiongraph_that_goes_away_is_not_called_for_each_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [place.run, *(place.start(settle=False) for _unused in range(39))]
    called = []

    def unreachable(*_arguments: Any) -> None:
        called.append(1)
        raise _reads.ReadError("no connection", transient=True)

    monkeypatch.setattr(_reads, "read_run", unreachable)
    found = place.answer()
    # At most one for each thread, as all are started at once.
    assert len(called) <= 5 < len(runs)
    assert len(found["problems"]) == len(called) + 1
    assert "FunctionGraph did not respond, so other runs were not read." in found["problems"]


@pytest.mark.parametrize("is_away", [True, False])
def test_functiongraph_that_goes_away_is_not_called_for_each_answer(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_away: bool
) -> None:
    runs = [place.run, *(place.start() for _unused in range(3))]
    called: list[int] = []
    read_run = _reads.read_run

    def read(*arguments: Any) -> Any:
        if called and is_away:
            raise _reads.ReadError("no connection", transient=True)
        return read_run(*arguments)

    def deliver(_task: Any) -> dict[str, Any]:
        called.append(1)
        return {"failed": True, "changed": False, "delivery": "not_sent", "msg": "Nothing was sent."}

    monkeypatch.setattr(_reads, "read_run", read)
    monkeypatch.setattr(CallbackTask, "run", deliver)
    found = place.answer()
    assert (len(called), len(found["problems"])) == (1 if is_away else len(runs), len(runs))
    text = "no job of AWX carries its IDs; It was not answered, as FunctionGraph did not respond before"
    assert [row["text"] for row in found["rows"]].count(text) == len(runs) - len(called)


def test_keys_that_functiongraph_refuses(place: Place) -> None:
    place.job("running")
    found = place.answer(secret_key="another secret key")
    assert [each.partition(":")[0] for each in found["problems"]] == [
        f"The runs of workflow {place.workflow_id} could not be read",
        f"Run {place.run['workflow_run_id']} of workflow {place.workflow_id} could not be read",
    ]
    assert "wrong" in found["problems"][0]
    # Further requests would lock the keys.
    assert len(place.simulator.ask("GET", f"/_simulator/workflows/{place.workflow_id}")["requests"]) == 1


def test_workflow_that_does_not_exist_does_not_stop_the_others(place: Place) -> None:
    found = place.answer(fgs_workflow_ids=["no-such-workflow", place.workflow_id, place.workflow_id])
    assert [each.partition(":")[0] for each in found["problems"]] == [
        "The runs of workflow no-such-workflow could not be read"
    ]
    assert [row["delivery"] for row in found["rows"]] == ["delivered"]


def test_run_that_cannot_be_read_does_not_stop_the_others(place: Place) -> None:
    run = place.start(read_fault="read_500")
    place.job("failed", run)
    found = place.answer()
    (problem,) = found["problems"]
    assert problem.startswith(f"Run {run['workflow_run_id']} of workflow {place.workflow_id} could not be read: ")
    assert (place.row(found)["delivery"], place.state(run)["waits"]) == ("delivered", True)


def test_throttled_list_is_read_again(place: Place) -> None:
    fault = {"workflow_id": place.workflow_id, "fault": "status_429", "operation": "list", "times": 2}
    place.simulator.ask("POST", "/_simulator/workflows", fault)
    run = place.start()
    assert place.row(place.answer(retries=2), run)["delivery"] == "delivered"
    place.simulator.ask("POST", "/_simulator/workflows", {**fault, "times": None})
    place.start()
    (problem,) = place.answer()["problems"]
    assert "status 429" in problem


def test_more_runs_than_a_pass_reads_is_a_problem(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_task, "_RUNS_LIMIT", 1)
    run = place.start(age=60)
    found = place.answer()
    assert [row["workflow_run_id"] for row in found["rows"]] == [run["workflow_run_id"]]
    text = f"Workflow {place.workflow_id} has more than 1 runs that are running: the oldest were not read."
    assert found["problems"] == [text]


def test_number_of_requests_is_bounded(place: Place) -> None:
    runs = [place.run, *(place.start(settle=False) for _unused in range(999))]
    for number in range(1000):
        place.job("running" if number < 995 else "failed", runs[number] if number < 998 else None)
    place.awx.requests.clear()
    found = place.answer(fgs_reconcile_since="1d")
    assert len(found["rows"]) == 1000
    assert [row["delivery"] for row in found["rows"]].count("delivered") == 5
    # Who asks, whose jobs may be seen, 10 pages of all jobs and 10 of those that are active, and for each of 5 answers
    # the newest jobs and its job, if there is one.
    assert len(place.awx.requests) <= 1 + 1 + 10 + 10 + 5 + 3
    flow = place.simulator.ask("GET", f"/_simulator/workflows/{place.workflow_id}")
    assert sum(request["operation"] == "list" for request in flow["requests"]) <= 6
    assert {place.state(run)["read_requests"] for run in runs[:995]} == {1}


# Time.


@pytest.mark.parametrize("wrong", ["AWX", "FunctionGraph"])
@pytest.mark.parametrize("offset", [TEN_MINUTES, -TEN_MINUTES])
def test_wrong_clock_changes_no_verdict(simulator: Simulator, wrong: str, offset: int) -> None:
    awx = Awx()
    awx.clock_offset = offset if wrong == "AWX" else 0
    simulator.ask("PUT", "/_simulator/clock", {"offset": offset if wrong == "FunctionGraph" else 0})
    try:
        with serving(awx) as url:
            place = Place(simulator, awx, url)
            names = ("long ago", "a short time ago", "young", "long over", "just over")
            runs = {name: place.start(age=14 * 60 if name == "young" else HOUR) for name in names}
            place.job("failed", runs["long ago"], ago=16 * 60)
            place.job("failed", runs["a short time ago"], ago=14 * 60)
            at = {"long over": 16 * 60, "just over": 14 * 60}
            for name, ago in at.items():
                end = time.gmtime(time.time() - ago + (offset if wrong == "FunctionGraph" else 0))
                runs[name] = place.start(shown={"end_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", end)})
                path = f"/_simulator/runs/{runs[name]['workflow_run_id']}/end"
                simulator.ask("POST", path, {"status": "cancel"})
                place.job("running", runs[name])
            found = place.reconcile()
            rows = {
                name: [r for r in found["rows"] if r["workflow_run_id"] == runs[name]["workflow_run_id"]]
                for name in names
            }
    finally:
        simulator.ask("PUT", "/_simulator/clock", {"offset": 0})
    assert found["problems"] == []
    verdicts = {name: row[0]["verdict"] if row else "" for name, row in rows.items()}
    assert verdicts == {
        "long ago": "ended_without_answer",
        "a short time ago": "may_still_report",
        "young": "may_still_report",
        "long over": "job_without_run",
        "just over": "",
    }
    assert abs((rows["young"][0]["waits"] or 0) - 14 * 60) < 30


@pytest.mark.parametrize("offset", [2 * HOUR, -2 * HOUR])
def test_clock_that_is_hours_wrong_hides_no_run_and_no_job(simulator: Simulator, offset: int) -> None:
    # With a token. A signature is refused long before that.
    account = {"access_key": None, "secret_key": None, "auth_token": simulator.accounts["token"]["auth_token"]}
    awx = Awx()
    awx.clock_offset = offset
    simulator.ask("PUT", "/_simulator/clock", {"offset": offset})
    try:
        with serving(awx) as url:
            place = Place(simulator, awx, url)
            place.job("successful")
            row = place.row(place.reconcile(**account))
    finally:
        simulator.ask("PUT", "/_simulator/clock", {"offset": 0})
    assert row["verdict"] == "ended_without_answer"
    assert abs(row["waits"] - HOUR) < 30


def test_state_that_waits_too_long_is_a_problem_until_it_is_answered(place: Place) -> None:
    place.job("failed")
    assert place.reconcile(fgs_reconcile_alarm="61m")["problems"] == []
    found = place.reconcile(fgs_reconcile_alarm="59m")
    row = place.row(found)
    assert (row["is_problem"], row["waits"] // 10) == (True, HOUR // 10)
    assert found["problems"] == [row["line"][0].upper() + row["line"][1:] + "."]
    running = place.start()
    place.job("running", running)
    found = place.answer(fgs_reconcile_alarm="59m")
    assert [row["is_problem"] for row in (place.row(found), place.row(found, running))] == [False, True]


# What is shown.


def test_nothing_that_a_terminal_obeys_is_shown(place: Place) -> None:
    place.job("failed", name="\x1b[31mred")
    place.awx.instead["jobs"] = (404, {"detail": "\x1b[31mred"})
    found = place.answer()
    assert "\x1b" not in str(found) + found["problems"][0]


def test_secrets_of_awx_are_redacted(place: Place) -> None:
    place.run = place.start()
    place.job("running", variables={"fgs_workflow_state_id": f"x {TOKEN} x"})
    place.job("running", variables={"fgs_workflow_state_id": f"x {PASSWORD} x"})
    found = place.reconcile(fgs_awx_password=PASSWORD)
    assert sum("********" in row["line"] for row in found["rows"]) == 2


def test_interruption_says_what_was_done(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [place.run, place.start()]
    monkeypatch.setattr(reconcile_task.ReconcileTask, "_settle_jobs_without_run", lambda *_arguments: 1 / 0)
    found = place.answer()
    assert (found["failed"], found["changed"], len(found["rows"])) == (True, True, len(runs))
    assert found["msg"].startswith("Reconciling was not finished, as an unexpected error occurred (ZeroDivisionError")
    task = reconcile_task.ReconcileTask({"retries": 0}, [], {}, _connections.Connections())
    assert task.interrupted("it was stopped") == {
        "changed": False,
        "failed": True,
        "msg": "Reconciling was not finished, as it was stopped.",
        "rows": [],
        "problems": [],
    }
