# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that reads a run gives back."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from support.servers import Call, free_port, scripted, unresolved
from support.tasks import GET, SECRET, execution_info_task, failed_callback

RUN: dict[str, Any] = {
    "status": "running",
    "execution_id": "run",
    "node_execution_details": [
        {"node_id": "n", "node_name": "wait", "execution_id": "x", "executions": [{"status": "running"}]}
    ],
}


def failed(arguments: dict[str, Any], environ: dict[str, str] | None = None) -> dict[str, Any]:
    result = execution_info_task(arguments, environ).run()
    assert (result["failed"], result["changed"]) == (True, False)
    assert SECRET not in json.dumps(result)
    return result


def test_run() -> None:
    with scripted(Call(*GET, 200, RUN, {"X-Request-Id": "r"})) as server:
        result = execution_info_task({"endpoint": server.url}).run()
    assert result == {"changed": False, "execution": RUN, "status": "running", "http_status": 200, "request_id": "r"}


@pytest.mark.parametrize("state_id", ["n", "x"])
def test_state_of_the_run(state_id: str) -> None:
    with scripted(Call(*GET, 200, RUN)) as server:
        result = execution_info_task({"endpoint": server.url, "workflow_state_id": state_id}).run()
    expected = {"node_id": "n", "node_name": "wait", "execution_id": "x", "status": "running", "error_message": None}
    assert result["state"] == expected
    assert "failed" not in result


def test_unknown_state_is_none() -> None:
    with scripted(Call(*GET, 200, RUN)) as server:
        result = failed({"endpoint": server.url, "workflow_state_id": "other"})
    text = "The run has no state 'other': workflow_state_id must be a node's node_id or execution_id."
    assert result["msg"] == text
    assert result["execution"] == RUN


def test_secret_in_the_run_is_redacted() -> None:
    run = {**RUN, "input": {"deep": [{SECRET: f"x{SECRET}"}]}}
    with scripted(Call(*GET, 200, run)) as server:
        result = execution_info_task({"endpoint": server.url}).run()
    assert SECRET not in json.dumps(result)
    assert result["execution"]["input"] == {"deep": [{"********": "x********"}]}


def test_all_violations_are_reported_at_once() -> None:
    result = failed({"workflow_id": "..", "execution_id": "", "workflow_state_id": " s", "timeout": 0, "region": "?"})
    found = sorted((violation["option"], violation["rule"]) for violation in result["violations"])
    assert found == [
        ("execution_id", "required"),
        ("region", "region"),
        ("timeout", "range"),
        ("workflow_id", "path_segment"),
        ("workflow_state_id", "blanks"),
    ]
    assert result["msg"].startswith("Nothing was sent: ")


def test_no_credentials() -> None:
    result = failed({"access_key": "", "secret_key": ""})
    assert result["msg"].startswith("No credentials are set; ")
    assert "hint" in result


@pytest.mark.parametrize(
    ("call", "msg", "hint"),
    [
        (
            Call(*GET, 404, {"error_code": "FGS.5002", "error_msg": "Function flow not found."}),
            "The run could not be read: status 404 (FGS.5002: Function flow not found).",
            "Check workflow_id",
        ),
        (Call(*GET, 400), "The run could not be read: status 400 (the body is empty).", None),
        (Call(*GET, 200, b"<html>"), "The run could not be read: the response is not JSON.", None),
    ],
)
def test_unreadable_run_fails(call: Call, msg: str, hint: str | None) -> None:
    with scripted(call) as server:
        result = failed({"endpoint": server.url})
    assert (result["msg"], result["http_status"]) == (msg, call.status)
    assert ("hint" in result) == (hint is not None)
    assert result.get("hint", "").startswith(hint or "")


def test_connection_refused_fails() -> None:
    result = failed({"endpoint": f"http://127.0.0.1:{free_port()}"})
    assert result["msg"] == "The run could not be read: connection refused."
    assert result["hint"] == ("Check endpoint, region, proxy and CA certificates as seen from where the call is made.")
    assert "http_status" not in result


def test_unresolved_host_suggests_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    meant = "Check endpoint, region (did you mean cn-north-4?), proxy and CA certificates "
    for result in (failed({"region": "cn-nort-4"}), failed_callback({"region": "cn-nort-4"})):
        assert "the host name cannot be resolved." in result["msg"]
        assert result["hint"].startswith(meant)


def test_interrupted() -> None:
    result = execution_info_task({}).interrupted("it was cut short")
    assert (result["failed"], result["msg"]) == (True, "The run was not read, as it was cut short.")
