# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one fault is: how it is switched on, and what a user gets when a task meets it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FACES = ("controller", "target")
# What differs between two runs of the same case, and what only one of two releases of ansible-core adds.
VARYING = ("request_id", "invocation", "exception", "deprecations", "diff")


@dataclass(frozen=True)
class Case:
    """One fault and what comes of it.

    How it is switched on: run holds the simulator's options for the run, at names the listener that is the endpoint
    (or is an address), options are those of the task, and environment its environment, where {name} stands for an
    address of the simulator. ended says how somebody else ends the run: ("before" or "callback", status).

    What comes of it: delivery, changed and sent (requests_sent) as the task tells; seen is how many callback requests
    the server saw (None: as many as sent); reads tells whether the run was read; became is the run's status in the
    end; connections, how many connections the listener accepted. message is the whole msg and warning a warning, both
    with "…" for anything and {endpoint}; hint is a part of the hint; also are further keys of the result.

    own_key gives the case an access key of its own, as a refused one is not used again by the other hosts.
    faces are those that the case runs through: where it differs from another one only far from the faces, one is
    enough.
    """

    name: str
    fault: str
    delivery: str
    sent: int
    became: str = "success"
    message: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    at: str = "http"
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    ended: tuple[str, str] | None = None
    seen: int | None = None
    reads: bool = False
    connections: int | None = None
    warning: str = ""
    hint: str = ""
    also: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False
    own_key: bool = False
    faces: tuple[str, ...] = FACES

    @property
    def changed(self) -> bool:
        return self.delivery == "delivered"

    @property
    def failed(self) -> bool:
        return self.delivery not in ("delivered", "already_delivered") and not self.check

    def callback_requests(self) -> int:
        """How many callback requests the server sees."""
        return self.sent if self.seen is None else self.seen


def once(fault: str, **options: Any) -> dict[str, Any]:
    """A fault that meets the first request only."""
    return {"fault": fault, "times": 1, **options}


def always(fault: str, **options: Any) -> dict[str, Any]:
    """A fault that meets every request."""
    return {"fault": fault, **options}


def matches(pattern: str, text: str, **values: str) -> bool:
    """Whether text is pattern, where … stands for anything and {name} for a value."""
    parts = re.split(r"(…|\{\w+\})", pattern)
    expression = "".join(
        ".*" if part == "…" else re.escape(values[part[1:-1]] if part.startswith("{") else part) for part in parts
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


def comparable(result: Mapping[str, Any], ids: Mapping[str, str]) -> Any:
    """A result without what is of this run only. ids are replaced by their names."""
    kept = {name: value for name, value in result.items() if name not in VARYING and not name.startswith("_")}
    text = json.dumps(kept, sort_keys=True)
    for value, name in ids.items():
        text = text.replace(value, name)
    # How a loss shows is a race with the kernel.
    text = re.sub(r"closed without a response|connection reset by peer|broken pipe", "lost", text)
    text = re.sub(r"\d{8}T\d{6}Z|differs by \d+ seconds", "some time", text)
    return json.loads(re.sub(r"\b[0-9a-f]{32}\b", "some id", text))
