# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests for a run, and the faults that they meet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class ReceivedRequest:
    """One request for a run. phase: head, body, accepted (by the gateway and the tables), responded."""

    method: str
    path: str
    headers: dict[str, str]
    at: float = field(default_factory=time.time)
    phase: str = "head"
    status: int | None = None
    fault: str | None = None

    @property
    def is_callback(self) -> bool:
        """Whether it is a callback, and not the start, the end or a retry of a run."""
        return self.method == "POST" and self.path.partition("?")[0].endswith("/callback")


@dataclass
class ActiveFault:
    """A fault that is set for a run. times is how many more requests it meets, None for all."""

    name: str
    times: int | None = None
    share: float = 0.33

    def take(self) -> bool:
        """Whether it meets this request as well."""
        if self.times is None:
            return True
        if self.times == 0:
            return False
        self.times -= 1
        return True
