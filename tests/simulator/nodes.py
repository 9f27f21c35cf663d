# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of a run, and how the service shows them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .flows import CALLBACK, State

RUNNING, SUCCESS, FAIL, CANCEL = "running", "success", "fail", "cancel"
READINGS = {
    "state_ids": ("node", "execution"),
    "waiting_nodes": ("shown", "hidden"),
    "second_start": ("refused", "another"),
}


@dataclass
class Readings:
    """What the service does not document.

    Whose id a state has, whether a waiting callback node is shown, and what a second start with the same run id does.
    """

    state_ids: str = "node"
    waiting_nodes: str = "shown"
    second_start: str = "refused"

    def changed(self, options: dict[str, Any]) -> Readings:
        """These with what options names. Raises ValueError."""
        chosen = asdict(self)
        for name, allowed in READINGS.items():
            chosen[name] = options.get(name, chosen[name])
            if chosen[name] not in allowed:
                raise ValueError(f"{name} must be {' or '.join(allowed)}")
        return Readings(**chosen)


@dataclass(eq=False)
class Execution:
    """One execution of a node."""

    input: dict[str, Any]
    begin_time: int
    status: str = RUNNING
    output: dict[str, Any] | None = None
    end_time: int | None = None
    error_message: dict[str, Any] | None = None
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    execution_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def shown(self) -> dict[str, Any]:
        """The execution in a run."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "execution_id"}


@dataclass(eq=False)
class Node:
    """A node of a run.

    parent is the parallel node in whose branch it is. ended holds the branches of a parallel node that have ended, each
    with the name of its last node and its output.
    """

    state: State
    parent: Node | None = None
    executions: list[Execution] = field(default_factory=list)
    attempts: int = 0
    ended: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def begin(self, given: dict[str, Any], now: float) -> Execution:
        """Begin an execution, which is later than the one before, as only its time tells which one is the latest."""
        earliest = self.executions[-1].begin_time + 1 if self.executions else 0
        self.executions.append(Execution(given, max(int(now * 1000), earliest)))
        return self.executions[-1]

    @property
    def latest(self) -> Execution:
        """The latest execution."""
        return self.executions[-1]

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.latest.status == RUNNING

    @property
    def waits(self) -> bool:
        """Whether it waits for a callback."""
        return self.runs and self.state.type == CALLBACK

    def shown(self) -> dict[str, Any]:
        """The node in node_execution_details."""
        return {
            "node_id": self.state.id,
            "node_name": self.state.name,
            "execution_id": self.latest.execution_id,
            "executions": [execution.shown() for execution in self.executions],
        }

    def above(self) -> Iterator[Node]:
        """The parallel nodes in whose branches it is, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent
