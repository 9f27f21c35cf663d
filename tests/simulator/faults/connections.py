# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that break, hang or drip."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .bench import Strike, fault

DRIP_SECONDS = 1.0


@fault(applied=False)
async def close_before_answer_not_applied(strike: Strike) -> web.StreamResponse:
    """The whole request is read, nothing is done, the connection is closed without a response."""
    return strike.close()


@fault(applied=True)
async def close_before_answer_applied(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the connection is closed without a response."""
    return strike.close()


@fault(applied=False, before_body=True)
async def close_during_request(strike: Strike) -> web.StreamResponse:
    """The connection is closed after the head of the request, before its body is read."""
    return strike.close()


@fault(applied=True)
async def reset_in_headers(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the connection is reset in the middle of the answer's headers."""
    return strike.reset(_half_head(strike))


@fault(applied=True)
async def reset_in_body(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the connection is reset in the middle of the answer's body."""
    head, body = _whole(strike)
    return strike.reset(head, body[: len(body) // 2])


@fault(applied=True)
async def applied_then_cut(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the connection is closed in the middle of the answer's headers."""
    return strike.close(_half_head(strike))


@fault(applied=False)
async def not_applied_then_cut(strike: Strike) -> web.StreamResponse:
    """Nothing is done, and the connection is closed in the middle of the answer's headers."""
    return strike.close(strike.head(200, {"Content-Length": "56"})[:40])


@fault(applied=True)
async def applied_cut_then_400(strike: Strike) -> web.StreamResponse:
    """The callback takes effect and its answer is cut; each further one gets 400, because the state has ended."""
    answer = strike.complete()
    return strike.close(_half_head(strike)) if answer.status == 200 else answer


@fault(applied=False)
async def ended_by_somebody_else(strike: Strike) -> web.StreamResponse:
    """Somebody else has ended the state with the other outcome just before: the callback gets 400."""
    if strike.run.waits:
        asked = await strike.request.json()
        strike.run.end_otherwise("fail" if asked["result"] == "success" else "success", "ended by somebody else")
    return strike.complete()


@fault(applied=False)
async def hang(strike: Strike) -> web.StreamResponse:
    """The request is read, nothing is done, and no answer ever comes."""
    return await for_ever(strike)


@fault(applied=True)
async def hang_applied(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and no answer ever comes."""
    return await for_ever(strike)


@fault(applied=False)
async def drip_headers(strike: Strike) -> web.StreamResponse:
    """Nothing is done, and the answer's headers come one byte a second, for ever."""
    return await _drip(strike, b"HTTP/1.1 200 OK\r\nX-Drip: ")


@fault(applied=True)
async def drip_body(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's body comes one byte a second, for ever."""
    strike.transport.write(strike.head(200, {"Content-Length": "1000000"}))
    return await _drip(strike, b"{")


@fault(applied=True)
async def keep_alive_close(strike: Strike) -> web.StreamResponse:
    """The callback is answered well, and then the connection is closed without a word about it."""
    return strike.close(*_whole(strike))


async def for_ever(strike: Strike) -> web.StreamResponse:
    """Wait until the client goes; the server cancels the handler then."""
    await asyncio.Event().wait()
    return strike.gone()


async def _drip(strike: Strike, beginning: bytes) -> web.StreamResponse:
    sent = 0
    while not strike.transport.is_closing():
        strike.transport.write(beginning[sent : sent + 1] or b"a")
        sent += 1
        await asyncio.sleep(DRIP_SECONDS)
    return strike.gone()


def _whole(strike: Strike) -> tuple[bytes, bytes]:
    answer = strike.complete()
    body = answer.body if isinstance(answer.body, bytes) else b""
    return strike.head(answer.status, {"Content-Length": str(len(body))}), body


def _half_head(strike: Strike) -> bytes:
    head = _whole(strike)[0]
    return head[: len(head) // 2]
