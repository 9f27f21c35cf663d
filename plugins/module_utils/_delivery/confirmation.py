# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.


"""
Confirmation: what the run, read back, shows of the state.

Imported only where a delivery reads the run.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import unexpected
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUN_STATUSES, RUNNING

# A status may lag behind: a state is read this often at least before it counts as still waiting.
_READS = 3


class State(t.NamedTuple):
    """What the run showed of the state: its status, or None and why not, with the ReadError, if it was one."""

    status: t.Optional[str]
    reason: str = ""
    execution_id: t.Optional[str] = None
    error: t.Any = None


def read_state(client: Client, project_id: str, callback: Callback, attempts: Attempts) -> State:
    """Reads the run once. A run that can be read but does not show the state has an execution_id and no status."""
    ids = (callback.workflow_id, callback.workflow_run_id)
    try:
        run = _reads.read_run(client, project_id, *ids, attempts.renewed())
        execution_id = _schema.execution_id(run.execution) or callback.workflow_run_id
        state = _reads.state_of(run, callback.workflow_state_id)
    except _reads.ReadError as error:
        return State(None, "the run could not be read back: %s" % error, error=error)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the outcome must not be lost with it
        return State(None, "the run could not be read back: %s" % unexpected(error, False))
    if state is None or state["status"] not in RUN_STATUSES:
        return State(None, "the run (%s) does not show the state" % run.status, execution_id)
    return State(state["status"], "", execution_id)


def read_state_until_finished(client: Client, project_id: str, callback: Callback, attempts: Attempts) -> State:
    """Reads the run until it shows that the state has finished, or all retries are used up."""
    waits = attempts.renewed()
    waits.retries = max(_READS - 1, waits.retries)
    while True:
        state = read_state(client, project_id, callback, attempts)
        lags = state.status == RUNNING or (state.status is None and state.execution_id is not None)
        if not lags or not waits.wait_for_retry():
            return state
