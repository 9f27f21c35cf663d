# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forward proxies: one that works, one that refuses, one that requires a password.

The working one reaches loopback only, and resolves the service's real names to the simulator itself.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from urllib.parse import urlsplit

from .accounts import PROXY_PASSWORD, PROXY_USER
from .world import World

LOOPBACK = ("127.0.0.1", "localhost", "::1")
REAL_NAMES = ".myhuaweicloud.com"
_BASIC = "Basic " + base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()


class ForwardProxy:
    """One proxy. It records the target of each request, never its content."""

    def __init__(self, world: World, name: str, *, refuses: bool = False, requires_password: bool = False) -> None:
        self.world, self.name = world, name
        self.refuses, self.requires_password = refuses, requires_password
        self._serving: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection in a task of our own: asyncio logs an error when its own tasks are cancelled."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.world.accepted[self.name] += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            head = await reader.readuntil(b"\r\n\r\n")
            await self._respond(head, reader, writer)
        writer.close()

    async def _respond(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _unused = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        lines = head.split(b"\r\n")[1:-2]
        headers = {
            name.strip().lower(): value.strip() for name, _sep, value in (line.partition(b":") for line in lines)
        }
        self.world.proxied.append({"proxy": self.name, "method": method, "target": target})
        if self.refuses:
            await _send(writer, "403 Forbidden", "<html><body>Blocked by policy</body></html>")
            return
        if self.requires_password and headers.get(b"proxy-authorization", b"").decode("latin-1") != _BASIC:
            await _send(
                writer, "407 Proxy Authentication Required", "", 'Proxy-Authenticate: Basic realm="simulator"\r\n'
            )
            return
        where = self._where(f"//{target}" if method == "CONNECT" else target)
        if where is None:
            await _send(writer, "403 Forbidden", "this proxy reaches loopback only")
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*where)
        except OSError:
            await _send(writer, "502 Bad Gateway", "<html><body>Cannot connect</body></html>")
            return
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far_writer.write(_forwarded(method, target, lines))
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    def _where(self, url: str) -> tuple[str, int] | None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if url.startswith("//") else 80)
        if host.endswith(REAL_NAMES):
            own = urlsplit(str(self.world.addresses["https" if port == 443 else "http"]))
            return "127.0.0.1", own.port or 0
        if host not in LOOPBACK:
            return None
        return ("::1" if host == "::1" else "127.0.0.1"), port


def _forwarded(method: str, target: str, lines: list[bytes]) -> bytes:
    parts = urlsplit(target)
    path = target.split(parts.netloc, 1)[1] or "/"
    hop_by_hop = (b"proxy-authorization:", b"proxy-connection:", b"connection:")
    kept = [line for line in lines if not line.lower().startswith(hop_by_hop)]
    return b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), *kept, b"Connection: close", b"", b""])


async def _send(writer: asyncio.StreamWriter, status: str, body: str, headers: str = "") -> None:
    text = body.encode()
    fixed = f"Content-Type: text/html\r\nContent-Length: {len(text)}\r\nConnection: close\r\n"
    writer.write(f"HTTP/1.1 {status}\r\n{fixed}{headers}\r\n".encode() + text)
    await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
