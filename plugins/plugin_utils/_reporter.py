# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
From the end of a playbook to one report of it: what is found wrong at the start, what is sent, what the user is told.
"""

from __future__ import annotations

import typing as t
from shlex import quote

from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import ALREADY_DELIVERED
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _failure, _ids, _playbook_recap, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import Failure
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook_run import PlaybookRun, told

NAME = "fgs_workflow_report"
NO_HOST = "no host matched: nothing was done"
_FAILED = 1
_SEND = "ansible-playbook functiongraph.workflow.callback -e %s"


def ids(playbook: t.Any, environ: t.Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The ids that the playbook's extra vars or the environment give, and the names of those that are lacking.

    An extra var may be a template. What AWX hands on is marked as unsafe, and then is no template.
    """
    play = playbook.get_plays()[0]
    manager = play.get_variable_manager()
    given = {name: manager.extra_vars[name] for name in _report.EXTRA_VARS.values() if name in manager.extra_vars}
    if given:
        templar = Templar(loader=playbook._loader, variables=manager.get_vars(play=play))
        given = {name: templar.template(value) for name, value in given.items()}
    for option, name in _report.EXTRA_VARS.items():
        if name in given:
            given[name] = _ids.text(option, given[name], lambda text: Display().warning("%s: %s" % (NAME, text)))
    return _report.ids(given, environ)


class Reporter:
    """Reports one run, once.

    ids are those that were found, lacking the names of those that were not. display is Ansible's.
    """

    def __init__(
        self,
        run: PlaybookRun,
        ids: t.Mapping[str, str],
        lacking: t.Sequence[str],
        options: t.Mapping[str, t.Any],
        environ: t.Mapping[str, str],
        display: t.Any,
    ) -> None:
        self.recap = _playbook_recap.Recap({name: ids.get(name, "") for name in _report.IDS})
        self.run = run
        self._ids = ids
        self._lacking = lacking
        self._options = options
        self._environ = environ
        self._display = display
        self._report = _report.Report(ids, options, environ)
        self._done = False

    def start(self) -> None:
        """Warns of what stands in the way of the report, before any work is done, and waits for the end."""
        problems = self._invalid() or self._report.problems()
        if problems:
            self._warn("the end of this playbook cannot be reported: %s." % "; ".join(problems))
        if self.run.check_mode:
            # As set_stats would: AWX hands it on to the jobs behind this one, which report no success of it then.
            self.run.stats.custom.setdefault("_run", {})[_report.CHECK_MODE] = True
        self.run.when_cleaned_up(self._cleaned_up)
        self.run.survive_termination()

    def _invalid(self) -> list[str]:
        return ["%s is not given" % name for name in self._lacking]

    def failed(self, result: t.Any) -> None:
        """A task has failed on a host, or could not reach it."""
        self.recap.failed(result, self.run.failures)

    def _warn(self, text: str) -> None:
        self._display.warning("%s: %s" % (NAME, text))

    def end(self) -> None:
        """The playbook has come to its end. Raises SystemExit where nothing could be reported and strict is on."""
        if self._done or not self.run.is_last_playbook():
            return
        code = self.run.exit_code()
        if not self._ended(*self._outcome(code)) and self._options["strict"]:
            raise SystemExit(code or _FAILED)

    def _cleaned_up(self, reason: t.Optional[BaseException]) -> None:
        if reason is None or self._done:
            return
        text = told(reason)
        self._ended("fail", Failure("", "", text, str(reason) or text))

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

    def _ended(self, result: str, failure: t.Optional[Failure]) -> bool:
        """Reports. Gives whether there is nothing left to do for the user. Never raises."""
        self._done = True
        if self.recap.is_left_alone:
            return True
        if self.recap.completed:
            self._display.v("%s: the playbook has completed the state itself, nothing is left to report" % NAME)
            return True
        try:
            if self._lacking:
                self._warn("the workflow was not told of this %s: %s." % (result, "; ".join(self._invalid())))
                return False
            return self._sent(result, *self._said(failure))
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the playbook is innocent
            self._warn("the workflow was not told of this %s: %s: %s" % (result, type(error).__name__, error))
            return False

    def _said(self, failure: t.Optional[Failure]) -> tuple[dict[str, t.Any], t.Optional[str]]:
        """output and error. An outcome without words is worth more than none."""
        try:
            if failure is not None:
                failure = self._report.redacted(failure)
            error = None if failure is None else _failure.error(failure)
            return self._output(failure), error
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._warn("the report has no output, as that could not be made: %s: %s" % (type(error).__name__, error))
            return {}, None if failure is None else _failure.UNTOLD

    def _output(self, failure: t.Optional[Failure]) -> dict[str, t.Any]:
        stats = self.run.stats
        published = plain(stats.custom.get("_run", {}))
        hosts = plain(_playbook_recap.hosts(stats, self.run.failed_hosts()))
        if _report.KEY in published:
            self._warn("the recap is left out of output, as the playbook has published %s itself." % _report.KEY)
        return self._report.output(
            published,
            _report.recap(hosts, failure, self.run.check_mode, _report.job_link(self._environ)),
        )

    def _sent(self, result: str, output: dict[str, t.Any], error: t.Optional[str]) -> bool:
        came = self._report.send(result, output, error, self.run.check_mode)
        for warning in came.get("warnings", []):
            self._warn(warning)
        run_id = self._ids["workflow_run_id"]
        if came.get("failed"):
            hint = " " + came["hint"] if "hint" in came else ""
            self._warn("the workflow was not told that this playbook ended with %s. %s%s" % (result, came["msg"], hint))
            if "undelivered_file" in came:
                # On a line of its own, as Ansible breaks warnings where they are wide.
                command = _SEND % quote("@" + came["undelivered_file"])
                self._display.display("%s: send it later with: %s" % (NAME, command))
            return False
        if came["delivery"] == ALREADY_DELIVERED:
            text = "run %s has been told %s before" % (run_id, result)
        elif self.run.check_mode:
            text = "check mode, so this was not sent:\n%s" % came["diff"]["after"]
        else:
            text = "told run %s: %s" % (run_id, result if error is None else "%s (%s)" % (result, error))
        self._display.display("%s: %s" % (NAME, text))
        return True
