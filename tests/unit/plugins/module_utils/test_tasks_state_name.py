# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state by its name: in the run, in the definition, or one sentence that says what to set."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.servers import Call, scripted
from support.tasks import GET, POST, SECRET, YES, callback_task, execution_info_task

WORKFLOW = ("GET", "/v2/p/fgs/workflows/w")
NAME = "等待 AWX / 1"


def node(name: Any, node_id: Any, execution_id: Any = "x", status: str = "running") -> dict[str, Any]:
    return {"node_id": node_id, "node_name": name, "execution_id": execution_id, "executions": [{"status": status}]}


def run_with(*nodes: Any) -> Call:
    return Call(*GET, 200, {"status": "running", "execution_id": "run", "node_execution_details": list(nodes)})


def workflow_with(*states: Any) -> Call:
    return Call(*WORKFLOW, 200, {"id": "w", "definition": {"states": list(states)}})


def completed(*calls: Call, **arguments: Any) -> tuple[dict[str, Any], list[Any]]:
    """The result of a callback by name, and the state IDs of the callback requests."""
    with scripted(*calls) as server:
        given = {"workflow_state_id": "", "workflow_state_name": NAME, "confirm": "never", **arguments}
        result = callback_task({"endpoint": server.url, **given}).run()
        sent = [request.headers["X-Workflow-State-Id"] for request in server.came if request.method == "POST"]
    assert SECRET not in json.dumps(result)
    return result, sent


def refused(*calls: Call, **arguments: Any) -> str:
    """The message of a callback that is not sent."""
    result, sent = completed(*calls, **arguments)
    assert (result["failed"], result["delivery"], result["requests_sent"], sent) == (True, "not_sent", 0, [])
    assert "workflow_state_id" not in result
    message: str = result["msg"]
    return message


def test_id_comes_from_the_run() -> None:
    nodes = (node("launch", "n1"), node(NAME, "n2"), node(NAME + " ", "n3"))
    result, sent = completed(run_with(*nodes), YES)
    assert sent == ["n2"]
    assert (result["delivery"], result["workflow_state_id"], result["requests_sent"]) == ("delivered", "n2", 1)


def test_id_comes_from_the_definition_where_the_run_does_not_show_it() -> None:
    states = ({"id": "n1", "name": "launch"}, {"id": "n2", "name": NAME})
    result, sent = completed(run_with(node("launch", "n1")), workflow_with(*states), YES)
    assert (sent, result["workflow_state_id"]) == (["n2"], "n2")


def test_retried_node_is_one_state() -> None:
    result, sent = completed(run_with(node(NAME, "n2", "x1", "fail"), node(NAME, "n2", "x2")), YES)
    assert (result["delivery"], sent) == ("delivered", ["n2"])


@pytest.mark.parametrize(
    "run", [run_with(), Call(*GET, 200, {"status": "running"}), run_with(None, "n", {}, node(5, 5))]
)
def test_run_with_nothing_useful_in_it(run: Call) -> None:
    result, sent = completed(run, workflow_with(None, {"id": 7, "name": NAME}, {"id": "n2", "name": NAME}), YES)
    assert (result["delivery"], sent) == ("delivered", ["n2"])


def test_run_that_is_too_large_is_not_read_in_full() -> None:
    large = Call(*GET, 200, {"status": "running", "output": {"a": "a" * 5_000_000}})
    result, sent = completed(large, workflow_with({"id": "n2", "name": NAME}), YES)
    assert (result["delivery"], sent) == ("delivered", ["n2"])


@pytest.mark.parametrize("definition", [{}, {"definition": None}, {"definition": {"states": {}}}, []])
def test_no_names_anywhere(definition: Any) -> None:
    message = refused(run_with(node(None, "n1")), Call(*WORKFLOW, 200, definition))
    shows = f"neither the run nor the workflow shows a state named '{NAME}', or any other name"
    assert message == f"Nothing was sent, as {shows}; set workflow_state_id instead."


