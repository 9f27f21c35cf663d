# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The controller's side of tasks: the call made by the Ansible process itself, or handed on to the module; and what the
playbook functiongraph.workflow.callback sends, from extra vars, a saved report, or AWX's notification of a job.
"""

from __future__ import annotations

import json
import os
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_dict
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _libraries, _options, _tasks
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import (
    TaskTimeoutError,
    alias_warnings,
    on_interruption,
    plain,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import bounded

_INTERRUPTED = "the run of the playbook was interrupted"
_LOST = "the module on the host of the task returned no result"
_ASYNC = (
    "Nothing was sent: with async the module and its arguments, secrets included, are copied to the host of the task, "
    "but run_on=controller keeps them on the controller; set run_on=target, or remove async."
)
# How a job ended, by its status in a notification.
_ENDINGS = {"failed": "failed", "error": "ended with an error", "canceled": "was canceled"}
# What an edge of a workflow template knows of the job before it, by the result that it reports.
_STATUS_ON_EDGES = {"success": "successful", "fail": "failed, timed out or canceled"}
_ENDING_ON_EDGES = "failed, timed out or was canceled"
_NEEDED = {**_report.EXTRA_VARS, "result": "fgs_workflow_result"}
_SENT = {**_NEEDED, "output": "fgs_workflow_output", "error": "fgs_workflow_error"}
_CHECKED = (
    "Nothing was sent, as the job before ran in check mode (fgs_workflow_check_mode is true): nothing was done, and "
    "the workflow still waits."
)
_NO_IDS = "Nothing was sent, as %s was launched without IDs of a workflow: no workflow waits for it."
_NO_FAILURE = 'Nothing was sent, as %s has the status "%s": a notification is reported where a job failed.'
_TIMED_OUT = "the task timed out after %s seconds"

# Of the worker that runs the task: every item of a loop uses the connections of the one before.
_kept_connections = _connections.Connections()


class FunctionGraphAction(ActionBase):  # type: ignore[misc]
    """Runs a task of the collection. Its subclasses name the module and say what the task is."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True
    _requires_connection = False

    module_name: str
    task_class: type[_tasks.Task]

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        empty_ids = _options.empty_ids(self.task_class.SPECIFICATION, self._task.args)
        arguments = _options.without_empty(self._task.args)
        warnings = self._restore_ids(arguments, task_vars or {})
        if arguments.get("run_on") == "target":
            result.update(self._handed_on({**empty_ids, **arguments}, task_vars))
        elif self._task.async_val:
            result.update({"failed": True, "changed": False, **self.task_class.NOTHING_DONE, "msg": _ASYNC})
        else:
            result.update(self._called(plain(arguments), empty_ids, task_vars))
        if warnings:
            result["warnings"] = warnings + list(result.get("warnings", []))
        return result

    @staticmethod
    def _restore_ids(arguments: dict[str, t.Any], variables: t.Mapping[str, t.Any]) -> list[str]:
        """Makes strings of IDs that are numbers, and gives the warnings about them."""
        warnings: list[str] = []
        for option in [name for name in _report.VARIABLES if name in arguments]:
            value = arguments[option]
            variable = _report.VARIABLES[option]
            # Before ansible-core 2.19 a template makes a string of the number that the variable of launch or role is.
            for given in (variables.get(variable), variables.get(variable.replace("fgs_", "runbook_"))):
                value = given if _report.is_no_string(given) and str(given) == str(value) else value
            arguments[option] = _report.written_id(option, value, warnings.append)
        return warnings

    def _handed_on(self, arguments: dict[str, t.Any], task_vars: t.Any) -> dict[str, t.Any]:
        """The module's result. Broken off, nobody knows how far it came: it may go on where it runs."""
        lost = self.task_class.lost

        def tell() -> None:
            self._tell(lost(_INTERRUPTED))
            # Interrupted, Ansible leaves the module's arguments behind, secrets and all.
            self.cleanup(force=True)

        try:
            with on_interruption(tell):
                found: dict[str, t.Any] = self._execute_module(
                    module_name=self.module_name,
                    module_args=arguments,
                    task_vars=task_vars,
                    wrap_async=bool(self._task.async_val),
                )
        except TaskTimeoutError:
            return lost(_TIMED_OUT % self._task.timeout)
        except AnsibleConnectionFailure as error:
            if not self.task_class.NOTHING_DONE:
                raise
            found = {"unreachable": True, "msg": str(error)}
        if "ansible_job_id" not in found and not self.task_class.NOTHING_DONE.keys() <= found.keys():
            # The module was killed, something else was printed in its place, or the connection was lost.
            lost_result = lost(_LOST)
            message = ("%s %s" % (lost_result["msg"], found.get("msg", ""))).strip()
            found = {**found, **lost_result, "msg": message, "failed": not found.get("unreachable", False)}
        return found

    def _called(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        validation = ArgumentSpecValidator(
            _options.without_short_secrets(self.task_class.SPECIFICATION, arguments)
        ).validate(arguments)
        params = {**validation.validated_parameters, **empty_ids}
        result = _libraries.guarded(lambda: self._result(params, validation.errors), self.task_class.NOTHING_DONE)
        both = alias_warnings(validation)
        if both:
            result["warnings"] = both + result.get("warnings", [])
        if self._shows_invocation(task_vars):
            result["invocation"] = {"module_args": _options.masked(params)}
        return result

    def _result(self, params: dict[str, t.Any], errors: t.Iterable[t.Any]) -> dict[str, t.Any]:
        task = self.task_class(
            params,
            errors,
            self._environ(),
            _kept_connections,
            check_mode=self._task.check_mode,
            diff=self._task.diff,
        )
        try:
            with on_interruption(lambda: self._tell(task.interrupted(_INTERRUPTED))):
                result: dict[str, t.Any] = task.run()
        except TaskTimeoutError:
            result = task.interrupted(_TIMED_OUT % self._task.timeout)
        return result

    def _tell(self, result: dict[str, t.Any]) -> None:
        # Not as a warning: since ansible-core 2.19 those wait for the result, which nobody sees.
        self._display.display("[WARNING]: %s" % result["msg"], color=C.COLOR_WARN, stderr=True)

    def _environ(self) -> dict[str, str]:
        """The environment as a module would see it: the task's own wins over that of the process."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return {**os.environ, **{name: str(value) for name, value in plain(environment).items()}}

    @staticmethod
    def _shows_invocation(task_vars: t.Any) -> bool:
        """As for modules: always before ansible-core 2.21, by configuration since."""
        try:
            return bool(C.config.get_config_value("INJECT_INVOCATION", variables=task_vars))
        except Exception:  # pylint: disable=broad-exception-caught  # what an unknown setting raises differs by release
            return True


class NoteError(Exception):
    """A notification that does not have the shape that AWX gives it. The message is a clause."""


class Job(t.NamedTuple):
    """A job or workflow job. ending says in words how it failed; link, status, ending and message may be empty."""

    kind: str
    number: str
    name: str
    link: str
    status: str
    ending: str
    message: str

    def title(self) -> str:
        return "AWX %s %s" % (self.kind, self.number)

    def fields(self) -> dict[str, t.Any]:
        """What output says of it, without what is empty."""
        found = {
            **_report.linked(self.link or None),
            "job_id": int(self.number) if self.number.isdigit() else self.number,
            "job_name": bounded(self.name, _report.NAME_LIMIT),
            "job_status": self.status,
            "job_message": bounded(self.message, _report.MESSAGE_LIMIT),
        }
        return {name: value for name, value in found.items() if value != ""}

    def error(self) -> str:
        """How it ended, the number first, as the service takes no more than 64 characters."""
        reason = (self.message if self.status == "error" else "").strip().splitlines()
        return "%s %s: %s" % (self.title(), self.ending, reason[-1] if reason else self.name)


def mapping_of(name: str, value: t.Any) -> dict[str, t.Any]:
    """value, a mapping or its JSON. Nothing is an empty one. Raises NoteError."""
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


def job_of_note(note: t.Mapping[str, t.Any]) -> Job:
    """The job of a notification, which is what AWX's job_metadata holds.

    Facts from AWX 24.6.1: id, name, url, status and traceback are there for every job, and body, which lists the jobs
    of a workflow job, for those only.
    """

    def text(name: str) -> str:
        return "" if note.get(name) is None else str(note[name])

    kind = "workflow job" if "/workflow/" in text("url") else "job"
    ending = _ENDINGS.get(text("status"), "" if text("status") else "failed")
    return Job(kind, text("id"), text("name"), text("url"), text("status"), ending, text("traceback") or text("body"))


def job_of_variables(variables: t.Mapping[str, t.Any], result: str, environ: t.Mapping[str, str]) -> t.Optional[Job]:
    """The workflow job that this job is part of, else this job, from what AWX hands to it. None outside AWX.

    variables: job_id, job_name, workflow_job_id, workflow_job_name, empty where AWX does not give them.
    """
    host = environ.get("AWX_HOST", "").rstrip("/")
    for kind, page, prefix in (("workflow job", "workflow", "workflow_job_"), ("job", "playbook", "job_")):
        number = str(variables[prefix + "id"])
        if number:
            link = "%s/#/jobs/%s/%s" % (host, page, number) if host else ""
            on_edge = kind == "workflow job"
            status = _STATUS_ON_EDGES.get(result, "") if on_edge else ""
            ending = _ENDING_ON_EDGES if on_edge and result == "fail" else ""
            return Job(kind, number, str(variables[prefix + "name"]), link, status, ending, "")
    return None


def callback_report(given: t.Any, saved: t.Any, note: t.Any, variables: t.Any) -> dict[str, t.Any]:
    """What to send, by option, with problems, a list of clauses, and skipped, why nothing is to be sent.

    given: options by name, and check_mode; saved: variables of the playbook from a file; note: awx_note; variables: see
    job_of_variables. What is empty counts as unset.
    """
    given, saved, note, variables = (plain(value) for value in (given, saved, note, variables))
    try:
        found = _to_send(given, saved, mapping_of("awx_note", note), variables)
    except NoteError as error:
        found = {"problems": [str(error)], "skipped": "", **dict.fromkeys(_SENT, "")}
    # Before ansible-core 2.19 only what is marked is no template.
    return t.cast(t.Dict[str, t.Any], wrap_var(found))


def _to_send(
    given: t.Mapping[str, t.Any], saved: t.Mapping[str, t.Any], note: t.Mapping[str, t.Any], variables: t.Any
) -> dict[str, t.Any]:
    noted = mapping_of("awx_note.extra_vars", note.get("extra_vars"))
    ids = {variable: noted.get(variable) for variable in _report.EXTRA_VARS.values()}
    found = {}
    for name, variable in _SENT.items():
        values = (given.get(name), saved.get(variable), ids.get(variable))
        found[name] = next((value for value in values if value not in (None, "")), "")
    job = job_of_note(note) if note else job_of_variables(variables, found["result"], os.environ)
    skipped = _CHECKED if given["check_mode"] else ""
    if note and job is not None:
        found["result"] = "fail"
        if not job.ending:
            skipped = _NO_FAILURE % (job.title(), job.status)
        elif not any(found[name] for name in _report.IDS):
            skipped = _NO_IDS % job.title()
    if job is not None and not saved:
        _add_job(job, found)
    lacking = ["%s is unset" % variable for name, variable in _NEEDED.items() if found[name] == ""]
    return {**found, "problems": [] if skipped else lacking, "skipped": skipped}


def _add_job(job: Job, found: dict[str, t.Any]) -> None:
    """Adds the job to the output, unless that has the key itself, and to the error, unless there is one."""
    known = _report.Report(os.environ)
    known.learn_secrets({})
    hide = known.redactor.text
    job = job._replace(name=hide(job.name), message=hide(job.message))
    try:
        output = check_type_dict(found["output"] or {})
    except TypeError:
        # Whatever it is, the module says what is wrong with it.
        return
    output.setdefault(_report.KEY, job.fields())
    found["output"] = output
    found["error"] = found["error"] or (job.error() if job.ending else "")
