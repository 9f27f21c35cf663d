# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a run back: every shape that may come, and a state by either of its ids."""

from __future__ import annotations

from typing import Any

import pytest
from support.deliveries import CREDENTIALS
from support.servers import Call, free_port, scripted

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _http, _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client, Response
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts

PATH = "/v2/p/fgs/workflows/w/executions/e"


def read(url: str, connections: _connections.Connections, retries: int = 0) -> _reads.Run:
    credentials = Credentials({"access_key": "AK", "secret_key": "SK"}, "test")
    client = Client(url, credentials, _http.Route(verify=True, proxies=()), 30.0, connections)
    return _reads.read_run(client, "p", "w", "e", Attempts(retries, sleep=lambda _seconds: None))


@pytest.mark.parametrize("status", ["success", "fail", "running", "timeout", "cancel"])
def test_run(connections: _connections.Connections, status: str) -> None:
    with scripted(Call("GET", PATH, 200, {"status": status, "more": [1]})) as server:
        run = read(server.url, connections)
    assert (run.status, run.execution, run.response.status) == (status, {"status": status, "more": [1]}, 200)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            Call("GET", PATH, 302, headers={"Location": "https://other.example/x"}),
            "status 302, a redirect to other.example, which is not followed",
        ),
        (
            Call("GET", PATH, 404, {"error_code": "FGS.5002", "error_msg": "Function flow not found."}),
            "status 404 (FGS.5002: Function flow not found)",
        ),
        (Call("GET", PATH, 403), "status 403 (the body is empty)"),
        (Call("GET", PATH, 201, {"status": "running"}), "status 201"),
        (
            Call("GET", PATH, 200, b"<html>", {"Content-Type": "text/html"}),
            "the response is HTML, from a proxy or another server",
        ),
        (Call("GET", PATH, 200, b"{"), "the response is not JSON"),
        (Call("GET", PATH, 200, b""), "the response is empty"),
        (Call("GET", PATH, 200, []), "the response shows no status of a run"),
        (Call("GET", PATH, 200, {"status": "asleep"}), "the response shows no status of a run"),
        (Call("GET", PATH, 200, {"status": ["running"]}), "the response shows no status of a run"),
        (Call("GET", PATH, 200, {}), "the response shows no status of a run"),
        (Call("GET", PATH, 200, b"null"), "the response shows no status of a run"),
        (
            Call("GET", PATH, 200, {"status": "success", "workflow_id": "other"}),
            "the response shows another workflow_id",
        ),
        (Call("GET", PATH, 200, {"status": "success", "execution_id": 7}), "the response shows another execution_id"),
    ],
)
def test_response_of_another_shape_is_no_run(connections: _connections.Connections, call: Call, message: str) -> None:
    with scripted(call) as server, pytest.raises(_reads.ReadError) as raised:
        read(server.url, connections)
    assert str(raised.value) == message
    assert raised.value.response is not None
    assert raised.value.response.status == call.status


@pytest.mark.parametrize("ids", [{"workflow_id": "W", "execution_id": "E"}, {"workflow_id": "", "execution_id": None}])
def test_ids_may_differ_in_case_or_be_unset(connections: _connections.Connections, ids: dict[str, Any]) -> None:
    with scripted(Call("GET", PATH, 200, {"status": "success", **ids})) as server:
        assert read(server.url, connections).status == "success"


def test_transient_errors_are_retried(connections: _connections.Connections) -> None:
    with scripted(
        Call("GET", PATH, 500),
        Call("GET", PATH, 408),
        Call("GET", PATH, cut=True),
        Call("GET", PATH, 200, {"status": "fail"}),
    ) as server:
        assert read(server.url, connections, retries=3).status == "fail"


def test_connection_refused_is_reported(connections: _connections.Connections) -> None:
    with pytest.raises(_reads.ReadError) as raised:
        read(f"http://127.0.0.1:{free_port()}", connections)
    assert (str(raised.value), raised.value.response) == ("connection refused", None)