def test_unknown_name_lists_those_that_there_are() -> None:
    states = [{"id": str(number), "name": f"node {number:02}"} for number in range(100)]
    message = refused(run_with(node("node 00", "0")), workflow_with(*states))
    assert f"shows a state named '{NAME}'; set workflow_state_name to one of 'node 00', 'node 01', " in message
    assert message.endswith("'node 19', and 80 more.")


def test_names_are_compared_exactly() -> None:
    nodes = (node(NAME.lower(), "n1"), node(f" {NAME}", "n2"))
    assert "set workflow_state_name to one of" in refused(run_with(*nodes), workflow_with())


@pytest.mark.parametrize("where", ["run", "definition"])
def test_name_of_several_states_lists_their_ids(where: str) -> None:
    calls = [run_with(node(NAME, "n1"), node(NAME, "n2"))]
    if where == "definition":
        calls = [run_with(), workflow_with({"id": "n1", "name": NAME}, {"id": "n2", "name": NAME})]
    text = f"Nothing was sent, as 2 states are named '{NAME}'; set workflow_state_id to one of n1, n2 instead."
    assert refused(*calls) == text


def test_ids_in_messages_are_short_and_few() -> None:
    """However many there are, and however long the service makes them."""
    nodes = [node(NAME, f"{number:03}" + "a" * 5000) for number in range(99)]
    message = refused(run_with(*nodes))
    assert "99 states are named" in message
    assert len(message) < 2000
    assert len(refused(run_with(nodes[0]), workflow_state_id="n1")) < 500


@pytest.mark.parametrize("state_id", ["n2\r\nX-Other: 1", " n2", "n2\x1b[2J", ""])
def test_id_that_cannot_be_sent_is_none(state_id: str) -> None:
    message = refused(run_with(node(NAME, state_id)), workflow_with({"id": state_id, "name": NAME}))
    assert "neither the run nor the workflow shows a state named" in message


def test_run_that_cannot_be_read_may_have_the_name(tmp_path: Path) -> None:
    """So the callback is saved, although the workflow has no such name."""
    saved = tmp_path / "saved.yml"
    away = Call(*GET, 500, {"error_msg": "Internal Error"})
    message = refused(away, workflow_with({"id": "n1", "name": "launch"}), undelivered_path=str(saved))
    shows = f"the workflow does not show a state named '{NAME}'; set workflow_state_name to one of 'launch'"
    assert message.startswith(
        f"Nothing was sent, as {shows} (the run cannot be read: status 500 (Internal Error)). The "
    )
    assert "fgs_workflow_state_name: " in saved.read_text()


def test_name_of_a_finished_state_may_be_that_of_the_waiting_one() -> None:
    """Which the run may not show: to go by the finished one would say "already delivered"."""
    finished = run_with(node(NAME, "n1", "x1", "success"))
    both = workflow_with({"id": "n1", "name": NAME}, {"id": "n2", "name": NAME})
    message = refused(finished, both, confirm="always")
    assert f"2 states are named '{NAME}'; set workflow_state_id to one of n1, n2 instead." in message
    # The definition says no more than that: its IDs may be others, and it may not be read.
    for definition in (workflow_with({"id": "other", "name": NAME}), Call(*WORKFLOW, 403, {})):
        result, sent = completed(finished, definition, finished, confirm="always")
        assert (result["delivery"], sent) == ("already_delivered", [])
    result, _sent = completed(finished, finished, confirm="always", workflow_state_id="n1")
    assert result["delivery"] == "already_delivered"


@pytest.mark.parametrize("state_id", ["n2", "x2"])
def test_id_that_agrees_with_the_name_is_sent(state_id: str) -> None:
    result, sent = completed(run_with(node(NAME, "n2", "x2")), YES, workflow_state_id=state_id)
    assert (sent, result["workflow_state_id"]) == ([state_id], state_id)


def test_id_of_another_state_is_not_sent() -> None:
    message = refused(run_with(node("launch", "n1"), node(NAME, "n2")), workflow_state_id="n1")
    reason = f"workflow_state_id is not the ID of the state '{NAME}', which is n2; set only one of the two"
    assert message == f"Nothing was sent, as {reason}."


