# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of one simulator, and waiting for its changes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from .accounts import WORKFLOW_ID, Accounts
from .flows import DEFAULT_DEFINITION, Flow, parse
from .nodes import Readings
from .received import Recipient
from .runs import Run


@dataclass
class World:
    """The state behind all listeners."""

    accounts: Accounts = field(default_factory=Accounts)
    runs: dict[str, Run] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)
    addresses: dict[str, Any] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    redirected: list[dict[str, str]] = field(default_factory=list)
    proxied: list[dict[str, str]] = field(default_factory=list)
    metadata_form: str = "token"
    metadata_status: int = 404
    throttle: int | None = None
    clock_offset: float = 0.0
    serial: int = 0

    def __post_init__(self) -> None:
        self._changed = asyncio.Event()
        self._second: tuple[int, int] = (0, 0)
        self.flow(WORKFLOW_ID)

    def now(self) -> float:
        """The simulator's clock, which a test can offset."""
        return time.time() + self.clock_offset

    def flow(self, workflow_id: str) -> Flow:
        """The flow of that id; one that is not there yet becomes the default flow."""
        if workflow_id not in self.flows:
            self.flows[workflow_id] = parse(workflow_id, DEFAULT_DEFINITION)
        return self.flows[workflow_id]

    def add(self, run: Run) -> Run:
        """Start a run."""
        self.runs[run.run_id] = run
        run.changed, run.clock = partial(self.changed, run), self.now
        run.start()
        return run

    def changed(self, recipient: Recipient) -> None:
        """Notify everybody who waits that a run or a flow has changed."""
        self.serial += 1
        recipient.version = self.serial
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def changed_since(self, serial: int) -> list[Run]:
        """The runs that have changed since."""
        return [run for run in self.runs.values() if run.version > serial]

    async def next_change(self) -> None:
        """Wait for the next change of any run."""
        await self._changed.wait()

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until a condition holds; False after the timeout."""

        async def watch() -> None:
            while not condition():
                await self.next_change()

        try:
            await asyncio.wait_for(watch(), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    def throttled(self) -> bool:
        """Count one request, and say whether it is over the limit of this second."""
        if self.throttle is None:
            return False
        second, calls = self._second
        now = int(time.monotonic())
        self._second = (now, calls + 1 if second == now else 1)
        return self._second[1] > self.throttle


WORLD = web.AppKey("world", World)
