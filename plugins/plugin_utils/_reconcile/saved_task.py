# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
A saved callback is the report of one wait, and of one launch: neither of the next ones may get it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask, Connection, Result
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import runs
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import Job
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.verdicts import Waiting, meant_by

# Seconds. Files and headers have whole ones.
_PRECISION = 2
_WAITS_AGAIN = "the state has begun to wait again since it was saved"


class SavedCallbackTask(CallbackTask):
    """Sends a callback that was saved at a time, in seconds since the epoch, 0 if that is unknown.

    held is a clause that says why it was not sent, if it is for a wait that is over, or if one of the jobs that
    active_jobs returns may still report.
    """

    def __init__(self, saved_at: int, active_jobs: t.Callable[[], list[Job]], *arguments: t.Any, **options: t.Any):
        super().__init__(*arguments, **options)
        self.held = ""
        self._saved_at = saved_at
        self._active_jobs = active_jobs

    def deliver(self, connection: Connection) -> Result:
        callback = self.callback
        assert callback is not None
        key = (callback.workflow_id, callback.workflow_run_id)
        state = Waiting(*key, callback.workflow_state_id, self.params.get("workflow_state_name") or "", is_shown=False)
        try:
            run = _reads.read_run(*connection, *key, self.attempts.renewed())
        except _reads.ReadError as error:
            if error.is_unreachable:
                # To send it would take as many attempts again.
                return self.failed("Nothing was sent, as the run could not be read: %s." % error, hint=error.hint or "")
        else:
            found = [each for each, status in runs.shown(key, run) if status == RUNNING and state.is_same(each)]
            state = found[0] if found else state
        if state.is_shown and self._saved_at and state.since > self._saved_at + _PRECISION:
            self.held = _WAITS_AGAIN
        for job in self._active_jobs():
            if job.is_of_run(*key) and meant_by(job).is_same(state):
                self.held = "%s is %s and may still report" % (job.title(), job.status)
        return self.failed("Nothing was sent, as %s." % self.held) if self.held else super().deliver(connection)
