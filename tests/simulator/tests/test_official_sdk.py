# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The official SDK, unchanged, as the client: it completes runs, reads them, and is told what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .rig import Control

Client = Any


@pytest.fixture(scope="session")
def sdk() -> Any:
    """The SDK's functiongraph module, imported after the environment was made safe for it."""
    from huaweicloudsdkfunctiongraph import v2

    return v2


@pytest.fixture
def client(sdk: Any, control: Control) -> Callable[..., Client]:
    """A client with the credentials of an account."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials

    def make(account: str = "permanent", **changes: str) -> Client:
        keys = {**control.accounts[account], **changes}
        credentials = BasicCredentials(keys["access_key"], keys["secret_key"], control.accounts["project_id"])
        if "security_token" in keys:
            credentials = credentials.with_security_token(keys["security_token"])
        builder = sdk.FunctionGraphClient.new_builder().with_credentials(credentials)
        return builder.with_endpoint(control.addresses["http"]).build()

    return make


def callback(sdk: Any, run: dict[str, Any], result: str = "success", output: Any = None, **changes: Any) -> Any:
    """A callback request for a run."""
    error = changes.pop("error", None)
    ids = {
        "workflow_id": run["workflow_id"],
        "x_workflow_run_id": run["workflow_run_id"],
        "x_workflow_state_id": run["workflow_state_id"],
        **changes,
    }
    body = sdk.CallbackWorkflowRequestBody(result=result, output={} if output is None else output, error=error)
    return sdk.CreateCallbackWorkflowRequest(body=body, **ids)


def refused(call: Callable[[], Any]) -> Any:
    """The SDK's exception for a call that has to be refused."""
    from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

    with pytest.raises(ServiceResponseException) as caught:
        call()
    assert caught.value.request_id
    return caught.value


@pytest.mark.parametrize("account", ["permanent", "temporary"])
@pytest.mark.parametrize("state_id_is", ["node_id", "execution_id"])
def test_a_callback_completes_the_run(
    sdk: Any, client: Callable[..., Client], control: Control, account: str, state_id_is: str
) -> None:
    run = control.run(state_id_is=state_id_is, input={"asked": 1})
    assert control.seen(run)["status"] == "running"
    output = {"text": "schön", "list": [1, {"a": None}]}
    answer = client(account).create_callback_workflow(callback(sdk, run, output=output))
    assert answer.execution_id == run["workflow_run_id"]
    seen = control.seen(run)
    assert (seen["status"], seen["result"], seen["output"], seen["next_input"]) == (
        "success",
        "success",
        output,
        output,
    )
    assert (seen["completed_times"], seen["completed_by"], seen["callback_requests"]) == (1, "callback", 1)


def test_fail_fails_the_run(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    client().create_callback_workflow(callback(sdk, run, "fail", error="disk full"))
    shown = client().show_workflow_execution(
        sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id=run["workflow_run_id"])
    )
    (node,) = shown.node_execution_details
    assert (shown.status, node.executions[0].status) == ("fail", "fail")
    assert node.executions[0].error_message == {"error": "disk full"}
    assert control.seen(run)["next_input"] is None


