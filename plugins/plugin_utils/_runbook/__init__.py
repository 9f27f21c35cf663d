# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The logic of the role runbook: whether it may start, which failure it found, and what it reports.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _credentials, _options, _tasks
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import configuration
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import failures
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import report_plugin

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
# With any ID set, that of a project or a state is not looked up.
_LOOKED_UP_LATER = "looked-up-later"
_FAILED_HOSTS_LIMIT = 100


class Hosts:
    """The hosts of the play, with the facts that the role sets on them.

    variables are those of a task. state is stored in these facts and tells one use of the role in a playbook from
    another: the IDs of its workflow, run and state.
    """

    def __init__(self, variables: t.Mapping[str, t.Any], state: t.Any) -> None:
        self._variables = variables
        self._state = str(state)

    def at_start(self) -> list[str]:
        """Returns the current hosts of the play and the hosts that it has lost.

        ansible_play_hosts_all also contains hosts from add_host, which are not in the play.
        """
        lost = {*self._variables["ansible_play_hosts_all"]} - {*self._variables["ansible_play_hosts"]}
        return sorted({*self._variables["ansible_play_batch"], *lost})

    def problem(self) -> t.Optional[str]:
        """Returns why the outcome of all hosts cannot be determined at once; None if it can."""
        batch, batches = self._variables["ansible_play_batch"], PlaybookRun.batches()
        # By the variables, hosts that add_host adds to the play's pattern would be another batch.
        if len(batch) < len(self._variables["ansible_play_hosts"]) if batches is None else batches > 1:
            return _BATCHES
        # In step, all hosts have reached the role and one has run run_once; else some have not reached it, or each has.
        leaders = self._facts("__runbook_leader", self.at_start())
        is_in_step = len(leaders) <= 1 and len(self._facts("__runbook_reached", batch)) == len(batch)
        return None if is_in_step else _OUT_OF_STEP

    def output(self, hosts: t.Iterable[str]) -> t.Any:
        """Returns the output that the first of the hosts has rendered."""
        return next(iter(self._facts("__runbook_output", hosts).values()))["value"]

    def failed(self) -> list[str]:
        """Returns the hosts that did not finish the runbook: they failed or left the play."""
        hosts = self._variables["__runbook_hosts"]
        outcomes = self._facts("__runbook_outcome", hosts)
        return sorted(host for host in hosts if not outcomes.get(host, {}).get("ended_well"))

    def failure(self, failed: t.Sequence[str]) -> failures.Failure:
        """Returns the failure to report: the first one with a known reason, else any."""
        found = [fact["failure"] for fact in self._facts("__runbook_outcome", failed).values() if fact.get("failure")]
        found.sort(key=lambda failure: failure["line"] == failures.UNKNOWN_REASON)
        # A host that left the play has no failure recorded.
        found.append({"host": failed[0], "task": "", "line": _GONE, "message": None})
        return failures.Failure(*(found[0][name] for name in failures.Failure._fields))

    def _facts(self, name: str, hosts: t.Iterable[str]) -> dict[str, t.Any]:
        """Returns a fact of the role about this state, by host, for the hosts in the inventory that have it."""
        found = {}
        for host in filter(self._variables["hostvars"].__contains__, hosts):
            fact = self._variables["hostvars"][host].get(name)
            if fact is not None and str(fact["state"]) == self._state:
                found[host] = fact
        return found


