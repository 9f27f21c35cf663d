# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One attempt over real sockets: when anything was sent, how long it may take, how much is read."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from support.servers import Sockets, free_port, raw, read_request

from ansible_collections.functiongraph.workflow.plugins.module_utils import _transport
from ansible_collections.functiongraph.workflow.plugins.module_utils._transport import (
    Connections,
    Failure,
    Response,
    Route,
)

DIRECT = Route(True, ())
MIB = 1024 * 1024
# Far more than anything here takes: where a test means a deadline, it gives a short one.
LONG = 60.0


@pytest.fixture
def connections() -> Iterator[Connections]:
    connections = Connections()
    yield connections
    connections.close()


def exchange(
    url: str,
    connections: Connections,
    route: Route = DIRECT,
    timeout: float = LONG,
    body: bytes = b"{}",
) -> Response:
    prepared = requests.Request("POST", url + "/path", data=body).prepare()
    return _transport.exchange(connections.adapter("key"), prepared, route, timeout)


def failure(url: str, connections: Connections, **options: Any) -> Failure:
    with pytest.raises(Failure) as raised:
        exchange(url, connections, **options)
    assert "/path" not in raised.value.message
    assert str(raised.value) == raised.value.message
    return raised.value


def answering(data: bytes) -> Callable[[socket.socket, Sockets], None]:
    """Reads one request, writes data and closes."""

    def handle(connection: socket.socket, _sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(data)

    return handle


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers]
    if not any(header.lower().startswith(("content-length", "transfer-encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def silent(connection: socket.socket, sockets: Sockets) -> None:
    read_request(connection)
    sockets.over.wait()


# What comes back


def test_an_answer(connections: Connections) -> None:
    with raw(answering(answer(b"hello", "X-Request-Id: r", status="404 Not Found"))) as server:
        found = exchange(server.url, connections)
    assert found[:1] + found[2:] == (404, b"hello", True)
    assert found.headers["x-request-id"] == "r"


def test_an_answer_without_a_length_ends_with_the_connection(connections: Connections) -> None:
    with raw(answering(b"HTTP/1.1 200 OK\r\n\r\nhello")) as server:
        assert exchange(server.url, connections).body == b"hello"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_that_has_no_body(connections: Connections, status: str) -> None:
    with raw(answering(answer(b"", "Content-Length: 5", status=status))) as server:
        assert exchange(server.url, connections)[2:] == (b"", True)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer(connections: Connections, status: str) -> None:
    with raw(silent) as other, raw(answering(answer(b"", f"Location: {other.url}/x", status=status))) as server:
        assert exchange(server.url, connections).status == int(status[:3])
        assert other.connections == 0


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, MIB])
def test_a_body_up_to_the_limit(connections: Connections, size: int) -> None:
    with raw(answering(answer(b"x" * size))) as server:
        assert exchange(server.url, connections)[2:] == (b"x" * size, True)


@pytest.mark.parametrize("headers", [(), ("Transfer-Encoding: chunked",)])
def test_a_body_beyond_the_limit_is_cut(connections: Connections, headers: tuple[str, ...]) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        if headers:
            connection.sendall(answer(b"", *headers))
            while True:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        connection.sendall(answer(b"", "Content-Length: 1000000000000"))
        while True:
            connection.sendall(b"x" * 0x10000)

    with raw(handle) as server:
        assert exchange(server.url, connections)[2:] == (b"x" * MIB, False)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP "])
def test_a_compressed_body(connections: Connections, encoding: str) -> None:
    body = (zlib.compress if encoding == "deflate" else gzip.compress)(b"x" * MIB)
    with raw(answering(answer(body, f"Content-Encoding: {encoding}"))) as server:
        assert exchange(server.url, connections)[2:] == (b"x" * MIB, True)


def test_a_bomb_is_cut(connections: Connections) -> None:
    bomb = gzip.compress(b"\0" * (20 * MIB), 9)
    assert len(bomb) < MIB
    with raw(answering(answer(bomb, "Content-Encoding: gzip"))) as server:
        assert exchange(server.url, connections)[2:] == (b"\0" * MIB, False)


def test_compressed_bytes_are_bounded_too(connections: Connections) -> None:
    """Empty blocks for ever: they come to nothing, and never end."""

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        packer = zlib.compressobj(wbits=31)
        connection.sendall(answer(b"", "Content-Encoding: gzip", "Content-Length: 1000000000000"))
        connection.sendall(packer.compress(b"x") + packer.flush(zlib.Z_SYNC_FLUSH))
        while True:
            connection.sendall(b"\0\0\0\xff\xff" * 10_000)

    with raw(handle) as server:
        assert exchange(server.url, connections)[2:] == (b"x", False)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "made-up"])
def test_an_unknown_encoding_is_not_read(connections: Connections, encoding: str) -> None:
    with raw(answering(answer(b"hello", f"Content-Encoding: {encoding}"))) as server:
        assert exchange(server.url, connections)[2:] == (b"", False)


def test_what_is_not_compressed_although_it_says_so(connections: Connections) -> None:
    with raw(answering(answer(b"hello", "Content-Encoding: gzip"))) as server:
        assert exchange(server.url, connections)[2:] == (b"", False)


