# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What a state is answered in the name of a job, or of none.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options, _reads, _redaction
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Hide, quoted
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import awx, jobs, verdicts
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report.awx_job import ENDINGS, KEY, ShownJob

_NOT_LAUNCHED = "no AWX job was launched for this state"


class ReconcileRow(t.NamedTuple):
    """A state that waits, or a job without a run. Texts are clauses; times are in seconds.

    delivery is that of the callback, and empty where none was sent. Of a row with a problem, text says what it is.
    """

    verdict: str
    workflow_id: str
    workflow_run_id: str
    workflow_state_id: str = ""
    workflow_state_name: str = ""
    waiting_since: str = ""
    waits: t.Optional[int] = None
    job: str = ""
    job_link: str = ""
    result: str = ""
    delivery: str = ""
    text: str = ""
    is_problem: bool = False

    def line(self, hide: Hide) -> str:
        """The row as a sentence without its full stop."""
        names = [quoted(name, hide) for name in (self.workflow_state_name or self.workflow_state_id,) if name]
        state = "state %s of run" % names[0] if names else "run"
        waits = " has waited for %s" % lasted(self.waits) if self.waits is not None else ""
        return "%s %s%s: %s" % (state, quoted(self.workflow_run_id, hide), waits, self.text)


def lasted(seconds: int) -> str:
    """A duration as people say it, in its two largest units."""
    if seconds < 60:
        return "%d s" % seconds
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return "%d d %d h" % (days, hours % 24)
    return "%d h %d min" % (hours, minutes % 60) if hours else "%d min" % minutes


def content(verdict: verdicts.StateVerdict, server: awx.Awx) -> tuple[dict[str, t.Any], str]:
    """Output and error of the answer. Reads the jobs that it is about once more. Raises AwxError."""
    if verdict.job is None:
        return {KEY: {"job_status": "never launched", "job_message": verdict.text}}, _NOT_LAUNCHED
    output: dict[str, t.Any] = {}
    details: dict[int, dict[str, t.Any]] = {}
    for job in {each.number: each for each in (*verdict.work, verdict.job)}.values():
        now, details[job.number] = server.detail(job)
        if now.status != job.status:
            raise awx.AwxError("%s has the status %s by now" % (job.title(), now.status))
        artifacts = details[job.number].get("artifacts")
        if job in verdict.work and isinstance(artifacts, dict):
            output.update(artifacts)
    found = _shown(verdict.job, details[verdict.job.number], server)
    output.setdefault(KEY, found.fields())
    return output, found.error() if found.ending else ""


def _shown(job: jobs.Job, detail: t.Mapping[str, t.Any], server: awx.Awx) -> ShownJob:
    message = detail.get("result_traceback") or detail.get("job_explanation") or ""
    return ShownJob(
        kind=job.kind.replace("_", " "),
        number=str(job.number),
        name=job.name,
        link=server.link(job),
        status=job.status,
        ending=ENDINGS.get(job.status, ""),
        message=str(message),
    )


def arguments(state: verdicts.Waiting, result: str, output: dict[str, t.Any], error: str) -> dict[str, t.Any]:
    """The arguments of the callback that answers a state, but for those of the connection."""
    return {
        "workflow_id": state.workflow_id,
        "workflow_run_id": state.workflow_run_id,
        # Looked up only where the ID is not known: names need not be unique.
        "workflow_state_id": state.workflow_state_id or None,
        "workflow_state_name": None if state.workflow_state_id else state.workflow_state_name,
        "result": result,
        "output": output,
        "error": error or None,
        "truncate_error": True,
        "confirm": _options.ALWAYS,
    }


def is_silent(connection: tuple[Client, str], run: tuple[str, str], attempts: Attempts) -> bool:
    """Whether FunctionGraph does not respond, where nothing was sent: a state that is not found looks the same."""
    error = _reads.read_state(*connection, *run, "", attempts).error
    return error is not None and error.is_unreachable


def visible(value: t.Any) -> t.Any:
    """Without what a terminal obeys."""
    if isinstance(value, dict):
        return {name: visible(each) for name, each in value.items()}
    return _redaction.visible(value) if isinstance(value, str) else value
