# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault of the bench, seen from the socket: what comes, and whether the callback took effect."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from .rig import TESTS, Control, callback_request, execution_path, read_back, send_callback, signed

MEBIBYTE = 1024 * 1024

# What the client sees. A number is the status of a whole answer; the rest is in CHECKS.
SEEN: dict[str, tuple[str | int, bytes]] = {
    "close_before_answer_not_applied": ("closed", b""),
    "close_before_answer_applied": ("closed", b""),
    "close_during_request": ("closed", b""),
    "reset_in_headers": ("reset in headers", b""),
    "reset_in_body": ("reset in body", b""),
    "applied_then_cut": ("cut", b""),
    "not_applied_then_cut": ("cut", b""),
    "applied_cut_then_400": ("cut", b""),
    "ended_by_somebody_else": (400, b"FGS.3002"),
    "hang": ("silent", b""),
    "hang_applied": ("silent", b""),
    "drip_headers": ("drips", b"HT"),
    "drip_body": ("drips", b"{a"),
    "keep_alive_close": (200, b"execution_id"),
    "truncated_body": ("truncated", b""),
    "invalid_length": ("written", b"Content-Length: \xb2\r\n"),
    "long_length": ("written", b"Content-Length: " + b"9" * 5000),
    "negative_chunk": ("written", b"\r\n\r\n-5\r\n"),
    "endless_body": ("streams", b""),
    "huge_body_plain": ("streams", b""),
    "huge_body_gzip": ("bomb", b""),
    "status_204": (204, b""),
    "empty_200": (200, b""),
    "html_200": (200, b"<html>"),
    "array_200": (200, b"["),
    "number_200": (200, b"42"),
    "invalid_utf8_200": (200, b"\xff"),
    "nested_200": (200, b"[" * 200_000),
    "missing_execution_id": (200, b"{}"),
    "empty_execution_id": (200, b'""'),
    "long_execution_id": (200, b'"' + b"x" * 65 + b'"'),
    "redirect_302": (302, b""),
    "redirect_307": (307, b""),
    "status_400": (400, b"FGS.3002"),
    "status_401_echo": (401, b"AKSIMULATOR000000001"),
    "status_403": (403, b"APIGW.0302"),
    "status_404": (404, b"APIGW.0101"),
    "status_405": (405, b"APIGW.0502"),
    "status_101": ("written", b"HTTP/1.1 101 "),
    "status_102": ("written", b"HTTP/1.1 102 "),
    "status_103": ("written", b"HTTP/1.1 103 "),
    "status_408": (408, b"FSS.0408"),
    "status_413": (413, b"APIGW.0201"),
    "status_429": (429, b"APIGW.0308"),
    "status_429_no_header": (429, b"APIGW.0308"),
    "status_500": (500, b"FGS.0500"),
    "status_500_applied": (500, b"FGS.0500"),
    "status_502_html": (502, b"<html>"),
    "status_502_applied": (502, b"APIGW.0201"),
    "status_503_iam": (503, b"APIGW.0613"),
    "status_503": (503, b"FSS.0503"),
    "status_504": (504, b"APIGW.0201"),
    "status_504_applied": (504, b"APIGW.0201"),
    "errorCode_shape": (400, b"errorCode"),
    "code_message_shape": (400, b'"code"'),
    "iam_shape": (401, b'{"error": {"code": 401'),
    "empty_400": (400, b""),
}
READS: dict[str, tuple[str | int, bytes]] = {
    "read_401": (401, b"APIGW.0301"),
    "read_other_execution": (200, b'"execution_id": "another-run"'),
    "read_other_workflow": (200, b'"workflow_id": "another-workflow"'),
    "read_newest_first": (200, b'"status": "fail"'),
    "read_403": (403, b"APIGW.0302"),
    "read_404": (404, b"FGS.5002"),
    "read_500": (500, b"APIGW.0601"),
    "read_cut": ("cut", b""),
    "read_html": (200, b"<html>"),
    "read_hang": ("silent", b""),
}


