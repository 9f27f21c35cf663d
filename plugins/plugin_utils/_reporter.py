# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
From the end of a playbook to one report of it: what is found wrong at the start, what is sent, what the user is told.
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
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _recap, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import on_interruption
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    ALL_HOSTS,
    PlaybookRun,
    describe_interruption,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import Failure
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import NAME

_INTERRUPTED = "a signal interrupted it"
NO_HOST = "no host matched: nothing was done"
_FAILED = 1
_CHANGED = (
    "this ansible-core has changed (%s cannot be found): the report goes by the statistics of the playbook, and an "
    "interruption may not be reported; use a release that this collection is tested with."
)
_SEND = "ansible-playbook functiongraph.workflow.callback -e %s"


class Notes:
    """What a worker notes of its report for the process that made this, which drops the result when interrupted.

    They are in a file without a name: an output of any size finds room, and nothing is left behind.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115  # open until the process ends

    def begin(self, outcome: t.Mapping[str, t.Any]) -> None:
        """Notes what is about to be sent, in place of all before."""
        with suppress(OSError):
            self._file.seek(0)
            self._file.truncate()
        self.add(outcome)

    def add(self, note: t.Mapping[str, t.Any]) -> None:
        with suppress(OSError):
            self._file.write(json.dumps(note, default=str) + "\n")
            self._file.flush()

    def read(self) -> list[dict[str, t.Any]]:
        """What was about to be sent, and the result, as far as a worker came."""
        self._file.seek(0)
        return [json.loads(line) for line in self._file if line.endswith("\n")]


class ReportTask:
    """The delivery of one result."""

    def __init__(self, task: _tasks.CallbackTask) -> None:
        self._task = task
        self._came: t.Optional[dict[str, t.Any]] = None

    def run(self) -> dict[str, t.Any]:
        """Delivers. Gives the module's result. Raises only what a signal does."""
        self._came = _libraries.guarded(self._task.run, self._task.NOTHING_DONE)
        return self._came

    def interrupted(self) -> dict[str, t.Any]:
        """The result where a signal has interrupted run()."""
        return self._came or self._task.interrupted(_INTERRUPTED)


