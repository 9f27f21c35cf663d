# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stopping and retrying a run, against a script of expected calls."""

from __future__ import annotations

import pytest
from support.executions import (
    CANCELLED,
    FAILED,
    NOT_FOUND,
    NOT_READABLE,
    RETRY,
    RUNNING,
    RUNS,
    STOP,
    matches,
    outcome,
    run_task,
    shows,
    task,
)
from support.servers import Call, scripted

PAGE = Call(*STOP, 200, b"<html>", {"Content-Type": "text/html"})

# state, the calls, the retries, failed, changed and requests_sent, the status that is shown, and a message or warning.
CHANGES: dict[str, tuple[str, tuple[Call, ...], int, tuple[bool, bool, int], str | None, str]] = {
    "stopped": ("stopped", (RUNNING, Call(*STOP), CANCELLED), 0, (False, True, 1), "cancel", ""),
    "ended before": ("stopped", (shows("success"),), 0, (False, False, 0), "success", ""),
    "shown late": ("stopped", (RUNNING, Call(*STOP), RUNNING, RUNNING, CANCELLED), 0, (False, True, 1), "cancel", ""),
    "not shown": (
        "stopped",
        (RUNNING, Call(*STOP), *[RUNNING] * 3),
        0,
        (False, True, 1),
        "running",
        "The service accepted the request to stop the run, but the run still shows the status running.",
    ),
    "not readable afterwards": (
        "stopped",
        (RUNNING, Call(*STOP), NOT_READABLE),
        0,
        (False, True, 1),
        None,
        "The run was stopped, but could not be read: status 403 (APIG.0302: No permission), with AK/SK from the …",
    ),
    "no such run": (
        "stopped",
        (NOT_FOUND,),
        0,
        (True, False, 0),
        None,
        "Nothing was sent, as the run could not be read: status 404 (FGS.5002: Not found).",
    ),
    "stop is lost": ("stopped", (RUNNING, Call(*STOP, cut=True), *[CANCELLED] * 2), 0, (False, True, 1), "cancel", ""),
    "stop is lost, and has no effect": (
        "stopped",
        (RUNNING, Call(*STOP, cut=True), *[RUNNING] * 3, Call(*STOP), CANCELLED),
        1,
        (False, True, 2),
        "cancel",
        "",
    ),
    "stop gets a page of a proxy": (
        "stopped",
        (RUNNING, PAGE, *[RUNNING] * 3),
        0,
        (True, False, 1),
        None,
        "It is not known whether the run run was stopped: the response is HTML, from a proxy or another server; the "
        "run does not show it, and all retries are used up.",
    ),
    "stop gets a broken response, and is shown": (
        "stopped",
        (RUNNING, PAGE, *[CANCELLED] * 2),
        0,
        (False, True, 1),
        "cancel",
        "",
    ),
    "stop is refused, as the run has ended": (
        "stopped",
        (RUNNING, Call(*STOP, 400), *[shows("success")] * 2),
        0,
        (False, False, 1),
        "success",
        "",
    ),
    "stop is refused": (
        "stopped",
        (RUNNING, Call(*STOP, 400), RUNNING),
        0,
        (True, False, 1),
        None,
        "The service refused to stop the run: status 400….",
    ),
    "stop is lost, and the run is gone": (
        "stopped",
        (RUNNING, Call(*STOP, cut=True), *[NOT_FOUND] * 3),
        2,
        (True, False, 1),
        None,
        "It is not known whether the run run was stopped: …; the run could not be read: status 404 (…).",
    ),
    "retried": ("retried", (FAILED, Call(*RETRY), RUNNING), 0, (False, True, 1), "running", ""),
    "did not fail": ("retried", (shows("timeout"),), 0, (False, False, 0), "timeout", ""),
    "retry is lost, and the run failed again": (
        "retried",
        (FAILED, Call(*RETRY, cut=True), *[shows("fail", end_time="later")] * 2),
        0,
        (False, True, 1),
        "fail",
        "",
    ),
    "retry is lost, and has no effect": (
        "retried",
        (FAILED, Call(*RETRY, cut=True), *[FAILED] * 3),
        0,
        (True, False, 1),
        None,
        "It is not known whether the run run was retried: …; the run does not show it, and all retries are used up.",
    ),
    "retry is refused, as somebody else retried": (
        "retried",
        (FAILED, Call(*RETRY, 400), *[RUNNING] * 2),
        0,
        (False, False, 1),
        "running",
        "",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change(name: str) -> None:
    state, calls, retries, expected, status, text = CHANGES[name]
    result, came = run_task(*calls, state=state, retries=retries)
    assert outcome(result) == expected
    assert result.get("status") == status
    said = [result["msg"]] if result.get("failed") else result.get("warnings", [])
    assert len(said) == bool(text)
    assert all(matches(text, one) for one in said), said
    assert "ansible_facts" not in result
    assert {one.body for one in came} == {b""}


@pytest.mark.parametrize(("state", "run"), [("stopped", RUNNING), ("retried", FAILED)])
def test_check_mode_changes_nothing(state: str, run: Call) -> None:
    result, _came = run_task(run, check_mode=True, state=state)
    assert (outcome(result), result["status"]) == ((False, True, 0), run.body["status"])
    assert result["diff"]["after"].startswith("POST ")


def test_id_of_a_run_cannot_leave_its_place_in_the_path() -> None:
    path = f"{RUNS}/a%2F..%3F%23%C3%BC"
    shown = [Call("GET", path, 200, {"status": status}) for status in ("running", "cancel")]
    with scripted(shown[0], Call("POST", f"{path}/terminate"), shown[1]) as server:
        result = task({"endpoint": server.url, "state": "stopped", "execution_id": "a/..?#ü"}).run()
    assert (outcome(result), result["status"]) == ((False, True, 1), "cancel")
