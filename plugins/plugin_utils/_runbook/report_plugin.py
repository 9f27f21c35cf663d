# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The report plugin as the role sees it: enabled for the state of the role, and asked for what it has recorded.
"""

from __future__ import annotations

import typing as t
from contextlib import suppress

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import callback_loader
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _recap
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    ALL_HOSTS,
    PlaybookRun,
    task_of,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched

_PLUGIN = "functiongraph.workflow.fgs_workflow_report"
PUBLISHED_UNKNOWN = "functiongraph.workflow.runbook: what the runbook publishes is not sent, as it cannot be seen: %s"


class _RoleRun(PlaybookRun):
    """The run from the role's point of view: only its own playbook, and the check mode of its tasks."""

    check_mode = True

    def is_last_playbook(self) -> bool:
        return True


class Listener(CallbackBase):  # type: ignore[misc]
    """Receives the role's steps in the main process: a worker could enable the report only for its own lifetime."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "functiongraph.workflow.runbook"

    def v2_runner_on_ok(self, result: t.Any) -> None:
        task = task_of(result)
        if _recap.step_of(task) == "watch":
            ids = {name: task.args.get(name, "") for name in launched.IDS}
            # Assume check mode unless it is clearly off.
            watch({**task.args["options"], **ids}, task.check_mode is not False)


def listen() -> None:
    """Registers a Listener for the playbook that this process runs. Never raises."""
    with suppress(Exception):
        run = PlaybookRun.current()
        if run is not None and not is_listening():
            run.add_callback(Listener())


def is_listening() -> bool:
    """Whether a Listener is registered, or no playbook runs in this process."""
    with suppress(Exception):
        run = PlaybookRun.current()
        return run is None or any(isinstance(plugin, Listener) for plugin in run.callbacks)
    return False


def watch(options: t.Mapping[str, t.Any], is_check: bool) -> None:
    """Enables the report plugin for the state of the role, unless it is enabled. Never raises.

    options are those of the module. Call it only in the process that runs the playbook.
    """
    try:
        run: t.Any = _RoleRun.current()
        if run is not None:
            run.check_mode = is_check
            reporter = _reporter_of(run, options) or _enable_report(run, options)
            reporter.take_notes()
    except Exception as error:  # pylint: disable=broad-exception-caught  # private API of ansible-core may change
        Display().warning(PUBLISHED_UNKNOWN % " ".join(("%s: %s" % (type(error).__name__, error)).split()))


def published_so_far(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Returns the data published for all hosts that the report plugin has recorded."""
    reporter = _reporter(options)
    return {} if reporter is None else reporter.recap.published(reporter.run.stats).get(ALL_HOSTS, {})


def hosts_so_far(failed: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    """Returns ansible-core's recap so far, with the failed hosts marked; empty if it is unknown."""
    with suppress(Exception):
        run = PlaybookRun.current()
        return {} if run is None else _recap.hosts_of_stats(run.stats, failed, {})
    return {}


def notes_of_report(options: t.Mapping[str, t.Any]) -> t.Any:
    """Returns the notes in which a worker records the role's own report; None if nobody reads them."""
    reporter = _reporter(options)
    # A reporter that is disabled, or whose state is completed, does not read the notes.
    is_silent = reporter is None or reporter.recap.is_disabled or reporter.recap.completed
    return None if is_silent else reporter.notes


def _reporter(options: t.Mapping[str, t.Any]) -> t.Any:
    """Returns the Reporter for the state of the role in the current run, if any."""
    with suppress(Exception):
        run = PlaybookRun.current()
        return None if run is None else _reporter_of(run, options)
    return None


def _reporter_of(run: PlaybookRun, options: t.Mapping[str, t.Any]) -> t.Any:
    """Returns the Reporter for the state of the role in run, enabled by the role or by the user."""
    found: t.Any = (getattr(plugin, "_reporter", None) for plugin in run.callbacks)
    return next((one for one in found if hasattr(one, "recap") and one.recap.is_for_this_state(options)), None)


def _enable_report(run: PlaybookRun, options: t.Mapping[str, t.Any]) -> t.Any:
    args = _options.without_empty(plain(options))
    ids = {
        name: str(launched.written_id(name, args[name], lambda _text: None)) for name in launched.IDS if name in args
    }
    secrets = {name: args[name] for name in _options.SECRET_OPTIONS if name in args}
    plugin = callback_loader.get(_PLUGIN)
    reporter = plugin.report_role(run, launched.Launch({**ids, **secrets}, [], False), args)
    reporter.recap.hide_published(run.stats)
    run.add_callback(plugin)
    reporter.wait_for_end()
    return reporter