class Sender(_report.Report):
    """Sends reports, as the module would: from ids and options to the result of the delivery."""

    def __init__(self, ids: t.Mapping[str, str], options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> None:
        super().__init__(environ)
        chosen = {name: options[name] for name in _report.OPTIONS if name in options}
        self._arguments = _options.without_empty({**chosen, **ids})

    def _validated(self, **arguments: t.Any) -> tuple[dict[str, t.Any], list[t.Any]]:
        given = {**self._arguments, "truncate_error": True, **arguments}
        validation = ArgumentSpecValidator(_options.callback_spec()).validate(given)
        return validation.validated_parameters, list(validation.errors)

    def problems(self) -> list[str]:
        """Everything that can be known before the end to stand in the way of the report, as clauses. Sends nothing."""
        came = _libraries.guarded(lambda: {"problems": self._problems()}, {})
        return came["problems"] if "problems" in came else [_clauses(came["msg"], came["hint"])]

    def _problems(self) -> list[str]:
        """The problems where both libraries are there. Raises Unusable where one turns out not to be."""
        params, errors = self._validated(result="success")
        task = _tasks.CallbackTask(params, errors, self.environ, _connections.Connections())
        found = [violation.message for violation in task.validate()]
        credentials, lacking = self.credentials(params)
        if lacking is not None and not params.get("use_ecs_agency"):
            found.append(lacking)
        if not found:
            found.extend(filter(None, [task.project_problem(credentials)]))
        return [self.redactor.known(_clauses(text)) for text in found]

    def delivery(
        self, result: str, output: dict[str, t.Any], error: t.Optional[str], check_mode: bool = False, **options: t.Any
    ) -> ReportTask:
        """The delivery of a result, as the module would do it. options win over those of the report."""
        params, errors = self._validated(result=result, output=output, error=error, **options)
        return ReportTask(
            _tasks.CallbackTask(params, errors, self.environ, _connections.Connections(), check_mode=check_mode)
        )


def _clauses(*sentences: str) -> str:
    """Sentences as one text without the last full stop."""
    return ". ".join(sentence.strip().rstrip(".") for sentence in sentences)


def _written(option: str, value: t.Any) -> t.Any:
    """An ID as it was written. The task that it is an argument of has warned already."""
    return _report.written_id(option, value, lambda _text: None)


class Reporter:
    """Reports one run, once.

    wrong_options are sentences on the plugin's options that could not be taken. display is Ansible's. is_of_role says
    that it reports for the role.
    """

    def __init__(
        self,
        run: PlaybookRun,
        found: _report.Launch,
        options: t.Mapping[str, t.Any],
        wrong_options: t.Sequence[str],
        environ: t.Mapping[str, str],
        display: t.Any,
        is_of_role: bool = False,
    ) -> None:
        self.is_of_role = is_of_role
        ids = {name: found.ids.get(name, "") for name in _report.IDS}
        self.recap = _recap.Recap(ids, found.is_left_alone, _written)
        self.run = run
        self._ids = ids
        self._problems = found.problems
        self._options = options
        self._wrong_options = wrong_options
        self._environ = environ
        self._display = display
        self._report = Sender(found.ids, options, environ)
        # result and failure, once the end is known.
        self._end: t.Optional[tuple[str, t.Optional[Failure]]] = None
        self._done = False
        # What a worker notes of the role's own report, and what that was to send where nothing sent or saved is known.
        self.notes: t.Optional[Notes] = None
        self._unfinished: t.Mapping[str, t.Any] = {}

    def start(self, playbook: t.Any) -> None:
        """Warns of what stands in the way of the report, before any work is done, and waits for the end.

        Raises SystemExit where nothing can be reported and strict is on.
        """
        if self.run.check_mode:
            # As set_stats would: AWX hands it on to the jobs behind this one, which report no success of it then.
            self.run.stats.custom.setdefault(ALL_HOSTS, {})[_report.CHECK_MODE] = True
        self.recap.playbook(playbook)
        if self.recap.is_left_alone:
            return
        for sentence in self._wrong_options:
            self._warn(sentence)
        if self.run.missing:
            self._warn(_CHANGED % ", ".join(self.run.missing))
        self._refuse(self._problems or self._report.problems())
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Reports where the run does not come to its end."""
        self.run.watch_published(self.recap.publishes)
        self.run.when_cleaned_up(self._cleaned_up)
        self.run.end_on_signals()

    def take_notes(self) -> None:
        """From now on the worker of the role's own report is to note what becomes of that."""
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
        """A task has succeeded on a host."""
        self.recap.ok(result)
        # Of a check too: the role has come to its report.
        if self.is_of_role and self.recap.is_report_of_role(result):
            self.recap.completed = True

    def failed(self, result: t.Any) -> None:
        """A task has failed on a host, or could not reach it."""
        self.recap.failed(result, self.run.failures)
        if self.recap.is_report_of_role(result):
            # The end of the playbook would say that the runbook failed, and replace what the role has saved.
            self.recap.completed = True

    def _warn(self, text: str) -> None:
        self._say(self._display.warning, self._report.redactor.known(text))

    @staticmethod
    def _say(say: t.Callable[[str], None], text: str) -> None:
        # Where the terminal is gone, as after SIGHUP, the report is sent all the same.
        with suppress(OSError):
            say("%s: %s" % (NAME, text))

    def end(self, stats: t.Any) -> None:
        """The playbook has come to its end, with Ansible's statistics.

        Raises SystemExit where nothing could be reported and strict is on.
        """
        self.run.stats = self.run.stats or stats
        if self._done or not self.run.is_last_playbook():
            return
        code = self.run.exit_code()
        self._end = self._outcome(code)
        is_reported = self._ended(*self._end)
        if self._options["strict"] and not is_reported:
            raise SystemExit(code or _FAILED)

    def _cleaned_up(self, reason: t.Optional[BaseException]) -> None:
        if reason is None or self._done:
            return
        notes = self._notes_of_role()
        if len(notes) > 1 and (notes[1].get("delivery") != NOT_SENT or "undelivered_file" in notes[1]):
            self._done = True
            self._presented(notes[0]["result"], notes[0]["error"], notes[1])
            return
        text = describe_interruption(reason)
        result, failure = self._end or ("fail", Failure("", "", text, str(reason) or text))
        if notes:
            self._unfinished = notes[0]
            result = notes[0]["result"]
        # One signal ends what runs, be it the playbook or its report; further ones wait.
        by_signal = isinstance(reason, (KeyboardInterrupt, SystemExit))
        self._ended(result, failure, may_be_interrupted=not by_signal)

    def _notes_of_role(self) -> list[dict[str, t.Any]]:
        """What was noted of the role's own report, unless something was known or done after it."""
        # Without a report that was begun there is nothing to wait for: a worker may hang in a lookup.
        if self.notes is None or self._end or self.recap.completed or not self.notes.read():
            return []
        self.run.wait_for_workers()
        return self.notes.read()

    def _outcome(self, code: int) -> tuple[str, t.Optional[Failure]]:
        """result, and the failure behind it."""
        if code != 0:
            return "fail", self.recap.failure(self.run.failed_hosts())
        if self.recap.no_host_matched and self._options["no_hosts"] == "fail":
            return "fail", Failure("", "", NO_HOST, None)
        task = self.run.found_no_task_to_start_at()
        if task is not None:
            return "fail", Failure("", "", "no task to start at: %s" % task, None)
        return "success", None

    def _ended(self, result: str, failure: t.Optional[Failure], may_be_interrupted: bool = True) -> bool:
        """Reports. Gives whether there is nothing left to do for the user. Raises only what a signal does."""
        if self.recap.is_left_alone:
            is_reported = True
        elif self.recap.completed:
            self._say(self._display.v, "the playbook has completed the state itself, nothing is left to report")
            is_reported = True
        else:
            is_reported = self._reported(result, failure, may_be_interrupted)
        self._done = True
        return is_reported

    def _reported(self, result: str, failure: t.Optional[Failure], may_be_interrupted: bool) -> bool:
        try:
            if self._problems:
                self._warn(
                    "the result %s could not be reported to the workflow: %s." % (result, "; ".join(self._problems))
                )
                return False
            is_delivered = self._delivered(result, failure, may_be_interrupted)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the playbook is innocent
            self._warn(
                "the result %s could not be reported to the workflow: %s: %s" % (result, type(error).__name__, error)
            )
            return False
        if self._wrong_options and self._options["strict"]:
            self._warn("the exit code is not 0, as strict is on and options of this plugin are wrong.")
            return False
        return is_delivered

    def _said(self, failure: t.Optional[Failure], refused: bool) -> tuple[dict[str, t.Any], t.Optional[str]]:
        """output and error. An outcome without words is worth more than none."""
        if self._unfinished:
            return self._unfinished["output"], self._unfinished["error"]
        try:
            if failure is not None:
                failure = self._report.redacted(failure)
            error = None if failure is None else _recap.error_text(failure)
            return self._output(failure, refused), error
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._warn("the report has no output, as it could not be made: %s: %s" % (type(error).__name__, error))
            return {}, None if failure is None else _recap.UNTOLD

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

    def _delivered(self, result: str, failure: t.Optional[Failure], may_be_interrupted: bool) -> bool:
        """Whether result has reached the workflow. What could not be delivered is saved, also where a signal comes."""
        output, error = self._said(failure, refused=False)
        # It may have arrived before.
        confirm = {"confirm": ALWAYS} if self._unfinished else {}
        delivery = self._report.delivery(result, output, error, self.run.check_mode, **confirm)

        def tell() -> None:
            self._presented(result, error, delivery.interrupted())

        with on_interruption(tell) if may_be_interrupted else nullcontext():
            self._done = True
            came = delivery.run()
            if _report.is_too_large(came) and not self._unfinished:
                output, error = self._said(failure, refused=True)
                delivery = self._report.delivery(result, output, error, self.run.check_mode)
                came = delivery.run()
            return self._presented(result, error, came)

    def _presented(self, result: str, error: t.Optional[str], came: t.Mapping[str, t.Any]) -> bool:
        """Shows the user what came of the delivery. Gives whether it has reached the workflow."""
        for warning in came.get("warnings", []):
            self._warn(warning)
        run_id = self._ids["workflow_run_id"]
        if came.get("failed"):
            parts = [part.rstrip(".") for part in (came["msg"], came.get("hint")) if part]
            self._warn("the result %s could not be reported to the workflow. %s." % (result, ". ".join(parts)))
            if "undelivered_file" in came:
                # On a line of its own, as Ansible breaks warnings where they are wide.
                command = _SEND % quote("@" + came["undelivered_file"])
                self._say(self._display.display, "send it later with: %s" % command)
            return False
        if came["delivery"] == ALREADY_DELIVERED:
            text = "run %s already has the result %s" % (run_id, result)
        elif self.run.check_mode and "diff" in came:
            text = "check mode, so this was not sent:\n%s" % came["diff"]["after"]
        else:
            text = "reported to run %s: %s" % (run_id, result if error is None else "%s (%s)" % (result, error))
        self._say(self._display.display, text)
        return True
