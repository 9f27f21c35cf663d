# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
Reading a run back, and the state in it.

The service does not say whether the id of a state is a node's node_id or its execution_id, so both are looked for.
A state that waits for its callback has no status of its own; it most likely shows "running".
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._client import Answer, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import RUN_STATUSES
from ansible_collections.functiongraph.workflow.plugins.module_utils._transport import Failure


class Unreadable(Exception):
    """The run could not be read. The message is a clause; answer is the service's, None where none came."""

    def __init__(self, message: str, answer: t.Optional[Answer] = None) -> None:
        super().__init__(message)
        self.answer = answer


class Run(t.NamedTuple):
    """A run as the service answered it."""

    execution: dict[str, t.Any]
    status: str
    answer: Answer


def read(client: Client, project_id: str, workflow_id: str, execution_id: str, attempts: _attempts.Attempts) -> Run:
    """The run. Trouble that may pass is waited out as attempts allows. Raises Unreadable."""
    try:
        answer = _attempts.read(lambda: client.show_execution(project_id, workflow_id, execution_id), attempts)
    except Failure as failure:
        raise Unreadable(failure.message) from None
    if answer.status != 200:
        raise Unreadable(answer.clause(), answer)
    if answer.problem:
        raise Unreadable("the answer %s" % answer.problem, answer)
    status = answer.document.get("status") if isinstance(answer.document, dict) else None
    if status not in RUN_STATUSES:
        raise Unreadable("the answer shows no status of a run", answer)
    return Run(answer.document, status, answer)


def state_of(run: Run, state_id: str) -> t.Optional[dict[str, t.Any]]:
    """The state with that id: of its node node_id, node_name and execution_id, and its latest execution's fields.

    None where the run shows no such state. A node_id is preferred to an execution_id.
    """
    nodes = run.execution.get("node_execution_details")
    nodes = [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    for id_field in ("node_id", "execution_id"):
        for node in reversed(nodes):
            if node.get(id_field) == state_id:
                return _latest(node)
    return None


def _latest(node: dict[str, t.Any]) -> dict[str, t.Any]:
    executions = node.get("executions")
    executions = [item for item in executions if isinstance(item, dict)] if isinstance(executions, list) else []
    # Their order is not documented.
    executions.sort(key=lambda item: item["begin_time"] if isinstance(item.get("begin_time"), (int, float)) else 0)
    state = {"status": None, "error_message": None}
    state.update(executions[-1] if executions else {})
    state.update({name: node.get(name) for name in ("node_id", "node_name", "execution_id")})
    return state
