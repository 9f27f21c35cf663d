# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The report plugin, switched on by the role runbook while it runs.

It sees what a role cannot: what a task publishes, and whether under no_log; and the end of a playbook that never comes
to the role's own report. Where ansible-core has no place for it, the role works without both.
"""

from __future__ import annotations

import os
import sys
import types
import typing as t
from contextlib import suppress

from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils import _arguments
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _ids, _interruptions, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook_run import ALL_HOSTS, PlaybookRun
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reporter import Launch, Reporter

_BLIND = "functiongraph.workflow.runbook: what the runbook publishes is not sent, as it cannot be seen: %s"


class _RunOfRole(PlaybookRun):
    """The run as a role sees it: it knows its own playbook alone, and whether its tasks are only a check."""

    def __init__(self, manager: t.Any) -> None:
        super().__init__(manager)
        self._check_mode = _is_check()

    def is_last_playbook(self) -> bool:
        return True

    @property
    def check_mode(self) -> bool:
        return self._check_mode


class Watch(CallbackBase):  # type: ignore[misc]
    """Hands what happens to the Reporter of the role's state."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = _load_name = "functiongraph.workflow.runbook"

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._reporter.recap.task(task)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._reporter.recap.ok(result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._reporter.recap.ok(result, is_item=True)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._reporter.failed(result)
        if self._reporter.recap.is_report_of_role(result):
            # Another report would say that the runbook failed, and replace what was saved.
            self._reporter.recap.completed = True

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        self._reporter.recap.item_failed(result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._reporter.failed(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._reporter.end()


def watch(options: t.Mapping[str, t.Any]) -> bool:
    """Switches the report plugin on for the state of the role, unless it is on. Gives False, and never raises.

    options are those of the module. To be called in the process that runs the playbook, as by the condition of a meta
    task.
    """
    try:
        run = _RunOfRole.here()
        if run is not None:
            reporter = _reporter(run, options) or _switch_on(run, options)
            with suppress(OSError):
                reporter.notes = reporter.notes or _interruptions.Notes()
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a later ansible-core may do
        Display().warning(_BLIND % " ".join(("%s: %s" % (type(error).__name__, error)).split()))
    return False


def done(options: t.Mapping[str, t.Any]) -> bool:
    """The role has come to its report, so nothing else is to be reported. Gives False, and never raises."""
    with suppress(Exception):
        run = PlaybookRun.here()
        reporter = None if run is None else _reporter(run, options)
        if reporter is not None and isinstance(reporter.run, _RunOfRole):
            reporter.recap.completed = True
    return False


def published(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the playbook published for all hosts, as far as the report plugin has seen it."""
    with suppress(Exception):
        run = PlaybookRun.here()
        reporter = None if run is None else _reporter(run, options)
        if reporter is not None:
            return reporter.recap.published(reporter.run.stats).get(ALL_HOSTS, {})
    return {}


def notes(options: t.Mapping[str, t.Any]) -> t.Optional[_interruptions.Notes]:
    """Where the worker notes what becomes of the role's own report; None where nobody reads that."""
    with suppress(Exception):
        run = PlaybookRun.here()
        reporter = None if run is None else _reporter(run, options)
        # Where it is left alone, or the state is completed, it says nothing of what was noted.
        if reporter is not None and not (reporter.recap.is_left_alone or reporter.recap.completed):
            return reporter.notes
    return None


def _reporter(run: PlaybookRun, options: t.Mapping[str, t.Any]) -> t.Optional[Reporter]:
    """The one that reports the state of the role, by the role or by the report plugin itself."""
    found = (getattr(plugin, "_reporter", None) for plugin in run.callbacks)
    return next((one for one in found if isinstance(one, Reporter) and one.recap.is_ours(options)), None)


def _switch_on(run: PlaybookRun, options: t.Mapping[str, t.Any]) -> Reporter:
    given = _arguments.without_empty(plain(options))
    ids = {name: str(_ids.text(name, given[name], lambda _text: None)) for name in _report.IDS}
    secrets = {name: given[name] for name in _arguments.SECRET_OPTIONS if name in given}
    environ = dict(os.environ)
    options = {**given, "strict": True, "no_hosts": "ignore"}
    reporter = Reporter(run, Launch({**ids, **secrets}, [], False), options, [], environ, Display())
    reporter.recap.hide_published(run.stats)
    plugin = Watch(reporter)
    if hasattr(plugin, "_init_callback_methods"):
        plugin._init_callback_methods()
    run.callbacks.append(plugin)
    reporter.wait_for_end()
    return reporter


def _is_check() -> bool:
    """Whether the task whose condition is evaluated only checks. It does where ansible-core does not say plainly."""
    frame: t.Optional[types.FrameType] = sys._getframe()
    while frame is not None:
        task = frame.f_locals.get("task")
        if isinstance(task, Task):
            return task.check_mode is not False
        frame = frame.f_back
    return True