def test_start_show_list_and_complete(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    workflow_id = control.accounts["workflow_id"]
    body = sdk.FlowExecuteBody(input={"hosts": 3})
    started = client().start_workflow_execution(
        sdk.StartWorkflowExecutionRequest(workflow_id=workflow_id, x_create_time="0", x_workflow_run_id="", body=body)
    )

    def show() -> Any:
        return client().show_workflow_execution(
            sdk.ShowWorkflowExecutionRequest(workflow_id=workflow_id, execution_id=started.execution_id)
        )

    shown = show()
    (waiting,) = shown.node_execution_details
    assert (shown.status, shown.input, waiting.executions[0].status) == ("running", {"hosts": 3}, "running")
    listed = client().list_workflow_executions(
        sdk.ListWorkflowExecutionsRequest(workflow_id=workflow_id, limit=1, offset=0, status="running")
    )
    assert [brief.execution_id for brief in listed.executions] == [started.execution_id]
    run = {"workflow_id": workflow_id, "workflow_run_id": started.execution_id, "workflow_state_id": waiting.node_id}
    client().create_callback_workflow(callback(sdk, run, output={"done": True}))
    shown = show()
    after = shown.node_execution_details[1]
    assert (shown.status, shown.output, after.executions[0].input) == ("success", {"done": True}, {"done": True})


def test_what_is_unknown_or_late_is_refused(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    send = client().create_callback_workflow
    for changes, status, code in (
        ({"workflow_id": "unknown"}, 404, "FGS.5002"),
        ({"x_workflow_run_id": "unknown"}, 400, "FGS.3002"),
        ({"x_workflow_state_id": "unknown"}, 400, "FGS.3002"),
        ({"result": "maybe"}, 400, "FGS.3002"),
        ({"output": "text"}, 400, "FGS.3002"),
        ({"error": "x" * 65}, 400, "FGS.3002"),
    ):
        error = refused(lambda changes=changes: send(callback(sdk, run, **changes)))  # type: ignore[misc]
        assert (error.status_code, error.error_code) == (status, code), changes
    assert control.seen(run)["completed_times"] == 0
    send(callback(sdk, run))
    assert refused(lambda: send(callback(sdk, run))).status_code == 400
    assert control.seen(run)["completed_times"] == 1
    missing = sdk.ShowWorkflowExecutionRequest(workflow_id=run["workflow_id"], execution_id="unknown")
    assert refused(lambda: client().show_workflow_execution(missing)).status_code == 404


def test_who_may_not_call(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run = control.run()
    request = callback(sdk, run)
    wrong_key = refused(lambda: client(secret_key="not-the-secret").create_callback_workflow(request))
    assert (wrong_key.status_code, wrong_key.error_code) == (401, "APIGW.0301")
    assert "canonicalRequest:POST|" in wrong_key.error_msg
    unknown_key = refused(lambda: client(access_key="UNKNOWN").create_callback_workflow(request))
    assert (unknown_key.status_code, unknown_key.error_code) == (401, "APIGW.0301")
    forbidden = refused(lambda: client("forbidden").create_callback_workflow(request))
    assert (forbidden.status_code, forbidden.error_code) == (403, "APIGW.0302")
    wrong_token = refused(lambda: client("temporary", security_token="wrong").create_callback_workflow(request))
    assert wrong_token.status_code == 401
    expired = refused(lambda: client("expired_temporary").create_callback_workflow(request))
    assert (expired.status_code, expired.error_code) == (401, "APIGW.0307")
    assert control.seen(run)["completed_times"] == 0


@pytest.mark.parametrize(("minutes", "accepted"), [(-16, False), (-14, True), (14, True), (16, False)])
def test_a_clock_may_be_a_quarter_of_an_hour_off(
    sdk: Any, client: Callable[..., Client], control: Control, minutes: int, accepted: bool
) -> None:
    run = control.run()
    control.call("PUT", "clock", offset=60 * minutes)
    try:
        if accepted:
            client().create_callback_workflow(callback(sdk, run))
        else:
            assert refused(lambda: client().create_callback_workflow(callback(sdk, run))).error_code == "APIGW.0301"
        date = control.session.get(f"{control.addresses['http']}/_simulator/faults", timeout=30).headers["Date"]
        off = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT") - datetime.now(timezone.utc).replace(tzinfo=None)
        assert abs(off - timedelta(minutes=minutes)) < timedelta(minutes=1)
    finally:
        control.call("PUT", "clock", offset=0)


def test_the_sdk_finds_its_project(sdk: Any, control: Control) -> None:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.region.region import Region

    keys = control.accounts["permanent"]
    run = control.run()
    credentials = BasicCredentials(keys["access_key"], keys["secret_key"]).with_iam_endpoint(control.addresses["http"])
    region = Region(control.accounts["region"], control.addresses["http"])
    client = sdk.FunctionGraphClient.new_builder().with_credentials(credentials).with_region(region).build()
    client.create_callback_workflow(callback(sdk, run))
    assert control.seen(run)["status"] == "success"
