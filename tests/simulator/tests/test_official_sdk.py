# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The official SDK as the client: it completes runs, reads them, and gets the documented errors."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from .rig import Client, Control, callback, refusal


@pytest.mark.parametrize("account", ["permanent", "temporary"])
@pytest.mark.parametrize("state_ids", ["node", "execution"])
def test_success_completes_the_run(
    sdk: Any, client: Callable[..., Client], control: Control, account: str, state_ids: str
) -> None:
    run = control.run(state_ids=state_ids, input={"hosts": 1})
    assert control.observe(run)["status"] == "running"
    output = {"text": "schön", "list": [1, {"a": None}]}
    response = client(account).create_callback_workflow(callback(sdk, run, output=output))
    assert response.execution_id == run["workflow_run_id"]
    observed = control.observe(run)
    assert (observed["status"], observed["result"]) == ("success", "success")
    assert observed["output"] == observed["next_input"] == output
    assert (observed["completed_times"], observed["completed_by"], observed["callback_requests"]) == (1, "callback", 1)


def test_fail_fails_the_run(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    client().create_callback_workflow(callback(sdk, run, "fail", error="disk full"))
    shown = client().show_workflow_execution(
        sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id=run["workflow_run_id"])
    )
    node = shown.node_execution_details[-1]
    assert (shown.status, node.executions[0].status) == ("fail", "fail")
    assert node.executions[0].error_message == {"error": "disk full"}
    assert control.observe(run)["next_input"] is None