def run(nodes: Any) -> _reads.Run:
    return _reads.Run({"node_execution_details": nodes}, "running", Response(200, {}, None, None, 0.0, CREDENTIALS))


def node(node_id: str, execution_id: str, *executions: Any) -> dict[str, Any]:
    return {
        "node_id": node_id,
        "node_name": f"name of {node_id}",
        "execution_id": execution_id,
        "executions": [*executions],
    }


@pytest.mark.parametrize("state_id", ["n", "x"])
def test_state_by_node_id_or_execution_id(state_id: str) -> None:
    execution = {"status": "fail", "error_message": {"message": "boom"}, "begin_time": 1, "output": "o"}
    nodes = [node("other", "other-x"), node("n", "x", execution), node("third", "third-x")]
    assert _reads.state_of(run(nodes), state_id) == {
        **execution,
        "node_id": "n",
        "node_name": "name of n",
        "execution_id": "x",
    }


def test_node_id_wins_over_execution_id() -> None:
    nodes = [node("a", "b"), node("b", "a")]
    for state_id in ("a", "b"):
        state = _reads.state_of(run(nodes), state_id)
        assert state is not None
        assert state["node_id"] == state_id


@pytest.mark.parametrize("order", [1, -1])
def test_latest_node_of_an_id_wins_in_any_order(order: int) -> None:
    first = node("n", "first", {"status": "fail", "begin_time": 1})
    second = node("n", "second", {"status": "running", "begin_time": 2})
    state = _reads.state_of(run([first, second][::order]), "n")
    assert state is not None
    assert (state["execution_id"], state["status"]) == ("second", "running")


def test_nodes_without_times_have_no_latest() -> None:
    different = [node("n", "first", {"status": "fail"}), node("n", "second", {"status": "running"})]
    same = [node("n", "first", {"status": "fail"}), node("n", "second", {"status": "fail"})]
    states = [_reads.state_of(run(nodes), "n") for nodes in (different, same)]
    assert [state and (state["execution_id"], state["status"]) for state in states] == [
        ("second", None),
        ("second", "fail"),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_latest_execution_wins_in_any_order(order: int) -> None:
    executions = [
        {"status": "fail", "begin_time": 1},
        {"status": "timeout", "begin_time": 2},
        {"status": "running", "begin_time": 3},
    ]
    state = _reads.state_of(run([node("n", "x", *executions[::order])]), "n")
    assert state is not None
    assert state["status"] == "running"


@pytest.mark.parametrize(
    ("executions", "status"),
    [
        ([], None),
        (None, None),
        ("strange", None),
        ([7, None], None),
        ([{"status": "fail", "begin_time": "yesterday"}, 7], "fail"),
        ([{"status": "fail", "begin_time": None}, {"status": "success", "begin_time": 5.5}], "success"),
        ([{"status": "fail", "begin_time": 10**400}, {"status": "success", "begin_time": 1}], "success"),
        ([{"status": "fail", "begin_time": float("nan")}, {"status": "success", "begin_time": 1}], "success"),
    ],
)
def test_executions_of_another_shape_are_ignored(executions: Any, status: str | None) -> None:
    state = _reads.state_of(run([{"node_id": "n", "executions": executions}]), "n")
    assert state is not None
    assert (state["status"], state["error_message"], state["node_name"]) == (status, None, None)


def test_execution_does_not_rename_its_node() -> None:
    state = _reads.state_of(run([node("n", "x", {"node_id": "other", "execution_id": "other"})]), "n")
    assert state is not None
    assert (state["node_id"], state["execution_id"]) == ("n", "x")


@pytest.mark.parametrize("nodes", [None, [], {}, "strange", [7, None, "n"], [{}], [{"node_id": ["n"]}]])
def test_unknown_state_is_none(nodes: Any) -> None:
    assert _reads.state_of(run(nodes), "n") is None
