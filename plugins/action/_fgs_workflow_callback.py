# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this action plugin is private to the role runbook and the playbook callback: breaking changes can come with
# any release.

from __future__ import annotations

import json
import os
import typing as t

from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import STATE_OPTIONS
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask, Task
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report, _runbook
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import FunctionGraphAction
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report.awx_job import ENDINGS, KEY, ShownJob
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import report_plugin

# The status of the previous job as an edge of a workflow template knows it, by the result that the edge reports.
_STATUS_ON_EDGES = {"success": "successful", "fail": "failed, timed out or canceled"}
_ENDING_ON_EDGES = "failed, timed out or was canceled"
_VARIABLES = {
    **launched.EXTRA_VARS,
    "result": "fgs_workflow_result",
    "output": "fgs_workflow_output",
    "error": "fgs_workflow_error",
}
_CHECK_MODE = (
    "Nothing was sent, as the job before ran in check mode (fgs_workflow_check_mode is true): nothing was done, and "
    "the workflow still waits."
)
_NO_IDS = "Nothing was sent, as %s was launched without IDs of a workflow: no workflow waits for it."
_NO_FILE = "fgs_undelivered_file must be a file on the controller, and there is none at %s"
_NO_FAILURE = 'Nothing was sent, as %s has the status "%s": a notification is reported where a job failed.'


class NoteError(Exception):
    """A notification with an unexpected structure. The message is a clause."""


def mapping_of(name: str, value: t.Any) -> dict[str, t.Any]:
    """Returns value, a mapping or JSON string, as a dictionary; empty if value is. Raises NoteError."""
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            value = [value]
    if not value:
        return {}
    if not isinstance(value, dict):
        raise NoteError("%s must be a mapping or a JSON object" % name)
    return value


def job_of_note(note: t.Mapping[str, t.Any]) -> ShownJob:
    """Returns the job of a notification, whose content is AWX's job_metadata.

    In AWX 24.6.1 every job has id, name, url, status and traceback. Only a workflow job has body, a list of its jobs.
    """

    def text(name: str) -> str:
        return "" if note.get(name) is None else str(note[name])

    kind = "workflow job" if "/workflow/" in text("url") else "job"
    ending = ENDINGS.get(text("status"), "" if text("status") else "failed")
    return ShownJob(
        kind, text("id"), text("name"), text("url"), text("status"), ending, text("traceback") or text("body")
    )


def job_of_variables(
    variables: t.Mapping[str, t.Any], result: str, environ: t.Mapping[str, str]
) -> t.Optional[ShownJob]:
    """Returns the workflow job that this job is part of, else this job, from AWX's variables. None outside AWX.

    variables: job_id, job_name, workflow_job_id, workflow_job_name, empty if AWX does not set them.
    """
    host = environ.get("AWX_HOST", "").rstrip("/")
    for kind, page, prefix in (("workflow job", "workflow", "workflow_job_"), ("job", "playbook", "job_")):
        number = str(variables[prefix + "id"])
        if number:
            link = "%s/#/jobs/%s/%s" % (host, page, number) if host else ""
            on_edge = kind == "workflow job"
            status = _STATUS_ON_EDGES.get(result, "") if on_edge else ""
            ending = _ENDING_ON_EDGES if on_edge and result == "fail" else ""
            return ShownJob(kind, number, str(variables[prefix + "name"]), link, status, ending, "")
    return None


