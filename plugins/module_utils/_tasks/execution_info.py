# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Reading a run, and a state in it.
"""

from __future__ import annotations

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options, _reads, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import quoted
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Connection, Result, Task
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.hints import network_hint


class ExecutionInfoTask(Task):
    """A task of fgs_workflow_execution_info."""

    OPERATION = _schema.EXECUTION
    SPECIFICATION = _options.execution_info_spec()

    def act(self, connection: Connection) -> Result:
        ids = (self.params["workflow_id"], self.params["execution_id"])
        try:
            run = _reads.read_run(*connection, *ids, self.attempts.renewed())
        except _reads.ReadError as error:
            return self._unread(error)
        result = {"changed": False, "execution": run.execution, "status": run.status, **run.response.fields()}
        state_id, name = self.params.get("workflow_state_id"), self.params.get("workflow_state_name")
        if name:
            from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import state_name

            try:
                state_id = state_name.in_run(run, name, state_id, self.redactor.known).state_id
            except state_name.LookupFailure as failure:
                return {**result, "failed": True, "msg": "The state could not be shown: %s." % failure}
        if not state_id:
            return result
        state = _reads.state_of(run, state_id)
        if state is None:
            shown = quoted(state_id, self.redactor.known)
            message = "The run has no state %s: workflow_state_id must be a node's node_id or execution_id." % shown
            return {**result, "failed": True, "msg": message}
        return {**result, "state": state}

    def _unread(self, error: _reads.ReadError) -> Result:
        hint = error.hint or (network_hint(self.addresses.region, str(error)) if error.response is None else None)
        fields = {**error.fields(), **({"hint": hint} if hint else {})}
        return self.failed("The run could not be read: %s." % error, **fields)

    @classmethod
    def lost(cls, reason: str) -> Result:
        return {"failed": True, "changed": False, "msg": "The run was not read, as %s." % reason}
