# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which states wait: what runs show, what they most likely hide, and runs that cannot be read."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support.executions import RUNS
from support.servers import Call, scripted
from support.tasks import CONNECTION, NOWHERE, SECRET

from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.waiting_states import (
    LISTING,
    WaitingStatesTask,
    waiting,
)

PARAMS = {**CONNECTION, **LISTING, "workflow_id": "w", "validate_certs": True, "timeout": 30.0, "use_ecs_agency": False}
DEFINITION = {
    "start": "1",
    "states": [{"id": "1", "name": "build", "transition": "2"}, {"id": "2", "name": "approve", "transition": "after"}],
}
WORKFLOW = Call("GET", "/v2/p/fgs/workflows/w", 200, {"definition": DEFINITION})
NOT_PERMITTED = Call("GET", "", 403, {"error_code": "APIG.0302", "error_msg": "No permission."})


def shown(name: str, status: str, node_id: Any = "n", **more: Any) -> dict[str, Any]:
    """A state as a run shows it."""
    return {"node_id": node_id, "node_name": name, "status": status, **more}


def listed(*names: str) -> tuple[Call, Call]:
    """A list of runs, and the page after it."""
    rows = [{"execution_id": name, "begin_time": "2026-11-26T04", "status": "running"} for name in names]
    empty = Call("GET", f"?limit=200&offset={len(rows)}&status=running", 200, {"executions": []})
    page = Call("GET", "?limit=200&offset=0&status=running", 200, {"executions": rows})
    return (page, empty) if rows else (page, page)[:1]  # type: ignore[return-value]


def run(name: str, status: str, *nodes: dict[str, Any]) -> Call:
    """The details of a run."""
    shown = [
        {**node, "executions": [{"status": node["status"], "begin_time": 5, "input": {"release": SECRET}}]}
        for node in nodes
    ]
    body = {"execution_id": name, "status": status, "node_execution_details": shown}
    return Call("GET", f"{RUNS}/{name}", 200, body)


def polled(*calls: Call, followed: tuple[str, ...] = (), retries: int = 0, **attributes: Any) -> dict[str, Any]:
    """The result of a poll for states named approve."""
    with scripted(*calls) as server:
        connections = Connections()
        params = {**PARAMS, "endpoint": server.url, "retries": retries}
        task = WaitingStatesTask(params, [], NOWHERE, connections)
        task.names, task.followed = frozenset(["approve"]), followed
        for name, value in attributes.items():
            setattr(task, name, value)
        result: dict[str, Any] = task.run()
        connections.close()
    return result


APPROVE = shown("approve", "running", "2")


def test_state_that_is_shown_as_running_waits() -> None:
    result = polled(*listed("a"), run("a", "running", shown("build", "success", "1"), APPROVE))
    state = {**APPROVE, "begin_time": 5, "input": {"release": "********"}, "error_message": None, "execution_id": None}
    runs = [{"execution_id": "a", "status": "running", "waiting": [state]}]
    assert result == {"changed": False, "runs": runs, "truncated": False, "throttled": False}


def test_definition_is_read_where_a_run_does_not_show_the_state() -> None:
    result = polled(*listed("a"), run("a", "running", shown("build", "success", "1")), WORKFLOW)
    assert result["runs"][0]["waiting"] == [{"node_id": "2", "node_name": "approve"}]


def test_definition_that_cannot_be_read_leaves_what_runs_show() -> None:
    result = polled(*listed("a"), run("a", "running", shown("build", "success", "1")), NOT_PERMITTED)
    assert (result["runs"][0]["waiting"], result["throttled"]) == ([], False)


def test_run_that_has_ended_since_it_was_listed_does_not_wait() -> None:
    result = polled(*listed("a"), run("a", "cancel", APPROVE))
    assert result["runs"] == [{"execution_id": "a", "status": "cancel", "waiting": []}]


