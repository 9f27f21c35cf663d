# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
From the end of a playbook to one report of it: what is found wrong at the start, what is sent, what the user is told.
"""

from __future__ import annotations

import typing as t
from contextlib import nullcontext, suppress
from shlex import quote

from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import (
    ALREADY_DELIVERED,
    ALWAYS,
    NOT_SENT,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import (
    _failure,
    _ids,
    _interruptions,
    _playbook_recap,
    _report,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import Failure
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook_recap import SWITCH, is_off
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook_run import ALL_HOSTS, PlaybookRun, told

NAME = "fgs_workflow_report"
NO_HOST = "no host matched: nothing was done"
_FAILED = 1
_SEND = "ansible-playbook functiongraph.workflow.callback -e %s"


class Launch(t.NamedTuple):
    """What a launch says of the report.

    ids are those that were found, problems says in clauses why others were not. is_left_alone is what the extra var
    SWITCH says, None where it is unset: plays may say so then.
    """

    ids: dict[str, str]
    problems: list[str]
    is_left_alone: t.Optional[bool]


def launch(run: PlaybookRun, playbook: t.Any, environ: t.Mapping[str, str]) -> Launch:
    """What extra vars and environment say. playbook is the first one.

    An extra var may be a template. What AWX hands on is marked as unsafe, and then is no template.
    """
    extra_vars = run.variables.extra_vars
    values = {name: extra_vars[name] for name in (*_report.EXTRA_VARS.values(), SWITCH) if name in extra_vars}
    wrong: dict[str, str] = {}
    templar: t.Any = _templar(run, playbook) if values else None
    for name, value in values.items():
        try:
            values[name] = templar.template(value)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a template may raise
            wrong[name] = " ".join(str(error).split())
    switch = values.pop(SWITCH, None)
    for option, name in _report.EXTRA_VARS.items():
        if name in values and name not in wrong:
            values[name] = _ids.text(option, values[name], lambda text: Display().warning("%s: %s" % (NAME, text)))
    found, lacking = _report.ids(values, environ)
    problems = ["%s is not given" % name for name in lacking]
    for option, name in _report.EXTRA_VARS.items():
        if name in wrong:
            del found[option]
            problems.append("%s cannot be evaluated: %s" % (name, wrong[name].rstrip(".")))
    return Launch(found, problems, None if switch in (None, "") else is_off(switch))


def _templar(run: PlaybookRun, playbook: t.Any) -> t.Any:
    """Renders extra vars, with the variables of the first play where they can be loaded."""
    try:
        variables = run.variables.get_vars(play=playbook.get_plays()[0])
    except Exception:  # pylint: disable=broad-exception-caught  # a vault without its password, for one
        variables = run.variables.extra_vars
    return Templar(loader=playbook._loader, variables=variables)


class Reporter:
    """Reports one run, once.

    wrong_options are sentences on the plugin's options that could not be taken. display is Ansible's.
    """

    def __init__(
        self,
        run: PlaybookRun,
        found: Launch,
        options: t.Mapping[str, t.Any],
        wrong_options: t.Sequence[str],
        environ: t.Mapping[str, str],
        display: t.Any,
    ) -> None:
        ids = {name: found.ids.get(name, "") for name in _report.IDS}
        self.recap = _playbook_recap.Recap(ids, found.is_left_alone)
        self.run = run
        self._ids = ids
        self._problems = found.problems
        self._options = options
        self._wrong_options = wrong_options
        self._environ = environ
        self._display = display
        self._report = _report.Report(found.ids, options, environ)
        # result and failure, once the end is known.
        self._end: t.Optional[tuple[str, t.Optional[Failure]]] = None
        self._done = False
        # What a worker notes of the role's own report, and what that was to send where nothing sent or saved is known.
        self.notes: t.Optional[_interruptions.Notes] = None
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
        self._refuse(self._problems or self._report.problems())
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Reports where the run does not come to its end."""
        self.run.watch_published(self.recap.publishes)
        self.run.when_cleaned_up(self._cleaned_up)
        self.run.end_on_signals()

    def _refuse(self, problems: t.Sequence[str]) -> None:
        if not problems:
            return
        text = "the end of this playbook cannot be reported: %s." % "; ".join(problems)
        if self._options["strict"]:
            self._warn("%s It was not run, as strict is on." % text)
            raise SystemExit(_FAILED)
        self._warn(text)

    def failed(self, result: t.Any) -> None:
        """A task has failed on a host, or could not reach it."""
        self.recap.failed(result, self.run.failures)
        if self.recap.is_report_of_role(result):
            # Its result was seen, and this reporter is still to report how the playbook ends.
            self.notes = None

    def _warn(self, text: str) -> None:
        self._say(self._display.warning, self._report.redactor.known(text))

    @staticmethod
    def _say(say: t.Callable[[str], None], text: str) -> None:
        # Where the terminal is gone, as after SIGHUP, the report is sent all the same.
        with suppress(OSError):
            say("%s: %s" % (NAME, text))

    def end(self) -> None:
        """The playbook has come to its end. Raises SystemExit where nothing could be reported and strict is on."""
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
        text = told(reason)
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
                self._warn("the workflow was not told of this %s: %s." % (result, "; ".join(self._problems)))
                return False
            is_delivered = self._delivered(result, failure, may_be_interrupted)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the playbook is innocent
            self._warn("the workflow was not told of this %s: %s: %s" % (result, type(error).__name__, error))
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
            error = None if failure is None else _failure.error(failure)
            return self._output(failure, refused), error
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._warn("the report has no output, as that could not be made: %s: %s" % (type(error).__name__, error))
            return {}, None if failure is None else _failure.UNTOLD

    def _output(self, failure: t.Optional[Failure], refused: bool) -> dict[str, t.Any]:
        stats = self.run.stats
        published = self.recap.published(stats)
        for_all = published.pop(ALL_HOSTS, {})
        hosts = _playbook_recap.hosts(stats, self.run.failed_hosts(), published)
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

        with _interruptions.telling(tell) if may_be_interrupted else nullcontext():
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
            self._warn("the workflow was not told that this playbook ended with %s. %s." % (result, ". ".join(parts)))
            if "undelivered_file" in came:
                # On a line of its own, as Ansible breaks warnings where they are wide.
                command = _SEND % quote("@" + came["undelivered_file"])
                self._say(self._display.display, "send it later with: %s" % command)
            return False
        if came["delivery"] == ALREADY_DELIVERED:
            text = "run %s has been told %s before" % (run_id, result)
        elif self.run.check_mode and "diff" in came:
            text = "check mode, so this was not sent:\n%s" % came["diff"]["after"]
        else:
            text = "told run %s: %s" % (run_id, result if error is None else "%s (%s)" % (result, error))
        self._say(self._display.display, text)
        return True
