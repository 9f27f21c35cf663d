# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One attempt of the transport over real sockets, and servers that respond byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import RawResponse, Route
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure
from support.servers import Sockets, read_request

DIRECT = Route(verify=True, proxies=())
MIB = 1024 * 1024
# Far more than any test takes: a test of a deadline sets a short one.
LONG = 60.0


def exchange(
    url: str,
    connections: Connections,
    route: Route = DIRECT,
    timeout: float = LONG,
    body: bytes = b"{}",
) -> RawResponse:
    """The response to one request to /path."""
    prepared = requests.Request("POST", url + "/path", data=body).prepare()
    return _http.exchange(connections.adapter("key"), prepared, route, timeout)


def failure(url: str, connections: Connections, **options: Any) -> Failure:
    """The failure of one request, after checking that its message does not repeat the path."""
    with pytest.raises(Failure) as raised:
        exchange(url, connections, **options)
    assert "/path" not in raised.value.message
    assert str(raised.value) == raised.value.message
    return raised.value


def respond_with(data: bytes) -> Callable[[socket.socket, Sockets], None]:
    """Reads one request, writes data and closes."""

    def handle(connection: socket.socket, _sockets: Sockets) -> None:
        read_request(connection)
        connection.sendall(data)

    return handle


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A response on the wire; Content-Length is added if no header has the length."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if not any(header.lower().startswith(("content-length", "transfer-encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def silent(connection: socket.socket, sockets: Sockets) -> None:
    """Reads one request and never responds."""
    read_request(connection)
    sockets.over.wait()
