# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small real servers on loopback: one that follows a script, and one whose sockets a test handles."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """An expected call, and its response.

    path is the end of the target. A body that is not bytes is sent as JSON, and None as no body. cut closes the
    connection instead of responding.
    """

    method: str
    path: str
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Came:
    """A call that was received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Script:
    """Expected calls, in this order, and the address of their server."""

    def __init__(self, calls: tuple[Call, ...]) -> None:
        self.url = ""
        self.came: list[Came] = []
        self.problems: list[str] = []
        self._expected = list(calls)

    def next(self, came: Came) -> Call:
        self.came.append(came)
        if not self._expected:
            self.problems.append(f"an extra call: {came.method} {came.path}")
        elif self._expected[0].method != came.method or not came.path.endswith(self._expected[0].path):
            self.problems.append(f"{came.method} {came.path} instead of {self._expected[0]}")
        else:
            return self._expected.pop(0)
        return Call(came.method, came.path, 418)

    def check(self) -> None:
        assert not self.problems, self.problems
        assert not self._expected, f"these calls never came: {self._expected}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else a body waits 40 ms for the acknowledgement of its head on a kept connection.
    disable_nagle_algorithm = True
    script: Script

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        pass

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = self.script.next(Came(self.command, self.path, dict(self.headers), body))
        if call.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = b"" if call.body is None else call.body
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        if "Date" in call.headers:
            self.send_response_only(call.status)
        else:
            self.send_response(call.status)
        for name, value in call.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _any  # noqa: N815 (the base class's names)


@contextmanager
def scripted(*calls: Call) -> Iterator[Script]:
    """A server for exactly these calls: a missing or an extra one fails the test."""
    script = Script(calls)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": script}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
    script.check()


class Sockets:
    """The address of a server that hands each connection to a test. connections counts them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.connections = 0
        self.over = threading.Event()


@contextmanager
def raw(handle: Callable[[socket.socket, Sockets], None]) -> Iterator[Sockets]:
    """A server on whose connections handle(connection, sockets) does what it wants. sockets.over is set at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    sockets = Sockets(listener.getsockname()[1])

    def serve(connection: socket.socket) -> None:
        # The client may have closed the connection.
        with connection, suppress(OSError):
            handle(connection, sockets)

    def accept() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            sockets.connections += 1
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield sockets
    finally:
        sockets.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request, b"" where the client closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _blank, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def unresolved(*_arguments: Any, **_options: Any) -> Any:
    """Replaces socket.getaddrinfo: no host has an address."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