def test_nothing_compressed_is_nothing(connections: Connections) -> None:
    with raw(answering(answer(b"", "Content-Encoding: gzip"))) as server:
        assert exchange(server.url, connections)[2:] == (b"", True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (answer(b"hel", "Content-Length: 5"), "cut"),
        (answer(gzip.compress(b"hello")[:-9], "Content-Encoding: gzip"), "cut"),
        (answer(b"5\r\nhel", "Transfer-Encoding: chunked"), "cut"),
        (answer(b"zz\r\nhello\r\n", "Transfer-Encoding: chunked"), "cut"),
        (answer(b"5\r\nhello\r\n", "Transfer-Encoding: chunked"), "cut"),
        (b"nonsense\r\n\r\n", "not HTTP"),
        (b"", "closed without an answer"),
    ],
)
def test_a_broken_answer_is_a_lost_connection(connections: Connections, data: bytes, words: str) -> None:
    with raw(answering(data)) as server:
        found = failure(server.url, connections)
    assert (found.kind, found.sent, found.lasting) == ("lost", True, False)
    assert found.message.startswith("the connection was lost: ")
    assert words in found.message


def test_a_reset_is_a_lost_connection(connections: Connections) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw(handle) as server:
        found = failure(server.url, connections)
    assert (found.kind, found.sent) == ("lost", True)
    assert found.message == "the connection was lost: connection reset by peer"


# Whether anything was sent


def test_nobody_there(connections: Connections) -> None:
    found = failure(f"http://127.0.0.1:{free_port()}", connections)
    assert (found.kind, found.sent, found.lasting, found.message) == ("connect", False, False, "connection refused")


def test_no_such_host(connections: Connections) -> None:
    found = failure("http://host.invalid", connections)
    assert (found.kind, found.sent, found.message) == ("connect", False, "the host name cannot be resolved")


def test_a_deadline_while_connecting(connections: Connections) -> None:
    """A listener whose queue is full takes no connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        found = failure(f"http://127.0.0.1:{port}", connections, timeout=0.3)
        for filler in fillers:
            filler.close()
    assert (found.kind, found.sent) == ("timeout", False)


def test_a_deadline_while_waiting_for_the_answer(connections: Connections) -> None:
    with raw(silent) as server:
        found = failure(server.url, connections, timeout=0.3)
    assert (found.kind, found.sent, found.lasting) == ("timeout", True, False)


def test_a_deadline_holds_although_bytes_keep_coming(connections: Connections) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(answer(b"", "Content-Length: 1000"))
        while not sockets.over.wait(0.02):
            connection.sendall(b"x")

    with raw(handle) as server:
        found = failure(server.url, connections, timeout=0.4)
    assert (found.kind, found.sent) == ("timeout", True)
    assert found.message == "no complete answer within 0.4 seconds"


def test_a_deadline_while_sending(connections: Connections) -> None:
    """The server reads nothing, so that the body does not get away."""

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        sockets.over.wait()

    with raw(handle) as server:
        found = failure(server.url, connections, timeout=0.4, body=b"x" * (32 * MIB))
    assert (found.kind, found.sent) == ("timeout", True)


def test_nothing_is_sent_after_the_attempt_is_over() -> None:
    attempt = _transport.Attempt()
    attempt.sending()
    assert attempt.sent
    assert attempt.close()
    with pytest.raises(OSError, match="over"):
        attempt.sending()
    assert not _transport.Attempt().close()


def test_a_mistake_of_ours_is_not_called_trouble_of_the_network(connections: Connections) -> None:
    class Broken:
        def send(self, *_arguments: Any, **_options: Any) -> Any:
            raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        _transport.exchange(Broken(), None, DIRECT, LONG)


# Interruption


@pytest.mark.parametrize("sent", [True, False])
def test_an_interruption_says_whether_anything_was_sent(connections: Connections, sent: bool) -> None:
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
                _transport.exchange(adapter, prepared, DIRECT, LONG)
    finally:
        reached.set()
        signal.signal(signal.SIGUSR1, before)
    assert raised.value.request_sent is sent  # type: ignore[attr-defined]


# Connections


def keeping(connection: socket.socket, _sockets: Sockets) -> None:
    while read_request(connection):
        connection.sendall(answer(b"hello"))


def test_a_connection_is_used_again(connections: Connections) -> None:
    with raw(keeping) as server:
        for _ in range(3):
            assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 1


def test_connections_of_different_keys_are_apart(connections: Connections) -> None:
    with raw(keeping) as server:
        for key in ("one", "two", "one"):
            prepared = requests.Request("GET", server.url).prepare()
            _transport.exchange(connections.adapter(key), prepared, DIRECT, LONG)
        assert server.connections == 2


def test_the_rest_of_a_body_is_never_taken_for_an_answer(connections: Connections) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        if sockets.connections == 1:
            read_request(connection)
            connection.sendall(answer(b"x" * (2 * MIB)))
        keeping(connection, sockets)

    with raw(handle) as server:
        assert not exchange(server.url, connections).complete
        assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 2


def test_a_connection_that_the_server_closed_meanwhile(connections: Connections) -> None:
    """The request that finds it out is lost as far as we know; a closed connection that shows is not used."""
    closed = threading.Event()

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(answer(b"hello"))
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with raw(handle) as server:
        assert exchange(server.url, connections).body == b"hello"
        assert closed.wait(LONG)
        assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 2
