# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API, the rest of the service that the official SDK does not reach, and how the simulator ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from simulator.tables import violations

from .rig import Control, read_back, send_callback, signed, start_simulator, stop


def test_a_token_instead_of_a_signature(control: Control) -> None:
    run = control.run()
    url = f"{control.addresses['http']}/v2/{run['project_id']}/fgs/workflows/{run['workflow_id']}/callback"
    ids = {"X-Workflow-Run-Id": run["workflow_run_id"], "X-Workflow-State-Id": run["workflow_state_id"]}

    def send(token: str) -> requests.Response:
        body = {"result": "success", "output": {}}
        return requests.post(url, json=body, headers={**ids, "X-Auth-Token": token}, timeout=30)

    assert send("unknown").json()["error_code"] == "APIGW.0301"
    assert send(control.accounts["expired_token"]["auth_token"]).json()["error_code"] == "APIGW.0307"
    assert send(control.accounts["token"]["auth_token"]).status_code == 200


@pytest.mark.parametrize(
    ("account", "projects"), [("permanent", 1), ("no_project", 0), ("several_projects", 2), ("forbidden", 1)]
)
def test_iam_tells_projects(control: Control, account: str, projects: int) -> None:
    for region, count in (("cn-north-4", projects), ("elsewhere", 0)):
        path = f"/v3/projects?name={region}"
        headers = signed(control, "GET", path, account=account)
        answer = requests.get(control.addresses["http"] + path, headers=headers, timeout=30)
        assert len(answer.json()["projects"]) == count
        assert answer.headers["X-IAM-Trace-Id"]


def test_metadata_service(control: Control) -> None:
    base = control.addresses["http"]

    def key(form: str, **options: int) -> requests.Response:
        control.call("PUT", "metadata", form=form, **options)
        token = requests.put(
            f"{base}/meta-data/latest/api/token", headers={"X-Metadata-Token-Ttl-Seconds": "21600"}, timeout=30
        )
        assert token.status_code == options.get("status", 200)
        headers = {"X-Metadata-Token": token.text} if token.ok else {}
        return requests.get(f"{base}/openstack/latest/securitykey", headers=headers, timeout=30)

    for answer in (key("token"), key("plain", status=404), key("plain", status=405)):
        assert answer.json()["credential"]["access"] == control.accounts["temporary"]["access_key"]
    assert "Please configure Cloud Service Agency first" in key("no_agency").text
    assert key("expired").json()["credential"]["access"] == control.accounts["expired_temporary"]["access_key"]
    assert (key("broken").status_code, key("html").status_code) == (500, 200)
    control.call("PUT", "metadata", form="token")
    assert requests.get(f"{base}/openstack/latest/securitykey", timeout=30).status_code == 401


def test_an_added_account_with_a_short_secret(control: Control) -> None:
    control.call("POST", "accounts", name="short", access_key="abc", secret_key="xyz")
    control.accounts = control.call("GET", "accounts")
    path = "/v3/projects"
    headers = signed(control, "GET", path, account="short")
    assert requests.get(control.addresses["http"] + path, headers=headers, timeout=30).status_code == 200


def test_a_status_that_lags(control: Control) -> None:
    run = control.run(lag=2)
    send_callback(control, run)
    assert [read_back(control, run).json()["status"] for _ in range(3)] == ["running", "running", "success"]


@pytest.mark.parametrize("status", ["timeout", "cancel", "success", "fail"])
def test_somebody_else_ends_a_run(control: Control, status: str) -> None:
    run = control.run()
    control.call("POST", f"runs/{run['workflow_run_id']}/end", status=status)
    answer = send_callback(control, run)
    assert (answer.status_code, violations("response_400", answer.json())) == (400, [])
    seen = control.seen(run)
    assert (seen["status"], seen["completed_by"], seen["completed_times"]) == (status, "somebody else", 1)
    again = control.session.post(
        f"{control.addresses['http']}/_simulator/runs/{run['workflow_run_id']}/end", json={"status": status}, timeout=30
    )
    assert again.status_code == 409


def test_throttling(control: Control) -> None:
    run = control.run()
    control.call("PUT", "throttle", per_second=0)
    answer = send_callback(control, run)
    control.call("PUT", "throttle", per_second=None)
    assert (answer.status_code, answer.json()["error_code"]) == (429, "APIGW.0308")
    assert send_callback(control, run).status_code == 200


