# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What to do about a state that waits, by the jobs of AWX that carry its IDs. Nothing is read or sent here.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import CANCELED, SUCCESSFUL, Job

# The names of verdicts.
RUNNING = "running"
ENDED = "ended_without_answer"
NEVER_LAUNCHED = "never_launched"
MAY_REPORT = "may_still_report"
NOT_SHOWN = "not_shown"
WITHOUT_RUN = "job_without_run"
SAVED = "saved_callback"

_SUCCESS, _FAIL = field("result").enum
_RESULT, _NOTE = "fgs_workflow_result", "awx_note"


class Waiting(t.NamedTuple):
    """A state that waits. since is in seconds since the epoch.

    execution_id is the other ID that the run shows of it: a launch may carry either. Of ID and name one may be empty.
    is_shown is whether the run shows that it waits. If not, since is when the run last changed, 0 if it shows no time.
    """

    workflow_id: str
    workflow_run_id: str
    workflow_state_id: str
    workflow_state_name: str
    execution_id: str = ""
    since: float = 0.0
    is_shown: bool = True

    def is_meant_by(self, job: Job) -> bool:
        """Whether the job carries the IDs of this state."""
        meant = meant_by(job)
        return meant[:2] == self[:2] and meant.is_same(self)

    def is_same(self, shown: Waiting) -> bool:
        """Whether this is the state that a run shows."""
        if self.workflow_state_id:
            return self.workflow_state_id in (shown.workflow_state_id, shown.execution_id)
        return self.workflow_state_name == shown.workflow_state_name


def meant_by(job: Job) -> Waiting:
    """The state whose IDs the job carries."""
    names = Waiting._fields[:4]
    workflow_id, run_id, state_id, name = (str(job.variables.get("fgs_" + each) or "") for each in names)
    return Waiting(workflow_id, run_id, state_id, name, is_shown=False)


class StateVerdict(t.NamedTuple):
    """What to do about a state: a name, and text, a clause that says why.

    result is what the state is to be answered, None where it is left alone. job is the one that says so, None if there
    is none. work are the jobs whose artifacts are the output, by increasing ID.
    """

    name: str
    text: str
    job: t.Optional[Job] = None
    result: t.Optional[str] = None
    work: t.Sequence[Job] = ()


def judge(
    state: Waiting,
    jobs: t.Iterable[Job],
    now: float,
    grace: float,
    workflow_jobs: t.Optional[t.Mapping[int, Job]] = None,
) -> StateVerdict:
    """The verdict on a state, by all jobs that AWX shows. now is in seconds since the epoch, grace in seconds.

    workflow_jobs are those that AWX shows, by ID, also without the IDs of a state.
    """
    ours = sorted((job for job in jobs if state.is_meant_by(job)), key=lambda job: job.number)
    active = {job.number: job for job in _with_ancestors(ours, workflow_jobs or {}) if job.is_active}
    if active:
        job = active[max(active)]
        return StateVerdict(RUNNING, "%s is %s" % (job.title(), job.status), job)
    waits = now - state.since
    if not ours:
        if not state.is_shown:
            return StateVerdict(NOT_SHOWN, "the run does not show the state, and no job of AWX carries its IDs")
        if waits < grace:
            return StateVerdict(MAY_REPORT, "no job of AWX carries its IDs yet")
        return StateVerdict(NEVER_LAUNCHED, "no job of AWX carries its IDs", None, _FAIL)
    job, result, work = _end(ours)
    # A state that waits anew, after its run was retried, gets a new job.
    if min(now - max(each.ended for each in ours), waits) < grace:
        return StateVerdict(MAY_REPORT, "%s ended a short time ago and may still report" % job.title(), job)
    return StateVerdict(ENDED, "%s has the status %s and did not report" % (job.title(), job.status), job, result, work)


def _with_ancestors(ours: t.Iterable[Job], workflow_jobs: t.Mapping[int, Job]) -> t.Iterator[Job]:
    """The jobs, and the workflow jobs that they are part of: these may have nodes to come, even if they have no IDs."""
    for job in ours:
        yield job
        while job.root != job.number and job.root in workflow_jobs:
            job = workflow_jobs[job.root]
            yield job


def _launch_of(job: Job, ours: t.Mapping[int, Job]) -> int:
    """The ID of what was launched: a workflow job may be part of another one, as those of sliced jobs are."""
    while job.root != job.number and job.root in ours:
        job = ours[job.root]
    return job.number if job.kind == "workflow_job" else job.root


def _end(ours: t.Sequence[Job]) -> tuple[Job, str, list[Job]]:
    """How the latest launch ended: the job that says so, the result, and the jobs whose artifacts are the output.

    Jobs that report, on the edges of a workflow template or for a notification, know the result, but are no work.
    """
    launched = [job for job in ours if not _is_report(job)]
    if not launched:
        return ours[-1], _reported(ours[-1]), []
    by_number = {job.number: job for job in ours}
    launch = max(_launch_of(job, by_number) for job in launched)
    members = [job for job in launched if _launch_of(job, by_number) == launch]
    whole = next((job for job in members if job.number == launch), members[-1])
    work = [job for job in members if job.kind == "job"]
    # A notification's job is launched for itself.
    reports = [
        job
        for job in ours
        if _is_report(job) and job.number > whole.number and _launch_of(job, by_number) in (launch, job.number)
    ]
    is_success = whole.status == SUCCESSFUL
    if reports and whole.status != CANCELED:
        is_success = _reported(reports[-1]) == _SUCCESS
    if is_success:
        return (work or [whole])[-1], _SUCCESS, work
    unsuccessful = [job for job in work if job.status != SUCCESSFUL]
    cause = unsuccessful[-1] if unsuccessful and whole.status != CANCELED else whole
    return cause, _FAIL, work


def _is_report(job: Job) -> bool:
    return job.kind == "job" and (_RESULT in job.variables or _NOTE in job.variables)


def _reported(report: Job) -> str:
    """The result that a job was to report: AWX sends notifications of failures only."""
    return _SUCCESS if report.variables.get(_RESULT) == _SUCCESS else _FAIL