class Steps:
    """The steps of the role. Only the last one, report, sends anything.

    call runs the module with arguments, empty IDs and variables of the task. task is Ansible's, environ its
    environment, render its template renderer. Arguments are the IDs, and
    step: start, watch, failed, output or report. state: see Hosts.
    options: the options of the module, without ids, result, output and error.
    tasks_file, role, output_schema: the variables of the role.
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
        # Set during the report if the main process reads them.
        self._notes: t.Any = None

    def run(self, args: dict[str, t.Any], empty_ids: dict[str, str], variables: t.Any) -> dict[str, t.Any]:
        self._empty_ids = empty_ids
        self._variables: t.Mapping[str, t.Any] = variables
        ids = {name: args.get(name) for name in launched.IDS}
        arguments = _options.without_empty({**args.get("options", {}), **ids, "result": "success"})
        hosts = Hosts(variables, args["state"])
        step = args["step"]
        if step == "start":
            return self._start(args, arguments, hosts)
        if step == "watch":
            return {
                "changed": False,
                "warnings": [] if report_plugin.is_listening() else [report_plugin.PUBLISHED_UNKNOWN % _NO_EVENTS],
            }
        if step == "failed":
            return {"changed": False, "failure": self._described_failure(arguments)}
        schema = args.get("output_schema", {})
        if step == "output":
            output = self._output(arguments, plain(hosts.output([variables["inventory_hostname"]])))[0]
            result = self._validated({**arguments, "output": output, "output_schema": schema})
        else:
            result = self._send_report(arguments, schema, hosts)
        if result.get("failed"):
            result["msg"] = _message_and_hint(result)
        return result

    def _start(self, args: t.Mapping[str, t.Any], arguments: dict[str, t.Any], hosts: Hosts) -> dict[str, t.Any]:
        """Returns, as sentences, the problems that prevent the start; and the values for later steps."""
        file, role = args.get("tasks_file", ""), args.get("role", "")
        # A relative path is relative to the playbook, as in the playbook itself.
        path = os.path.join(self._variables["playbook_dir"], file) if file else ""
        check_mode = bool(self._task.check_mode)
        problems = [
            _EITHER if bool(file) == bool(role) else None,
            _NO_FILE % path if file and not os.path.isfile(path) else None,
            hosts.problem(),
            self._report_problem(arguments),
        ]
        # As the user wrote them: before ansible-core 2.19 a template converts a number to another string.
        ids = {name: arguments.get(name, "") for name in launched.IDS}
        known = {"hosts": hosts.at_start(), "tasks_path": path, "check_mode": check_mode, "ids": ids}
        return {"changed": False, "problems": [problem for problem in problems if problem], **known}

    def _report_problem(self, arguments: dict[str, t.Any]) -> t.Optional[str]:
        """Returns what will prevent the report, as far as that is known without the network; None if nothing will."""
        result = self._validated(arguments)
        problem = None if result.get("failed") else project_problem(arguments, self._environ)
        return _message_and_hint(result) if result.get("failed") else problem and "Nothing was sent: %s" % problem

    def _described_failure(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Returns the redacted failure of this host, from the variables that Ansible sets in a rescue.

        Ansible does not set them on a host that failed only because of any_errors_fatal.
        """
        try:
            # Not as a template: before ansible-core 2.19 the text of an error may look like one.
            result = plain(self._variables.get("ansible_failed_result")) or {}
        except TypeError:
            # Since then it contains objects of ansible-core, which only the templar makes plain.
            result = plain(self._render(self._variables["ansible_failed_result"]))
        host = self._variables["inventory_hostname"]
        name = str(self._field("name") or self._field("action") or "")
        report = _report.Report(self._environ)
        report.learn_secrets(options)
        if not result:
            found = failures.Failure(host, name, failures.UNKNOWN_REASON, None)
        else:
            is_hidden = _is_hidden(result, self._field("no_log"))
            found = failures.failure_of_result(host, name, {"censored": True} if is_hidden else result)
        found = report.redacted(found)
        return {**found._asdict(), "error": failures.error_text(found)}

    def _field(self, name: str) -> t.Any:
        """Returns a field of the failed task; None if its template cannot be rendered any more."""
        try:
            return self._render(self._variables["ansible_failed_task"].get(name))
        except Exception:  # pylint: disable=broad-exception-caught  # a template may raise anything
            return None

    def _send_report(self, arguments: dict[str, t.Any], schema: dict[str, t.Any], hosts: Hosts) -> dict[str, t.Any]:
        """Sends the one report of all hosts, and returns its result."""
        failed = hosts.failed()
        failure = hosts.failure(failed) if failed else None
        own = {} if failed else plain(hosts.output(self._variables["__runbook_hosts"]))
        more = {"failed_hosts": failed[:_FAILED_HOSTS_LIMIT]} if failed else {}
        more.update(_report.job_fields(self._environ, self._variables))
        if failure is not None:
            arguments.update(result="fail", error=failures.error_text(failure))
        recap = (report_plugin.hosts_so_far(failed), failure, bool(self._task.check_mode), more)
        output, warnings = self._output(arguments, own, recap)
        result = self._send({**arguments, "output": output})
        if _report.is_too_large(result) and (failed or not validators.output_violations(own, schema)):
            smaller, left_out = self._output(arguments, own, recap, refused=True)
            if smaller != output:
                requests_sent, warnings = result["requests_sent"], left_out
                result = self._send({**arguments, "output": smaller})
                result["requests_sent"] += requests_sent
        result["warnings"] = [*result.get("warnings", []), *warnings]
        return result

    def _validated(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """Validates all arguments without using the network, and returns the module's result."""
        self._task.check_mode = True
        offline = {"project_id": _LOOKED_UP_LATER, **arguments, "confirm": "never"}
        if offline.pop("workflow_state_name", None):
            offline.setdefault("workflow_state_id", _LOOKED_UP_LATER)
        empty_ids = {name: value for name, value in self._empty_ids.items() if name not in offline}
        result = self._call(offline, empty_ids, self._variables)
        result.pop("diff", None)
        return {**result, "changed": False}

    def _send(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """Sends the report, and records its progress in case a signal ends the playbook."""
        self._notes = None if self._task.check_mode else report_plugin.notes_of_report(arguments)
        if self._notes is not None:
            self._notes.begin({name: arguments.get(name) for name in ("result", "error", "output")})
        result = self._call(arguments, self._empty_ids, self._variables)
        if self._notes is not None:
            self._notes.add(result)
        return result

    def save_note(self, result: dict[str, t.Any]) -> bool:
        """Records the result for the main process, if that reads it. Returns whether it does."""
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
        """Returns the output to send, and sentences about what was left out.

        own is the role's variable runbook_output: its keys override published data and the recap. Without recap it is
        the output that the user's schema applies to. refused means that the whole output was refused as too large.
        """
        if not isinstance(own, dict):
            return own, []
        report = _report.Report(self._environ)
        report.learn_secrets(arguments)
        published = report_plugin.published_so_far(arguments)
        published = {name: value for name, value in published.items() if name not in own}
        if recap is None:
            published, _left_out, notes = report.publishable(published)
            return {**published, **own}, notes
        counts, failure, check_mode, more = recap
        limit = 0 if refused else _report.LIMIT
        output, notes = report.output(published, counts, failure, check_mode, None, refused, more, limit)
        return {**output, **own}, notes


def _message_and_hint(result: t.Mapping[str, t.Any]) -> str:
    """Joins msg and hint of a result, as users often read only msg."""
    return " ".join(part for part in (result["msg"], result.get("hint")) if part)


def project_problem(arguments: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> t.Optional[str]:
    """Returns why the project lookup will fail, as far as that is known without the network; else None."""
    params = {"validate_certs": True, **arguments}
    task = _tasks.CallbackTask(params, [], environ, _connections.Connections())
    credentials = None
    with suppress(_credentials.CredentialsError):
        # Credentials of an agency are unknown until they are fetched.
        credentials = _credentials.find({**params, "use_ecs_agency": False}, environ, task.redactor)
    return configuration.project_problem(task, credentials)


def _is_hidden(result: t.Mapping[str, t.Any], no_log: t.Any) -> bool:
    """Whether no_log is on for the task or an item of its loop. Unless it is clearly off, the answer is yes."""
    items = result.get("results")
    parts = [result, *(item for item in items if isinstance(item, dict))] if isinstance(items, list) else [result]
    return no_log is not False or any(part.get("_ansible_no_log") for part in parts)
