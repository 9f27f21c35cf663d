# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows of several nodes, run with the official SDK as the client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .rig import Client, Control, callback, refusal

HANDLERS = "tests/simulator/tests/handlers.py"
A_DAY = 86_400
FUNCTIONS = [
    {"name": "echo"},
    {"name": "show", "simulator": {"file": HANDLERS, "handler": "show_context", "settings": {"SET": "value"}}},
    {"name": "fail", "simulator": {"file": HANDLERS, "handler": "fail"}},
    {"name": "list", "simulator": {"file": HANDLERS, "handler": "give_no_object"}},
    {"name": "missing", "simulator": {"file": HANDLERS, "handler": "nowhere"}},
]


def state(name: str, kind: str = "Operation", *, function: str | None = None, **fields: Any) -> dict[str, Any]:
    """A state whose id is made from its name; one without a transition is an end."""
    if function is not None:
        fields["actions"] = [{"function_ref": {"ref_name": function, "invoke_mode": "SYNC"}}]
    return {"id": f"id-{name}", "name": name, "type": kind, "end": "transition" not in fields, **fields}


def flow(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A definition."""
    return {"name": "flow", "start": states[0]["id"], "functions": FUNCTIONS, "states": list(states), **fields}


def nodes(control: Control, run: dict[str, Any]) -> dict[str, str]:
    """The status of each node of a run, in the order in which they have begun."""
    shown = control.observe(run)["nodes"]
    return {node["node_name"]: node["executions"][-1]["status"] for node in shown}


@pytest.mark.parametrize("state_ids", ["node", "execution"])
@pytest.mark.parametrize("waiting_nodes", ["shown", "hidden"])
def test_launcher_before_the_node_learns_another_id(
    sdk: Any, client: Callable[..., Client], control: Control, state_ids: str, waiting_nodes: str
) -> None:
    definition = flow(
        state("launcher", function="show", transition="id-wait for it"),
        state("wait for it", "Callback", transition="id-after"),
        state("after", function="show"),
    )
    control.call("PUT", "readings", state_ids=state_ids, waiting_nodes=waiting_nodes)
    run = control.run(definition=definition, input={"n": 1})
    control.call("PUT", "readings", state_ids="node", waiting_nodes="shown")
    show = sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id=run["workflow_run_id"])
    shown = client().show_workflow_execution(show).node_execution_details
    assert [node.node_name for node in shown] == ["launcher", "wait for it"][: 2 - (waiting_nodes == "hidden")]
    learnt = shown[0].executions[0].output
    assert learnt.pop("state_id") == run["launcher_state_id"] == getattr(shown[0], f"{state_ids}_id")
    assert learnt == {
        "event": {"n": 1},
        "ids": [run["project_id"], run["workflow_id"], run["workflow_run_id"]],
        "settings": ["value", None],
        "function": ["default", "show", "latest"],
        "seconds": [300, 300],
        "request_id": True,
    }
    assert run["workflow_state_name"] == "wait for it"
    assert (run["workflow_state_id"] == "id-wait for it") == (state_ids == "node")
    send = client().create_callback_workflow
    assert refusal(lambda: send(callback(sdk, run, x_workflow_state_id=run["launcher_state_id"]))) == (400, "FGS.3002")
    send(callback(sdk, run, output={"done": True}))
    assert control.call("GET", f"wait?run={run['workflow_run_id']}&for=ended")["happened"]
    launcher, waited, after = client().show_workflow_execution(show).node_execution_details
    assert (waited.executions[0].status, after.executions[0].output["event"]) == ("success", {"done": True})
    assert len({node.node_id for node in (launcher, waited, after)}) == 3
    assert control.observe(run)["logs"][0]["text"] == f"called by {run['launcher_state_id']}"


@pytest.mark.parametrize("state_ids", ["node", "execution"])
def test_launcher_in_the_node_learns_the_right_id(
    sdk: Any, client: Callable[..., Client], control: Control, state_ids: str
) -> None:
    run = control.run(definition=flow(state("wait", "Callback", function="show")), state_ids=state_ids)
    assert run["launcher_state_id"] == run["workflow_state_id"]
    client().create_callback_workflow(callback(sdk, run))
    assert control.observe(run)["status"] == "success"


def test_waiting_nodes_can_end_early(control: Control) -> None:
    definition = flow(
        state("sleep", "Sleep", duration=A_DAY, transition="id-short"),
        state("short", "Sleep", duration=0.001, transition="id-end"),
        state("end", "End"),
    )
    run = control.run(definition=definition, input={"n": 1})
    assert nodes(control, run) == {"sleep": "running"}
    control.call("POST", f"runs/{run['workflow_run_id']}/wake", node="sleep")
    ended = control.call("GET", f"wait?run={run['workflow_run_id']}&for=ended")
    assert (ended["status"], ended["run_output"]) == ("success", {"n": 1})
    assert nodes(control, run) == {"sleep": "success", "short": "success", "end": "success"}


def test_callback_before_the_node_has_begun_is_refused(
    sdk: Any, client: Callable[..., Client], control: Control
) -> None:
    sleep = state("sleep", "Sleep", duration=A_DAY, transition="id-wait")
    run = control.run(definition=flow(sleep, state("wait", "Callback")))
    assert run["workflow_state_id"] is None
    send = callback(sdk, run, x_workflow_state_id="id-wait")
    assert refusal(lambda: client().create_callback_workflow(send)) == (400, "FGS.3002")
    control.call("POST", f"runs/{run['workflow_run_id']}/wake")
    client().create_callback_workflow(send)
    assert control.observe(run)["status"] == "success"


@pytest.mark.parametrize(("ends_when", "calls"), [("all", 3), ("one", 1), (2, 2)])
def test_parallel_branches(
    sdk: Any, client: Callable[..., Client], control: Control, ends_when: Any, calls: int
) -> None:
    branches = ["id-a", "id-b", "id-c"]
    definition = flow(
        state("branches", "Parallel", branches=branches, ends_when=ends_when, transition="id-after"),
        *(state(name, "Callback") for name in "abc"),
        state("after", function="echo"),
    )
    run = control.run(definition=definition)
    assert nodes(control, run) == {"branches": "running", "a": "running", "b": "running", "c": "running"}
    for name in "abc"[:calls]:
        assert control.observe(run)["status"] == "running"
        client().create_callback_workflow(callback(sdk, run, output={"of": name}, x_workflow_state_id=f"id-{name}"))
    observed = control.observe(run)
    assert (observed["status"], nodes(control, run)["c"]) == ("success", "success" if calls == 3 else "cancel")
    assert observed["run_output"] == {name: {"of": name} for name in "abc"[:calls]}
    late = callback(sdk, run, x_workflow_state_id="id-c")
    assert refusal(lambda: client().create_callback_workflow(late)) == (400, "FGS.3002")


def test_failed_branch_fails_the_parallel_node(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    definition = flow(
        state("branches", "Parallel", branches=["id-a", "id-b"], on_errors=[{"error": "*", "transition": "id-mend"}]),
        state("a", "Callback"),
        state("b", "Sleep", duration=A_DAY),
        state("mend", function="echo"),
    )
    run = control.run(definition=definition)
    client().create_callback_workflow(callback(sdk, run, "fail", error="disk full"))
    assert nodes(control, run) == {"branches": "fail", "a": "fail", "b": "cancel", "mend": "success"}


@pytest.mark.parametrize(
    ("function", "error", "handled"),
    [
        ("fail", "ValueError: no good: so", "success"),
        ("list", "InvalidResult: the function must return an object", "fail"),
        ("missing", "AttributeError: module 'function_handlers' has no attribute 'nowhere'", "fail"),
    ],
)
def test_error_handling(control: Control, function: str, error: str, handled: str) -> None:
    on_errors = [{"error": "Value*", "retry_ref": "twice", "transition": "id-mend"}]
    definition = flow(
        state("work", function=function, on_errors=on_errors),
        state("mend", function="echo"),
        retries=[{"name": "twice", "max_attempts": 2, "delay": 0}],
    )
    run = control.run(definition=definition, input={"why": "so"})
    ended = control.call("GET", f"wait?run={run['workflow_run_id']}&for=ended")
    work = ended["nodes"][0]["executions"]
    assert (ended["status"], len(work)) == (handled, 3 if handled == "success" else 1)
    assert [execution["error_message"] for execution in work] == [{"error": error}] * len(work)
    if handled == "success":
        assert ended["run_output"] == {"error": error}


@pytest.mark.parametrize("state_ids", ["node", "execution"])
def test_retry_begins_a_new_execution_of_the_failed_node(
    sdk: Any, client: Callable[..., Client], control: Control, state_ids: str
) -> None:
    run = control.run(state_ids=state_ids)
    ids = {"workflow_id": run["workflow_id"], "execution_id": run["workflow_run_id"]}
    retry = sdk.RetryWorkFlowRequest(**ids)
    assert refusal(lambda: client().retry_work_flow(retry)) == (400, "FGS.3002")
    client().create_callback_workflow(callback(sdk, run, "fail", error="disk full"))
    client().retry_work_flow(retry)
    again = control.observe(run)
    assert (again["status"], again["workflow_state_id"] == run["workflow_state_id"]) == ("running", state_ids == "node")
    client().create_callback_workflow(callback(sdk, again, output={"done": True}))
    shown = client().show_workflow_execution(sdk.ShowWorkflowExecutionRequest(**ids))
    assert [execution.status for execution in shown.node_execution_details[1].executions] == ["fail", "success"]
    assert (shown.status, shown.output) == ("success", {"done": True})


def test_stop_cancels_what_waits(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    stop = sdk.StopWorkFlowRequest(workflow_id=run["workflow_id"], execution_id=run["workflow_run_id"])
    client().stop_work_flow(stop)
    assert nodes(control, run) == {"launcher": "success", "callback": "cancel"}
    assert control.observe(run)["status"] == "cancel"
    assert refusal(lambda: client().stop_work_flow(stop)) == (400, "FGS.3002")
    assert refusal(lambda: client().create_callback_workflow(callback(sdk, run))) == (400, "FGS.3002")


def test_express_flow_keeps_no_history(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    definition = flow(state("work", function="echo"), mode="EXPRESS")
    workflow_id = control.call("POST", "workflows", definition=definition)["id"]
    body = sdk.FlowExecuteBody(input={"n": 1})
    started = client().start_workflow_execution(sdk.StartWorkflowExecutionRequest(workflow_id=workflow_id, body=body))
    ids = {"workflow_id": workflow_id, "execution_id": started.execution_id}
    assert control.observe({"workflow_run_id": started.execution_id})["run_output"] == {"n": 1}
    shown = sdk.ShowWorkflowExecutionRequest(**ids)
    assert refusal(lambda: client().show_workflow_execution(shown)) == (404, "FGS.5002")
    assert refusal(lambda: client().retry_work_flow(sdk.RetryWorkFlowRequest(**ids))) == (404, "FGS.5002")
    listed = client().list_workflow_executions(sdk.ListWorkflowExecutionsRequest(workflow_id=workflow_id))
    assert listed.executions == []


def test_a_hundred_nodes(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    definition = flow(
        *(state(str(n), function="echo", transition=f"id-{n + 1}") for n in range(99)), state("99", "Callback")
    )
    run = control.run(definition=definition, input={"n": 1})
    shown = client().show_workflow_execution(
        sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id=run["workflow_run_id"])
    )
    assert len(shown.node_execution_details) == 100
    assert shown.node_execution_details[-1].executions[0].input == {"n": 1}


def test_odd_flows_and_runs_are_shown_as_they_are(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    definition = flow(state("a", "Callback", transition="id-b"), state("b", function="echo"))
    definition["states"][1]["name"] = "a"
    del definition["states"][0]["name"]
    run = control.run(definition=definition, shown_definition={"name": "empty"}, shown={"node_execution_details": None})
    assert run["workflow_state_name"] is None
    shown = client().show_workflow_execution(
        sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id=run["workflow_run_id"])
    )
    assert (shown.status, shown.node_execution_details) == ("running", None)
    flow_shown = client().show_work_flow(sdk.ShowWorkFlowRequest(workflow_id=run["workflow_id"]))
    assert (flow_shown.definition.name, flow_shown.definition.states) == ("empty", None)
    large = control.run(shown={"input": {"text": "x" * 5_000_000}})
    show = sdk.ShowWorkflowExecutionRequest(workflow_id=large["workflow_id"], execution_id=large["workflow_run_id"])
    assert len(client().show_workflow_execution(show).input["text"]) == 5_000_000
    other = sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id=large["workflow_run_id"])
    assert refusal(lambda: client().show_workflow_execution(other)) == (404, "FGS.5002")


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ({"states": []}, "states must be there"),
        (flow(state("a"), state("a")), "an id of its own"),
        (flow(state("a", "Loop")), "type must be one of"),
        (flow(state("a", "Sleep")), "duration must be"),
        (flow(state("a", transition="id-b")), "no state has the id id-b"),
        (flow(state("a", function="unknown")), "functions has no unknown"),
        (flow(state("a", "Callback"), mode="EXPRESS"), "no callback node"),
        (flow(state("a", transition="id-b"), state("b", transition="id-a")), "loops are not supported"),
        (flow(state("p", "Parallel", branches=["id-a", "id-a"]), state("a")), "it is in two branches"),
        (flow(state("p", "Parallel", branches=["id-a"], ends_when=2), state("a")), "1 to 20 branches"),
        (flow(state("a", on_errors=[{"retry_ref": "unknown"}])), "KeyError"),
        (flow(*(state(str(n)) for n in range(101))), "at most 100"),
        (flow(state("a"), functions=[{"name": "f", "simulator": {"file": "/etc/passwd"}}]), "file of this project"),
    ],
)
def test_definition_that_cannot_be_run_is_refused(control: Control, definition: dict[str, Any], problem: str) -> None:
    url = f"{control.addresses['http']}/_simulator/workflows"
    response = control.session.post(url, json={"definition": definition}, timeout=30)
    assert response.status_code == 400
    assert problem in response.json()["error_msg"]