def test_a_body_may_have_twelve_megabytes(control: Control) -> None:
    run = control.run()
    around = len(json.dumps({"result": "success", "output": {"text": ""}}))
    limit = 12 * 1024 * 1024
    too_large = send_callback(control, run, body={"result": "success", "output": {"text": "x" * (limit - around + 1)}})
    assert (too_large.status_code, too_large.json()["error_code"]) == (413, "APIGW.0201")
    fits = send_callback(control, run, body={"result": "success", "output": {"text": "x" * (limit - around)}})
    assert fits.status_code == 200


def test_waiting_and_events_tell_at_once(control: Control) -> None:
    run = control.run(name="<script>alert(1)</script>")
    found: list[dict[str, Any]] = []

    def wait() -> None:
        url = f"{control.addresses['http']}/_simulator/wait?run={run['workflow_run_id']}&for=ended&timeout=30"
        found.append(requests.get(url, timeout=60).json())

    waiting = threading.Thread(target=wait)
    waiting.start()
    with requests.get(control.addresses["http"] + "/_simulator/events", stream=True, timeout=30) as events:
        lines = events.iter_lines()

        def until(status: str) -> None:
            for line in lines:
                if line.startswith(b"data: ") and run["workflow_run_id"].encode() in line:
                    seen = json.loads(line[6:])
                    if seen["status"] == status:
                        return

        until("running")
        send_callback(control, run)
        until("success")
    waiting.join(30)
    assert (found[0]["happened"], found[0]["status"]) == (True, "success")
    late = control.call("GET", f"wait?run={control.run()['workflow_run_id']}&for=callback&timeout=0")
    assert late["happened"] is False


def test_the_page_needs_nothing_from_elsewhere(control: Control) -> None:
    answer = requests.get(control.addresses["page"], timeout=30)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "innerHTML" not in answer.text
    assert "src=" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "runs", {"fault": "no such fault"}),
        ("POST", "runs", {"state_id_is": "name"}),
        ("POST", "runs", {"fault": "hang", "times": "once"}),
        ("POST", "accounts", {"access_key": "half"}),
        ("PUT", "metadata", {"form": "unknown"}),
        ("PUT", "throttle", {"per_second": "many"}),
        ("POST", "runs", ["no object"]),
    ],
)
def test_wrong_use_of_the_control_api(control: Control, method: str, path: str, body: Any) -> None:
    answer = control.session.request(method, f"{control.addresses['http']}/_simulator/{path}", json=body, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "SIM.0400")


def test_the_control_api_is_for_loopback_only(control: Control) -> None:
    answer = requests.post(f"{control.addresses['http']}/_simulator/runs", headers={"Host": "evil.example"}, timeout=30)
    assert answer.status_code == 403


def test_unknown_paths_and_projects(control: Control) -> None:
    unknown = requests.get(control.addresses["http"] + "/v2/elsewhere", timeout=30)
    assert unknown.status_code in (401, 404)
    run = {**control.run(), "project_id": "unknown"}
    assert send_callback(control, run).json()["error_code"] == "APIGW.0310"


def test_it_stops_with_its_parent_whatever_goes_on() -> None:
    process, addresses = start_simulator()
    control = Control(addresses)
    hanging = []
    for name in ("http", "hang", "hang_tls", "drip_tls", "proxy"):
        hanging.append(socket.create_connection(("127.0.0.1", urlsplit(addresses[name]).port or 0), 20))
    run = control.run(fault="hang")

    def victim() -> None:
        with pytest.raises(requests.ConnectionError):
            send_callback(control, run)

    threading.Thread(target=victim).start()
    control_wait = f"{addresses['http']}/_simulator/wait?run={run['workflow_run_id']}&for=callback"
    assert requests.get(control_wait, timeout=30).json()["happened"]
    assert stop(process) == ""
    for connection in hanging:
        connection.close()
    assert not Path(addresses["ca"]).exists()


def test_it_stays_if_told_to_until_a_signal() -> None:
    process, addresses = start_simulator("--stay", "--keep-alive", "0.2")
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    with socket.create_connection(("127.0.0.1", urlsplit(addresses["http"]).port or 0), 20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while part := connection.recv(65536):
            assert part
    os.kill(addresses["pid"], signal.SIGTERM)
    assert stop(process) == ""
    assert not Path(addresses["ca"]).exists()
