# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
Why a saved callback is not sent now: it is the report of one wait, and of one launch, and of no later one.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import runs
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import Job
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.verdicts import Waiting, meant_by

# Seconds. Files and headers have whole ones.
_PRECISION = 2
_WAITS_AGAIN = "the state has begun to wait again since it was saved"


def why_held(
    state: Waiting, saved_at: int, read_run: t.Callable[[], _reads.Run], active_jobs: t.Callable[[], list[Job]]
) -> str:
    """A clause, empty if a callback that was saved for state may be sent. Raises ReadError if nothing responds.

    saved_at is in seconds since the epoch, 0 if it is unknown. The run is read before the active jobs of AWX, so that
    a job that is launched in the meantime is seen.
    """
    shown: list[tuple[Waiting, t.Any]] = []
    try:
        shown = runs.shown(state[:2], read_run())
    except _reads.ReadError as error:
        if error.is_unreachable:
            # To send it would take as many attempts again.
            raise
    found = next((each for each, status in shown if status == RUNNING and state.is_same(each)), state)
    others = [each for each, _status in shown if not state.is_same(each)]
    for job in active_jobs():
        # One that is for no other state that the run shows may be for this one: IDs and names may not be comparable.
        if job.is_of_run(*state[:2]) and not any(map(meant_by(job).is_same, others)):
            return "%s is %s and may still report" % (job.title(), job.status)
    waits_again = found.is_shown and saved_at and found.since > saved_at + _PRECISION
    return _WAITS_AGAIN if waits_again else ""
