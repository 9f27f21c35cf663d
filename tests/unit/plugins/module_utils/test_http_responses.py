# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one attempt makes of the bytes that come back: how much is read, and what is no answer."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib

import pytest
from support.exchanges import MIB, exchange, failure, respond_with, response, silent
from support.servers import Sockets, raw, read_request

from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections


def body_of(url: str, connections: Connections) -> tuple[bytes, bool]:
    """The body of the response to one request, and whether it is complete."""
    found = exchange(url, connections)
    return found.body, found.complete


def test_response(connections: Connections) -> None:
    with raw(respond_with(response(b"hello", "X-Request-Id: r", status="404 Not Found"))) as server:
        found = exchange(server.url, connections)
    assert (found.status, found.body, found.complete) == (404, b"hello", True)
    assert found.headers["x-request-id"] == "r"


def test_response_without_a_length_ends_with_the_connection(connections: Connections) -> None:
    with raw(respond_with(b"HTTP/1.1 200 OK\r\n\r\nhello")) as server:
        assert exchange(server.url, connections).body == b"hello"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_response_without_a_body(connections: Connections, status: str) -> None:
    with raw(respond_with(response(b"", "Content-Length: 5", status=status))) as server:
        assert body_of(server.url, connections) == (b"", True)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirect_is_a_response(connections: Connections, status: str) -> None:
    with raw(silent) as other, raw(respond_with(response(b"", f"Location: {other.url}/x", status=status))) as server:
        assert exchange(server.url, connections).status == int(status[:3])
        assert other.connections == 0


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, MIB])
def test_body_up_to_the_limit(connections: Connections, size: int) -> None:
    with raw(respond_with(response(b"x" * size))) as server:
        assert body_of(server.url, connections) == (b"x" * size, True)


@pytest.mark.parametrize("headers", [(), ("Transfer-Encoding: chunked",)])
def test_body_over_the_limit_is_truncated(connections: Connections, headers: tuple[str, ...]) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        if headers:
            connection.sendall(response(b"", *headers))
            while True:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        connection.sendall(response(b"", "Content-Length: 1000000000000"))
        while True:
            connection.sendall(b"x" * 0x10000)

    with raw(handle) as server:
        assert body_of(server.url, connections) == (b"x" * MIB, False)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP "])
def test_compressed_body(connections: Connections, encoding: str) -> None:
    body = (zlib.compress if encoding == "deflate" else gzip.compress)(b"x" * MIB)
    with raw(respond_with(response(body, f"Content-Encoding: {encoding}"))) as server:
        assert body_of(server.url, connections) == (b"x" * MIB, True)


def test_compression_bomb_is_truncated(connections: Connections) -> None:
    bomb = gzip.compress(b"\0" * (20 * MIB), 9)
    assert len(bomb) < MIB
    with raw(respond_with(response(bomb, "Content-Encoding: gzip"))) as server:
        assert body_of(server.url, connections) == (b"\0" * MIB, False)


def test_compressed_bytes_are_limited(connections: Connections) -> None:
    """Empty blocks for ever: they come to nothing, and never end."""

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        packer = zlib.compressobj(wbits=31)
        connection.sendall(response(b"", "Content-Encoding: gzip", "Content-Length: 1000000000000"))
        connection.sendall(packer.compress(b"x") + packer.flush(zlib.Z_SYNC_FLUSH))
        while True:
            connection.sendall(b"\0\0\0\xff\xff" * 10_000)

    with raw(handle) as server:
        assert body_of(server.url, connections) == (b"x", False)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "made-up"])
def test_unknown_encoding_is_not_read(connections: Connections, encoding: str) -> None:
    with raw(respond_with(response(b"hello", f"Content-Encoding: {encoding}"))) as server:
        assert body_of(server.url, connections) == (b"", False)


def test_invalid_compressed_body_is_not_read(connections: Connections) -> None:
    with raw(respond_with(response(b"hello", "Content-Encoding: gzip"))) as server:
        assert body_of(server.url, connections) == (b"", False)


def test_empty_compressed_body_is_empty(connections: Connections) -> None:
    with raw(respond_with(response(b"", "Content-Encoding: gzip"))) as server:
        assert body_of(server.url, connections) == (b"", True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (response(b"hel", "Content-Length: 5"), "cut"),
        (response(gzip.compress(b"hello", mtime=0)[:-9], "Content-Encoding: gzip"), "cut"),
        (response(b"5\r\nhel", "Transfer-Encoding: chunked"), "cut"),
        (response(b"zz\r\nhello\r\n", "Transfer-Encoding: chunked"), "cut"),
        (response(b"5\r\nhello\r\n", "Transfer-Encoding: chunked"), "cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", "cut"),
        (b"nonsense\r\n\r\n", "not HTTP"),
        (response(b"hello", "Content-Length: \N{SUPERSCRIPT TWO}").replace(b"\xc2", b""), "invalid content length"),
        (response(b"hello", "Content-Length: " + "9" * 5000), "invalid content length"),
        (response(b"hello", "Content-Length: -5"), "invalid content length"),
        (b"", "closed without a response"),
    ],
)
def test_malformed_response_is_a_lost_connection(connections: Connections, data: bytes, words: str) -> None:
    with raw(respond_with(data)) as server:
        found = failure(server.url, connections)
    assert (found.kind, found.sent, found.permanent) == ("lost", True, False)
    assert found.message.startswith("the connection was lost: ")
    assert words in found.message


def test_negative_chunk_size_is_unexpected(connections: Connections) -> None:
    with raw(respond_with(response(b"-5\r\nhello\r\n", "Transfer-Encoding: chunked"))) as server:
        found = failure(server.url, connections)
    assert (found.kind, found.sent, found.permanent) == ("unexpected", True, False)


def test_equal_lengths_are_one(connections: Connections) -> None:
    with raw(respond_with(response(b"hello", "Content-Length: 5", "Content-Length: 5"))) as server:
        assert exchange(server.url, connections).body == b"hello"


def test_connection_reset_is_a_lost_connection(connections: Connections) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw(handle) as server:
        found = failure(server.url, connections)
    assert (found.kind, found.sent) == ("lost", True)
    assert found.message == "the connection was lost: connection reset by peer"
