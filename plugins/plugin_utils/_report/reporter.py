# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
Reports the end of a playbook once: checks the settings at the start, sends the report, and shows the result.
"""

from __future__ import annotations

import json
import tempfile
import typing as t
from contextlib import nullcontext, suppress
from shlex import quote

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _libraries, _options, _tasks
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    ALREADY_DELIVERED,
    NOT_SENT,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import ALWAYS
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import configuration
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _recap, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import on_interruption
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    ALL_HOSTS,
    PlaybookRun,
    describe_interruption,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import failures
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import Failure
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import NAME, launched

_INTERRUPTED = "a signal interrupted it"
NO_HOST = "no host matched: nothing was done"
_FAILED = 1
_UNKNOWN_CORE = (
    "this ansible-core has changed (%s cannot be found): the report goes by the statistics of the playbook, and an "
    "interruption may not be reported; use a release that this collection is tested with."
)
_COMPLETED = "the playbook has completed the state itself, nothing is left to report"
_NOT_REPORTED = "the result %s could not be reported to the workflow: %s"
_ANOTHER_STATE = ": if another state of it waits, set fgs_workflow_state_name to its name"
_SEND_COMMAND = "ansible-playbook functiongraph.workflow.callback -e %s"


class Notes:
    """Passes the progress of the role's report from a worker to the main process, which loses results when interrupted.

    Uses an anonymous temporary file: it holds an output of any size, and leaves nothing behind.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115  # open until the process ends

    def begin(self, outcome: t.Mapping[str, t.Any]) -> None:
        """Records what is about to be sent, and deletes earlier notes."""
        with suppress(OSError):
            self._file.seek(0)
            self._file.truncate()
        self.add(outcome)

    def add(self, note: t.Mapping[str, t.Any]) -> None:
        with suppress(OSError):
            self._file.write(json.dumps(note, default=str) + "\n")
            self._file.flush()

    def read(self) -> list[dict[str, t.Any]]:
        """Returns the notes so far: what was about to be sent, then the result."""
        self._file.seek(0)
        return [json.loads(line) for line in self._file if line.endswith("\n")]


class ReportTask:
    """The delivery of one result."""

    def __init__(self, task: _tasks.CallbackTask) -> None:
        self._task = task
        self._result: t.Optional[dict[str, t.Any]] = None

    def run(self) -> dict[str, t.Any]:
        """Delivers, and returns the module's result. Raises only because of a signal."""
        self._result = _libraries.guarded(self._task.run, self._task.NOTHING_DONE)
        return self._result

    def interrupted(self) -> dict[str, t.Any]:
        """Returns the result after a signal has interrupted run()."""
        return self._result or self._task.interrupted(_INTERRUPTED)


