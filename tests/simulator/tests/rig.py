# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests share: a simulator process, its control API, signed requests, and requests of the official SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

TESTS = Path(__file__).resolve().parents[2]
Client = Any


def start_simulator(*options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A simulator process, ready, and its addresses."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *options],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


class Control:
    """The control API, as a test uses it."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        self.addresses = addresses
        self.session = requests.Session()
        self.accounts = self.call("GET", "accounts")

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One successful call."""
        url = f"{self.addresses['http']}/_simulator/{path}"
        response = self.session.request(method, url, json=body if method != "GET" else None, timeout=30)
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()
        return result

    def run(self, **options: Any) -> dict[str, Any]:
        """Start a run."""
        return self.call("POST", "runs", **options)

    def observe(self, run: dict[str, Any]) -> dict[str, Any]:
        """What the simulator knows about a run."""
        return self.call("GET", f"runs/{run['workflow_run_id']}")


def stop(process: subprocess.Popen[str]) -> str:
    """Stop a simulator by the end of its standard input, and return its standard error."""
    _unused, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    return errors


def signed(
    control: Control,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    account: str = "permanent",
) -> dict[str, str]:
    """The headers of a request, signed by the official signer."""
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer

    keys = control.accounts[account]
    resource_path, _unused, query = path.partition("?")
    request = SdkRequest(
        method=method,
        host=control.addresses["http"].partition("//")[2],
        resource_path=resource_path,
        query_params=[tuple(pair.split("=", 1)) for pair in query.split("&") if pair],
        header_params={"Content-Type": "application/json", **(headers or {})},
        body=body,
    )
    result: dict[str, str] = (
        Signer(SimpleNamespace(ak=keys["access_key"], sk=keys["secret_key"])).sign(request).header_params
    )
    return result


def callback_request(
    control: Control, run: dict[str, Any], body: dict[str, Any] | None = None, **changes: str
) -> tuple[str, dict[str, str], bytes]:
    """Path, signed headers and body of the callback for a run."""
    ids = {**run, **changes}
    path = f"/v2/{ids['project_id']}/fgs/workflows/{ids['workflow_id']}/callback"
    content = json.dumps({"result": "success", "output": {"n": 1}} if body is None else body).encode()
    headers = {"X-Workflow-Run-Id": ids["workflow_run_id"], "X-Workflow-State-Id": ids["workflow_state_id"]}
    return path, signed(control, "POST", path, content, headers), content


def execution_path(run: dict[str, Any]) -> str:
    """The path of a run."""
    return f"/v2/{run['project_id']}/fgs/workflows/{run['workflow_id']}/executions/{run['workflow_run_id']}"


def send_callback(control: Control, run: dict[str, Any], **options: Any) -> requests.Response:
    """Send the callback for a run, with a valid signature."""
    path, headers, content = callback_request(control, run, **options)
    return control.session.post(control.addresses["http"] + path, data=content, headers=headers, timeout=30)


def read_run(control: Control, run: dict[str, Any]) -> requests.Response:
    """Read a run, with a valid signature."""
    path = execution_path(run)
    return control.session.get(control.addresses["http"] + path, headers=signed(control, "GET", path), timeout=30)


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


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """Status and error code of a call that must be refused."""
    from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

    with pytest.raises(ServiceResponseException) as caught:
        call()
    assert caught.value.request_id
    return caught.value.status_code, caught.value.error_code
