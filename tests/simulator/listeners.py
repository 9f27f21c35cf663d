# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every port that the simulator opens: all on loopback, all chosen by the operating system."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from . import control, identity, service
from .certificates import Certificates
from .faults.registry import reset
from .gateway import BODY_LIMIT
from .proxy import ForwardProxy
from .world import WORLD, World

# The start of a long handshake record that never ends.
_HANDSHAKE = bytes.fromhex("160303 3fff 02003ffb 0303".replace(" ", ""))
_HEAD_LIMIT = 64 * 1024
_SHUTDOWN_SECONDS = 0.1


class BrokenListener(asyncio.Protocol):
    """A listener that is no HTTP server: its connections stay silent, drip, are closed or reset."""

    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour
        self.transport: asyncio.Transport | None = None
        self.sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the behaviour of this listener."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.behaviour == "close":
            transport.close()
        elif self.behaviour != "reset":
            transport.pause_reading()
        if self.behaviour == "drip_tls":
            self._drip()

    def data_received(self, _data: bytes) -> None:
        """Reset only now: a client that is still connecting would take it for a refused connection."""
        assert self.transport is not None
        reset(self.transport)

    def _drip(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(_HANDSHAKE[self.sent : self.sent + 1] or b"\0")
        self.sent += 1
        asyncio.get_running_loop().call_later(1, self._drip)


class Listeners:
    """All listeners and their addresses."""

    def __init__(self, world: World, keep_alive: float) -> None:
        self.world, self.keep_alive = world, keep_alive
        self._servers: list[asyncio.AbstractServer] = []
        self._runners: list[web.AppRunner] = []
        self._refused: socket.socket | None = None
        # Nothing else refers to a connection that is not read: it would be garbage collected, and so be reset.
        self._broken_listeners: list[BrokenListener] = []

    async def open(self, folder: Path) -> None:
        """Open every listener and write the addresses into the world."""
        addresses = self.world.addresses
        certificates = Certificates(folder)
        with_control = await self._http(self._application(with_control=True))
        without_control = await self._http(self._application(with_control=False))
        target = await self._http(self._redirect_target())
        addresses["http"] = f"http://127.0.0.1:{await self._listen('http', with_control)}"
        addresses["page"] = addresses["http"] + "/"
        for name, context in certificates.contexts.items():
            addresses[name] = f"https://localhost:{await self._listen(name, without_control, context=context)}"
        addresses["ca"] = str(certificates.ca_file)
        addresses["http_ipv6"] = None
        with contextlib.suppress(OSError):
            addresses["http_ipv6"] = f"http://[::1]:{await self._listen('http_ipv6', without_control, host='::1')}"
        for name, address in (
            ("hang", "http://127.0.0.1"),
            ("hang_tls", "https://localhost"),
            ("drip_tls", "https://localhost"),
            ("close", "http://127.0.0.1"),
            ("reset", "http://127.0.0.1"),
        ):
            addresses[name] = f"{address}:{await self._listen(name, partial(self._broken, name))}"
        # Bound but not listening: it refuses connections, and nothing else can get the port.
        self._refused = socket.socket()
        self._refused.bind(("127.0.0.1", 0))
        addresses["refused"] = f"http://127.0.0.1:{self._refused.getsockname()[1]}"
        addresses["plain_on_tls"] = f"https://127.0.0.1:{await self._listen('plain_on_tls', without_control)}"
        addresses["redirect_target"] = f"http://127.0.0.1:{await self._listen('redirect_target', target)}"
        await self._open_proxies()

    def _broken(self, behaviour: str) -> BrokenListener:
        self._broken_listeners.append(BrokenListener(behaviour))
        return self._broken_listeners[-1]

    async def _open_proxies(self) -> None:
        proxies = (
            ForwardProxy(self.world, "proxy"),
            ForwardProxy(self.world, "proxy_refusing", refuses=True),
            ForwardProxy(self.world, "proxy_auth", requires_password=True),
        )
        for proxy in proxies:
            server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
            self._servers.append(server)
            self.world.addresses[proxy.name] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Close them all, whatever is in progress."""
        for server in self._servers:
            server.close()
        for runner in self._runners:
            await runner.cleanup()
        if self._refused is not None:
            self._refused.close()

    def _application(self, with_control: bool) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[service.behind_gateway])
        app[WORLD] = self.world
        app.on_response_prepare.append(service.add_gateway_headers)
        service.add_routes(app)
        identity.add_routes(app)
        if with_control:
            control.add_routes(app)
        return app

    def _redirect_target(self) -> web.Application:
        async def record(request: web.Request) -> web.Response:
            self.world.redirected.append({"method": request.method, "path": request.raw_path})
            return web.json_response({"execution_id": "from-the-redirect-target"})

        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", record)
        return app

    async def _http(self, app: web.Application) -> Callable[[], asyncio.Protocol]:
        # Handlers are cancelled when the client closes: a fault that hangs must not outlive its client.
        runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_SECONDS,
            keepalive_timeout=self.keep_alive,
            max_line_size=_HEAD_LIMIT,
            max_field_size=_HEAD_LIMIT,
        )
        await runner.setup()
        self._runners.append(runner)
        assert runner.server is not None
        return runner.server

    async def _listen(
        self,
        name: str,
        protocol: Callable[[], asyncio.BaseProtocol],
        host: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
    ) -> int:
        def counted() -> asyncio.BaseProtocol:
            # Called for each accepted connection, before any handshake.
            self.world.accepted[name] += 1
            return protocol()

        loop = asyncio.get_running_loop()
        server = await loop.create_server(counted, host, 0, ssl=context)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])
