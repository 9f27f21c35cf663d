# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one fault of a start, a stop, a retry or a list is, and what a user gets when a task meets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STARTED, STOPPED, RETRIED, LISTED = "started", "stopped", "retried", "listed"
OPERATIONS = {STARTED: "start", STOPPED: "stop", RETRIED: "retry", LISTED: "list"}
# The run before the task, and how it is shown once the task has taken effect. None: there is no run.
BEFORE = {STARTED: None, STOPPED: "running", RETRIED: "fail", LISTED: "running"}
AFTER = {STARTED: "running", STOPPED: "cancel", RETRIED: "running", LISTED: "running"}


@dataclass(frozen=True)
class ExecutionCase:
    """One fault and what comes of it.

    flow holds the simulator's options for the flow, run those for the run that is there before the task; options are
    those of the task. own_id: the run gets an ID that the user chose. account is the simulator's, None: one of the
    case's own, as a refused one is not used again.

    sent is requests_sent, seen how often the service saw the operation (None: as often), done whether the run is as
    the operation makes it, and there is one run then: of a start that is not done there is none. knows_id tells
    whether the result has the ID of the run. message is the whole msg and warning a warning, both with "…" for
    anything and {id} for the ID of the run; hint is a part of the hint; also are further keys of the result.
    """

    name: str
    state: str
    sent: int
    changed: bool = True
    failed: bool = False
    done: bool = True
    knows_id: bool = True
    seen: int | None = None
    message: str = ""
    warning: str = ""
    hint: str = ""
    flow: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, Any] = field(default_factory=dict)
    own_id: bool = False
    account: str | None = "permanent"

    @property
    def operation(self) -> str:
        return OPERATIONS[self.state]

    def status(self) -> str | None:
        """The status of the run in the end, None where there is none."""
        return (AFTER if self.done else BEFORE)[self.state]

    def requests_seen(self) -> int:
        """How often the service sees the operation."""
        return self.sent if self.seen is None else self.seen


def case(name: str, state: str, sent: int, fault: Mapping[str, Any] | None = None, **fields: Any) -> ExecutionCase:
    """A case whose fault is set where the simulator takes it: on the flow, or on the run that is there."""
    where = "flow" if state in (STARTED, LISTED) else "run"
    given = {"operation": OPERATIONS[state], **(fault or {}), **fields.pop(where, {})}
    everything: dict[str, Any] = {where: given, **fields}
    return ExecutionCase(f"{OPERATIONS[state]}_{name}", state, sent, **everything)


def refused(
    name: str, state: str, fault: Mapping[str, Any], message: str, sent: int = 1, **fields: Any
) -> ExecutionCase:
    """The service refuses it, or it does not arrive: nothing has happened, and the user may repeat the task."""
    fixed = {"changed": False, "failed": True, "done": False, "knows_id": False}
    return case(name, state, sent, fault, message=message, **{**fixed, **fields})


def unknown(
    name: str, state: str, fault: Mapping[str, Any], reason: str, sent: int = 1, **fields: Any
) -> ExecutionCase:
    """Nobody knows whether it took effect: the user learns the ID of the run."""
    message = f"It is not known whether the run {{id}} was {state}: {reason}."
    return case(
        name, state, sent, fault, changed=False, failed=True, message=message, **{"hint": AGAIN[state], **fields}
    )


AGAIN = {
    STARTED: "Repeat the task with execution_id set to this ID: a run that exists is not started again.",
    STOPPED: "Repeat the task: a run that has ended is not stopped again.",
    RETRIED: "Read the run before you repeat the task.",
}
