# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of a workflow with a callback node, and how they change."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from .accounts import PROJECT_ID, REGION, WORKFLOW_ID
from .responses import Refusal, invalid

CALLBACK, SOMEBODY_ELSE = "callback", "somebody else"


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Node:
    """One node of a run, as the service shows it."""

    node_name: str
    input: dict[str, Any]
    node_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    execution_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "running"
    output: dict[str, Any] | None = None
    begin_time: int = field(default_factory=_milliseconds)
    end_time: int | None = None
    error_message: dict[str, Any] | None = None
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def end(self, status: str, output: dict[str, Any] | None, error_message: dict[str, Any] | None = None) -> None:
        """End the node."""
        self.status, self.output, self.error_message = status, output, error_message
        self.end_time = _milliseconds()

    def shown(self) -> dict[str, Any]:
        """The node in node_execution_details."""
        once = asdict(self)
        named = {name: once.pop(name) for name in ("node_id", "node_name", "execution_id")}
        return {**named, "executions": [once]}


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


@dataclass
class Run:
    """One run. It starts, waits at its callback node, and resumes with that node's output."""

    name: str = ""
    input: dict[str, Any] = field(default_factory=dict)
    workflow_id: str = WORKFLOW_ID
    state_id_is: str = "node_id"
    lag: int = 0
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "running"
    begin_time: int = field(default_factory=_milliseconds)
    end_time: int | None = None
    result: str | None = None
    error: str | None = None
    output: dict[str, Any] | None = None
    completed_times: int = 0
    completed_by: str | None = None
    following: Node | None = None
    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: set[str] = field(default_factory=set)
    fault: ActiveFault | None = None
    read_fault: ActiveFault | None = None
    version: int = 0

    def __post_init__(self) -> None:
        self.node = Node("callback", self.input)
        self._stale_reads = 0
        self._stale: dict[str, Any] = {}

    @property
    def state_id(self) -> str:
        """The id that a callback needs: the service does not document which id of the node it is."""
        return self.node.node_id if self.state_id_is == "node_id" else self.node.execution_id

    @property
    def waits(self) -> bool:
        """Whether the run waits at its callback node."""
        return self.status == "running"

    def complete(self, state_id: str, result: str, output: dict[str, Any], error: str | None) -> None:
        """Complete the state by a callback; a state that does not wait is refused."""
        if state_id != self.state_id:
            raise invalid("no such state in this run")
        if not self.waits:
            raise invalid("the state does not wait")
        self._end(result, CALLBACK, output, error)

    def end_otherwise(self, status: str, error: str | None = None) -> None:
        """End the run from elsewhere: a timeout, a person, another callback."""
        if not self.waits:
            raise Refusal(409, "SIM.0409", "the run has already ended")
        self._end(status, SOMEBODY_ELSE, {}, error)

    def _end(self, status: str, by: str, output: dict[str, Any], error: str | None) -> None:
        self._stale, self._stale_reads = self._details(), self.lag
        self.result, self.error, self.output = status, error, output
        self.completed_times += 1
        self.completed_by = by
        if status == "success":
            self.node.end("success", output)
            # The rule of the service: the output of a node is the input of the next one.
            self.following = Node("after", output)
            self.following.end("success", output)
        else:
            self.node.end(status, None, {"error": error or status})
        self.status, self.end_time = status, _milliseconds()

    def shown(self) -> dict[str, Any]:
        """The response of ShowWorkflowExecution; the first `lag` reads after the end get the old one."""
        if self._stale_reads > 0:
            self._stale_reads -= 1
            return self._stale
        return self._details()

    def brief(self) -> dict[str, Any]:
        """The run in a list."""
        details = dict(self._stale if self._stale_reads > 0 else self._details())
        for name in ("headers", "input", "output", "node_execution_details"):
            del details[name]
        return details

    def _details(self) -> dict[str, Any]:
        nodes = [self.node] + ([self.following] if self.following else [])
        return {
            "workflow_id": self.workflow_id,
            "workflow_urn": f"urn:fss:{REGION}:{PROJECT_ID}:workflow:default:simulated:latest",
            "execution_id": self.run_id,
            "status": self.status,
            "headers": {},
            "input": self.input,
            "output": self.output if self.status == "success" else None,
            "begin_time": _iso(self.begin_time),
            "end_time": _iso(self.end_time),
            "last_update_time": _iso(self.end_time or self.begin_time),
            "created_by": "simulator",
            "node_execution_details": [node.shown() for node in nodes],
        }

    def ids(self) -> dict[str, str]:
        """The ids that the function before the callback node passes on."""
        return {
            "project_id": PROJECT_ID,
            "workflow_id": self.workflow_id,
            "workflow_run_id": self.run_id,
            "workflow_state_id": self.state_id,
            "region": REGION,
        }

    def observed(self) -> dict[str, Any]:
        """Everything about the run, for the control API and the page."""
        return {
            **self.ids(),
            "name": self.name,
            "input": self.input,
            "status": self.status,
            "result": self.result,
            "error": self.error,
            "output": self.output,
            "completed_times": self.completed_times,
            "completed_by": self.completed_by,
            "next_input": self.following.input if self.following else None,
            "callback_requests": self.callback_requests,
            "read_requests": sum(request.method == "GET" for request in self.requests),
            "requests": [asdict(request) for request in self.requests],
            "node": self.node.shown(),
            "connections": len(self.connections),
            "fault": asdict(self.fault) if self.fault else None,
            "read_fault": asdict(self.read_fault) if self.read_fault else None,
            "begin_time": _iso(self.begin_time),
            "end_time": _iso(self.end_time),
        }

    @property
    def callback_requests(self) -> int:
        """The number of callback requests of which at least the head arrived."""
        return sum(request.method == "POST" for request in self.requests)