def test_missing_permission_to_read_is_named() -> None:
    no = {"error_code": "APIGW.0302", "error_msg": "no permission"}
    with_both = (Call(*GET, 403, no), Call(*WORKFLOW, 403, no))
    message = refused(*with_both)
    start = (
        f"Nothing was sent, as the ID of the state '{NAME}' cannot be looked up, as the run cannot be read: status 403"
    )
    assert message.startswith(start)
    assert message.endswith("; set workflow_state_id instead.")
    assert "as the workflow cannot be read: status 403" in refused(run_with(), Call(*WORKFLOW, 403, no))


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (Call(*GET, 404, {"error_code": "FGS.5002", "error_msg": "no run"}), "status 404 (FGS.5002: no run)"),
        (
            Call(*GET, 200, {"status": "running", "workflow_id": "another", "execution_id": "run"}),
            "the response shows another workflow_id",
        ),
    ],
)
def test_run_of_another_workflow(run: Call, reason: str) -> None:
    message = refused(run)
    start = (
        f"Nothing was sent, as the ID of the state '{NAME}' cannot be looked up, as the run cannot be read: {reason}"
    )
    assert message == start + "; check workflow_id and workflow_run_id."


@pytest.mark.parametrize("what", ["run", "workflow"])
def test_refused_keys_are_not_used_again(what: str) -> None:
    """And an ID in place of the name would not help."""
    calls = {
        "run": [Call(*GET, 401, {"error_code": "APIGW.0301"})],
        "workflow": [run_with(), Call(*WORKFLOW, 401, {"error_code": "APIGW.0301"})],
    }
    message = refused(*calls[what], access_key=f"AKREFUSED-{what}")
    assert f"as the {what} cannot be read: the access key or secret key is wrong" in message
    assert "set workflow_state_id" not in message


def test_check_mode_looks_up_and_shows_the_id() -> None:
    with scripted(run_with(node(NAME, "n2"))) as server:
        arguments = {"endpoint": server.url, "workflow_state_id": "", "workflow_state_name": NAME}
        result = callback_task(arguments, check_mode=True).run()
    assert (result["changed"], result["delivery"], result["workflow_state_id"]) == (True, "not_sent", "n2")
    assert "X-Workflow-State-Id: n2\n" in result["diff"]["after"]


def test_lookup_that_failed_for_a_while_is_saved_with_the_name(tmp_path: Path) -> None:
    away = Call(*GET, 503, {})
    saved = tmp_path / "saved.yml"
    message = refused(away, Call(*WORKFLOW, 503, {}), undelivered_path=str(saved))
    assert "was saved in" in message
    text = saved.read_text()
    assert 'fgs_workflow_state_name: "\\u7b49\\u5f85 AWX / 1"\n' in text
    assert 'fgs_workflow_state_id: ""\n' in text


def test_names_share_no_file_in_a_directory(tmp_path: Path) -> None:
    lost = replace(run_with(), cut=True), Call(*WORKFLOW, cut=True)
    files: set[str] = set()
    for name in ("等待 1", "等待 2"):
        assert "was saved in" in refused(*lost, workflow_state_name=name, undelivered_path=str(tmp_path))
        files.add(*(path.name for path in tmp_path.iterdir() if path.name not in files))
    assert len(files) == 2


def test_lookup_uses_up_no_retries_of_the_callback() -> None:
    away, throttled = Call(*GET, 503, {}), Call(*POST, 429, {}, {"Retry-After": "0"})
    result, _sent = completed(away, run_with(node(NAME, "n2")), throttled, YES, retries=1)
    assert (result["delivery"], result["requests_sent"]) == ("delivered", 2)


def test_secret_in_a_name_of_the_service_is_not_shown_in_part() -> None:
    long = "a" * 45 + SECRET
    assert SECRET[:8] not in refused(run_with(node(long, "n1")), workflow_with({"id": "n1", "name": long}))


@pytest.mark.parametrize("status", [401, 403])
def test_lookup_that_is_refused_for_its_sender_is_saved(tmp_path: Path, status: int) -> None:
    saved = tmp_path / "saved.yml"
    calls = [Call(*GET, status, {})] if status == 401 else [Call(*GET, 403, {}), Call(*WORKFLOW, 403, {})]
    assert "was saved in" in refused(*calls, undelivered_path=str(saved))
    assert "fgs_workflow_state_name: " in saved.read_text()


