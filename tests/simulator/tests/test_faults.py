# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults as a client sees them: one of each kind on the wire, and the effect of every one.

tests/integration/faults lets a task meet each fault, and checks what comes of it.
"""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from .rig import Control, callback_request, execution_path, read_run, send_callback, signed

# What begins the response of one fault of each kind, and how the connection ends.
ON_THE_WIRE = {
    "close_before_response": (b"", b"", "closed"),
    "close_during_request": (b"", b"", "closed"),
    "reset_in_body": (b"HTTP/1.1 200 OK\r\n", b'{"execu', "reset"),
    "applied_then_cut": (b"HTTP/1.1 200 OK\r\n", b"", "closed"),
    "hang_applied": (b"", b"", "open"),
    "drip_body": (b"HTTP/1.1 200 OK\r\n", b"{a", "open"),
    "keep_alive_close": (b"HTTP/1.1 200 OK\r\n", b'{"execution_id"', "closed"),
    "truncated_body": (b"HTTP/1.1 200 OK\r\n", b'{"execution_id"', "closed"),
    "endless_body": (b"HTTP/1.1 200 OK\r\n", b"10000\r\n  ", "open"),
    "missing_execution_id": (b"HTTP/1.1 200 OK\r\n", b"{}", "open"),
    "status_103": (b"HTTP/1.1 103 ", b"", "closed"),
    "status_500_applied": (b"HTTP/1.1 500 ", b'{"error_code": "FGS.0500"', "open"),
    "redirect_307": (b"HTTP/1.1 307 ", b"", "open"),
}


def send(control: Control, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> socket.socket:
    """A connection on which a request has been sent."""
    address = urlsplit(control.addresses["http"])
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    connection = socket.create_connection((address.hostname, address.port), 20)
    connection.sendall("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
    return connection


def receive(connection: socket.socket, enough: float = float("inf"), timeout: float = 20) -> tuple[bytes, str]:
    """What arrives, up to so many bytes of a body, and whether the connection is then open, closed or reset."""
    connection.settimeout(timeout)
    data = b""
    try:
        while len(data.partition(b"\r\n\r\n")[2]) < enough:
            part = connection.recv(65536)
            if not part:
                return data, "closed"
            data += part
    except ConnectionResetError:
        return data, "reset"
    except TimeoutError:
        pass
    return data, "open"


@pytest.mark.parametrize("name", ON_THE_WIRE)
def test_fault_on_the_wire(control: Control, name: str) -> None:
    head, body, end = ON_THE_WIRE[name]
    run = control.run(fault=name, times=1)
    path, headers, content = callback_request(control, run)
    with send(control, "POST", path, headers, content) as connection:
        silent = end == "open" and not body
        enough = len(body) if end == "open" and body else float("inf")
        data, ended = receive(connection, enough, timeout=0.5 if silent else 20)
    assert ended == end
    assert data.startswith(head)
    assert data.partition(b"\r\n\r\n")[2].startswith(body)


def phase(control: Control, run: dict[str, Any]) -> str:
    """The phase of the first request for a run."""
    requests = control.observe(run)["requests"]
    return str(requests[0]["phase"]) if requests else ""


def test_every_fault_has_the_effect_that_it_documents(control: Control) -> None:
    faults = control.call("GET", "faults")
    assert all(len(fault["description"]) > 20 and fault["description"].endswith(".") for fault in faults.values())
    runs = {name: control.run(fault=name, times=1) for name, fault in faults.items() if fault["applied"] is not None}
    connections = [send(control, "POST", *callback_request(control, run)) for run in runs.values()]
    for name, run in runs.items():
        reads, applied = faults[name]["reads"], faults[name]["applied"]
        # Only close_during_request acts before the whole request has arrived.
        while name != "close_during_request" and phase(control, run) in ("", "head", "body"):
            pass
        # The second callback finds the effect that the first one had.
        expected = 400 if applied or reads or name == "ended_by_somebody_else" else 200
        assert send_callback(control, run).status_code == expected, name
        observed = control.observe(run)
        assert (observed["completed_times"], observed["callback_requests"]) == (1, 2), name
        assert observed["requests"][0]["fault"] == (None if reads else name)
    for connection in connections:
        connection.close()


def test_fault_of_a_read_leaves_callbacks_alone(control: Control) -> None:
    run = control.run(read_fault="read_cut", read_times=1)
    assert send_callback(control, run).status_code == 200
    path = execution_path(run)
    with send(control, "GET", path, signed(control, "GET", path)) as connection:
        data, ended = receive(connection)
    assert (data[:12], b"\r\n\r\n" in data, ended) == (b"HTTP/1.1 200", False, "closed")
    assert read_run(control, run).json()["status"] == "success"


def test_the_echo_contains_what_a_client_must_redact(control: Control) -> None:
    path, headers, content = callback_request(control, run := control.run(fault="status_401_echo"))
    response = requests.post(control.addresses["http"] + path, data=content, headers=headers, timeout=30)
    message = response.json()["error_msg"]
    assert headers["Authorization"] in message
    assert f"canonicalRequest:POST|{path}/|" in message
    assert headers["Authorization"] not in json.dumps(control.observe(run))


def test_times_of_a_fault(control: Control) -> None:
    run = control.run(fault="status_500")
    assert [send_callback(control, run).status_code for _unused in range(3)] == [500, 500, 500]
    control.call("PUT", f"runs/{run['workflow_run_id']}/fault", fault="status_429", times=2)
    assert [send_callback(control, run).status_code for _unused in range(3)] == [429, 429, 200]
    run = control.run(fault="status_500")
    control.call("PUT", f"runs/{run['workflow_run_id']}/fault", fault=None)
    assert send_callback(control, run).status_code == 200


def test_random_faults_are_repeatable(control: Control) -> None:
    def outcomes(seed: int, share: float) -> list[Any]:
        run = control.run(fault="random", seed=seed, share=share, name="chaos")
        path, headers, content = callback_request(control, run)
        found = []
        for _unused in range(12):
            with send(control, "POST", path, {**headers, "Connection": "close"}, content) as connection:
                found.append(receive(connection)[0][:12])
        assert control.observe(run)["completed_times"] <= 1
        return found

    assert outcomes(1, 0.0) == [b"HTTP/1.1 200", *[b"HTTP/1.1 400"] * 11]
    assert outcomes(7, 0.9) == outcomes(7, 0.9)
    assert outcomes(7, 0.9) != outcomes(8, 0.9)
    assert {b"HTTP/1.1 429", b""} <= set(outcomes(3, 1.0) + outcomes(4, 1.0))
