# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long an attempt may take, and whether anything was sent when it ends without an answer."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from support.exchanges import DIRECT, LONG, MIB, exchange, failure, response, silent
from support.servers import Sockets, free_port, raw, read_request

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import Attempt
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure


@contextmanager
def full_queue(address: str, port: int) -> Iterator[int]:
    """A listener whose queue is full takes no connection. Gives its port."""
    with socket.socket() as listener, ExitStack() as fillers:
        listener.bind((address, port))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _unused in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield port


def test_connection_refused_is_not_sent(connections: Connections) -> None:
    found = failure(f"http://127.0.0.1:{free_port()}", connections)
    assert (found.kind, found.sent, found.permanent, found.message) == ("connect", False, False, "connection refused")


def test_unresolved_host_is_not_sent(connections: Connections) -> None:
    found = failure("http://host.invalid", connections)
    assert (found.kind, found.sent, found.message) == ("connect", False, "the host name cannot be resolved")


def test_timeout_while_connecting_is_not_sent(connections: Connections) -> None:
    with full_queue("127.0.0.1", 0) as port:
        found = failure(f"http://127.0.0.1:{port}", connections, timeout=0.3)
    assert (found.kind, found.sent) == ("timeout", False)


def test_addresses_share_the_deadline_for_connecting(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address of the name takes no connection, the second one does."""

    def handle(connection: socket.socket, _sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(response(b"hello"))

    look_up = socket.getaddrinfo

    def two_addresses(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "two.example":
            return look_up(host, *arguments, **options)
        return [found for name in ("127.0.0.2", "127.0.0.1") for found in look_up(name, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    with raw(handle) as server, full_queue("127.0.0.2", server.port):
        found = exchange(f"http://two.example:{server.port}", connections, timeout=4.0)
    assert (found.status, found.body) == (200, b"hello")


def test_timeout_while_waiting_for_the_response_is_sent(connections: Connections) -> None:
    with raw(silent) as server:
        found = failure(server.url, connections, timeout=0.3)
    assert (found.kind, found.sent, found.permanent) == ("timeout", True, False)


def test_deadline_applies_although_bytes_keep_arriving(connections: Connections) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(response(b"", "Content-Length: 1000"))
        while not sockets.over.wait(0.02):
            connection.sendall(b"x")

    with raw(handle) as server:
        found = failure(server.url, connections, timeout=0.4)
    assert (found.kind, found.sent) == ("timeout", True)
    assert found.message == "no complete response within 0.4 seconds"


def trickle(connection: socket.socket, sockets: Sockets, closed: threading.Event) -> None:
    """Sends a response that does not end, and sets closed when the client has closed the connection."""
    connection.sendall(response(b"", "Content-Length: 1000"))
    with suppress(OSError):
        while not sockets.over.wait(0.02):
            connection.sendall(b"x")
        return
    closed.set()


def test_deadline_closes_a_connection_that_was_used_before(connections: Connections) -> None:
    """Else the attempt's thread would go on reading for as long as bytes arrive."""
    closed = threading.Event()

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(response(b"hello"))
        read_request(connection)
        trickle(connection, sockets, closed)

    with raw(handle) as server:
        assert exchange(server.url, connections).body == b"hello"
        assert failure(server.url, connections, timeout=0.4).kind == "timeout"
        assert closed.wait(5)
        assert server.connections == 1


def test_deadline_ends_the_attempt_before_it_is_explained(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The explanation is imported, and that may fail or be interrupted."""
    monkeypatch.delattr(_http, "failures", raising=False)
    monkeypatch.setitem(sys.modules, f"{_http.__name__}.failures", None)
    closed = threading.Event()

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        trickle(connection, sockets, closed)

    with raw(handle) as server:
        with pytest.raises(ImportError, match="failures"):
            exchange(server.url, connections, timeout=0.2)
        assert closed.wait(5)


def test_timeout_while_sending_is_sent(connections: Connections) -> None:
    """The server reads nothing, so that the body does not get away."""

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        sockets.over.wait()

    with raw(handle) as server:
        found = failure(server.url, connections, timeout=0.4, body=b"x" * (32 * MIB))
    assert (found.kind, found.sent) == ("timeout", True)


def test_nothing_is_sent_after_the_deadline() -> None:
    attempt = Attempt()
    attempt.sending()
    assert attempt.sent
    assert attempt.end()
    with pytest.raises(OSError, match="over"):
        attempt.sending()
    assert not Attempt().end()


def test_deadline_applies_to_tls_within_tls() -> None:
    # As urllib3 has it behind a proxy that speaks TLS.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        attempt = Attempt()
        attempt.sockets.append(SimpleNamespace(socket=ours))
        attempt.end()
        assert theirs.recv(1) == b""


def test_unexpected_error_is_no_network_failure() -> None:
    class Broken:
        def send(self, *_arguments: Any, **_options: Any) -> Any:
            raise KeyError("a secret header")

    with pytest.raises(Failure) as raised:
        _http.exchange(Broken(), None, DIRECT, LONG)
    assert (raised.value.kind, raised.value.sent, raised.value.permanent) == ("unexpected", False, True)
    assert re.fullmatch(
        r"an unexpected error occurred \(KeyError in test_http_deadlines.py, line \d+\)", str(raised.value)
    )


def test_attempt_that_cannot_start_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(Failure, match="RuntimeError") as raised:
        _http.exchange(None, None, DIRECT, LONG)
    assert (raised.value.kind, raised.value.sent) == ("unexpected", False)


# Interruption


@pytest.mark.parametrize("sent", [True, False])
def test_interruption_reports_whether_anything_was_sent(connections: Connections, sent: bool) -> None:
    def interrupt(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    reached = threading.Event()

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        reached.set()
        os.kill(os.getpid(), signal.SIGUSR1)
        sockets.over.wait()

    class Stuck:
        def send(self, *_arguments: Any, **_options: Any) -> Any:
            os.kill(os.getpid(), signal.SIGUSR1)
            reached.wait()
            raise OSError

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with raw(handle) as server:
            adapter = connections.adapter("key") if sent else Stuck()
            prepared = requests.Request("POST", server.url, data=b"{}").prepare()
            with pytest.raises(KeyboardInterrupt) as raised:
                _http.exchange(adapter, prepared, DIRECT, LONG)
    finally:
        reached.set()
        signal.signal(signal.SIGUSR1, before)
    assert raised.value.request_sent is sent  # type: ignore[attr-defined]
