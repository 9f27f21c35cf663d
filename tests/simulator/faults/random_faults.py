# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random faults: every request of a run, callback or read, may meet one."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ..responses import gateway
from .registry import Exchange, fault

LONGEST_DELAY = 0.2


@fault(applied=None)
async def random(exchange: Exchange) -> web.StreamResponse:
    """At random (share, seed): dropped, cut, throttled or delayed, before or after the callback takes effect."""
    generator = exchange.recipient.generator
    active = exchange.recipient.fault or exchange.recipient.read_fault
    share = active.share if active else 0.0
    # Always the same number of draws for a request, so that one does not shift the next.
    hit, kind, late, delay = (generator.random() for _unused in range(4))
    if hit >= share:
        return exchange.complete()
    chosen = ("drop", "cut", "throttle", "delay")[int(kind * 4)]
    if chosen == "throttle":
        raise gateway("0308", 429, "The throttling threshold has been reached", {"Retry-After": "0"})
    if chosen == "delay":
        await asyncio.sleep(delay * LONGEST_DELAY)
        return exchange.complete()
    if late < 0.5:
        exchange.complete()
    return exchange.close() if chosen == "drop" else exchange.close(exchange.head(200, {"Content-Length": "56"})[:40])
