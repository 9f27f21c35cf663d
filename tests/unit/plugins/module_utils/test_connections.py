# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests share a connection, and that none is reused whose state is unknown."""

from __future__ import annotations

import socket
import threading

import pytest
import requests
from support.exchanges import DIRECT, LONG, MIB, exchange, response
from support.servers import Sockets, raw, read_request

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections


def keeping(connection: socket.socket, _sockets: Sockets) -> None:
    while read_request(connection):
        connection.sendall(response(b"hello"))


def test_connection_is_reused(connections: Connections) -> None:
    with raw(keeping) as server:
        for _unused in range(3):
            assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 1


def test_connections_of_different_keys_are_separate(connections: Connections) -> None:
    with raw(keeping) as server:
        for key in ("one", "two", "one"):
            prepared = requests.Request("GET", server.url).prepare()
            _http.exchange(connections.adapter(key), prepared, DIRECT, LONG)
        assert server.connections == 2


def test_rest_of_a_body_is_never_read_as_a_response(connections: Connections) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        if sockets.connections == 1:
            read_request(connection)
            connection.sendall(response(b"x" * (2 * MIB)))
        keeping(connection, sockets)

    with raw(handle) as server:
        assert not exchange(server.url, connections).complete
        assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 2


@pytest.mark.parametrize("status", ["101 Switching Protocols", "102 Processing", "103 Early Hints"])
def test_data_after_an_interim_response_is_never_read_as_a_response(connections: Connections, status: str) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        if sockets.connections == 1:
            read_request(connection)
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n".encode() + response(b"final"))
        keeping(connection, sockets)

    with raw(handle) as server:
        assert exchange(server.url, connections).status == int(status[:3])
        assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 2


def test_idle_connection_closed_by_the_server_is_replaced(connections: Connections) -> None:
    """The request that finds it out is lost as far as we know; a closed connection that shows is not used."""
    closed = threading.Event()

    def handle(connection: socket.socket, sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(response(b"hello"))
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with raw(handle) as server:
        assert exchange(server.url, connections).body == b"hello"
        assert closed.wait(LONG)
        assert exchange(server.url, connections).body == b"hello"
        assert server.connections == 2
