# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
One pass of the playbook reconcile: what waits at FunctionGraph is compared with the jobs of AWX, and answered.

FunctionGraph is read before AWX, and AWX once more before each answer: so a job that was launched, or that began to
report, in the meantime is seen. An answer is a callback with confirm=always, so it does nothing where the state has
ended by then.
"""

from __future__ import annotations

import functools
import time
import typing as t
from collections import defaultdict
from datetime import datetime, timezone
from multiprocessing.pool import ThreadPool

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _api,
    _connections,
    _options,
    _reads,
    _schema,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import (
    CallbackTask,
    Connection,
    Result,
    Task,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import (
    answers,
    holds,
    runs,
    saved_callbacks,
    verdicts,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.awx import (
    Awx,
    AwxClient,
    AwxError,
    Login,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import ACTIVE, IDS, Job, folded
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.settings import (
    ANSWER,
    SPECIFICATION,
    duration,
    host_of,
    violations,
)

_RUNS_LIMIT = 10_000
# Seconds. A function may launch a job before the run shows that it began, and AWX shows a job later than it numbers it.
_EARLIER, _LATER = 900, 300
# Seconds by which FunctionGraph's clock may be ahead of this machine's: a token works then, unlike a signature.
_AHEAD = 86400
_MAY_BE_HIDDEN = (
    "AWX: this user of AWX may not see every job, so states without a job are not answered; give it the role Auditor "
    "of the organization."
)
_MAY_BE_MEANT = "%s is %s, and carries the ID of the run, but of no state that the run shows"


_AnyTask = t.TypeVar("_AnyTask", bound=CallbackTask)


class _SavedCallbackTask(CallbackTask):
    """Sends a callback unless it is held, which is a clause then: see holds.why_held()."""

    saved_at: int
    active_jobs: t.Callable[[], list[Job]]
    held = ""
    is_reached = False

    def act(self, connection: Connection) -> Result:
        result = super().act(connection)
        if self.state_name and saved_callbacks.did_not_connect(result):
            key = (self.params["workflow_id"], self.params["workflow_run_id"])
            self.is_reached = not answers.is_silent(connection, key, self.attempts)
        return result

    def deliver(self, connection: Connection) -> Result:
        callback = t.cast(_api.Callback, self.callback)
        key, name = (callback.workflow_id, callback.workflow_run_id), self.params["workflow_state_name"] or ""
        state = verdicts.Waiting(*key, callback.workflow_state_id, name, is_shown=False)
        read_run = functools.partial(_reads.read_run, *connection, *key, self.attempts.renewed())
        try:
            self.held = holds.why_held(state, self.saved_at, read_run, self.active_jobs)
        except _reads.ReadError as error:
            return self.failed("Nothing was sent, as the run could not be read: %s." % error, hint=error.hint or "")
        return self.failed("Nothing was sent, as %s." % self.held) if self.held else super().deliver(connection)


class ReconcileTask(Task):
    """A task of the playbook reconcile. Its result has rows, one for each state and job, and problems, sentences."""

    OPERATION = _schema.EXECUTION
    SPECIFICATION = SPECIFICATION

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        self.redactor.add(*(self.params.get(name) for name in ("fgs_awx_token", "fgs_awx_password")))
        self._answers = self.params.get("fgs_reconcile") == ANSWER and not self.check_mode
        self._rows: list[answers.ReconcileRow] = []
        self._problems: list[str] = []
        self._changed = False
        # The runs that were read, None where that failed, and the jobs: both by the IDs of workflow and run.
        self._runs: dict[runs.Key, t.Optional[_reads.Run]] = {}
        self._jobs: dict[runs.Key, dict[int, Job]] = defaultdict(dict)
        # Set once FunctionGraph did not respond to all attempts: to call it for each of many runs would take hours.
        self._is_away = False
        # Where saved callbacks could not be sent.
        self._unreachable: set[str] = set()
        # All workflow jobs, by their IDs.
        self._workflow_jobs: dict[int, Job] = {}
        self._begin = time.time()
        self._sees_all = False
        self._awx: Awx

    def validate(self) -> list[Violation]:
        found = [violation for violation in super().validate() if violation.option != "workflow_id"]
        return found + violations(self.params, self.redactor.known)

    def act(self, connection: Connection) -> Result:
        self._grace, self._alarm = (duration(self.params["fgs_reconcile_" + name]) for name in ("grace", "alarm"))
        self._connect_awx()
        self._send_saved()
        for workflow_id in dict.fromkeys(self.params["fgs_workflow_ids"]):
            self._read_runs(connection, workflow_id)
        try:
            self._read_awx()
        except AwxError as error:
            self._problem("Nothing was answered, as %s. %s" % (error, error.hint))
            return self._result()
        for key, run in self._runs.items():
            if run is not None and run.status == RUNNING:
                jobs = list(self._jobs[key].values())
                for state in runs.waiting(key, run, self.params["fgs_callback_states"], jobs):
                    self._settle(state, connection)
        self._settle_jobs_without_run(connection)
        return self._result()

    def _send_saved(self) -> None:
        """Sends what jobs could not deliver. First, as each of them says more than its job does."""
        path = self.params.get("undelivered_path")
        if not path:
            return
        addresses = {name: self.params.get(name) for name in saved_callbacks.ADDRESSES}
        for sent in saved_callbacks.send_all(path, self._deliver_saved, self._environ, not self._answers, addresses):
            row = answers.ReconcileRow(
                verdicts.SAVED,
                *(sent.workflow_id, sent.workflow_run_id, sent.state),
                delivery=sent.delivery,
                text="%s: %s" % (sent.file, sent.sentence.rstrip(".")),
                is_problem=self._answers and sent.delivery not in outcomes.FINISHED and not sent.is_held,
            )
            self._changed = self._changed or sent.delivery == outcomes.DELIVERED
            self._add(row)

    def _deliver_saved(self, saved: saved_callbacks.SavedCallback, arguments: dict[str, t.Any]) -> Result:
        task = self._new(_SavedCallbackTask, arguments)
        task.saved_at, task.active_jobs = saved.saved_at, self._active_jobs
        endpoint = task.addresses.endpoint
        if endpoint in self._unreachable:
            return task.failed("Nothing was sent, as %s did not respond before." % endpoint)
        result = task.run()
        if task.held:
            raise saved_callbacks.HeldError(task.held)
        if saved_callbacks.did_not_connect(result) and not task.is_reached:
            self._unreachable.add(endpoint)
        return result

    def _active_jobs(self) -> list[Job]:
        try:
            return list(self._awx.jobs(status__in=",".join(ACTIVE)))
        except AwxError:
            # It is reported when the jobs of the runs are read. A saved callback does not need AWX.
            return []

    def _new(self, task: type[_AnyTask], arguments: dict[str, t.Any]) -> _AnyTask:
        """The task of a callback, whose arguments may lack those of the connection."""
        defaults = {name: rules.get("default") for name, rules in _options.callback_spec().items()}
        params = {**defaults, **self._connection_options(), **arguments}
        return task(params, [], self._environ, self._connections, check_mode=not self._answers)

    # FunctionGraph.

    def _read_runs(self, connection: Connection, workflow_id: str) -> None:
        since = self._begin - t.cast(int, duration(self.params["fgs_reconcile_since"]))
        times = (_utc(since), _utc(self._begin + _AHEAD))
        try:
            listed = lists.newest_runs(connection, workflow_id, self.attempts, _RUNS_LIMIT, RUNNING, times)
        except _reads.ReadError as error:
            self._problem("The runs of workflow %s could not be read: %s. %s" % (workflow_id, error, error.hint or ""))
            return
        if listed.is_truncated:
            text = "Workflow %s has more than %d runs that are running: the oldest were not read."
            self._problem(text % (workflow_id, _RUNS_LIMIT))
        ids = [lists.id_of(run) for run in listed.runs]
        with ThreadPool(lists.AT_A_TIME) as pool:
            pool.map(lambda run_id: self._read_run(connection, (workflow_id, run_id)), ids)

    def _read_run(self, connection: Connection, key: runs.Key) -> t.Optional[_reads.Run]:
        """The run, None where it could not be read, which is a problem."""
        if self._is_away:
            self._runs[key] = None
            self._problem("FunctionGraph did not respond, so other runs were not read.")
            return None
        try:
            self._runs[key] = _reads.read_run(*connection, *key, self.attempts.renewed())
        except _reads.ReadError as error:
            self._runs[key] = None
            self._is_away = self._is_away or error.is_unreachable
            text = "Run %s of workflow %s could not be read: %s. %s"
            self._problem(text % (key[1], key[0], error, error.hint or ""))
        return self._runs[key]

    # AWX.

    def _connect_awx(self) -> None:
        host = host_of(self.params)
        login = Login(*(self.params.get("fgs_awx_" + name) or "" for name in ("token", "username", "password")))
        route = _connections.route(host, self._environ, self.params["fgs_awx_validate_certs"], None)
        client = AwxClient(host, login, route, self.params["timeout"], self._connections)
        self._awx = Awx(host, client, self.attempts)

    def _read_awx(self) -> None:
        self._sees_all = self._awx.sees_all_jobs()
        begins = [runs.began(run) for run in self._runs.values() if run is not None]
        if begins:
            self._learn(self._awx.jobs(created__gte=self._awx.time(min(begins) - _EARLIER)))
        self._learn(self._awx.jobs(status__in=",".join(ACTIVE)))

    def _learn(self, jobs: t.Iterable[Job]) -> None:
        known = {folded(key[1]): key for key in self._runs}
        for job in jobs:
            if job.kind == "workflow_job":
                self._workflow_jobs[job.number] = job
            key = (job.variables.get(IDS[0]), job.variables.get(IDS[1]))
            of_run = known.get(folded(key[1]))
            if of_run is not None and job.is_of_run(*of_run):
                variables = {**job.variables, **dict(zip(IDS, of_run))}
                self._jobs[of_run][job.number] = job._replace(variables=variables)
            elif key[0] in self.params["fgs_workflow_ids"] and isinstance(key[1], str):
                self._jobs[key][job.number] = job

    # Verdicts.

    def _judge(self, state: verdicts.Waiting) -> verdicts.StateVerdict:
        key = (state.workflow_id, state.workflow_run_id)
        jobs = self._jobs[key].values()
        found = verdicts.judge(state, jobs, time.time(), t.cast(int, self._grace), self._workflow_jobs)
        if found.name != verdicts.NEVER_LAUNCHED:
            return found
        shown = [each for each, _status in runs.shown(key, t.cast(_reads.Run, self._runs[key]))]
        for job in jobs:
            # It may be the job of this state after all: a run that is retried may have other IDs.
            if job.is_active and not any(each.is_meant_by(job) for each in shown):
                return verdicts.StateVerdict(verdicts.MAY_REPORT, _MAY_BE_MEANT % (job.title(), job.status), job)
        return found if self._sees_all else found._replace(result=None)

    def _settle(self, state: verdicts.Waiting, connection: Connection) -> None:
        """Adds the row of a state. Answers it first if it is to be answered."""
        verdict = self._judge(state)
        result: Result = {}
        if verdict.result is not None and self._answers:
            try:
                # Once more, as a job may have been launched in the meantime.
                self._learn(self._awx.jobs(created__gte=self._awx.time(self._begin - _LATER)))
                verdict = self._judge(state)
                if verdict.result is not None:
                    result = self._answered(state, verdict, connection)
            except AwxError as error:
                result = {"failed": True, "msg": "It was not answered, as %s." % error}
        waits = int(time.time() - state.since) if state.is_shown else None
        text, delivery = verdict.text, result.get("delivery", "")
        if delivery in outcomes.FINISHED:
            text += "; answered %s (%s)" % (verdict.result, delivery)
        elif result:
            text += "; %s" % str(result["msg"]).rstrip(".")
        elif verdict.result is not None:
            text += "; fgs_reconcile=answer would answer %s" % verdict.result
        is_late = time.time() - state.since > t.cast(int, self._alarm)
        if not state.is_shown:
            # It may not have begun, but not for that long.
            is_late = is_late and not runs.is_at_work(t.cast(_reads.Run, self._runs[state[:2]]))
            text += "; the run shows no running state" if is_late else ""
        row = answers.ReconcileRow(
            verdict.name,
            *state[:4],
            waiting_since=lists.written_time(state.since * 1000) or "" if state.is_shown else "",
            waits=waits,
            job="" if verdict.job is None else verdict.job.title(),
            job_link="" if verdict.job is None else self._awx.link(verdict.job),
            result=verdict.result or "",
            delivery=delivery,
            text=text,
            is_problem=delivery not in outcomes.FINISHED and bool(result or is_late),
        )
        self._add(row)
        if verdict.name == verdicts.NEVER_LAUNCHED and not self._sees_all:
            self._problem(_MAY_BE_HIDDEN)

    def _answered(self, state: verdicts.Waiting, verdict: verdicts.StateVerdict, connection: Connection) -> Result:
        output, error = answers.content(verdict, self._awx)
        if verdict.job is not None:
            # Which of the state's two IDs the service takes is not documented: the launcher learned this one from it.
            learned = verdicts.meant_by(verdict.job).workflow_state_id
            state = state._replace(workflow_state_id=learned or state.workflow_state_id)
        arguments = answers.arguments(state, str(verdict.result), output, error)
        if self._is_away:
            return {"failed": True, "msg": "It was not answered, as FunctionGraph did not respond before."}
        result = self._new(CallbackTask, {**arguments, "project_id": connection[1]}).run()
        self._changed = self._changed or bool(result["changed"])
        if saved_callbacks.did_not_connect(result):
            self._is_away = answers.is_silent(connection, state[:2], self.attempts)
        return result

    def _settle_jobs_without_run(self, connection: Connection) -> None:
        """Adds the rows of active jobs whose run has ended. Cancels them first if they are to be canceled."""
        for key, jobs in list(self._jobs.items()):
            active = [job for job in jobs.values() if job.is_active]
            run = (self._runs[key] if key in self._runs else self._read_run(connection, key)) if active else None
            if run is None or run.status == RUNNING:
                continue
            if time.time() - runs.ended(run) < t.cast(int, self._grace):
                # The job that ended the run is about to end itself.
                continue
            roots = {jobs.get(job.root, job).number: jobs.get(job.root, job) for job in active}
            for job in roots.values():
                self._add(self._without_run(key, run, job))

    def _without_run(self, key: runs.Key, run: _reads.Run, job: Job) -> answers.ReconcileRow:
        text, is_problem = "the run has the status %s, and %s is %s" % (run.status, job.title(), job.status), False
        if self.params["fgs_reconcile_cancel"] and not self._answers:
            text += "; fgs_reconcile=answer would cancel it"
        elif self.params["fgs_reconcile_cancel"]:
            try:
                is_canceled = self._awx.cancel(job)
                self._changed = self._changed or is_canceled
                text += "; %s" % ("it was canceled" if is_canceled else "it has ended by now")
            except AwxError as error:
                is_problem = True
                text += "; it was not canceled, as %s" % error
        row = answers.ReconcileRow(verdicts.WITHOUT_RUN, *key, text=text, is_problem=is_problem)
        return row._replace(job=job.title(), job_link=self._awx.link(job))

    # Results.

    def _connection_options(self) -> dict[str, t.Any]:
        return {name: self.params.get(name) for name in _options.connection_spec()}

    def _add(self, row: answers.ReconcileRow) -> None:
        self._rows.append(row)
        if row.is_problem:
            line = row.line(self.redactor.known)
            self._problem(line[0].upper() + line[1:] + ".")

    def _problem(self, sentence: str) -> None:
        if sentence not in self._problems:
            self._problems.append(sentence.strip())

    def _result(self) -> Result:
        rows = [{**row._asdict(), "line": row.line(self.redactor.known)} for row in self._rows]
        return {"changed": self._changed, "rows": rows, "problems": self._problems}

    def finish(self, result: Result) -> Result:
        found = super().finish(result)
        shown: Result = {
            name: [answers.visible(each) for each in found[name]] for name in ("rows", "problems") if name in found
        }
        found.update(shown)
        return found

    def aborted(self, reason: str) -> Result:
        return {**self._result(), **self.lost(reason), "changed": self._changed}

    @classmethod
    def lost(cls, reason: str) -> Result:
        return {"failed": True, "changed": False, "msg": "Reconciling was not finished, as %s." % reason}


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