def test_runs_that_are_followed_are_read_once() -> None:
    result = polled(*listed("a"), run("a", "running", APPROVE), followed=("a",))
    assert len(result["runs"]) == 1


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (run("b", "running", APPROVE), ("running", 1)),
        (run("b", "fail", APPROVE), ("fail", 0)),
        (Call("GET", f"{RUNS}/b", 404, {"error_code": "FGS.5002"}), ("gone", 0)),
        (Call("GET", f"{RUNS}/b", 500, {}), (None, 0)),
    ],
    ids=["running", "over", "gone", "unknown"],
)
def test_run_that_is_followed_is_read_although_it_is_not_listed(call: Call, expected: tuple[Any, int]) -> None:
    [found] = polled(*listed(), call, followed=("b",))["runs"]
    assert (found["status"], len(found["waiting"])) == expected


def test_run_that_is_listed_and_not_found_is_not_gone() -> None:
    result = polled(*listed("a"), Call("GET", f"{RUNS}/a", 404, {"error_code": "FGS.5002"}), followed=("a",))
    [found] = result["runs"]
    assert (found["status"], found["problem"]) == (None, "status 404 (FGS.5002)")
    assert not result["throttled"]


@pytest.mark.parametrize("status", [401, 403, 429])
def test_no_other_run_is_read_after_the_service_refuses(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "AT_A_TIME", 1)
    result = polled(*listed("a", "b", "c"), run("a", "running", APPROVE), Call("GET", f"{RUNS}/b", status, {}))
    assert result["throttled"]
    assert [found["status"] for found in result["runs"]] == ["running", None, None]
    assert ["problem" in found for found in result["runs"]] == [False, True, False]


def test_list_that_cannot_be_read_is_a_failure() -> None:
    result = polled(NOT_PERMITTED)
    assert result["failed"]
    assert result["msg"].startswith("The list of runs could not be read: status 403 (APIG.0302: No permission)")


def test_wait_for_a_retry_ends_when_nobody_waits_for_the_result() -> None:
    stop = threading.Event()
    stop.set()
    result = polled(Call("GET", "", 500, {}), retries=3, stop=stop)
    assert result["failed"]


def test_throttled_list_is_read_again() -> None:
    result = polled(Call("GET", "", 429, {}, {"Retry-After": "0"}), *listed(), retries=1)
    assert result["runs"] == []


def test_no_run_is_read_when_nobody_waits_for_the_result() -> None:
    stop = threading.Event()
    stop.set()
    assert polled(*listed("a"), stop=stop)["runs"] == [{"execution_id": "a", "status": None, "waiting": []}]


HIDDEN = [("2", "approve")]


@pytest.mark.parametrize(
    ("states", "definition", "expected"),
    [
        ([shown("build", "success", "1")], DEFINITION, HIDDEN),
        ([shown("build", "running", "1")], DEFINITION, []),
        ([shown("build", "fail", "1")], DEFINITION, []),
        ([shown("build", "success", "1"), shown("approve", "success", "2")], DEFINITION, []),
        ([shown("build", "success", "1"), shown("approve", "running", "2")], DEFINITION, HIDDEN),
        ([], DEFINITION, []),
        ([], {**DEFINITION, "start": "2"}, HIDDEN),
        ([shown("other", "running", "9")], {**DEFINITION, "start": "2"}, []),
        ([], {**DEFINITION, "start": "approve"}, HIDDEN),
        ([], {**DEFINITION, "start": {"unknown": "form"}}, []),
        ([], {}, []),
        ([], {"start": "2", "states": [{"id": "2", "name": "another"}]}, []),
        ([], {"start": "2", "states": [{"id": 2, "name": "2"}, {"id": "2"}]}, []),
        ([shown("approve", "running", None)], {}, []),
        ([shown("approve", "running", "")], {}, []),
        ([shown("another", "running", "2")], {}, []),
    ],
)
def test_states_that_wait(states: Any, definition: Any, expected: Any) -> None:
    found = waiting(states, definition, frozenset(["approve"]))
    assert [(state["node_id"], state["node_name"]) for state in found] == expected
