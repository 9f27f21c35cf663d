# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
How often to try, and how long to wait in between: full-jitter exponential backoff, and what the server asks for.
"""

from __future__ import annotations

import random
import time
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _service_errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._client import Answer
from ansible_collections.functiongraph.workflow.plugins.module_utils._transport import Failure

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

    def anew(self) -> Attempts:
        """The same allowance, for something else."""
        return Attempts(self.retries, self._sleep, self._draw)

    def again(self, asked: t.Optional[float] = None) -> bool:
        """Waits and answers true, or answers false at once where no further attempt is allowed.

        asked is what the server wants to be waited, in seconds.
        """
        if self._used >= self.retries:
            return False
        delay = self._draw(0.0, min(BACKOFF_CAP, BACKOFF_BASE * 2**self._used))
        if asked is not None:
            delay = max(delay, min(asked, RETRY_AFTER_CAP))
        self._used += 1
        self._sleep(delay)
        return True


def read(request: t.Callable[[], Answer], attempts: Attempts) -> Answer:
    """The answer to a request that changes nothing, sent again on any trouble that may pass. Raises Failure."""
    while True:
        asked = None
        try:
            answer = request()
        except Failure as failure:
            if failure.lasting or not attempts.again():
                raise
            continue
        if answer.status in (408, 429) or answer.status >= 500:
            asked = _service_errors.retry_after(answer.headers)
            if attempts.again(asked):
                continue
        return answer
