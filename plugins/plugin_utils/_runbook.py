# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The decisions of the role runbook: whether it may start, what failed, and what it reports.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible.plugins.callback import CallbackBase
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
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    ALL_HOSTS,
    PlaybookRun,
    task_of,
)

_PLUGIN = "functiongraph.workflow.fgs_workflow_report"
_BLIND = "functiongraph.workflow.runbook: what the runbook publishes is not sent, as it cannot be seen: %s"
_NO_EVENTS = "the role gets no events of the playbook"
_GONE = "unreachable, or gone before the end of the runbook"
_EITHER = "Give either runbook_tasks_file or runbook_role."
_NO_FILE = "runbook_tasks_file must be a file on the controller, and there is none at %s."
_INSTEAD = ": use the callback plugin functiongraph.workflow.fgs_workflow_report instead."
_BATCHES = "With serial the outcome of all hosts cannot be known once" + _INSTEAD
_OUT_OF_STEP = (
    "All hosts of the play must come to the role together, so it can be used neither with the strategies free and "
    "host_pinned nor with when or run_once" + _INSTEAD
)
# With an ID nothing is looked up.
_LOOKED_UP_LATER = "looked-up-later"
_FAILED_HOSTS_LIMIT = 100


class Hosts:
    """The hosts of the play, by the facts that the role leaves on them.

    variables are those of a task. state is the ID of the state as facts have it: a play may use the role twice.
    """

    def __init__(self, variables: t.Mapping[str, t.Any], state: t.Any) -> None:
        self._variables = variables
        self._state = str(state)

    def at_start(self) -> list[str]:
        """The hosts that the play has now, and those that it has lost.

        add_host makes ansible_play_hosts_all longer, and not the play.
        """
        lost = {*self._variables["ansible_play_hosts_all"]} - {*self._variables["ansible_play_hosts"]}
        return sorted({*self._variables["ansible_play_batch"], *lost})

    def problem(self) -> t.Optional[str]:
        """Why the outcome of all hosts cannot be known once, if so."""
        batch, batches = self._variables["ansible_play_batch"], PlaybookRun.batches()
        # The variables count hosts that add_host has added to the play's pattern as those of another batch.
        if len(batch) < len(self._variables["ansible_play_hosts"]) if batches is None else batches > 1:
            return _BATCHES
        # In step, all hosts have come, and one has acted for all; out of step, some have not, or each has acted.
        acted = self._facts("__runbook_acted", self.at_start())
        is_in_step = len(acted) <= 1 and len(self._facts("__runbook_came", batch)) == len(batch)
        return None if is_in_step else _OUT_OF_STEP

    def output(self, hosts: t.Iterable[str]) -> t.Any:
        """The output that the first of the hosts has made."""
        return next(iter(self._facts("__runbook_output", hosts).values()))["value"]

    def failed(self) -> list[str]:
        """The hosts that did not come to the end of the runbook: they failed in it, or are gone."""
        hosts = self._variables["__runbook_hosts"]
        seen = self._facts("__runbook_seen", hosts)
        return sorted(host for host in hosts if not seen.get(host, {}).get("ended_well"))

    def failure(self, failed: t.Sequence[str]) -> _recap.Failure:
        """The failure that is reported: the first one of which Ansible tells, else any."""
        found = [fact["failure"] for fact in self._facts("__runbook_seen", failed).values() if fact.get("failure")]
        found.sort(key=lambda failure: failure["line"] == _recap.UNTOLD)
        # A host that is gone has left none.
        found.append({"host": failed[0], "task": "", "line": _GONE, "message": None})
        return _recap.Failure(*(found[0][name] for name in _recap.Failure._fields))

    def _facts(self, name: str, hosts: t.Iterable[str]) -> dict[str, t.Any]:
        """A fact of the role about this state, by host, of those that have it."""
        found = {}
        for host in hosts:
            fact = self._variables["hostvars"][host].get(name)
            if fact is not None and str(fact["state"]) == self._state:
                found[host] = fact
        return found