def decision(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Returns what the playbook callback sends, by option, and problems, a list of clauses.

    unsent_because is the reason why nothing is sent, if that is not an error. It is not called "skipped", because
    Ansible would then show the task as skipped. Empty arguments are treated as unset:
    extra_vars: options by name, and check_mode.
    file, saved: a file, and the playbook's variables from it. The result has the file that the callback is saved in,
    and what that says, as saved; saved_callbacks.send() takes it.
    note: awx_note. job: see job_of_variables.
    """
    file = arguments.get("file", "")
    problems = [] if not file or os.path.isfile(file) else [_NO_FILE % file]
    try:
        note = mapping_of("awx_note", arguments.get("note"))
        found = _decide(arguments, note)
    except NoteError as error:
        found = {"problems": [str(error)], "unsent_because": "", **dict.fromkeys(_VARIABLES, "")}
    return {**found, "changed": False, "problems": [*problems, *found["problems"]]}


def _decide(arguments: t.Mapping[str, t.Any], note: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    extra_vars, saved = arguments["extra_vars"], arguments.get("saved", {})
    note_vars = mapping_of("awx_note.extra_vars", note.get("extra_vars"))
    ids = {variable: note_vars.get(variable) for variable in launched.EXTRA_VARS.values()}
    found: dict[str, t.Any] = {}
    sources: tuple[dict[str, t.Any], ...] = (
        {name: extra_vars.get(name) for name in _VARIABLES},
        {name: saved.get(variable) for name, variable in _VARIABLES.items()},
        {name: ids.get(variable) for name, variable in _VARIABLES.items()},
    )
    for name in _VARIABLES:
        # ID and name of the state come from one source: another source may mean another state.
        related = STATE_OPTIONS if name in STATE_OPTIONS else (name,)
        of_one = next((each for each in sources if any(each[one] not in (None, "") for one in related)), {})
        found[name] = "" if of_one.get(name) is None else of_one[name]
    job = job_of_note(note) if note else job_of_variables(arguments["job"], found["result"], os.environ)
    unsent_because = _CHECK_MODE if extra_vars["check_mode"] else ""
    if note and job is not None:
        found["result"] = "fail"
        if not job.ending:
            unsent_because = _NO_FAILURE % (job.title(), job.status)
        elif not any(found[name] for name in launched.IDS):
            unsent_because = _NO_IDS % job.title()
    origin = _origin(arguments.get("file", ""), saved, found)
    if job is not None and not saved and not origin["file"]:
        _add_job(job, found)
    known = {name: value for name, value in found.items() if value != ""}
    required = [
        *launched.unset(known, launched.EXTRA_VARS),
        *(["fgs_workflow_result"] if "result" not in known else []),
    ]
    missing = ["%s is unset" % variable for variable in required]
    problems = [] if unsent_because else missing
    return {**found, "saved": origin, "problems": problems, "unsent_because": unsent_because}


def _origin(file: str, saved: t.Mapping[str, t.Any], found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    # Imported on demand: the role does not need it.
    from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import saved_callbacks

    return dict(saved_callbacks.origin(file, saved, found)._asdict())


def _add_job(job: ShownJob, found: dict[str, t.Any]) -> None:
    """Adds the job to the output, unless the key exists, and to the error, unless it is set."""
    report = _report.Report(os.environ)
    report.learn_secrets({})
    redact = report.redactor.text
    job = job._replace(name=redact(job.name), message=redact(job.message))
    try:
        output = check_type_dict(found["output"] or {})
    except TypeError:
        # The module reports the invalid value.
        return
    output.setdefault(KEY, job.fields())
    found["output"] = output
    found["error"] = found["error"] or (job.error() if job.ending else "")


class ActionModule(FunctionGraphAction):
    """Runs the module for the role and the playbook callback, and the check for the playbook check. They set step."""

    module_name = "functiongraph.workflow.fgs_workflow_callback"
    task_class: type[Task] = CallbackTask

    # Set for a step of the role.
    _steps: t.Optional[_runbook.Steps] = None

    def _run_on_controller(
        self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any
    ) -> dict[str, t.Any]:
        if arguments["step"] == "decide":
            return decision(arguments)
        given = {name: value for name, value in arguments.items() if name != "step"}
        if arguments["step"] == "check":
            return self._check(given, empty_ids, task_vars)
        if arguments["step"] == "reconcile":
            return self._reconcile(given, empty_ids, task_vars)
        if arguments["step"] == "send":
            return self._send(given, empty_ids, task_vars)
        self._steps = _runbook.Steps(self._task, self._environ(), super()._run_on_controller, self._templar.template)
        return self._steps.run(arguments, empty_ids, task_vars)

    def _check(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        # Imported on demand: the role does not need it.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.check import CheckTask
        from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import check

        self.task_class = CheckTask
        return check.shown(super()._run_on_controller(arguments, empty_ids, task_vars), self._display)

    def _reconcile(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import reconcile
        from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.task import ReconcileTask

        self.task_class = ReconcileTask
        return reconcile.shown(super()._run_on_controller(arguments, empty_ids, task_vars), self._display)

    def _send(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        saved, deliver = arguments.pop("saved"), super()._run_on_controller
        if not saved["file"] and not saved["options"]:
            return deliver(arguments, empty_ids, task_vars)
        from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import saved_callbacks

        return saved_callbacks.send(
            arguments,
            saved_callbacks.SavedCallback(**saved),
            lambda options: deliver(options, empty_ids, task_vars),
            self._environ(),
            self._task.check_mode,
        )

    def report_interruption(self, result: dict[str, t.Any]) -> None:
        if self._steps is None or not self._steps.save_note(result):
            super().report_interruption(result)


# Strategies load this file in the main process before they start a worker: only there can a callback plugin receive the
# events that follow.
report_plugin.listen()
