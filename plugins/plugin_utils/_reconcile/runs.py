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
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.awx import timestamp
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.verdicts import Waiting

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


def hidden(run: _reads.Run, state: Waiting) -> Waiting:
    """The state, which the run does not show. It may have begun to wait when the run last changed."""
    return state._replace(since=changed(run), is_shown=False)


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
