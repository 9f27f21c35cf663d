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

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _arguments,
    _contract,
    _credentials,
    _output_schema,
    _task,
    _transport,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import (
    _awx_job,
    _failure,
    _interruptions,
    _report,
    _runbook_watch,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import FunctionGraphAction, plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook_run import PlaybookRun

_CENSORED = {"censored": True}
# With an ID nothing is looked up.
_LOOKED_UP_LATER = "looked-up-later"


class RunbookAction(FunctionGraphAction):
    """The module's call at a step of the role: "before" the runbook, with its "output", then the "report".

    Only the last one sends anything. Arguments are the ids, and
    step: one of these.
    options: the options of the module, without ids, result, output and error.
    output: what the role was given as output.
    output_schema: what the output must meet.
    failed: error, failed_task and failed_hosts where the runbook failed; empty where it did not.
    """

    # Of the report, where somebody reads them.
    _notes: t.Optional[_interruptions.Notes] = None

    def _called(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        own: dict[str, t.Any] = arguments.pop("output", {})
        failed: dict[str, t.Any] = arguments.pop("failed", {})
        schema, step = arguments.pop("output_schema", {}), arguments.pop("step")
        arguments = {**_arguments.without_empty(arguments.pop("options")), **arguments}
        arguments.update(result="fail" if failed else "success", error=failed.get("error"), truncate_error=True)
        arguments = _arguments.without_empty(arguments)
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
            problem = project_problem(arguments, self._environ())
            problems = [] if problem is None else ["Nothing was sent: %s" % problem]
        return {"changed": False, "problems": problems, "batches": PlaybookRun.batches(), "check_mode": check_mode}

    def _previewed(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        """The result of a call that finds all that is wrong and asks nothing of the network."""
        self._task.check_mode = True
        asked = {"project_id": _LOOKED_UP_LATER, **arguments, "confirm": "never"}
        result = super()._called(asked, empty_ids, task_vars)
        result.pop("diff", None)
        return {**result, "changed": False}

    def _sent(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        """The result of the report, noted for what follows where a signal ends the playbook now."""
        self._notes = None if self._task.check_mode else _runbook_watch.notes(arguments)
        if self._notes is not None:
            self._notes.begin({name: arguments.get(name) for name in ("result", "error", "output")})
        result = super()._called(arguments, empty_ids, task_vars)
        if self._notes is not None:
            self._notes.add(result)
        return result

    def _tell(self, result: dict[str, t.Any]) -> None:
        if self._notes is None:
            super()._tell(result)
        else:
            # The reporter tells it, when Ansible does not listen to this process any more.
            self._notes.add(result)

    def _recap(self, failed: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What the role itself says: the failure, and in AWX the job."""
        recap = {name: failed[name] for name in ("failed_task", "failed_hosts") if name in failed}
        environ = self._environ()
        link = _report.job_link(environ)
        if link is not None:
            name = variables.get("awx_job_template_name", variables.get("tower_job_template_name", ""))
            recap.update(_awx_job.Job("job", environ["JOB_ID"], str(name), link, "", "", "").fields())
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
        report = _report.Report({}, {}, self._environ())
        report.learn_secrets(arguments)
        wanted = {name: value for name, value in _runbook_watch.published(arguments).items() if name not in own}
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
        return self._output(arguments, own, None)[0] != own and not _output_schema.violations(own, schema)


def _told(result: t.Mapping[str, t.Any]) -> str:
    """msg and hint of a result: a user reads nothing but msg."""
    return " ".join(part for part in (result["msg"], result.get("hint")) if part)


def project_problem(arguments: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> t.Optional[str]:
    """Why the project will not be found, as far as that is known without the network."""
    params = {"validate_certs": True, **arguments}
    task = _task.Task(_contract.CALLBACK, params, [], environ, _transport.Connections())
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
    report = _report.Report({}, {}, os.environ)
    report.learn_secrets(options or {})
    name = str(_field(task, "name") or _field(task, "action") or "")
    if not result:
        found = _failure.Failure(host, name, _failure.UNTOLD, None)
    else:
        found = _failure.of_result(host, name, _CENSORED if _is_hidden(result, task) else result)
    found = report.redacted(found)
    told = found.line != _failure.UNTOLD
    return {"error": _failure.error(found), "failed_task": _report.failed_task(found), "told": told}


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
