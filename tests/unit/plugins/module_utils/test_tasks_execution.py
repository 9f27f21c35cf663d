# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting a run, against a script of expected calls."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from support.executions import (
    ACCEPTED,
    CANCELLED,
    CUT,
    DEFINITION,
    EXPRESS,
    NO_PERMISSION,
    NORMAL,
    NOT_FOUND,
    NOT_READABLE,
    RUNNING,
    RUNS,
    START,
    STOP,
    matches,
    outcome,
    run_of,
    run_task,
    shows,
    task,
)
from support.servers import Call, free_port, scripted
from support.tasks import execution_task


def test_run_is_started_with_a_new_id() -> None:
    with scripted(ACCEPTED, RUNNING) as server:
        result = execution_task({"endpoint": server.url, "input": {"a": [1]}}).run()
    assert result == {
        "changed": True,
        "execution_id": "run",
        "status": "running",
        "execution": run_of("running"),
        "requests_sent": 1,
        "http_status": 200,
        "request_id": "r",
        "ansible_facts": {"fgs_workflow_execution_id": "run"},
    }
    assert json.loads(server.came[0].body) == {"headers": {}, "input": {"a": [1]}}
    assert uuid.UUID(server.came[0].headers["X-WorkflowRun-ID"])
    assert server.came[0].headers["X-Project-Id"] == "p"


def test_run_is_started_with_the_id_of_the_user() -> None:
    result, came = run_task(NOT_FOUND, ACCEPTED, RUNNING)
    assert outcome(result) == (False, True, 1)
    assert came[1].headers["X-WorkflowRun-ID"] == "run"
    assert json.loads(came[1].body)["input"] == {}


