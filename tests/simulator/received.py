# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests for a run or a flow, and the faults that they meet."""

from __future__ import annotations

import random
import re
import time
from dataclasses import asdict, dataclass, field
from typing import Any

# The operations that meet faults, by method and end of the path.
_OPERATIONS = (
    ("POST", r"/callback", "callback"),
    ("POST", r"/executions", "start"),
    ("GET", r"/executions", "list"),
    ("POST", r"/executions/[^/]+/terminate", "stop"),
    ("POST", r"/executions/[^/]+/retry", "retry"),
    ("GET", r"/executions/[^/]+", "read"),
)


@dataclass
class ReceivedRequest:
    """One request. phase: head, body, accepted (by the gateway and the tables), responded."""

    method: str
    path: str
    headers: dict[str, str]
    at: float = field(default_factory=time.time)
    phase: str = "head"
    status: int | None = None
    fault: str | None = None

    @property
    def operation(self) -> str:
        """Which operation it asks for, empty for one that meets no fault."""
        path = self.path.partition("?")[0]
        found = (name for method, end, name in _OPERATIONS if method == self.method and re.search(end + r"\Z", path))
        return next(found, "")

    def shown(self) -> dict[str, Any]:
        """The request for the control API."""
        return {**asdict(self), "operation": self.operation}


@dataclass
class ActiveFault:
    """A fault that is set for a run or a flow. times is how many more requests it meets, None for all.

    after is how many it spares before.
    """

    name: str
    times: int | None = None
    share: float = 0.33
    operation: str = "read"
    after: int = 0

    def take(self) -> bool:
        """Whether it meets this request as well."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is None:
            return True
        if self.times == 0:
            return False
        self.times -= 1
        return True


@dataclass(kw_only=True)
class Recipient:
    """What requests are for: a run, or a flow where there is no run yet. fault meets the requests of its operation."""

    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: set[str] = field(default_factory=set)
    fault: ActiveFault | None = None
    read_fault: ActiveFault | None = None
    generator: random.Random = field(default_factory=random.Random)
    version: int = 0

    def fault_of(self, operation: str) -> ActiveFault | None:
        """The fault that is set for an operation."""
        return next((one for one in (self.fault, self.read_fault) if one and one.operation == operation), None)
