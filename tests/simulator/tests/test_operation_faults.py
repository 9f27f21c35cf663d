# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of start, stop, retry and list, and what the service may do that is not documented, with the official SDK."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from .rig import Client, Control, read_run, refusal, signed


def started(sdk: Any, client: Callable[..., Client], workflow_id: str, run_id: str) -> str:
    """Start a run with an id of the caller, and return the one that it gets."""
    ids = {"workflow_id": workflow_id, "x_workflow_run_id": run_id}
    request = sdk.StartWorkflowExecutionRequest(**ids, body=sdk.FlowExecuteBody(input={}))
    return str(client().start_workflow_execution(request).execution_id)


def send(control: Control, method: str, path: str) -> int:
    """The status of one signed request."""
    path = f"/v2/{control.accounts['project_id']}/fgs/workflows/{path}"
    url, headers = control.addresses["http"] + path, signed(control, method, path)
    return int(control.session.request(method, url, headers=headers, timeout=30).status_code)


@pytest.mark.parametrize(("fault", "applied"), [("status_500", False), ("status_500_applied", True)])
def test_fault_meets_its_operation_only(control: Control, fault: str, applied: bool) -> None:
    flow = control.call("POST", "workflows", fault=fault, times=1)["id"]
    assert [send(control, method, f"{flow}/executions") for method in ("GET", "POST", "POST")] == [200, 500, 200]
    runs = control.call("GET", f"workflows/{flow}")["runs"]
    assert len(runs) == 1 + applied
    control.call("PUT", f"runs/{runs[0]}/fault", fault=fault, times=1, operation="stop")
    stop = f"{flow}/executions/{runs[0]}/terminate"
    # A run that has ended is not stopped again.
    assert [send(control, "POST", stop) for _unused in range(2)] == [500, 400 if applied else 200]
    assert control.observe({"workflow_run_id": runs[0]})["status"] == "cancel"


def test_faults_of_retry_and_list(control: Control) -> None:
    flow = control.call("POST", "workflows", fault="status_500", operation="list")["id"]
    run = control.run(workflow_id=flow, fault="status_500_applied", operation="retry")["workflow_run_id"]
    control.call("POST", f"runs/{run}/end", status="fail")
    assert send(control, "GET", f"{flow}/executions") == 500
    assert send(control, "POST", f"{flow}/executions/{run}/retry") == 500
    assert control.observe({"workflow_run_id": run})["status"] == "running"


def test_somebody_else_was_first(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    flow = control.call("POST", "workflows", fault="ended_by_somebody_else", times=1)["id"]
    run_id = str(uuid.uuid4())
    assert refusal(lambda: started(sdk, client, flow, run_id)) == (400, "FGS.3002")
    assert control.call("GET", f"workflows/{flow}")["runs"] == [run_id]


def test_start_is_among_the_requests_of_its_run(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    flow = control.call("POST", "workflows")["id"]
    run_id = started(sdk, client, flow, str(uuid.uuid4()))
    observed = control.observe({"workflow_run_id": run_id})
    assert [request["operation"] for request in observed["requests"]] == ["start"]


def test_second_start_with_the_same_id(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    run_id = str(uuid.uuid4())
    flow = control.call("POST", "workflows", second_start="another")["id"]
    assert started(sdk, client, flow, run_id) == run_id
    other = started(sdk, client, flow, run_id)
    assert control.call("GET", f"workflows/{flow}")["runs"] == [run_id, other]


def test_lag_of_a_start(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    flow = control.call("POST", "workflows", start_lag=2)["id"]
    run_id = started(sdk, client, flow, str(uuid.uuid4()))
    assert [send(control, "GET", f"{flow}/executions/{run_id}") for _unused in range(3)] == [404, 404, 200]


def test_fault_of_reads_meets_runs_that_do_not_exist_yet(control: Control) -> None:
    flow = control.call("POST", "workflows", read_fault="read_403", read_times=1)["id"]
    assert [send(control, "GET", f"{flow}/executions/x") for _unused in range(2)] == [403, 404]


def test_international_site_starts_no_run(sdk: Any, client: Callable[..., Client], control: Control) -> None:
    flow = control.call("POST", "workflows", international=True)["id"]
    assert refusal(lambda: started(sdk, client, flow, "")) == (403, "FSS.0403")
    assert control.call("GET", f"workflows/{flow}")["runs"] == []


@pytest.mark.parametrize("operation", ["terminate", "retry"])
def test_lag_of_stop_and_retry(control: Control, operation: str) -> None:
    run = control.run(lag=1)
    if operation == "retry":
        control.call("POST", f"runs/{run['workflow_run_id']}/end", status="fail")
        read_run(control, run)
    before = control.observe(run)["status"]
    path = f"{run['workflow_id']}/executions/{run['workflow_run_id']}/{operation}"
    assert send(control, "POST", path) == 200
    shown = [read_run(control, run).json()["status"] for _unused in range(2)]
    assert shown == [before, control.observe(run)["status"]]
    assert shown[0] != shown[1]