class Sender(_report.Report):
    """Sends reports exactly as the module does."""

    def __init__(self, ids: t.Mapping[str, str], options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> None:
        super().__init__(environ)
        chosen = {name: options[name] for name in _report.OPTIONS if name in options}
        self._arguments = _options.without_empty({**chosen, **ids})

    def _validated(self, **arguments: t.Any) -> tuple[dict[str, t.Any], list[t.Any]]:
        arguments = {**self._arguments, "truncate_error": True, **arguments}
        validation = ArgumentSpecValidator(_options.callback_spec()).validate(arguments)
        return validation.validated_parameters, list(validation.errors)

    def learn_own_secrets(self) -> None:
        """Learns the secrets that the report is sent with, as published values may contain them."""
        self.learn_secrets(self._arguments)

    def problems(self) -> list[str]:
        """Returns as clauses everything known now that will prevent the report. Sends nothing."""
        module_result = _libraries.guarded(lambda: {"problems": self._problems()}, {})
        return (
            module_result["problems"]
            if "problems" in module_result
            else [_clauses(module_result["msg"], module_result["hint"])]
        )

    def _problems(self) -> list[str]:
        """Returns the problems. Raises Unusable if a required library is missing or broken."""
        params, errors = self._validated(result="success")
        task = _tasks.CallbackTask(params, errors, self.environ, _connections.Connections())
        found = [violation.message for violation in task.validate()]
        credentials, missing = self.credentials(params)
        if missing is not None and not params.get("use_ecs_agency"):
            found.append(missing)
        if not found:
            found.extend(filter(None, [configuration.project_problem(task, credentials)]))
        return [self.redactor.known(_clauses(text)) for text in found]

    def delivery(
        self, result: str, output: dict[str, t.Any], error: t.Optional[str], check_mode: bool = False, **options: t.Any
    ) -> ReportTask:
        """Returns the delivery of a result. options override those of the report."""
        params, errors = self._validated(result=result, output=output, error=error, **options)
        return ReportTask(
            _tasks.CallbackTask(params, errors, self.environ, _connections.Connections(), check_mode=check_mode)
        )


def _clauses(*sentences: str) -> str:
    """Joins sentences without the last full stop."""
    return ". ".join(sentence.strip().rstrip(".") for sentence in sentences)


def _written(option: str, value: t.Any) -> t.Any:
    """Returns an ID as the user wrote it. The task with this argument has already warned."""
    return launched.written_id(option, value, lambda _text: None)


class Reporter:
    """Reports one run, once.

    wrong_options are sentences about invalid options of the plugin. display is Ansible's. is_of_role means that the
    role has enabled the report.
    """

    def __init__(
        self,
        run: PlaybookRun,
        launch: launched.Launch,
        options: t.Mapping[str, t.Any],
        wrong_options: t.Sequence[str],
        environ: t.Mapping[str, str],
        display: t.Any,
        is_of_role: bool = False,
    ) -> None:
        self.is_of_role = is_of_role
        ids = {name: launch.ids.get(name, "") for name in launched.IDS}
        self.recap = _recap.Recap(ids, launch.is_disabled, _written)
        self.run = run
        self._ids = ids
        self._problems = launch.problems
        self._options = options
        self._wrong_options = wrong_options
        self._environ = environ
        self._display = display
        self._report = Sender(launch.ids, options, environ)
        # result and failure, once the end is known.
        self._end: t.Optional[tuple[str, t.Optional[Failure]]] = None
        self._done = False
        # What a worker records about the role's own report, and the contents of that report if its fate is unknown.
        self.notes: t.Optional[Notes] = None
        self._unfinished: t.Mapping[str, t.Any] = {}

    def start(self, playbook: t.Any) -> None:
        """Warns, before any work is done, of everything that will prevent the report, and prepares for the end.

        Raises SystemExit if nothing can be reported and strict is on.
        """
        if self.run.check_mode:
            # Like set_stats: AWX passes it on to the next jobs, which then do not report a success.
            self.run.stats.custom.setdefault(ALL_HOSTS, {})[_report.CHECK_MODE] = True
        self.recap.playbook(playbook)
        if self.recap.is_disabled:
            return
        for sentence in self._wrong_options:
            self._warn(sentence)
        if self.run.missing:
            self._warn(_UNKNOWN_CORE % ", ".join(self.run.missing))
        self._refuse(self._problems or self._report.problems())
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Ensures a report even if the run is interrupted."""
        self._report.learn_own_secrets()
        self.run.watch_published(self.recap.publishes)
        self.run.when_cleaned_up(self._cleaned_up)
        self.run.end_on_signals()

    def take_notes(self) -> None:
        """Makes the worker of the role's own report record its progress from now on."""
        with suppress(OSError):
            self.notes = self.notes or Notes()

    def _refuse(self, problems: t.Sequence[str]) -> None:
        if not problems:
            return
        text = "the end of this playbook cannot be reported: %s." % "; ".join(problems)
        if self._options["strict"]:
            self._warn("%s It was not run, as strict is on." % text)
            raise SystemExit(_FAILED)
        self._warn(text)

    def ok(self, result: t.Any) -> None:
        """Records that a task succeeded on a host."""
        self.recap.ok(result)
        # In check mode too: the role has reached its report.
        if self.is_of_role and self.recap.is_report_of_role(result):
            self.recap.completed = True

    def failed(self, result: t.Any) -> None:
        """Records that a task failed on a host, or that the host was unreachable."""
        self.recap.failed(result, self.run.failures)
        if self.recap.is_report_of_role(result):
            # A report of the playbook's end would overwrite the outcome that the role has saved.
            self.recap.completed = True

    def _warn(self, text: str) -> None:
        self._display_line(self._display.warning, self._report.redactor.known(text))

    @staticmethod
    def _display_line(display: t.Callable[[str], None], text: str) -> None:
        # The report must be sent even if the terminal is closed, for example after SIGHUP.
        with suppress(OSError):
            display("%s: %s" % (NAME, text))

    def end(self, stats: t.Any) -> None:
        """Reports the end of the playbook, from Ansible's statistics.

        Raises SystemExit if the report failed and strict is on.
        """
        self.run.stats = self.run.stats or stats
        if self._done or not self.run.is_last_playbook():
            return
        code = self.run.exit_code()
        self._end = self._outcome(code)
        is_reported = self._close(*self._end)
        if self._options["strict"] and not is_reported:
            raise SystemExit(code or _FAILED)

    def _cleaned_up(self, reason: t.Optional[BaseException]) -> None:
        if reason is None or self._done:
            return
        notes = self._role_notes()
        if len(notes) > 1 and (notes[1].get("delivery") != NOT_SENT or "undelivered_file" in notes[1]):
            self._done = True
            self._show(notes[0]["result"], notes[0]["error"], notes[1])
            return
        text = describe_interruption(reason)
        result, failure = self._end or ("fail", Failure("", "", text, str(reason) or text))
        if notes:
            self._unfinished = notes[0]
            result = notes[0]["result"]
        # Only one signal interrupts, either the playbook or its report; further signals are ignored.
        by_signal = isinstance(reason, (KeyboardInterrupt, SystemExit))
        self._close(result, failure, may_be_interrupted=not by_signal)

    def _role_notes(self) -> list[dict[str, t.Any]]:
        """Returns the notes of the role's own report, unless a later outcome is known."""
        # Wait only if a report was begun: otherwise a worker may hang, for example in a lookup.
        if self.notes is None or self._end or self.recap.completed or not self.notes.read():
            return []
        self.run.wait_for_workers()
        return self.notes.read()

    def _outcome(self, code: int) -> tuple[str, t.Optional[Failure]]:
        """Returns the result and its failure, if any."""
        if code != 0:
            return "fail", self.recap.failure(self.run.failed_hosts())
        if self.recap.no_host_matched and self._options["no_hosts"] == "fail":
            return "fail", Failure("", "", NO_HOST, None)
        task = self.run.found_no_task_to_start_at()
        if task is not None:
            return "fail", Failure("", "", "no task to start at: %s" % task, None)
        return "success", None

    def _close(self, result: str, failure: t.Optional[Failure], may_be_interrupted: bool = True) -> bool:
        """Reports if necessary. Returns whether the user has nothing left to do. Raises only because of a signal."""
        if self.recap.is_disabled:
            is_reported = True
        elif self.recap.completed or self._is_completed_by_id():
            self._display_line(self._display.v, _COMPLETED)
            is_reported = True
        else:
            is_reported = self._report_end(result, failure, may_be_interrupted)
        self._done = True
        return is_reported

    def _is_completed_by_id(self) -> bool:
        """Whether the name of the launch leads to a state that the playbook has completed by its ID. Sends nothing."""
        if self._ids["workflow_state_id"] or not self.recap.completed_ids:
            return False
        looked_up = self._report.delivery("success", {}, None, check_mode=True, confirm="never").run()
        return looked_up.get("workflow_state_id") in self.recap.completed_ids

    def _report_end(self, result: str, failure: t.Optional[Failure], may_be_interrupted: bool) -> bool:
        try:
            if self._problems:
                self._warn(_NOT_REPORTED % (result, "; ".join(self._problems) + "."))
                return False
            is_delivered = self._deliver(result, failure, may_be_interrupted)
        except Exception as error:  # pylint: disable=broad-exception-caught  # must not fail the playbook
            self._warn(_NOT_REPORTED % (result, "%s: %s" % (type(error).__name__, error)))
            return False
        if self._wrong_options and self._options["strict"]:
            self._warn("the exit code is not 0, as strict is on and options of this plugin are wrong.")
            return False
        return is_delivered

    def _output_and_error(
        self, failure: t.Optional[Failure], refused: bool
    ) -> tuple[dict[str, t.Any], t.Optional[str]]:
        """Returns output and error; empty on an internal error, as an outcome without details is better than none."""
        if self._unfinished:
            return self._unfinished["output"], self._unfinished["error"]
        try:
            if failure is not None:
                failure = self._report.redacted(failure)
            error = None if failure is None else failures.error_text(failure)
            return self._output(failure, refused), error
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._warn("the report has no output, as it could not be made: %s: %s" % (type(error).__name__, error))
            return {}, None if failure is None else failures.UNKNOWN_REASON

    def _output(self, failure: t.Optional[Failure], refused: bool) -> dict[str, t.Any]:
        stats = self.run.stats
        published = self.recap.published(stats) if self.run.sees_published else {}
        for_all = published.pop(ALL_HOSTS, {})
        hosts = _recap.hosts_of_stats(stats, self.run.failed_hosts(), published)
        job = _report.job_link(self._environ)
        output, notes = self._report.output(for_all, hosts, failure, self.run.check_mode, job, refused)
        for note in notes:
            self._warn(note)
        return output

    def _deliver(self, result: str, failure: t.Optional[Failure], may_be_interrupted: bool) -> bool:
        """Delivers result, and returns whether that succeeded. An undelivered report is saved, also after a signal."""
        output, error = self._output_and_error(failure, refused=False)
        # The interrupted report may have arrived.
        confirm = {"confirm": ALWAYS} if self._unfinished else {}
        delivery = self._report.delivery(result, output, error, self.run.check_mode, **confirm)

        def interrupted() -> None:
            self._show(result, error, delivery.interrupted())

        with on_interruption(interrupted) if may_be_interrupted else nullcontext():
            self._done = True
            module_result = delivery.run()
            if _report.is_too_large(module_result) and not self._unfinished:
                output, error = self._output_and_error(failure, refused=True)
                delivery = self._report.delivery(result, output, error, self.run.check_mode)
                module_result = delivery.run()
            return self._show(result, error, module_result)

    def _show(self, result: str, error: t.Optional[str], module_result: t.Mapping[str, t.Any]) -> bool:
        """Shows the result of the delivery to the user. Returns whether it succeeded."""
        for warning in module_result.get("warnings", []):
            self._warn(warning)
        run_id = self._ids["workflow_run_id"]
        if module_result.get("failed"):
            parts = [part.rstrip(".") for part in (module_result["msg"], module_result.get("hint")) if part]
            self._warn("the result %s could not be reported to the workflow. %s." % (result, ". ".join(parts)))
            if "undelivered_file" in module_result:
                # On its own line, as Ansible wraps long warnings.
                command = _SEND_COMMAND % quote("@" + module_result["undelivered_file"])
                self._display_line(self._display.display, "send it later with: %s" % command)
            return False
        if module_result["delivery"] == ALREADY_DELIVERED:
            another_state = "" if self._ids["workflow_state_name"] else _ANOTHER_STATE
            text = "run %s already has the result %s%s" % (run_id, result, another_state)
        elif self.run.check_mode and "diff" in module_result:
            text = "check mode, so this was not sent:\n%s" % module_result["diff"]["after"]
        else:
            text = "reported to run %s: %s" % (run_id, result if error is None else "%s (%s)" % (result, error))
        self._display_line(self._display.display, text)
        return True
