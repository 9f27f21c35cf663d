# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What a run shows of its states and times. Nothing is read here. Times are in seconds since the epoch, by the clock of
this machine.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import Job, timestamp
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.verdicts import Waiting, meant_by

# The IDs of workflow and run, as jobs have them.
Key = t.Tuple[t.Any, t.Any]


def shown(key: Key, run: _reads.Run) -> list[tuple[Waiting, t.Any]]:
    """The states that a run shows, each with its status, None if that is not known."""
    found = []
    for node in _reads.shown_states(run):
        node_id, name, other_id = (str(node.get(each) or "") for each in ("node_id", "node_name", "execution_id"))
        begin = _reads.time_of(node) / 1000 if node["status"] else 0.0
        since = begin + _ahead(run) if begin else changed(run)
        found.append((Waiting(*key, node_id, name, other_id, since, bool(begin)), node["status"]))
    return found


def waiting(key: Key, run: _reads.Run, names: t.Iterable[str], jobs: t.Collection[Job]) -> t.Iterator[Waiting]:
    """The states of a run that wait for an answer of AWX: by their names, or known from a job."""
    named, of_run = set(names), shown(key, run)
    for state, status in of_run:
        is_ours = state.workflow_state_name in named or any(map(state.is_meant_by, jobs))
        # Where the run shows no status, or not which one is the latest, the jobs decide.
        if is_ours and status in (RUNNING, None):
            yield state
    hidden = {Waiting(*key, "", name, is_shown=False) for name in named}
    hidden.update(state for state in map(meant_by, jobs) if state.workflow_state_id or state.workflow_state_name)
    for state in sorted(hidden):
        # A name may be unknown to the run, and so may an ID. What has ended is no longer waiting.
        if not any(state.is_same(other) for other, _status in of_run):
            # It may have begun to wait when the run last changed.
            yield state._replace(since=changed(run))


def is_at_work(run: _reads.Run) -> bool:
    """Whether the run shows a state that is running."""
    return any(state["status"] == RUNNING for state in _reads.shown_states(run))


def changed(run: _reads.Run) -> float:
    """When something in the run last began or ended, as far as it shows that; 0 if it shows nothing."""
    executions = [each for node in _reads.nodes_of(run) for each in _reads.mappings(node.get("executions"))]
    times = [_reads.time_of(each, name) / 1000 for each in executions for name in ("begin_time", "end_time")]
    last = max([timestamp(run.execution.get("begin_time")), *times])
    return last + _ahead(run) if last else 0.0


def began(run: _reads.Run) -> float:
    """When the run began."""
    return timestamp(run.execution.get("begin_time")) + _ahead(run)


def ended(run: _reads.Run) -> float:
    """When the run ended, as far as it shows that."""
    return timestamp(run.execution.get("end_time") or run.execution.get("last_update_time")) + _ahead(run)


def _ahead(run: _reads.Run) -> int:
    """How far the clock of this machine is ahead of FunctionGraph's, in seconds."""
    return errors.clock_offset(run.response.headers, run.response.received_at) or 0
