# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The steps of the role runbook: what stands in the way of its report, what it reports, and what a failed task says.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible.plugins.loader import callback_loader
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _connections,
    _credentials,
    _options,
    _tasks,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _recap, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import (
    ALL_HOSTS,
    PlaybookRun,
    is_check,
    plain,
)

_PLUGIN = "functiongraph.workflow.fgs_workflow_report"
_BLIND = "functiongraph.workflow.runbook: what the runbook publishes is not sent, as it cannot be seen: %s"
_CENSORED = {"censored": True}
# With an ID nothing is looked up.
_LOOKED_UP_LATER = "looked-up-later"


class Steps:
    """The module's call at a step of the role: "before" the runbook, with its "output", then the "report".

    Only the last one sends anything. call is the module's own: arguments, empty ids and variables of the task to its
    result. task is Ansible's, environ its environment. Arguments are the ids, and
    step: one of these.
    options: the options of the module, without ids, result, output and error.
    output: what the role was given as output.
    output_schema: what the output must meet.
    failed: error, failed_task and failed_hosts where the runbook failed; empty where it did not.
    """

    def __init__(self, task: t.Any, environ: t.Mapping[str, str], call: t.Callable[..., dict[str, t.Any]]) -> None:
        self._task = task
        self._environ = environ
        self._call = call
        # Of the report, where somebody reads them.
        self._notes: t.Any = None

    def run(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        own: dict[str, t.Any] = arguments.pop("output", {})
        failed: dict[str, t.Any] = arguments.pop("failed", {})
        schema, step = arguments.pop("output_schema", {}), arguments.pop("step")
        arguments = {**_options.without_empty(arguments.pop("options")), **arguments}
        arguments.update(result="fail" if failed else "success", error=failed.get("error"), truncate_error=True)
        arguments = _options.without_empty(arguments)
        # As they were written: a template has made another string of a number, before ansible-core 2.19.
        ids = {name: arguments.get(name, "") for name in _report.IDS}
        if step == "before":
            return {**self._before(arguments, empty_ids, task_vars), "ids": ids}
        recap = self._recap(failed, task_vars or {}) if step == "report" else None
        output, warnings = self._output(arguments, own, recap)
        if step == "output":
            result = self._previewed({**arguments, "output": output, "output_schema": schema}, empty_ids, task_vars)
        else:
            result = self._sent({**arguments, "output": output}, empty_ids, task_vars)
            if _report.is_too_large(result) and self._can_leave_out_published(arguments, own, {} if failed else schema):
                requests_sent = result["requests_sent"]
                output, warnings = self._output(arguments, own, recap, refused=True)
                result = self._sent({**arguments, "output": output}, empty_ids, task_vars)
                result["requests_sent"] += requests_sent
            result["warnings"] = [*result.get("warnings", []), *warnings]
        if result.get("failed"):
            result["msg"] = _told(result)
        return {**result, "ids": ids}

    def _before(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        """What stands in the way of the report, in sentences; the number of batches; whether this is a check."""
        check_mode = bool(self._task.check_mode)
        result = self._previewed(arguments, empty_ids, task_vars)
        if result.get("failed"):
            problems = [_told(result)]
        else:
            problem = project_problem(arguments, self._environ)
            problems = [] if problem is None else ["Nothing was sent: %s" % problem]
        return {"changed": False, "problems": problems, "batches": PlaybookRun.batches(), "check_mode": check_mode}

    def _previewed(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        """The result of a call that finds all that is wrong and asks nothing of the network."""
        self._task.check_mode = True
        asked = {"project_id": _LOOKED_UP_LATER, **arguments, "confirm": "never"}
        result = self._call(asked, empty_ids, task_vars)
        result.pop("diff", None)
        return {**result, "changed": False}

    def _sent(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        """The result of the report, noted for what follows where a signal ends the playbook now."""
        self._notes = None if self._task.check_mode else notes_of_report(arguments)
        if self._notes is not None:
            self._notes.begin({name: arguments.get(name) for name in ("result", "error", "output")})
        result = self._call(arguments, empty_ids, task_vars)
        if self._notes is not None:
            self._notes.add(result)
        return result

    def noted(self, result: dict[str, t.Any]) -> bool:
        """Whether somebody reads a note of the result when Ansible does not listen to this process any more."""
        if self._notes is not None:
            self._notes.add(result)
        return self._notes is not None

    def _recap(self, failed: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What the role itself says: the failure, and in AWX the job."""
        recap = {name: failed[name] for name in ("failed_task", "failed_hosts") if name in failed}
        environ = self._environ
        link = _report.job_link(environ)
        if link is not None:
            name = variables.get("awx_job_template_name", variables.get("tower_job_template_name", ""))
            number = environ["JOB_ID"]
            recap.update(_report.linked(link), job_id=int(number) if number.isdigit() else number)
            recap.update({"job_name": _recap.bounded(str(name), _report.NAME_LIMIT)} if name else {})
        return recap

    def _output(
        self, arguments: t.Mapping[str, t.Any], own: t.Any, recap: t.Optional[dict[str, t.Any]], refused: bool = False
    ) -> tuple[t.Any, list[str]]:
        """What is sent as output, and sentences on what is not in it.

        The output that the role was given wins over what the runbook published, by name, and over the recap. Without
        recap it is the output that the user's schema is about. refused says that one with all of what was published was
        refused as too large.
        """
        if not isinstance(own, dict):
            return own, []
        report = _report.Report(self._environ)
        report.learn_secrets(arguments)
        wanted = {name: value for name, value in seen_published(arguments).items() if name not in own}
        published, left_out, notes = report.publishable(wanted, refused)
        output = {**published, **own}
        if recap is not None and left_out:
            recap[_report.PUBLISHED_LEFT_OUT] = left_out
        if recap:
            output.setdefault(_report.KEY, recap)
        return output, notes

    def _can_leave_out_published(
        self, arguments: t.Mapping[str, t.Any], own: dict[str, t.Any], schema: dict[str, t.Any]
    ) -> bool:
        """Whether the output becomes smaller without what was published, and still is what the user's schema allows."""
        return self._output(arguments, own, None)[0] != own and not validators.output_violations(own, schema)


def _told(result: t.Mapping[str, t.Any]) -> str:
    """msg and hint of a result: a user reads nothing but msg."""
    return " ".join(part for part in (result["msg"], result.get("hint")) if part)


def project_problem(arguments: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> t.Optional[str]:
    """Why the project will not be found, as far as that is known without the network."""
    params = {"validate_certs": True, **arguments}
    task = _tasks.CallbackTask(params, [], environ, _connections.Connections())
    try:
        # Those of an agency are not known before they are fetched.
        credentials = _credentials.find({**params, "use_ecs_agency": False}, environ, task.redactor)
    except _credentials.CredentialsError:
        return task.project_problem(None)
    return task.project_problem(credentials)


def failure(
    result: t.Any, host: str, task: t.Any = None, options: t.Optional[t.Mapping[str, t.Any]] = None
) -> dict[str, t.Any]:
    """error and failed_task of a failure, from what Ansible hands to a rescue, where nothing is hidden yet.

    result and task are empty where Ansible hands on nothing, as of a host that any_errors_fatal drags along.
    """
    result = plain(result) or {}
    report = _report.Report(os.environ)
    report.learn_secrets(options or {})
    name = str(_field(task, "name") or _field(task, "action") or "")
    if not result:
        found = _recap.Failure(host, name, _recap.UNTOLD, None)
    else:
        found = _recap.failure_of_result(host, name, _CENSORED if _is_hidden(result, task) else result)
    found = report.redacted(found)
    told = found.line != _recap.UNTOLD
    return {"error": _recap.error_text(found), "failed_task": _report.failed_task(found), "told": told}


def _field(task: t.Any, name: str) -> t.Any:
    """A field of a task; None where it is a template that cannot be rendered any more.

    Only what is needed is asked for, as ansible-core 2.19 and later render what is asked for.
    """
    try:
        return task[name]
    except Exception:  # pylint: disable=broad-exception-caught  # whatever a template may raise
        return None


def _is_hidden(result: t.Mapping[str, t.Any], task: t.Any) -> bool:
    """Whether no_log is on, for the task or an item of its loop. It is, unless Ansible says plainly that it is not."""
    items = result.get("results")
    parts = [result, *(item for item in items if isinstance(item, dict))] if isinstance(items, list) else [result]
    return _field(task, "no_log") is not False or any(part.get("_ansible_no_log") for part in parts)


class _RunOfRole(PlaybookRun):
    """The run as a role sees it: it knows its own playbook alone, and whether its tasks are only a check."""

    def __init__(self, manager: t.Any) -> None:
        super().__init__(manager)
        self._check_mode = is_check()

    def is_last_playbook(self) -> bool:
        return True

    @property
    def check_mode(self) -> bool:
        return self._check_mode


def watch(options: t.Mapping[str, t.Any]) -> bool:
    """Switches the report plugin on for the state of the role, unless it is on. Gives False, and never raises.

    options are those of the module. To be called in the process that runs the playbook, as by the condition of a meta
    task.
    """
    try:
        run = _RunOfRole.here()
        if run is not None:
            reporter = _reporter_of(run, options) or _switch_on(run, options)
            reporter.take_notes()
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a later ansible-core may do
        Display().warning(_BLIND % " ".join(("%s: %s" % (type(error).__name__, error)).split()))
    return False


def done(options: t.Mapping[str, t.Any]) -> bool:
    """The role has come to its report, so nothing else is to be reported. Gives False, and never raises."""
    with suppress(Exception):
        run = PlaybookRun.here()
        reporter = None if run is None else _reporter_of(run, options)
        if reporter is not None and reporter.is_of_role:
            reporter.recap.completed = True
    return False


def seen_published(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the playbook published for all hosts, as far as the report plugin has seen it."""
    with suppress(Exception):
        run = PlaybookRun.here()
        reporter = None if run is None else _reporter_of(run, options)
        if reporter is not None:
            published: dict[str, t.Any] = reporter.recap.published(reporter.run.stats).get(ALL_HOSTS, {})
            return published
    return {}


def notes_of_report(options: t.Mapping[str, t.Any]) -> t.Any:
    """Where the worker notes what becomes of the role's own report; None where nobody reads that."""
    with suppress(Exception):
        run = PlaybookRun.here()
        reporter = None if run is None else _reporter_of(run, options)
        # Where it is left alone, or the state is completed, it says nothing of what was noted.
        if reporter is not None and not (reporter.recap.is_left_alone or reporter.recap.completed):
            return reporter.notes
    return None


def _reporter_of(run: PlaybookRun, options: t.Mapping[str, t.Any]) -> t.Any:
    """The one that reports the state of the role, by the role or by the report plugin itself."""
    found: t.Any = (getattr(plugin, "_reporter", None) for plugin in run.callbacks)
    return next((one for one in found if hasattr(one, "recap") and one.recap.is_ours(options)), None)


def _switch_on(run: PlaybookRun, options: t.Mapping[str, t.Any]) -> t.Any:
    given = _options.without_empty(plain(options))
    ids = {name: str(_report.written_id(name, given[name], lambda _text: None)) for name in _report.IDS}
    secrets = {name: given[name] for name in _options.SECRET_OPTIONS if name in given}
    plugin = callback_loader.get(_PLUGIN)
    reporter = plugin.report_role(run, _report.Launch({**ids, **secrets}, [], False), given)
    reporter.recap.hide_published(run.stats)
    run.add_callback(plugin)
    reporter.wait_for_end()
    return reporter
