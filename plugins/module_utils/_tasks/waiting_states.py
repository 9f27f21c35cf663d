# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Which states of a workflow's runs wait for their callback.

The service has no status for that, and does not document whether a run shows a callback node that waits (executions).
So a state waits if its run is running, and shows the state as running; or if its run shows no state of that name, and
the definition of the workflow has it right after a state that has succeeded, or first in a run that shows no state.
"""

from __future__ import annotations

import threading
import typing as t
from contextlib import suppress
from multiprocessing.pool import ThreadPool

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Connection, Result
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution_info import ExecutionInfoTask

# What params have in common: the runs that are listed.
LISTING = {"status": RUNNING, "max_results": 1000, "states": False}
# The status of a run that the service does not have any more.
GONE = "gone"
# After these, no other run is read: the service asks for fewer requests, or refuses them all.
_ENOUGH = (401, 403, 429)

States = t.Sequence[t.Mapping[str, t.Any]]


class Stopped(Exception):
    """Nobody waits for the result any more."""


class WaitingStatesTask(ExecutionInfoTask):
    """Lists the runs of a workflow that are running, and reads each. Its params have LISTING.

    Its result has truncated, throttled (whether not all runs were read, as the service asks for fewer requests or
    refuses them), and runs: a list of mappings with execution_id, status (None if the run was not read), problem (a
    clause that says why), and waiting, the states that wait as _reads.state_of() returns them. Of a state that the run
    does not show these are only node_id and node_name.
    """

    # Set after the constructor: the names of the states, the IDs of more runs to read, and whether to stop.
    names: t.FrozenSet[str] = frozenset()
    followed: t.Sequence[str] = ()
    stop = threading.Event()

    _throttled = False

    def act(self, connection: Connection) -> Result:
        self.attempts = Attempts(self.attempts.retries, self._wait)
        result = super().act(connection)
        if result.get("failed"):
            return result
        listed = [lists.id_of(run) for run in result["executions"]]
        more = [run_id for run_id in self.followed if run_id not in listed]
        with ThreadPool(lists.AT_A_TIME) as pool:
            runs = pool.map(lambda run_id: self._shown(connection, run_id, run_id in more), [*listed, *more], 1)
        definition: dict[str, t.Any] = {}
        if any(self.names - {state["node_name"] for state in run["states"]} for run in runs if _is_running(run)):
            # If it cannot be read, what the runs show is left.
            with suppress(_reads.ReadError):
                attempts = self.attempts.renewed()
                definition = _reads.read_definition(*connection, self.params["workflow_id"], attempts)
        for run in runs:
            states = run.pop("states")
            run["waiting"] = waiting(states, definition, self.names) if _is_running(run) else []
        return {"changed": False, "runs": runs, "truncated": result["truncated"], "throttled": self._throttled}

    def _shown(self, connection: Connection, run_id: str, may_be_gone: bool) -> Result:
        found: Result = {"execution_id": run_id, "status": None, "states": []}
        if self._throttled or self.stop.is_set():
            return found
        try:
            run = self._read(connection, run_id)
        except _reads.ReadError as error:
            if may_be_gone and _reads.is_missing(error):
                return {**found, "status": GONE}
            if error.credentials_refused or error.fields().get("http_status") in _ENOUGH:
                self._throttled = True
            return {**found, "problem": str(error)}
        return {**found, "status": run.status, "states": _reads.shown_states(run)}

    def _wait(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopped


def _is_running(run: Result) -> bool:
    return bool(run["status"] == RUNNING)


def waiting(states: States, definition: t.Mapping[str, t.Any], names: t.Container[str]) -> list[dict[str, t.Any]]:
    """The states with these names that wait, of a run that is running and shows states."""
    found = [dict(state) for state in states if state["status"] == RUNNING]
    found.extend({"node_id": state.get("id"), "node_name": state.get("name")} for state in _hidden(states, definition))
    return [
        state
        for state in found
        if state["node_name"] in names and isinstance(state["node_id"], str) and state["node_id"]
    ]


def _hidden(states: States, definition: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The states of a definition that must have begun, and that the run does not show.

    A transition is compared with IDs and names, as its form is not documented.
    """
    shown = [state["node_name"] for state in states]
    succeeded = [state["node_id"] for state in states if state["status"] == _reads.SUCCESS]
    defined = _reads.states_of(definition)
    begun = [state.get("transition") for state in defined if state.get("id") in succeeded]
    if not states:
        begun.append(definition.get("start"))
    begun = [state for state in begun if state]
    return [
        state
        for state in defined
        if state.get("name") not in shown and (state.get("id") in begun or state.get("name") in begun)
    ]
