# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that are closed, reset, silent or slow."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ..runs import Run
from .registry import Exchange, fault

DRIP_SECONDS = 1.0


@fault(applied=False)
async def close_before_response(exchange: Exchange) -> web.StreamResponse:
    """The whole request is read, the callback has no effect, the connection is closed without a response."""
    return exchange.close()


@fault(applied=True)
async def close_before_response_applied(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the connection is closed without a response."""
    return exchange.close()


@fault(applied=False, before_body=True)
async def close_during_request(exchange: Exchange) -> web.StreamResponse:
    """The connection is closed after the head of the request, before its body is read."""
    return exchange.close()


@fault(applied=True)
async def reset_in_headers(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the connection is reset in the middle of the response's headers."""
    return exchange.reset(_half_head(exchange))


@fault(applied=True)
async def reset_in_body(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the connection is reset in the middle of the response's body."""
    head, body = _whole(exchange)
    return exchange.reset(head, body[: len(body) // 2])


@fault(applied=True)
async def applied_then_cut(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the connection is closed in the middle of the response's headers."""
    return exchange.close(_half_head(exchange))


@fault(applied=False)
async def not_applied_then_cut(exchange: Exchange) -> web.StreamResponse:
    """The callback has no effect, and the connection is closed in the middle of the response's headers."""
    return exchange.close(exchange.head(200, {"Content-Length": "56"})[:40])


@fault(applied=True)
async def applied_cut_then_400(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect and the response is cut; every later callback gets 400, as the state has ended."""
    response = exchange.complete()
    return exchange.close(_half_head(exchange)) if response.status == 200 else response


@fault(applied=False)
async def ended_by_somebody_else(exchange: Exchange) -> web.StreamResponse:
    """Somebody else has completed the state with the other result: the callback gets 400."""
    run = exchange.recipient
    if exchange.request["received"].operation != "callback":
        exchange.complete()
    elif isinstance(run, Run) and run.waits:
        callback = await exchange.request.json()
        run.end_otherwise("fail" if callback["result"] == "success" else "success", "ended by somebody else")
    return exchange.complete()


@fault(applied=False)
async def hang(exchange: Exchange) -> web.StreamResponse:
    """The request is read, the callback has no effect, and no response ever comes."""
    return await wait_forever(exchange)


@fault(applied=True)
async def hang_applied(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and no response ever comes."""
    return await wait_forever(exchange)


@fault(applied=False)
async def drip_headers(exchange: Exchange) -> web.StreamResponse:
    """The callback has no effect, and the response's headers come one byte a second, forever."""
    return await _drip(exchange, b"HTTP/1.1 200 OK\r\nX-Drip: ")


@fault(applied=True)
async def drip_body(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's body comes one byte a second, forever."""
    exchange.transport.write(exchange.head(200, {"Content-Length": "1000000"}))
    return await _drip(exchange, b"{")


@fault(applied=True)
async def keep_alive_close(exchange: Exchange) -> web.StreamResponse:
    """The callback gets a whole response, and the connection is closed without Connection: close."""
    return exchange.close(*_whole(exchange))


async def wait_forever(exchange: Exchange) -> web.StreamResponse:
    """Wait until the client closes the connection, when the server cancels the handler."""
    await asyncio.Event().wait()
    return exchange.closed()


async def _drip(exchange: Exchange, beginning: bytes) -> web.StreamResponse:
    sent = 0
    while not exchange.transport.is_closing():
        exchange.transport.write(beginning[sent : sent + 1] or b"a")
        sent += 1
        await asyncio.sleep(DRIP_SECONDS)
    return exchange.closed()


def _whole(exchange: Exchange) -> tuple[bytes, bytes]:
    response = exchange.complete()
    body = response.body if isinstance(response.body, bytes) else b""
    return exchange.head(response.status, {"Content-Length": str(len(body))}), body


def _half_head(exchange: Exchange) -> bytes:
    head = _whole(exchange)[0]
    return head[: len(head) // 2]
