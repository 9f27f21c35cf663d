# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of a flow: each node begins with the output of the one before, and its end begins the next one.

Everything happens in the loop of the simulator. What takes time (a function, a wait node, a callback) ends its node by
an event: a thread's, a timer's, a request's.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from .accounts import PROJECT_ID, REGION
from .flows import CALLBACK, EXPRESS, PARALLEL, SLEEP, Flow, iso
from .functions import Context, FunctionError, call_in_thread
from .nodes import CANCEL, FAIL, RUNNING, SUCCESS, Execution, Node, Readings
from .received import Recipient
from .responses import Refusal, invalid, not_found

BY_CALLBACK, BY_SOMEBODY_ELSE = "callback", "somebody else"


@dataclass
class Run(Recipient):
    """One run of a flow. result, error and output are those of its latest callback.

    Its nodes began and ended age seconds before they really did.
    """

    flow: Flow
    name: str = ""
    input: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)
    lag: int = 0
    start_lag: int = 0
    shown_instead: dict[str, Any] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    begin_time: float = field(default_factory=time.time)
    age: float = 0.0
    status: str = RUNNING
    end_time: float | None = None
    result: str | None = None
    error: str | None = None
    output: dict[str, Any] | None = None
    next_input: dict[str, Any] | None = None
    completed_times: int = 0
    completed_by: str | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    logs: list[dict[str, str]] = field(default_factory=list)
    calling: int = 0
    changed: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._run_output: dict[str, Any] | None = None
        self._launcher_id: str | None = None
        self._failed: Node | None = None
        self._stale: dict[str, Any] = {}
        self._stale_reads = 0
        # What has still to happen, as a long flow of short nodes must not become a deep recursion.
        self._due: deque[Callable[[], None]] = deque()

    @property
    def workflow_id(self) -> str:
        """Id of its flow."""
        return self.flow.workflow_id

    @property
    def keeps_history(self) -> bool:
        """Whether the service shows it: not a run of an express flow."""
        return self.flow.mode != EXPRESS

    @property
    def callback_node(self) -> Node | None:
        """The callback node that waits; where none does, the last one that did."""
        nodes = [node for node in self.nodes.values() if node.state.type == CALLBACK]
        return next((node for node in nodes if node.waits), nodes[-1] if nodes else None)

    @property
    def waits(self) -> bool:
        """Whether it waits for a callback."""
        return any(node.waits for node in self.nodes.values())

    def state_id(self, node: Node) -> str:
        """The id that the service takes for a node, and that a function of the node learns."""
        return node.state.id if self.readings.state_ids == "node" else node.latest.execution_id

    # What happens from outside.

    def start(self) -> None:
        """Begin with the first node."""
        self._happens(partial(self._begin, self.flow.start, self.input, None))

    def complete(self, state_id: str, result: str, output: dict[str, Any], error: str | None) -> None:
        """Complete a state by a callback; a state that does not wait is refused."""
        node = next((node for node in self.nodes.values() if self.state_id(node) == state_id), None)
        if node is None:
            raise invalid("no such state in this run")
        if not node.waits:
            raise invalid("the state does not wait")
        self._completed(node, result, BY_CALLBACK, output, error)

    def end_otherwise(self, status: str, error: str | None = None) -> None:
        """End the run, or its waiting node, from elsewhere: a timeout, a person, another callback."""
        waiting = [node for node in self.nodes.values() if node.waits]
        if self.status != RUNNING or (status in (SUCCESS, FAIL) and not waiting):
            raise Refusal(409, "SIM.0409", "the run has already ended, or waits for no callback")
        if status in (SUCCESS, FAIL):
            self._completed(waiting[0], status, BY_SOMEBODY_ELSE, {}, error)
            return
        if waiting:
            self._record(status, BY_SOMEBODY_ELSE, {}, error)
        self._happens(partial(self._end, status, None, {"error": error or status}))

    def wake(self, name: str | None) -> int:
        """End wait nodes early, all or those of that name or id; the number of them."""
        nodes = [node for node in self.nodes.values() if node.runs and node.state.type == SLEEP]
        nodes = [node for node in nodes if name in (None, node.state.name, node.state.id)]
        for node in nodes:
            self._happens(partial(self._succeed, node, node.latest, node.latest.input))
        return len(nodes)

    def retry(self) -> None:
        """Run a failed run again from the node whose failure has ended it."""
        if self.status != FAIL or self._failed is None or not self.keeps_history:
            raise invalid("only a failed run of a standard flow can be retried")
        self._shows_late()
        node, self._failed = self._failed, None
        self.status, self.end_time = RUNNING, None
        node.attempts = 0
        self._happens(partial(self._begin, node.state.id, node.latest.input, node.parent))

    # What follows.

    def _happens(self, event: Callable[[], None]) -> None:
        """Let something happen, and whatever follows from it at once."""
        self._due.append(event)
        while self._due:
            self._due.popleft()()
        self.changed()

    def _record(self, result: str, by: str, output: dict[str, Any], error: str | None) -> None:
        self._shows_late()
        self.result, self.error, self.output = result, error, output
        self.completed_times += 1
        self.completed_by = by

    def _shows_late(self) -> None:
        self._stale, self._stale_reads = self._details(), self.lag

    def _completed(self, node: Node, result: str, by: str, output: dict[str, Any], error: str | None) -> None:
        self._record(result, by, output, error)
        if result == SUCCESS:
            # The rule of the service: the output of a node is the input of the next one.
            self.next_input = output
            self._happens(partial(self._succeed, node, node.latest, output))
        else:
            self._happens(partial(self._fail, node, node.latest, error or FAIL, {"error": error or FAIL}))

    def _begin(self, state_id: str, given: dict[str, Any], parent: Node | None) -> None:
        if self.status != RUNNING or (parent is not None and not parent.runs):
            return
        state = self.flow.states[state_id]
        node = self.nodes.setdefault(state_id, Node(state, parent))
        execution = node.begin(given, self.clock() - self.age)
        if state.type == SLEEP:
            self._later(state.duration, partial(self._succeed, node, execution, given))
        elif state.type == PARALLEL:
            node.ended = []
            self._due.extend(partial(self._begin, branch, given, node) for branch in state.branches)
        else:
            self._call(node, execution, given, state.functions)

    def _later(self, seconds: float, event: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, self._happens, event)

    def _call(self, node: Node, execution: Execution, given: dict[str, Any], names: tuple[str, ...]) -> None:
        """Call the functions of a node one by one. A callback node waits from its beginning, and goes on waiting."""
        if not names:
            if node.state.type != CALLBACK:
                # After what is due: all branches of a parallel node begin before the first one ends.
                self._due.append(partial(self._succeed, node, execution, given))
            return
        if execution.status != RUNNING:
            return
        state_id = self.state_id(node)
        self._launcher_id = self._launcher_id or state_id
        function = self.flow.functions[names[0]]

        def log(text: str) -> None:
            self.logs.append({"node": node.state.name or node.state.id, "function": function.name, "text": str(text)})

        def done(output: dict[str, Any] | None, error: FunctionError | None) -> None:
            self.calling -= 1
            if error is not None:
                log(f"{error.kind}: {error}")
                event = partial(self._fail, node, execution, error.kind, {"error": f"{error.kind}: {error}"})
            else:
                event = partial(self._call, node, execution, output or {}, names[1:])
            self._happens(event)

        if function.file is None:
            self._call(node, execution, given, names[1:])
            return
        self.calling += 1
        call_in_thread(function, given, Context(function, self.workflow_id, self.run_id, state_id, log), done)

    def _succeed(self, node: Node, execution: Execution, output: dict[str, Any]) -> None:
        if not self._finish(node, execution, SUCCESS, output, None):
            return
        if node.state.transition is not None:
            self._due.append(partial(self._begin, node.state.transition, output, node.parent))
        elif node.parent is None:
            self._end(SUCCESS, output, None)
        else:
            self._branch_ended(node.parent, node, output)

    def _branch_ended(self, parallel: Node, last: Node, output: dict[str, Any]) -> None:
        # Its output has no documented form: by the name of the last node of each branch that has ended.
        parallel.ended.append((last.state.name or last.state.id, output))
        if len(parallel.ended) >= parallel.state.ends_when:
            self._cancel(parallel, CANCEL, None)
            self._succeed(parallel, parallel.latest, dict(parallel.ended))

    def _fail(self, node: Node, execution: Execution, error: str, message: dict[str, Any]) -> None:
        if not self._finish(node, execution, FAIL, None, message):
            return
        self._cancel(node, CANCEL, None)
        on_error = next((one for one in node.state.on_errors if one.matches(error)), None)
        if on_error is not None and node.attempts < on_error.attempts:
            node.attempts += 1
            again = partial(self._begin_again, node, execution)
            self._later(on_error.delay, again)
        elif on_error is not None and on_error.transition is not None:
            self._due.append(partial(self._begin, on_error.transition, message, node.parent))
        elif node.parent is not None:
            self._fail(node.parent, node.parent.latest, error, message)
        else:
            self._failed = node
            self._end(FAIL, None, message)

    def _begin_again(self, node: Node, failed: Execution) -> None:
        if self.status == RUNNING and node.latest is failed:
            self._begin(node.state.id, failed.input, node.parent)

    def _finish(self, node: Node, execution: Execution, status: str, output: Any, message: Any) -> bool:
        """End an execution, unless it has ended: what comes too late has no effect."""
        if execution.status != RUNNING:
            return False
        execution.status, execution.output, execution.error_message = status, output, message
        execution.end_time = max(int((self.clock() - self.age) * 1000), execution.begin_time)
        return True

    def _cancel(self, parallel: Node | None, status: str, message: Any) -> None:
        """End what still runs in the branches of a node, or everywhere."""
        for node in self.nodes.values():
            if parallel is None or parallel in node.above():
                self._finish(node, node.latest, status, None, message)

    def _end(self, status: str, output: dict[str, Any] | None, message: Any) -> None:
        if status in (SUCCESS, FAIL):
            self._cancel(None, CANCEL, None)
        else:
            self._cancel(None, status, message)
        self.status, self.end_time, self._run_output = status, self.clock(), output

    # What is shown.

    def shown(self) -> dict[str, Any]:
        """The response of ShowWorkflowExecution.

        The first `start_lag` reads find no run; the first `lag` reads after a change get the old response.
        """
        if self.start_lag > 0:
            self.start_lag -= 1
            raise not_found()
        if self._stale_reads > 0:
            self._stale_reads -= 1
            return self._stale
        return self._details()

    def brief(self) -> dict[str, Any]:
        """The run in a list."""
        return {name: self._stale[name] if self._stale_reads > 0 else value for name, value in self._brief().items()}

    def _brief(self) -> dict[str, Any]:
        return {
            "workflow_id": self.workflow_id,
            "workflow_urn": self.flow.urn,
            "execution_id": self.run_id,
            "status": self.status,
            "begin_time": iso(self.begin_time),
            "end_time": iso(self.end_time),
            "last_update_time": iso(self.end_time or self.begin_time),
            "created_by": "simulator",
        }

    def _details(self) -> dict[str, Any]:
        hidden = self.readings.waiting_nodes == "hidden"
        nodes = [node.shown() for node in self.nodes.values() if not (hidden and node.waits)]
        more = {"headers": self.headers, "input": self.input, "output": self._run_output}
        return {**self._brief(), **more, "node_execution_details": nodes, **self.shown_instead}

    def ids(self) -> dict[str, Any]:
        """The ids that complete the run, and the one that its first function learns."""
        node = self.callback_node
        return {
            "project_id": PROJECT_ID,
            "workflow_id": self.workflow_id,
            "workflow_run_id": self.run_id,
            "workflow_state_id": self.state_id(node) if node else None,
            "workflow_state_name": node.state.name if node else None,
            "launcher_state_id": self._launcher_id,
            "region": REGION,
        }

    def observed(self) -> dict[str, Any]:
        """Everything about the run, for the control API and the page."""
        return {
            **self.ids(),
            "name": self.name,
            "flow": self.flow.name,
            "input": self.input,
            "status": self.status,
            "waits": self.waits,
            "result": self.result,
            "error": self.error,
            "output": self.output,
            "run_output": self._run_output,
            "completed_times": self.completed_times,
            "completed_by": self.completed_by,
            "next_input": self.next_input,
            "callback_requests": self.callback_requests,
            "read_requests": sum(request.method == "GET" for request in self.requests),
            "requests": [request.shown() for request in self.requests],
            "nodes": [{**node.shown(), "type": node.state.type} for node in self.nodes.values()],
            "logs": list(self.logs),
            **asdict(self.readings),
            "connections": len(self.connections),
            "fault": asdict(self.fault) if self.fault else None,
            "read_fault": asdict(self.read_fault) if self.read_fault else None,
            "begin_time": iso(self.begin_time),
            "end_time": iso(self.end_time),
        }

    @property
    def callback_requests(self) -> int:
        """The number of callback requests of which at least the head arrived."""
        return sum(request.operation == "callback" for request in self.requests)