@pytest.fixture(scope="module")
def bench() -> dict[str, dict[str, Any]]:
    """The bench as it prints itself."""
    command = [sys.executable, "-m", "simulator", "--list-faults"]
    printed = subprocess.run(command, env={"PYTHONPATH": str(TESTS)}, capture_output=True, check=True).stdout
    return {fault["name"]: fault for fault in json.loads(printed)}


def test_every_fault_is_tested_and_described(bench: dict[str, dict[str, Any]], control: Control) -> None:
    assert set(bench) == {*SEEN, *READS, "random"}
    assert all(len(fault["description"]) > 20 and fault["description"].endswith(".") for fault in bench.values())
    assert control.call("GET", "faults") == {name: fault["description"] for name, fault in bench.items()}


@contextmanager
def asked(
    control: Control, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> Iterator[socket.socket]:
    """A connection on which a request has been sent."""
    address = urlsplit(control.addresses["http"])
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
    with socket.create_connection((address.hostname, address.port), 20) as connection:
        connection.sendall(head + body)
        yield connection


def received(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of a whole answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536) or pytest.fail(f"ended within the head: {got!r}")
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536) or pytest.fail("ended within the body")
    return head, body


def until_the_end(connection: socket.socket) -> tuple[bytes, bool]:
    """Everything that comes, and whether it ended with a reset."""
    got = b""
    try:
        while part := connection.recv(65536):
            got += part
    except ConnectionResetError:
        return got, True
    return got, False


