# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chaos run: every request of a run, callback or read, may meet one of several faults."""

from __future__ import annotations

import asyncio
import random as chance

from aiohttp import web

from ..answers import gateway
from .bench import Strike, fault

LONGEST_DELAY = 0.2


@fault(applied=None)
async def random(strike: Strike) -> web.StreamResponse:
    """By chance (share, seed): dropped, cut, throttled or delayed, before or after the callback takes effect."""
    dice = strike.world.chance.setdefault(strike.run.run_id, chance.Random())
    trouble = strike.run.trouble or strike.run.read_trouble
    share = trouble.share if trouble else 0.0
    # Always the same number of throws for a request, so that what one meets does not shift what the next one meets.
    hit, kind, late, delay = (dice.random() for _ in range(4))
    if hit >= share:
        return strike.complete()
    chosen = ("drop", "cut", "throttle", "delay")[int(kind * 4)]
    if chosen == "throttle":
        raise gateway("0308", 429, "The throttling threshold has been reached", {"Retry-After": "0"})
    if chosen == "delay":
        await asyncio.sleep(delay * LONGEST_DELAY)
        return strike.complete()
    if late < 0.5:
        strike.complete()
    return strike.close() if chosen == "drop" else strike.close(strike.head(200, {"Content-Length": "56"})[:40])
