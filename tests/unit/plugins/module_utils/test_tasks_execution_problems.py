# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks on runs with wrong arguments, and those that are interrupted."""

from __future__ import annotations

from typing import Any

import pytest
from support.executions import (
    ACCEPTED,
    CUT,
    NOT_FOUND,
    NOT_READABLE,
    RUNNING,
    outcome,
    task,
)
from support.servers import Call, free_port, scripted
from support.tasks import GET, execution_task

from ansible_collections.functiongraph.workflow.plugins.module_utils import _api
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution import ExecutionTask

# The arguments, and the options and rules that they break.
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no id to stop": ({"state": "stopped", "execution_id": ...}, [("execution_id", "required")]),
    "no id to retry": ({"state": "retried", "execution_id": ...}, [("execution_id", "required")]),
    "empty id": ({"state": "stopped", "execution_id": ""}, [("execution_id", "required")]),
    "of another state": (
        {"state": "stopped", "input": {"a": 1}, "wait": True},
        [("input", "state"), ("wait", "state")],
    ),
    "less than the first read": ({"wait_timeout": 0.5}, [("wait_timeout", "range")]),
    "more than 31 days": ({"wait_timeout": 2_678_401}, [("wait_timeout", "range")]),
    "no number": ({"wait_timeout": float("nan")}, [("wait_timeout", "range")]),
    "a word": ({"wait_timeout": "long"}, [("wait_timeout", "type")]),
    "no mapping": ({"input": [1]}, [("input", "type")]),
    "no JSON": ({"input": {"a": float("inf")}}, [("input", "number")]),
    "no string as a key": ({"input": {"a": {1: 2}}}, [("input", "keys")]),
    "no ID for a path": ({"execution_id": "a\nb"}, [("execution_id", "control_characters")]),
    "unknown state": ({"state": "paused"}, [("state", "enum")]),
    "several": (
        {"workflow_id": "..", "execution_id": " a", "wait_timeout": 0, "input": {"a": float("nan")}},
        [("workflow_id", "path_segment"), ("execution_id", "blanks"), ("input", "number"), ("wait_timeout", "range")],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    arguments, broken = WRONG[name]
    given = {name: value for name, value in {"execution_id": "run", **arguments}.items() if value is not ...}
    found = execution_task(given)
    if given.get("execution_id") == "":
        found.params["execution_id"] = ""
    result = found.run()
    assert outcome(result) == (True, False, 0)
    assert sorted((one["option"], one["rule"]) for one in result["violations"]) == sorted(broken)
    assert result["msg"].startswith("Nothing was sent: ")


def test_what_a_wrong_argument_says() -> None:
    found = execution_task({"state": "stopped", "input": {"a": 1}, "wait_timeout": 0})
    found.params["execution_id"] = ""
    assert found.run()["msg"] == (
        "Nothing was sent: execution_id is empty; the extra var fgs_workflow_run_id is probably missing; input is for "
        "state=started only, got state=stopped; unset it; wait_timeout must be from 1 to 2678400 seconds, got 0.0."
    )


def interrupted_in(monkeypatch: pytest.MonkeyPatch, method: str, *calls: Call, **arguments: Any) -> dict[str, Any]:
    """What is said where the method of the client is interrupted."""

    def interrupt(*_arguments: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    with scripted(*calls) as server:
        found = task({"endpoint": server.url, **arguments})
        monkeypatch.setattr(_api.Client, method, interrupt)
        with pytest.raises(KeyboardInterrupt):
            found.run()
    result: dict[str, Any] = found.interrupted("the task was interrupted")
    assert result["failed"]
    return result


def test_interrupted_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    result = interrupted_in(monkeypatch, "get")
    assert (outcome(result), result["msg"]) == (
        (True, False, 0),
        "Nothing was sent, as the task was interrupted.",
    )


def test_interrupted_start_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    result = interrupted_in(monkeypatch, "post", NOT_FOUND)
    assert (outcome(result), result["execution_id"]) == ((True, False, 1), "run")
    assert result["msg"] == "It is not known whether the run run was started: the task was interrupted."


def test_interrupted_after_the_start() -> None:
    with scripted(NOT_FOUND, ACCEPTED, RUNNING) as server:
        found = task({"endpoint": server.url})
        found.run()
    result = found.interrupted("the task was interrupted")
    assert (outcome(result), result["execution_id"]) == ((True, True, 1), "run")
    assert result["msg"] == "The run run was started, but could not be read, as the task was interrupted."


def test_lost_and_unexplained() -> None:
    assert ExecutionTask.lost("it was killed") == {
        "failed": True,
        "changed": False,
        "requests_sent": 0,
        "msg": "It is not known whether a run was started, stopped or retried: it was killed.",
        "hint": "List the runs with functiongraph.workflow.fgs_workflow_execution_info before you repeat the task.",
    }
    assert task({}).unexplained("and why is not known")["msg"] == "Nothing was sent, and why is not known."


@pytest.mark.parametrize(
    ("calls", "changed", "message"),
    [
        ((CUT, NOT_READABLE), False, "It is not known whether the run run was started, and why is not known."),
        ((ACCEPTED, RUNNING), True, "The run run was started, but could not be read, and why is not known."),
    ],
)
def test_unexplained_after_the_start(calls: tuple[Call, ...], changed: bool, message: str) -> None:
    with scripted(NOT_FOUND, *calls) as server:
        found = task({"endpoint": server.url})
        found.run()
    result = found.unexplained("and why is not known")
    assert (outcome(result), result["execution_id"], result["msg"]) == ((True, changed, 1), "run", message)


def test_run_that_cannot_be_read_is_not_stopped() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = task({"endpoint": url, "state": "stopped"}).run()
    assert outcome(result) == (True, False, 0)
    assert result["msg"] == "Nothing was sent, as the run could not be read: connection refused."
    assert result["hint"].startswith("Check endpoint, region, proxy")


def test_keys_that_were_refused_before_start_nothing() -> None:
    refused = Call(*GET, 401, {"error_code": "APIG.0301", "error_msg": "Incorrect IAM authentication information."})
    with scripted(refused) as server:
        task({"endpoint": server.url}).run()
        result = task({"endpoint": server.url, "execution_id": None}).run()
    assert outcome(result) == (True, False, 0)
    assert result["msg"].startswith("Nothing was sent, as the service refused the keys from ")
    assert result["hint"]