@pytest.mark.parametrize("status", ["running", "success", "fail"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_run_that_exists_is_left_alone(status: str, check_mode: bool) -> None:
    result, _came = run_task(shows(status), check_mode=check_mode)
    assert result == {
        "changed": False,
        "execution_id": "run",
        "status": status,
        "execution": run_of(status),
        "requests_sent": 0,
        "http_status": 200,
    }


def test_run_that_cannot_be_read_after_its_start_is_started() -> None:
    result, _came = run_task(NOT_FOUND, ACCEPTED, NOT_FOUND)
    assert outcome(result) == (False, True, 1)
    assert "status" not in result


def test_another_id_of_the_service_is_a_warning() -> None:
    accepted = Call(*START, 200, {"execution_id": "other"})
    other = Call("GET", RUNS + "/other", 200, {"status": "running"})
    result, _came = run_task(NOT_FOUND, accepted, other)
    assert (result["execution_id"], result["ansible_facts"]) == ("other", {"fgs_workflow_execution_id": "other"})
    assert result["warnings"] == [
        "The service gave the run another ID than execution_id: repeating this task starts another run."
    ]


@pytest.mark.parametrize("chosen", [True, False])
def test_another_id_after_a_lost_start_is_a_warning(chosen: bool) -> None:
    accepted = Call(*START, 200, {"execution_id": "other"})
    other = Call("GET", RUNS + "/other", 200, {"status": "running"})
    gone = Call("GET", "", 404)
    with scripted(*[gone] * chosen, CUT, *[gone] * 3, NORMAL, accepted, other) as server:
        result = task({"endpoint": server.url, "execution_id": "run" if chosen else None}, 1).run()
    assert (outcome(result), result["execution_id"]) == ((False, True, 2), "other")
    assert [warning.partition(":")[2] for warning in result["warnings"]] == [
        *[" repeating this task starts another run."] * chosen,
        " an earlier request may have started a run, too.",
    ]


def test_another_id_of_a_run_without_a_chosen_one_is_no_warning() -> None:
    other = Call("GET", RUNS + "/other", 200, {"status": "running"})
    with scripted(Call(*START, 200, {"execution_id": "other"}), other) as server:
        result = task({"endpoint": server.url, "execution_id": None}).run()
    assert not result.get("warnings")


def test_nothing_is_started_where_it_is_unknown_whether_the_run_exists() -> None:
    result, _came = run_task(NOT_READABLE)
    assert outcome(result) == (True, False, 0)
    assert result["msg"].startswith("Nothing was sent, as " + NO_PERMISSION)
    assert "the right to read runs of FunctionGraph workflows" in result["hint"]


def test_nothing_is_started_where_another_run_is_shown() -> None:
    result, _came = run_task(shows("running", execution_id="another"))
    assert outcome(result) == (True, False, 0)
    assert result["msg"] == "Nothing was sent, as the run could not be read: the response shows another execution_id."


def test_check_mode_starts_nothing() -> None:
    result, _came = run_task(NOT_FOUND, check_mode=True, input={"name": "ü"}, wait=True)
    diff = result.pop("diff")
    assert result == {"changed": True, "requests_sent": 0}
    assert (diff["before"], diff["after_header"]) == ("", "start request")
    method, body = diff["after"].split("\n", 1)[0], json.loads(diff["after"].split("\n\n")[1])
    assert re.fullmatch(r"POST http://127\.0\.0\.1:\d+" + RUNS, method)
    assert "X-WorkflowRun-ID: run\n" in diff["after"]
    assert body == {"headers": {}, "input": {"name": "ü"}}


def test_diff_shows_what_is_sent() -> None:
    with scripted(RUNNING, Call(*STOP), CANCELLED) as server:
        result = task({"endpoint": server.url, "state": "stopped"}, diff=True).run()
    expected = f"POST {server.url}{STOP[1]}\nX-Project-Id: p\n"
    assert result["diff"] == {"before": "", "after": expected, "after_header": "stop request"}


@pytest.mark.parametrize("answer", [Call(*START, 403), CUT])
def test_diff_shows_what_was_sent_in_vain(answer: Call) -> None:
    reads = [NOT_FOUND] * 3 + [NORMAL] if answer.cut else []
    with scripted(NOT_FOUND, answer, *reads) as server:
        result = task({"endpoint": server.url}, diff=True).run()
    assert (result["failed"], result["diff"]["after_header"]) == (True, "start request")


# What becomes of a start: the calls, the retries, and the result's failed, changed and requests_sent.
STARTS: dict[str, tuple[tuple[Call, ...], int, tuple[bool, bool, int], str]] = {
    "lost, and the run is there": ((CUT, RUNNING, RUNNING), 0, (False, True, 1), ""),
    "lost, and the run is shown late": ((CUT, NOT_FOUND, NOT_FOUND, RUNNING, RUNNING), 0, (False, True, 1), ""),
    "lost, and the run is not there": (
        (CUT, *[NOT_FOUND] * 3, NORMAL, ACCEPTED, RUNNING),
        1,
        (False, True, 2),
        "",
    ),
    "lost twice, and the run is not there": (
        (CUT, *[NOT_FOUND] * 3, NORMAL, CUT, *[NOT_FOUND] * 3, NORMAL),
        1,
        (True, False, 2),
        "It is not known whether the run run was started: the connection was lost: …; the run does not show it, and "
        "all retries are used up.",
    ),
    "lost, and another run is shown": (
        (CUT, *[shows("running", execution_id="another")] * 3),
        2,
        (True, False, 1),
        "It is not known whether the run run was started: the connection was lost: …; the run could not be read: the "
        "response shows another execution_id.",
    ),
    "lost, and the run cannot be read": (
        (CUT, NOT_READABLE),
        2,
        (True, False, 1),
        "It is not known whether the run run was started: the connection was lost: …; " + NO_PERMISSION + "….",
    ),
    "lost, and the workflow is an express workflow": (
        (CUT, *[NOT_FOUND] * 3, EXPRESS),
        2,
        (True, False, 1),
        "It is not known whether the run run was started: …; the run could not be read: status 404 (FGS.5002: …).",
    ),
    "lost, and the definition cannot be read": (
        (CUT, *[NOT_FOUND] * 3, Call(*DEFINITION, 403)),
        2,
        (True, False, 1),
        "It is not known whether the run run was started: …; the run could not be read: status 403 ….",
    ),
    "lost, then refused, as the run is there by now": (
        (CUT, *[NOT_FOUND] * 3, NORMAL, Call(*START, 400), RUNNING, RUNNING),
        1,
        (False, True, 2),
        "",
    ),
    "lost, then refused": (
        (CUT, *[NOT_FOUND] * 3, NORMAL, Call(*START, 403), *[NOT_FOUND] * 3, NORMAL),
        1,
        (True, False, 2),
        "It is not known whether the run run was started: status 403 (…); the run does not show it.",
    ),
    "lost, then throttled, and the run is shown by now": (
        (CUT, *[NOT_FOUND] * 3, NORMAL, Call(*START, 429), RUNNING, RUNNING),
        2,
        (False, True, 2),
        "",
    ),
    "lost, then throttled, and the run is not there": (
        (CUT, *[NOT_FOUND] * 3, NORMAL, Call(*START, 429), *[NOT_FOUND] * 3, NORMAL, ACCEPTED, RUNNING),
        2,
        (False, True, 3),
        "",
    ),
    "HTML, and the run is not there": (
        (Call(*START, 200, b"<html>", {"Content-Type": "text/html"}), *[NOT_FOUND] * 3, NORMAL),
        0,
        (True, False, 1),
        "It is not known whether the run run was started: the response is HTML, from a proxy or another server; the "
        "run does not show it, and all retries are used up.",
    ),
    "no execution_id in the response": ((Call(*START, 200, {}), RUNNING, RUNNING), 0, (False, True, 1), ""),
    "throttled": ((Call(*START, 429), ACCEPTED, RUNNING), 1, (False, True, 2), ""),
    "throttled for ever": (
        (Call(*START, 429),),
        0,
        (True, False, 1),
        "The service refused to start the run: status 429….",
    ),
    "refused, as somebody else has started the run": ((Call(*START, 409), RUNNING, RUNNING), 0, (False, False, 1), ""),
    "refused": (
        (Call(*START, 400, {"error_code": "FGS.1", "error_msg": "No."}), NOT_FOUND),
        0,
        (True, False, 1),
        "The service refused to start the run: status 400 (FGS.1: No).",
    ),
    "refused, and the run cannot be read": (
        (Call(*START, 400), NOT_READABLE),
        0,
        (True, False, 1),
        "The service refused to start the run: status 400….",
    ),
}


@pytest.mark.parametrize("name", STARTS)
def test_start(name: str) -> None:
    calls, retries, expected, message = STARTS[name]
    result, came = run_task(NOT_FOUND, *calls, retries=retries)
    assert outcome(result) == expected
    assert matches(message, result.get("msg", "")), result["msg"]
    assert ("ansible_facts" in result) == result["changed"]
    if message.startswith("It is not known"):
        assert result["execution_id"] == "run"
        assert result["hint"].startswith("Repeat the task with execution_id set to this ID")
    # Whatever is sent again is the same run.
    assert {one.headers["X-WorkflowRun-ID"] for one in came if one.method == "POST"} == {"run"}


@pytest.mark.parametrize("status", [403, 404, 405])
def test_refused_start_says_where_it_is_not_offered(status: int) -> None:
    refusal = {"error_code": "FSS.0403", "error_msg": "Not offered on this site."}
    result, _came = run_task(NOT_FOUND, Call(*START, status, refusal))
    refused = f"The service refused to start the run: status {status} (FSS.0403: Not offered on this site)"
    assert result["msg"].startswith(refused)
    assert result["hint"].endswith("starting a run is not offered on the international site.")
    assert ("right to start runs" in result["hint"]) == (status == 403)


def test_no_connection() -> None:
    with scripted(NOT_FOUND) as server:
        endpoint = f"http://127.0.0.1:{free_port()}"
        found = task({"endpoint": server.url})
        found.addresses.endpoint = server.url
        send = found.client

        def client(url: str, credentials: Any) -> Any:
            made = send(url, credentials)
            made.post = send(endpoint, credentials).post
            return made

        found.client = client
        result = found.run()
    assert outcome(result) == (True, False, 0)
    assert result["msg"] == f"Nothing was sent, as no connection to {server.url} could be made: connection refused."
    assert result["hint"].startswith("Check endpoint, region, proxy")
