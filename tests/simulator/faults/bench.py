# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of faults, and how one meets a request."""

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

from ..runs import Run, Trouble, Visit
from ..world import World

Act = Callable[["Strike"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Fault:
    """One entry of the bench. applied says whether the callback takes effect; None: it depends."""

    name: str
    applied: bool | None
    description: str
    act: Act
    reads: bool = False
    before_body: bool = False


FAULTS: dict[str, Fault] = {}

# Never seen by anybody: the connection is closed by then.
GONE = 499


def fault(*, applied: bool | None, reads: bool = False, before_body: bool = False) -> Callable[[Act], Act]:
    """Put a function into the bench, under its own name, described by its own first line."""

    def register(act: Act) -> Act:
        add(act.__name__, applied, (act.__doc__ or "").strip(), act, reads=reads, before_body=before_body)
        return act

    return register


def add(
    name: str, applied: bool | None, description: str, act: Act, *, reads: bool = False, before_body: bool = False
) -> None:
    """Put a fault into the bench."""
    FAULTS[name] = Fault(name, applied, description, act, reads, before_body)


@dataclass
class Strike:
    """One request that a fault meets. complete() does what the service would have done, and gives its answer."""

    world: World
    request: web.Request
    run: Run
    complete: Callable[[], web.Response]

    @property
    def transport(self) -> asyncio.Transport:
        """The connection; a client that has gone is no error here."""
        transport = self.request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        return transport

    def head(self, status: int, headers: Mapping[str, str]) -> bytes:
        """The head of an answer, for faults that write it by hand."""
        fixed = {
            "Date": formatdate(self.world.now(), usegmt=True),
            "X-Request-Id": self.request["request_id"],
            "Content-Type": "application/json",
        }
        lines = [f"{name}: {value}" for name, value in {**fixed, **headers}.items()]
        return "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *lines, "", ""]).encode("latin-1")

    def gone(self) -> web.StreamResponse:
        """What a handler returns when the connection has been dealt with."""
        return web.Response(status=GONE, reason="the fault took the connection")

    def close(self, *written: bytes) -> web.StreamResponse:
        """Write, and close politely."""
        for part in written:
            self.transport.write(part)
        self.transport.close()
        return self.gone()

    def reset(self, *written: bytes) -> web.StreamResponse:
        """Write, and let the client meet a reset."""
        for part in written:
            self.transport.write(part)
        reset(self.transport)
        return self.gone()


def reset(transport: asyncio.BaseTransport) -> None:
    """Close a connection with RST."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def choose(run: Run, name: str | None, times: int | None, share: float = 0.33) -> None:
    """Switch a fault on for a run; without a name, all off. One for callbacks and one for reads can be on together."""
    if name is None:
        run.trouble = run.read_trouble = None
    elif FAULTS[name].reads:
        run.read_trouble = Trouble(name, times, share)
    else:
        run.trouble = Trouble(name, times, share)
        if name == "random":
            run.read_trouble = Trouble(name, times, share)


def random_seed(world: World, run: Run, seed: object) -> None:
    """Make the chance of a run repeatable: the same seed and name give the same troubles."""
    world.chance[run.run_id] = random.Random(f"{seed}:{run.name}")


def _due(run: Run, visit: Visit, method: str, before_body: bool) -> Fault | None:
    trouble = run.read_trouble if method == "GET" else run.trouble
    if trouble is None or FAULTS[trouble.fault].before_body != before_body or not trouble.take():
        return None
    visit.fault = trouble.fault
    return FAULTS[trouble.fault]


async def before_body(world: World, request: web.Request, run: Run, visit: Visit) -> web.StreamResponse | None:
    """Let a fault that concerns the request itself meet it, before its body is read."""
    chosen = _due(run, visit, request.method, before_body=True)
    return await chosen.act(Strike(world, request, run, web.Response)) if chosen else None


async def meet(
    world: World, request: web.Request, run: Run, complete: Callable[[], web.Response]
) -> web.StreamResponse:
    """Answer a good request: as the service would, unless a fault is due."""
    chosen = _due(run, request["visit"], request.method, before_body=False)
    if chosen is None:
        return complete()
    strike = Strike(world, request, run, complete)
    if chosen.applied and not chosen.reads:
        answer = complete()
        strike.complete = lambda: answer
    try:
        return await chosen.act(strike)
    except ConnectionResetError:
        # The client has had enough, which is what most faults are for.
        return strike.gone()
