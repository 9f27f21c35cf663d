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

import math
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._client import Answer, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import RUN_STATUSES
from ansible_collections.functiongraph.workflow.plugins.module_utils._transport import Failure

# Milliseconds since the epoch.
_TIME_LIMIT = 10**15


class Unreadable(Exception):
    """The run could not be read. The message is a clause; answer is the service's, None where none came.

    hint says what to do. refused is true where the credentials are refused, so that nothing more may be sent with them.
    """

    def __init__(
        self, message: str, answer: t.Optional[Answer] = None, hint: t.Optional[str] = None, refused: bool = False
    ) -> None:
        super().__init__(message)
        self.answer = answer
        self.hint = hint
        self.refused = refused


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
        raise Unreadable(failure.message, None, failure.hint, failure.kind == "refused") from None
    if answer.status != 200:
        raise Unreadable(answer.clause(), answer, answer.hint(), answer.status == 401)
    if answer.problem:
        raise Unreadable("the answer %s" % answer.problem, answer)
    document = answer.document if isinstance(answer.document, dict) else {}
    status = document.get("status")
    if status not in RUN_STATUSES:
        raise Unreadable("the answer shows no status of a run", answer)
    for name, asked in (("workflow_id", workflow_id), ("execution_id", execution_id)):
        # Case may differ, as in any UUID. What is unset or empty says nothing.
        if str(document.get(name) or asked).lower() != asked.lower():
            raise Unreadable("the response shows another %s" % name, answer)
    return Run(document, status, answer)


def state_of(run: Run, state_id: str) -> t.Optional[dict[str, t.Any]]:
    """The state with that id: of its node node_id, node_name and execution_id, and its latest execution's fields.

    None where the run shows no such state. A node_id is preferred to an execution_id. Where the run shows different
    statuses and not which of them is the latest, status is None.
    """
    nodes = run.execution.get("node_execution_details")
    nodes = [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    for id_field in ("node_id", "execution_id"):
        ours = [node for node in nodes if node.get(id_field) == state_id]
        if ours:
            return _latest(ours)
    return None


def _latest(nodes: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Neither the order of nodes nor that of their executions is documented, so the time of their begin decides."""
    found: list[tuple[float, dict[str, t.Any], dict[str, t.Any]]] = []
    for node in nodes:
        executions = node.get("executions")
        executions = executions if isinstance(executions, list) else []
        found.extend((_begin(item), node, item) for item in executions if isinstance(item, dict))
    begin = max((each[0] for each in found), default=0.0)
    latest = [each for each in found if each[0] == begin] or [(begin, nodes[-1], {})]
    _begin_time, node, execution = latest[-1]
    state = {"status": None, "error_message": None, **execution}
    if any(item.get("status") != execution.get("status") for _time, _node, item in latest):
        state["status"] = None
    state.update({name: node.get(name) for name in ("node_id", "node_name", "execution_id")})
    return state


def _begin(execution: dict[str, t.Any]) -> float:
    """When an execution began, in milliseconds since the epoch; 0 where that is unset or no number."""
    begin = execution.get("begin_time")
    if isinstance(begin, float) and math.isfinite(begin):
        return begin
    # More than that is no time, and overflows a float.
    return float(begin) if isinstance(begin, int) and abs(begin) < _TIME_LIMIT else 0.0
