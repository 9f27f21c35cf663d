# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API, IAM and the metadata service, and how the simulator ends."""

from __future__ import annotations

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

from .rig import Control, send_callback, signed, start_simulator, stop


def test_iam_lists_projects(control: Control) -> None:
    for account, projects in (("permanent", 1), ("no_project", 0), ("several_projects", 2), ("forbidden", 1)):
        for region, count in (("cn-north-4", projects), ("elsewhere", 0)):
            path = f"/v3/projects?name={region}"
            headers = signed(control, "GET", path, account=account)
            response = requests.get(control.addresses["http"] + path, headers=headers, timeout=30)
            assert len(response.json()["projects"]) == count
            assert response.headers["X-IAM-Trace-Id"]


def test_metadata_service_requires_a_token(control: Control) -> None:
    control.call("PUT", "metadata", form="token")
    assert requests.get(f"{control.addresses['http']}/openstack/latest/securitykey", timeout=30).status_code == 401


def test_refusal_has_the_documented_shape(control: Control) -> None:
    run = control.run()
    control.call("POST", f"runs/{run['workflow_run_id']}/end", status="timeout")
    response = send_callback(control, run)
    assert (response.status_code, violations("response_400", response.json())) == (400, [])
    assert control.observe(run)["completed_times"] == 1


def test_throttling(control: Control) -> None:
    run = control.run()
    control.call("PUT", "throttle", per_second=0)
    response = send_callback(control, run)
    control.call("PUT", "throttle", per_second=None)
    assert (response.status_code, response.json()["error_code"]) == (429, "APIGW.0308")
    assert send_callback(control, run).status_code == 200


def test_page_loads_nothing_from_elsewhere(control: Control) -> None:
    response = requests.get(control.addresses["page"], timeout=30)
    assert response.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "innerHTML" not in response.text
    assert "src=" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "runs", {"fault": "no such fault"}),
        ("POST", "runs", {"state_ids": "name"}),
        ("POST", "runs", {"fault": "hang", "times": "once"}),
        ("POST", "accounts", {"access_key": "half"}),
        ("PUT", "metadata", {"form": "unknown"}),
        ("PUT", "throttle", {"per_second": "many"}),
        ("POST", "runs", ["no object"]),
    ],
)
def test_invalid_use_of_the_control_api(control: Control, method: str, path: str, body: Any) -> None:
    response = control.session.request(method, f"{control.addresses['http']}/_simulator/{path}", json=body, timeout=30)
    assert (response.status_code, response.json()["error_code"]) == (400, "SIM.0400")


def test_control_api_is_for_loopback_http_only(control: Control) -> None:
    runs = "/_simulator/runs"
    response = requests.post(control.addresses["http"] + runs, headers={"Host": "evil.example"}, timeout=30)
    assert response.status_code == 403
    response = requests.get(control.addresses["https"] + runs, verify=control.addresses["ca"], timeout=30)
    assert response.status_code == 404


def test_redirect_target_records_requests(control: Control) -> None:
    requests.post(control.addresses["redirect_target"] + "/somewhere", timeout=30)
    recorded = control.call("GET", "redirect_target")
    assert recorded == {"count": 1, "requests": [{"method": "POST", "path": "/somewhere"}]}


def test_unknown_project(control: Control) -> None:
    run = {**control.run(), "project_id": "unknown"}
    assert send_callback(control, run).json()["error_code"] == "APIGW.0310"


def test_stops_with_its_parent_although_requests_are_in_progress() -> None:
    process, addresses = start_simulator()
    control = Control(addresses)
    connections = [
        socket.create_connection(("127.0.0.1", urlsplit(addresses[name]).port or 0), 20)
        for name in ("http", "hang", "hang_tls", "drip_tls", "proxy")
    ]
    run = control.run(fault="hang")

    def call_back() -> None:
        with pytest.raises(requests.ConnectionError):
            send_callback(control, run)

    thread = threading.Thread(target=call_back)
    thread.start()
    url = f"{addresses['http']}/_simulator/wait?run={run['workflow_run_id']}&for=callback"
    assert requests.get(url, timeout=30).json()["happened"]
    assert stop(process) == ""
    thread.join(30)
    for connection in connections:
        connection.close()
    assert not Path(addresses["ca"]).exists()


def test_stays_until_a_signal_and_closes_idle_connections() -> None:
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