def test_start_show_list_and_complete(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    workflow_id = control.accounts["workflow_id"]
    body = sdk.FlowExecuteBody(input={"hosts": 3})
    started = client().start_workflow_execution(
        sdk.StartWorkflowExecutionRequest(workflow_id=workflow_id, x_create_time="0", x_workflow_run_id="", body=body)
    )
    show = sdk.ShowWorkflowExecutionRequest(workflow_id=workflow_id, execution_id=started.execution_id)
    shown = client().show_workflow_execution(show)
    launcher, waiting = shown.node_execution_details
    assert (launcher.executions[0].status, launcher.executions[0].output) == ("success", {"hosts": 3})
    assert (shown.status, shown.input, waiting.executions[0].status) == ("running", {"hosts": 3}, "running")
    listed = client().list_workflow_executions(
        sdk.ListWorkflowExecutionsRequest(workflow_id=workflow_id, limit=1, offset=0, status="running")
    )
    assert [brief.execution_id for brief in listed.executions] == [started.execution_id]
    run = {"workflow_id": workflow_id, "workflow_run_id": started.execution_id, "workflow_state_id": waiting.node_id}
    client().create_callback_workflow(callback(sdk, run, output={"done": True}))
    shown = client().show_workflow_execution(show)
    after = shown.node_execution_details[2]
    assert (shown.status, shown.output, after.executions[0].input) == ("success", {"done": True}, {"done": True})


def test_start_with_an_id_of_the_caller(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run_id = str(uuid.uuid4())
    ids = {"workflow_id": control.accounts["workflow_id"], "x_workflow_run_id": run_id}
    start = sdk.StartWorkflowExecutionRequest(**ids, body=sdk.FlowExecuteBody(headers={"a": "b"}, input={}))
    assert client().start_workflow_execution(start).execution_id == run_id
    shown = client().show_workflow_execution(
        sdk.ShowWorkflowExecutionRequest(workflow_id=ids["workflow_id"], execution_id=run_id)
    )
    assert shown.headers == {"a": "b"}
    assert refusal(lambda: client().start_workflow_execution(start)) == (400, "FGS.3002")


def test_runs_are_listed_by_time_and_status(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    workflow_id = control.call("POST", "workflows")["id"]
    days = (0, 2, 4, 8)
    runs = {day: control.run(workflow_id=workflow_id, age=day * 86_400)["workflow_run_id"] for day in days}
    control.call("POST", f"runs/{runs[2]}/end", status="timeout")
    now = datetime.now(timezone.utc)

    def listed(**options: Any) -> list[int]:
        request = sdk.ListWorkflowExecutionsRequest(workflow_id=workflow_id, **options)
        found = [brief.execution_id for brief in client().list_workflow_executions(request).executions]
        return [day for day in days if runs[day] in found]

    def ago(day: float) -> str:
        return f"{now - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"

    assert listed() == [0, 2]
    assert listed(status="timeout") == [2]
    assert listed(start_time=ago(6)) == [4]
    assert listed(end_time=ago(1.5)) == [2, 4]
    assert listed(start_time=ago(9), end_time=ago(-1)) == [0, 2, 4, 8]
    assert listed(start_time=ago(9), end_time=ago(-1), limit=2, offset=1) == [2, 4]
    assert refusal(lambda: listed(start_time="yesterday")) == (400, "FGS.3002")


def test_flows_are_listed_and_shown(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    private = {"file": "tests/simulator/tests/handlers.py", "settings": {"TOKEN": "secret"}}
    state = {"id": "1", "name": "工作 / work", "type": "Operation", "end": True}
    ids = []
    for mode in ("NORMAL", "EXPRESS"):
        functions = [{"name": "f", "simulator": private}]
        definition = {"name": f"listed {mode}", "mode": mode, "functions": functions, "states": [state]}
        ids.append(control.call("POST", "workflows", definition=definition)["id"])
    listed = client().list_workflow(sdk.ListWorkflowRequest(workflow_name="listed", limit=1, offset=1))
    assert (listed.total, listed.size, listed.workflows[0].id) == (2, 1, ids[1])
    (express,) = client().list_workflow(sdk.ListWorkflowRequest(workflow_name="listed", mode="EXPRESS")).workflows
    assert (express.id, express.name) == (ids[1], "listed EXPRESS")
    shown = client().show_work_flow(sdk.ShowWorkFlowRequest(workflow_id=ids[0]))
    assert (shown.id, shown.definition.mode, shown.definition.states[0].name) == (ids[0], "NORMAL", state["name"])
    assert [function.to_dict() for function in shown.definition.functions] == [
        {"name": "f", "operation": None, "metadata": None}
    ]
    missing = sdk.ShowWorkFlowRequest(workflow_id="unknown")
    assert refusal(lambda: client().show_work_flow(missing)) == (404, "FGS.5002")


def test_account_may_call_back_and_not_read(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    ids = {"workflow_id": run["workflow_id"], "execution_id": run["workflow_run_id"]}
    limited = client("callback_only")
    for call in (
        lambda: limited.show_workflow_execution(sdk.ShowWorkflowExecutionRequest(**ids)),
        lambda: limited.show_work_flow(sdk.ShowWorkFlowRequest(workflow_id=run["workflow_id"])),
        lambda: limited.list_workflow(sdk.ListWorkflowRequest()),
        lambda: limited.stop_work_flow(sdk.StopWorkFlowRequest(**ids)),
    ):
        assert refusal(call) == (403, "APIGW.0302")
    limited.create_callback_workflow(callback(sdk, run))
    assert control.observe(run)["status"] == "success"


def test_invalid_and_second_callbacks_are_refused(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    send = client().create_callback_workflow
    for changes, expected in (
        ({"workflow_id": "unknown"}, (404, "FGS.5002")),
        ({"x_workflow_run_id": "unknown"}, (400, "FGS.3002")),
        ({"x_workflow_state_id": "unknown"}, (400, "FGS.3002")),
        ({"result": "maybe"}, (400, "FGS.3002")),
        ({"output": "text"}, (400, "FGS.3002")),
        ({"error": "x" * 65}, (400, "FGS.3002")),
    ):
        assert refusal(lambda changes=changes: send(callback(sdk, run, **changes))) == expected, changes  # type: ignore[misc]
    assert control.observe(run)["completed_times"] == 0
    send(callback(sdk, run))
    assert refusal(lambda: send(callback(sdk, run))) == (400, "FGS.3002")
    assert control.observe(run)["completed_times"] == 1
    missing = sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id="unknown")
    assert refusal(lambda: client().show_workflow_execution(missing)) == (404, "FGS.5002")


def test_invalid_credentials_are_refused(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    for account, changes, expected in (
        ("permanent", {"secret_key": "not-the-secret"}, (401, "APIGW.0301")),
        ("permanent", {"access_key": "UNKNOWN"}, (401, "APIGW.0301")),
        ("temporary", {"security_token": "wrong"}, (401, "APIGW.0301")),
        ("expired_temporary", {}, (401, "APIGW.0307")),
        ("forbidden", {}, (403, "APIGW.0302")),
    ):
        send = client(account, **changes).create_callback_workflow
        assert refusal(lambda send=send: send(callback(sdk, run))) == expected, (account, changes)  # type: ignore[misc]
    assert control.observe(run)["completed_times"] == 0


def test_token_instead_of_a_signature(control: Control) -> None:
    run = control.run()
    url = f"{control.addresses['http']}/v2/{run['project_id']}/fgs/workflows/{run['workflow_id']}/callback"
    ids = {"X-Workflow-Run-Id": run["workflow_run_id"], "X-Workflow-State-Id": run["workflow_state_id"]}

    def send(token: str) -> requests.Response:
        body = {"result": "success", "output": {}}
        return requests.post(url, json=body, headers={**ids, "X-Auth-Token": token}, timeout=30)

    assert send("unknown").json()["error_code"] == "APIGW.0301"
    assert send(control.accounts["expired_token"]["auth_token"]).json()["error_code"] == "APIGW.0307"
    assert send(control.accounts["token"]["auth_token"]).status_code == 200


@pytest.mark.parametrize(("minutes", "accepted"), [(-16, False), (-14, True), (14, True), (16, False)])
def test_clock_may_differ_by_fifteen_minutes(
    sdk: Any, client: Callable[..., Client], control: Control, minutes: int, accepted: bool
) -> None:
    run = control.run()
    control.call("PUT", "clock", offset=60 * minutes)
    try:
        if accepted:
            client().create_callback_workflow(callback(sdk, run))
        else:
            assert refusal(lambda: client().create_callback_workflow(callback(sdk, run))) == (401, "APIGW.0301")
        date = control.session.get(f"{control.addresses['http']}/_simulator/faults", timeout=30).headers["Date"]
        off = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT") - datetime.now(timezone.utc).replace(tzinfo=None)
        assert abs(off - timedelta(minutes=minutes)) < timedelta(minutes=1)
    finally:
        control.call("PUT", "clock", offset=0)


def test_sdk_looks_up_its_project(sdk: Any, control: Control) -> None:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.region.region import Region

    keys = control.accounts["permanent"]
    run = control.run()
    credentials = BasicCredentials(keys["access_key"], keys["secret_key"]).with_iam_endpoint(control.addresses["http"])
    region = Region(control.accounts["region"], control.addresses["http"])
    client = sdk.FunctionGraphClient.new_builder().with_credentials(credentials).with_region(region).build()
    client.create_callback_workflow(callback(sdk, run))
    assert control.observe(run)["status"] == "success"