def check(kind: str | int, marks: bytes, connection: socket.socket) -> None:
    """What has to come on a connection."""
    if isinstance(kind, int):
        head, body = received(connection)
        assert head.split(b" ")[1] == str(kind).encode()
        assert b"x-request-id: " in head.lower()
        assert marks in body
        assert bool(marks) or body == b""
    elif kind == "written":
        assert marks in until_the_end(connection)[0]
    elif kind in ("closed", "cut", "truncated"):
        got, was_reset = until_the_end(connection)
        assert not was_reset or kind == "closed"
        assert got.startswith(b"HTTP/1.1 200") == (kind != "closed")
        assert (b"\r\n\r\n" in got) == (kind == "truncated")
    elif kind in ("reset in headers", "reset in body"):
        got, was_reset = until_the_end(connection)
        assert was_reset
        assert (b"\r\n\r\n" in got) == (kind == "reset in body")
    elif kind == "drips":
        first = connection.recv(65536).rpartition(b"\r\n\r\n")[2]
        while len(first) < len(marks):
            first += connection.recv(65536)
        assert first == marks
    elif kind == "streams":
        assert sum(len(connection.recv(65536)) for _ in range(200)) > MEBIBYTE
    else:
        assert kind == "bomb"
        head, body = received(connection)
        assert b"content-encoding: gzip" in head.lower()
        member = body[: len(body) // 1024]
        assert body == member * 1024
        assert len(gzip.decompress(member)) == MEBIBYTE


def check_silence(control: Control, run: dict[str, Any], connection: socket.socket) -> None:
    """Nothing comes on a connection although its request has been accepted."""
    seen = control.call("GET", f"wait?run={run['workflow_run_id']}&for=callback&timeout=10")
    while not seen["requests"] or seen["requests"][-1]["phase"] != "accepted":
        seen = control.seen(run)
    connection.setblocking(False)
    with pytest.raises(BlockingIOError):
        connection.recv(1)


@pytest.mark.parametrize("name", SEEN)
def test_fault_of_a_callback(name: str, bench: dict[str, dict[str, Any]], control: Control) -> None:
    run = control.run(fault=name, times=1)
    path, headers, content = callback_request(control, run)
    with asked(control, "POST", path, headers, content) as connection:
        if SEEN[name][0] == "silent":
            check_silence(control, run, connection)
        else:
            check(*SEEN[name], connection)
    applied = bench[name]["applied"]
    seen = control.seen(run)
    assert (seen["completed_by"] == "callback") == applied
    assert (seen["callback_requests"], seen["requests"][0]["fault"]) == (1, name)
    other = name == "ended_by_somebody_else"
    assert (seen["status"], seen["completed_times"]) == (
        "fail" if other else "success" if applied else "running",
        applied or other,
    )
    assert send_callback(control, run).status_code == (400 if applied or other else 200)
    assert control.seen(run)["completed_times"] == 1


@pytest.mark.parametrize("name", READS)
def test_fault_of_a_read(name: str, control: Control) -> None:
    run = control.run(read_fault=name, read_times=1)
    assert send_callback(control, run).status_code == 200
    path = execution_path(run)
    with asked(control, "GET", path, signed(control, "GET", path)) as connection:
        if READS[name][0] == "silent":
            check_silence(control, run, connection)
        else:
            check(*READS[name], connection)
    assert read_back(control, run).json()["status"] == "success"


def test_headers_that_belong_to_a_fault(control: Control) -> None:
    def headers(name: str) -> Any:
        return send_callback_without_redirects(control, control.run(fault=name)).headers

    assert headers("status_429")["Retry-After"] == "0"
    assert "Retry-After" not in headers("status_429_no_header")
    assert "X-IAM-Trace-Id" in headers("iam_shape")
    before = control.call("GET", "redirect_target")["count"]
    assert headers("redirect_307")["Location"].startswith(control.addresses["redirect_target"])
    assert control.call("GET", "redirect_target")["count"] == before


def send_callback_without_redirects(control: Control, run: dict[str, Any]) -> Any:
    path, headers, content = callback_request(control, run)
    url = control.addresses["http"] + path
    return control.session.post(url, data=content, headers=headers, allow_redirects=False, timeout=30)


def test_the_echo_holds_what_has_to_be_redacted(control: Control) -> None:
    path, headers, content = callback_request(control, run := control.run(fault="status_401_echo"))
    with asked(control, "POST", path, headers, content) as connection:
        message = json.loads(received(connection)[1])["error_msg"]
    assert headers["Authorization"] in message
    assert f"canonicalRequest:POST|{path}/|" in message
    assert headers["Authorization"] not in json.dumps(control.seen(run))


def test_faults_for_ever_and_off_again(control: Control) -> None:
    run = control.run(fault="status_500", times=None)
    assert [send_callback(control, run).status_code for _ in range(3)] == [500, 500, 500]
    control.call("PUT", f"runs/{run['workflow_run_id']}/fault", fault="status_429", times=2)
    assert [send_callback(control, run).status_code for _ in range(3)] == [429, 429, 200]
    late = control.run(fault="status_500")
    control.call("PUT", f"runs/{late['workflow_run_id']}/fault", fault=None)
    assert send_callback(control, late).status_code == 200


def test_chance_repeats_itself(control: Control) -> None:
    def troubles(seed: int, share: float) -> list[str]:
        run = control.run(fault="random", seed=seed, share=share, name="chaos")
        path, headers, content = callback_request(control, run)
        outcomes = []
        for _ in range(12):
            with asked(control, "POST", path, {**headers, "Connection": "close"}, content) as connection:
                outcomes.append(until_the_end_of_an_answer(connection))
        assert control.seen(run)["completed_times"] <= 1
        return outcomes

    assert troubles(1, 0.0) == ["200", *["400"] * 11]
    assert troubles(7, 0.9) == troubles(7, 0.9)
    assert troubles(7, 0.9) != troubles(8, 0.9)
    assert {"429", "dropped", "cut"} <= set(troubles(3, 1.0) + troubles(4, 1.0) + troubles(5, 1.0))


def until_the_end_of_an_answer(connection: socket.socket) -> str:
    got, _ = until_the_end(connection)
    if b"\r\n\r\n" not in got:
        return "cut" if got else "dropped"
    return got.split(b" ")[1].decode()