class Steps:
    """The module's call at a step of the role. Only the last step sends anything.

    call is the module's own: arguments, empty ids and variables of the task to its result. task is Ansible's, environ
    its environment, render is its templar's. Arguments are the ids, and
    step: start, watch, failed, output or report.
    options: the options of the module, without ids, result, output and error.
    tasks_file, role, output_schema: what the role was given.
    """

    def __init__(
        self,
        task: t.Any,
        environ: t.Mapping[str, str],
        call: t.Callable[..., dict[str, t.Any]],
        render: t.Callable[[t.Any], t.Any],
    ) -> None:
        self._task = task
        self._environ = environ
        self._call = call
        self._render = render
        # Of the report, where somebody reads them.
        self._notes: t.Any = None

    def run(self, given: dict[str, t.Any], empty_ids: dict[str, str], variables: t.Any) -> dict[str, t.Any]:
        self._empty_ids = empty_ids
        self._variables: t.Mapping[str, t.Any] = variables
        ids = {name: given.get(name) for name in _report.IDS}
        arguments = _options.without_empty({**given.get("options", {}), **ids, "result": "success"})
        hosts = Hosts(variables, self._task.args.get("workflow_state_id", ""))
        step = given["step"]
        if step == "start":
            return self._started(given, arguments, hosts)
        if step == "watch":
            return {"changed": False, "warnings": [] if is_listening() else [_BLIND % _NO_EVENTS]}
        if step == "failed":
            return {"changed": False, "failure": self._failed(arguments)}
        schema = given.get("output_schema", {})
        if step == "output":
            output = self._output(arguments, plain(hosts.output([variables["inventory_hostname"]])))[0]
            result = self._previewed({**arguments, "output": output, "output_schema": schema})
        else:
            result = self._reported(arguments, schema, hosts)
        if result.get("failed"):
            result["msg"] = _told(result)
        return result

    def _started(self, given: t.Mapping[str, t.Any], arguments: dict[str, t.Any], hosts: Hosts) -> dict[str, t.Any]:
        """What speaks against starting the runbook, in sentences; and what later steps need."""
        file, role = given.get("tasks_file", ""), given.get("role", "")
        # As in the playbook itself, a relative file is one beside it.
        path = os.path.join(self._variables["playbook_dir"], file) if file else ""
        check_mode = bool(self._task.check_mode)
        problems = [
            _EITHER if bool(file) == bool(role) else None,
            _NO_FILE % path if file and not os.path.isfile(path) else None,
            hosts.problem(),
            self._report_problem(arguments),
        ]
        # As they were written: a template has made another string of a number, before ansible-core 2.19.
        ids = {name: arguments.get(name, "") for name in _report.IDS}
        known = {"hosts": hosts.at_start(), "tasks_path": path, "check_mode": check_mode, "ids": ids}
        return {"changed": False, "problems": [problem for problem in problems if problem], **known}

    def _report_problem(self, arguments: dict[str, t.Any]) -> t.Optional[str]:
        """What stands in the way of the report, as far as that is known without the network."""
        result = self._previewed(arguments)
        problem = None if result.get("failed") else project_problem(arguments, self._environ)
        return _told(result) if result.get("failed") else problem and "Nothing was sent: %s" % problem

    def _failed(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The failure of this host, from what Ansible hands to a rescue, where nothing is redacted yet.

        Ansible hands on nothing of a host that any_errors_fatal drags along.
        """
        result = plain(self._render(self._variables.get("ansible_failed_result"))) or {}
        host = self._variables["inventory_hostname"]
        name = str(self._field("name") or self._field("action") or "")
        report = _report.Report(self._environ)
        report.learn_secrets(options)
        if not result:
            found = _recap.Failure(host, name, _recap.UNTOLD, None)
        else:
            is_hidden = _is_hidden(result, self._field("no_log"))
            found = _recap.failure_of_result(host, name, {"censored": True} if is_hidden else result)
        found = report.redacted(found)
        return {**found._asdict(), "error": _recap.error_text(found)}

    def _field(self, name: str) -> t.Any:
        """A field of the failed task; None where it is a template that cannot be rendered any more."""
        try:
            return self._render(self._variables["ansible_failed_task"].get(name))
        except Exception:  # pylint: disable=broad-exception-caught  # whatever a template may raise
            return None

    def _reported(self, arguments: dict[str, t.Any], schema: dict[str, t.Any], hosts: Hosts) -> dict[str, t.Any]:
        """The result of the one report of all hosts."""
        failed = hosts.failed()
        failure = hosts.failure(failed) if failed else None
        own = {} if failed else plain(hosts.output(self._variables["__runbook_hosts"]))
        more = {"failed_hosts": failed[:_FAILED_HOSTS_LIMIT]} if failed else {}
        more.update(_report.job_fields(self._environ, self._variables))
        if failure is not None:
            arguments.update(result="fail", error=_recap.error_text(failure))
        recap = (seen_hosts(failed), failure, bool(self._task.check_mode), more)
        output, warnings = self._output(arguments, own, recap)
        result = self._sent({**arguments, "output": output})
        if _report.is_too_large(result) and (failed or not validators.output_violations(own, schema)):
            smaller, left_out = self._output(arguments, own, recap, refused=True)
            if smaller != output:
                requests_sent, warnings = result["requests_sent"], left_out
                result = self._sent({**arguments, "output": smaller})
                result["requests_sent"] += requests_sent
        result["warnings"] = [*result.get("warnings", []), *warnings]
        return result

    def _previewed(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result of a call that finds all that is wrong and asks nothing of the network."""
        self._task.check_mode = True
        asked = {"project_id": _LOOKED_UP_LATER, **arguments, "confirm": "never"}
        result = self._call(asked, self._empty_ids, self._variables)
        result.pop("diff", None)
        return {**result, "changed": False}

    def _sent(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result of the report, noted for what follows where a signal ends the playbook now."""
        self._notes = None if self._task.check_mode else notes_of_report(arguments)
        if self._notes is not None:
            self._notes.begin({name: arguments.get(name) for name in ("result", "error", "output")})
        result = self._call(arguments, self._empty_ids, self._variables)
        if self._notes is not None:
            self._notes.add(result)
        return result

    def noted(self, result: dict[str, t.Any]) -> bool:
        """Whether somebody reads a note of the result when Ansible does not listen to this process any more."""
        if self._notes is not None:
            self._notes.add(result)
        return self._notes is not None

    def _output(
        self,
        arguments: t.Mapping[str, t.Any],
        own: t.Any,
        recap: t.Optional[tuple[t.Any, ...]] = None,
        refused: bool = False,
    ) -> tuple[t.Any, list[str]]:
        """What is sent as output, and sentences on what is not in it.

        The output that the role was given wins over what the runbook published, by name, and over the recap. Without
        recap it is the output that the user's schema is about. refused says that all of it was refused as too large.
        """
        if not isinstance(own, dict):
            return own, []
        report = _report.Report(self._environ)
        report.learn_secrets(arguments)
        wanted = {name: value for name, value in seen_published(arguments).items() if name not in own}
        if recap is None:
            published, _left_out, notes = report.publishable(wanted)
            return {**published, **own}, notes
        counts, failure, check_mode, more = recap
        limit = 0 if refused else _report.LIMIT
        output, notes = report.output(wanted, counts, failure, check_mode, None, refused, more, limit)
        return {**output, **own}, notes


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


def _is_hidden(result: t.Mapping[str, t.Any], no_log: t.Any) -> bool:
    """Whether no_log is on, for the task or an item of its loop. It is, unless Ansible says plainly that it is not."""
    items = result.get("results")
    parts = [result, *(item for item in items if isinstance(item, dict))] if isinstance(items, list) else [result]
    return no_log is not False or any(part.get("_ansible_no_log") for part in parts)


class _RunOfRole(PlaybookRun):
    """The run as a role sees it: it knows its own playbook alone, and whether its tasks are only a check."""

    check_mode = True

    def is_last_playbook(self) -> bool:
        return True


class Listener(CallbackBase):  # type: ignore[misc]
    """Hears of the role's steps in the process that runs the playbook: what a worker switches on ends with it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "functiongraph.workflow.runbook"

    def v2_runner_on_ok(self, result: t.Any) -> None:
        task = task_of(result)
        if _recap.step_of(task) == "watch":
            ids = {name: task.args.get(name, "") for name in _report.IDS}
            # It only checks where ansible-core does not say plainly that it does not.
            watch({**task.args["options"], **ids}, task.check_mode is not False)


def listen() -> None:
    """Lets a Listener hear of the playbook that this process runs. Never raises."""
    with suppress(Exception):
        run = PlaybookRun.here()
        if run is not None and not is_listening():
            run.add_callback(Listener())


def is_listening() -> bool:
    """Whether a Listener hears of the playbook, or there is none to hear of."""
    with suppress(Exception):
        run = PlaybookRun.here()
        return run is None or any(isinstance(plugin, Listener) for plugin in run.callbacks)
    return False


def watch(options: t.Mapping[str, t.Any], is_check: bool) -> None:
    """Switches the report plugin on for the state of the role, unless it is on. Never raises.

    options are those of the module. To be called in the process that runs the playbook.
    """
    try:
        run: t.Any = _RunOfRole.here()
        if run is not None:
            run.check_mode = is_check
            reporter = _reporter_of(run, options) or _switch_on(run, options)
            reporter.take_notes()
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a later ansible-core may do
        Display().warning(_BLIND % " ".join(("%s: %s" % (type(error).__name__, error)).split()))


def seen_published(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the playbook published for all hosts, as far as the report plugin has seen it."""
    reporter = _reporter(options)
    return {} if reporter is None else reporter.recap.published(reporter.run.stats).get(ALL_HOSTS, {})


def seen_hosts(failed: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    """The recap as ansible-core has counted until now, the failed hosts marked; empty where it is not known."""
    with suppress(Exception):
        run = PlaybookRun.here()
        return {} if run is None else _recap.hosts_of_stats(run.stats, failed, {})
    return {}


def notes_of_report(options: t.Mapping[str, t.Any]) -> t.Any:
    """Where the worker notes what becomes of the role's own report; None where nobody reads that."""
    reporter = _reporter(options)
    # Where it is left alone, or the state is completed, it says nothing of what was noted.
    is_silent = reporter is None or reporter.recap.is_left_alone or reporter.recap.completed
    return None if is_silent else reporter.notes


def _reporter(options: t.Mapping[str, t.Any]) -> t.Any:
    """The one that reports the state of the role in the current run, if any."""
    with suppress(Exception):
        run = PlaybookRun.here()
        return None if run is None else _reporter_of(run, options)
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
