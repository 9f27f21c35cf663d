# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
How often a request is sent, and how long the waits between are.
"""

from __future__ import annotations

import random
import time
import typing as t

# Seconds. The n-th wait is drawn between 0 and BASE * 2**n, and never from above CAP.
BACKOFF_BASE = 0.5
BACKOFF_CAP = 20.0
# Seconds. A longer Retry-After is cut to this.
RETRY_AFTER_CAP = 60.0


class Attempts:
    """Counts the further attempts that retries allows. sleep takes seconds; draw gives a number between two."""

    def __init__(
        self,
        retries: int,
        sleep: t.Callable[[float], None] = time.sleep,
        draw: t.Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.retries = retries
        self._used = 0
        self._sleep = sleep
        self._draw = draw

    def renewed(self) -> Attempts:
        """The same allowance, for another request."""
        return Attempts(self.retries, self._sleep, self._draw)

    def wait_for_retry(self, retry_after: t.Optional[float] = None) -> bool:
        """Waits and returns true, or returns false at once where all retries are used up.

        retry_after is what the server asks for, in seconds.
        """
        if self._used >= self.retries:
            return False
        delay = self._draw(0.0, min(BACKOFF_CAP, BACKOFF_BASE * 2**self._used))
        if retry_after is not None:
            delay = max(delay, min(retry_after, RETRY_AFTER_CAP))
        self._used += 1
        self._sleep(delay)
        return True
