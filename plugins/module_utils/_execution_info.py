# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
What the module fgs_workflow_execution_info does, whichever face calls it: arguments in, result out.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _contract,
    _executions,
    _task,
    _transport,
)


class ExecutionInfoTask:
    """One look at a run. run() gives its result."""

    NOTHING_DONE: t.ClassVar[dict[str, t.Any]] = {}

    def __init__(
        self,
        params: t.Mapping[str, t.Any],
        errors: t.Iterable[t.Any],
        environ: t.Mapping[str, str],
        connections: _transport.Connections,
        check_mode: bool = False,
        diff: bool = False,
    ) -> None:
        self._params = params
        self._task = _task.Task(_contract.EXECUTION, params, errors, environ, connections)

    def run(self) -> dict[str, t.Any]:
        violations = self._task.violations()
        if violations:
            message = _contract.sentence(violations)
            return self._failed(message, violations=[violation._asdict() for violation in violations])
        try:
            way = self._task.way()
        except _task.Unreachable as unreachable:
            return self._failed(str(unreachable), **unreachable.result)
        ids = (self._params["workflow_id"], self._params["execution_id"])
        try:
            run = _executions.read(way.client, way.project_id, *ids, self._task.attempts.anew())
        except _executions.Unreadable as unreadable:
            return self._unreadable(unreadable)
        run = run._replace(execution=self._task.redactor.within(run.execution))
        result = {"changed": False, "execution": run.execution, "status": run.status}
        result.update(_task.service_fields(run.answer, self._task.redactor))
        state_id = self._params.get("workflow_state_id")
        if state_id:
            state = _executions.state_of(run, state_id)
            if state is None:
                message = "The run has no state %s: workflow_state_id must be a node's node_id or execution_id."
                return {
                    **result,
                    "failed": True,
                    "msg": message % _contract.quoted(state_id, self._task.redactor.known),
                }
            result["state"] = state
        return result

    def _failed(self, message: str, **fields: t.Any) -> dict[str, t.Any]:
        return {"failed": True, "changed": False, "msg": self._task.redactor.line(message), **fields}

    def _unreadable(self, unreadable: _executions.Unreadable) -> dict[str, t.Any]:
        fields = _task.service_fields(unreadable.answer, self._task.redactor)
        hint = unreadable.hint
        if hint is None and unreadable.answer is None:
            hint = self._task.hint_of_network(str(unreadable))
        if hint:
            fields["hint"] = hint
        return self._failed("The run could not be read: %s." % unreadable, **fields)

    def interrupted(self, what: str) -> dict[str, t.Any]:
        """The result where run() was broken off by what, a clause."""
        return self._failed("The run was not read, as %s." % what)

    @staticmethod
    def broken_off(what: str) -> dict[str, t.Any]:
        """The result where a run() elsewhere was broken off by what, a clause."""
        return {"failed": True, "changed": False, "msg": "The run was not read, as %s." % what}
