# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of faults, and how one is applied to a request.

A new fault is one function with `@fault` in this package, and its cases in tests/integration/faults.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web

from ..received import ActiveFault, ReceivedRequest, Recipient
from ..responses import Refusal
from ..world import World

Act = Callable[["Exchange"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Fault:
    """One fault. applied says whether the request takes effect; None: it depends."""

    name: str
    applied: bool | None
    description: str
    act: Act
    reads: bool = False
    before_body: bool = False


FAULTS: dict[str, Fault] = {}

# Never sent: the connection is closed by then.
CLOSED = 499


def fault(*, applied: bool | None, reads: bool = False, before_body: bool = False) -> Callable[[Act], Act]:
    """Register a function as a fault, by its own name and with its docstring as description."""

    def register(act: Act) -> Act:
        add(act.__name__, applied, (act.__doc__ or "").strip(), act, reads=reads, before_body=before_body)
        return act

    return register


def add(
    name: str, applied: bool | None, description: str, act: Act, *, reads: bool = False, before_body: bool = False
) -> None:
    """Register a fault."""
    FAULTS[name] = Fault(name, applied, description, act, reads, before_body)


def table() -> dict[str, dict[str, object]]:
    """All faults by name, for people and tests."""
    return {
        fault.name: {"applied": fault.applied, "reads": fault.reads, "description": fault.description}
        for fault in FAULTS.values()
    }


@dataclass
class Exchange:
    """One request with a fault. complete() does what the service would have done, and returns its response."""

    world: World
    request: web.Request
    recipient: Recipient
    complete: Callable[[], web.Response]

    @property
    def transport(self) -> asyncio.Transport:
        """The connection to the client."""
        transport = self.request.transport
        if transport is None:
            raise ConnectionResetError("the client has closed the connection")
        return transport

    def head(self, status: int, headers: Mapping[str, str]) -> bytes:
        """The head of a response, for faults that write it by hand."""
        fixed = {
            "Date": formatdate(self.world.now(), usegmt=True),
            "X-Request-Id": self.request["request_id"],
            "Content-Type": "application/json",
        }
        lines = [f"{name}: {value}" for name, value in {**fixed, **headers}.items()]
        return "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *lines, "", ""]).encode("latin-1")

    def closed(self) -> web.StreamResponse:
        """What a handler returns after it has closed the connection itself."""
        return web.Response(status=CLOSED, reason="closed by the fault")

    def close(self, *written: bytes) -> web.StreamResponse:
        """Write, and close the connection."""
        for part in written:
            self.transport.write(part)
        self.transport.close()
        return self.closed()

    def reset(self, *written: bytes) -> web.StreamResponse:
        """Write, and reset the connection."""
        for part in written:
            self.transport.write(part)
        reset(self.transport)
        return self.closed()


def reset(transport: asyncio.BaseTransport) -> None:
    """Close a connection with RST."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def set_fault(
    recipient: Recipient, name: str | None, times: int | None, share: float = 0.33, operation: str = "callback"
) -> None:
    """Set the fault of an operation, or one of reads; without a name, clear both."""
    if name is None:
        recipient.fault = recipient.read_fault = None
    elif FAULTS[name].reads:
        recipient.read_fault = ActiveFault(name, times, share)
    else:
        recipient.fault = ActiveFault(name, times, share, operation)
        if name == "random":
            recipient.read_fault = ActiveFault(name, times, share)


def seed_random(recipient: Recipient, name: str, seed: object) -> None:
    """Make random faults repeatable: the same seed and name give the same faults in the same order."""
    recipient.generator = random.Random(f"{seed}:{name}")


def _due(recipient: Recipient, received: ReceivedRequest, before_body: bool) -> Fault | None:
    active = recipient.fault_of(received.operation)
    if active is None or FAULTS[active.name].before_body != before_body or not active.take():
        return None
    received.fault = active.name
    return FAULTS[active.name]


async def before_body(
    world: World, request: web.Request, recipient: Recipient, received: ReceivedRequest
) -> web.StreamResponse | None:
    """The response of a fault that acts before the body of the request is read, if one is due."""
    chosen = _due(recipient, received, before_body=True)
    return await chosen.act(Exchange(world, request, recipient, web.Response)) if chosen else None


async def respond(
    world: World, request: web.Request, recipient: Recipient, complete: Callable[[], web.Response]
) -> web.StreamResponse:
    """The response to a valid request: the service's own, unless a fault is due."""
    chosen = _due(recipient, request["received"], before_body=False)
    if chosen is None:
        return complete()

    def completed() -> web.Response:
        try:
            return complete()
        except Refusal as refusal:
            return refusal.response(request["request_id"])

    exchange = Exchange(world, request, recipient, completed)
    if chosen.applied and not chosen.reads:
        response = completed()
        exchange.complete = lambda: response
    try:
        return await chosen.act(exchange)
    except ConnectionResetError:
        # Most faults make the client close the connection.
        return exchange.closed()