def test_lookup_in_a_run_that_does_not_exist_is_not_saved(tmp_path: Path) -> None:
    saved = tmp_path / "saved.yml"
    refused(Call(*GET, 404, {"error_code": "FGS.5002"}), undelivered_path=str(saved))
    assert not saved.exists()


def test_permanent_failure_of_the_lookup_is_not_saved(tmp_path: Path) -> None:
    saved = tmp_path / "saved.yml"
    refused(run_with(), workflow_with(), undelivered_path=str(saved))
    assert not saved.exists()


def test_callback_that_failed_after_the_lookup_is_saved_with_the_id(tmp_path: Path) -> None:
    saved = tmp_path / "saved.yml"
    result, sent = completed(run_with(node(NAME, "n2")), Call(*POST, 502, {}), undelivered_path=str(saved))
    assert (result["delivery"], result["workflow_state_id"], sent) == ("unknown", "n2", ["n2"])
    text = saved.read_text()
    assert 'fgs_workflow_state_id: "n2"\n' in text
    assert "fgs_workflow_state_name" not in text


@pytest.mark.parametrize("is_shown", [True, False])
def test_callback_that_came_before_its_state_is_saved(tmp_path: Path, is_shown: bool) -> None:
    saved = tmp_path / "saved.yml"
    shown = [run_with(node(NAME, "n2"))] if is_shown else [run_with(), workflow_with({"id": "n2", "name": NAME})]
    refusal = Call(*POST, 400, {"error_code": "FGS.3002"})
    result, _sent = completed(*shown, refusal, undelivered_path=str(saved))
    assert (result["delivery"], result["requests_sent"]) == ("rejected", 1)
    assert ("undelivered_file" in result, saved.exists()) == (not is_shown, not is_shown)


CHECK = " functiongraph.workflow.check shows which ID of a state the service takes."


@pytest.mark.parametrize(
    ("calls", "state_id", "hint"),
    [
        (
            (run_with(node(NAME, "n2", "x2")),),
            "",
            "The service refused the node_id of the state; try workflow_state_id=x2, its execution_id:" + CHECK,
        ),
        ((run_with(node(NAME, "n2", "x2")),), "x2", "Check the state: it may be finished already." + CHECK),
        (
            (run_with(node(NAME, "n2", "x2", "success")), workflow_with({"id": "n2", "name": NAME})),
            "",
            "The run shows the state as success: it is finished already.",
        ),
        (
            (run_with(), workflow_with({"id": "n2", "name": NAME})),
            "",
            "The run does not show the state: it may not have begun yet, or have another ID." + CHECK,
        ),
    ],
)
def test_refused_id_says_what_the_run_shows(calls: tuple[Call, ...], state_id: str, hint: str) -> None:
    refusal = Call(*POST, 400, {"error_code": "FGS.3002"})
    result, _sent = completed(*calls, refusal, workflow_state_id=state_id)
    assert (result["delivery"], result["hint"]) == ("rejected", hint)


def test_state_of_a_run_by_its_name() -> None:
    with scripted(run_with(node("launch", "n1"), node(NAME, "n2"))) as server:
        result = execution_info_task({"endpoint": server.url, "workflow_state_name": NAME}).run()
    assert result["state"]["node_id"] == "n2"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            {"workflow_state_name": "b"},
            "the run does not show a state named 'b'; set workflow_state_name to one of 'a'",
        ),
        (
            {"workflow_state_name": "a", "workflow_state_id": "n9"},
            "workflow_state_id is not the ID of the state 'a', which is n1; set only one of the two",
        ),
    ],
)
def test_state_of_a_run_that_its_name_does_not_lead_to(arguments: dict[str, str], reason: str) -> None:
    with scripted(run_with(node("a", "n1"))) as server:
        result = execution_info_task({"endpoint": server.url, **arguments}).run()
    assert (result["failed"], result["msg"]) == (True, f"The state could not be shown: {reason}.")
