# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The ansible-playbook around a callback plugin: how it is going to end, which callback plugins are not told.

The statistics that plugins are given cannot tell: they keep failures that clear_host_errors has forgiven, and lack a
role that could not be included. ansible-core's own exit code can, and it stands in PlaybookExecutor.run, from which a
plugin is called. A run that is broken off sends no statistics at all, but always cleans up.
"""

from __future__ import annotations

import os
import signal
import sys
import types
import typing as t
from contextlib import nullcontext

from ansible import context
from ansible.executor.playbook_executor import PlaybookExecutor

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _interruptions

# What ansible-core's statistics call the host of what is published for all.
ALL_HOSTS = "_run"

# A worker that is terminated has a file to write at most.
_LAST_WORDS = 10
# As a shell says it: 128 and the number of the signal.
_SHELL = 128
_TERMINATED = {_SHELL + number: number.name for number in (signal.SIGTERM, signal.SIGHUP)}


def _frame() -> t.Optional[types.FrameType]:
    """The frame of PlaybookExecutor.run from which we are called."""
    frame: t.Optional[types.FrameType] = sys._getframe()
    while frame is not None and not isinstance(frame.f_locals.get("self"), PlaybookExecutor):
        frame = frame.f_back
    return frame


class PlaybookRun:
    """The run that this process is about. Made when the first playbook of the command line starts."""

    def __init__(self, manager: t.Any) -> None:
        self._manager = manager
        self._started = 0

    @classmethod
    def here(cls) -> t.Optional[PlaybookRun]:
        """The run from which we are called; None where this is no ansible-playbook."""
        frame = _frame()
        return None if frame is None else cls(frame.f_locals["self"]._tqm)

    def playbook_starts(self) -> None:
        self._started += 1

    def exit_code(self) -> int:
        """The exit code that ansible-playbook would give now. To be called from within one of its callbacks."""
        frame = _frame()
        return 0 if frame is None else int(frame.f_locals["result"])

    def is_last_playbook(self) -> bool:
        """Whether no other playbook of the command line follows."""
        return self.exit_code() != 0 or self._started >= len(context.CLIARGS["args"])

    def failed_hosts(self) -> list[str]:
        """The hosts that count as failed or unreachable now."""
        return sorted({*self._manager._failed_hosts, *self._manager._unreachable_hosts})

    def failures(self, host: str) -> int:
        """How often a host was counted as failed or unreachable: where that is neither rescued nor ignored."""
        return int(self.stats.failures.get(host, 0)) + int(self.stats.dark.get(host, 0))

    @property
    def stats(self) -> t.Any:
        return self._manager._stats

    @property
    def variables(self) -> t.Any:
        """ansible-core's manager of variables."""
        return self._manager._variable_manager

    def watch_published(self, seen: t.Callable[[str, str], None]) -> None:
        """Calls seen with host and name of whatever is published from now on, the host "_run" where it is for all.

        ansible-core publishes what a task gives before it calls callback plugins for that task.
        """

        def watched(publish: t.Callable[..., None]) -> t.Callable[..., None]:
            def publishing(which: str, what: t.Any, host: t.Optional[str] = None) -> None:
                seen(host or ALL_HOSTS, which)
                publish(which, what, host)

            return publishing

        for name in ("set_custom_stats", "update_custom_stats"):
            setattr(self.stats, name, watched(getattr(self.stats, name)))

    def found_no_task_to_start_at(self) -> t.Optional[str]:
        """The task of --start-at-task where it does not exist."""
        wanted: t.Optional[str] = context.CLIARGS.get("start_at_task")
        return wanted if wanted and not self._manager._start_at_done else None

    @staticmethod
    def batches() -> t.Optional[int]:
        """How many batches of hosts the current play has; None where that is not known."""
        frame = _frame()
        batches = None if frame is None else frame.f_locals.get("batches")
        return len(batches) if isinstance(batches, list) else None

    @property
    def callbacks(self) -> list[t.Any]:
        """The callback plugins that receive events. One that is added receives those that follow."""
        callbacks: list[t.Any] = self._manager._callback_plugins
        return callbacks

    @property
    def check_mode(self) -> bool:
        return bool(context.CLIARGS.get("check"))

    def when_cleaned_up(self, then: t.Callable[[t.Optional[BaseException]], None]) -> None:
        """Calls then when the run is over, with what has broken it off, None where nothing has.

        Signals wait while it is called.
        """
        clean_up = self._manager.cleanup

        def cleanup() -> None:
            reason = sys.exc_info()[1]
            with _interruptions.waiting() if reason is not None else nullcontext():
                try:
                    # Where the terminal is gone, this fails.
                    clean_up()
                finally:
                    then(reason)

        self._manager.cleanup = cleanup

    def wait_for_workers(self) -> None:
        """Waits for workers that were terminated: they may have something to save."""
        for worker in self._manager._workers:
            if worker is not None and worker.is_alive():
                worker.join(_LAST_WORDS)

    def end_on_signals(self) -> None:
        """Lets a signal end the run as an exception does, so that it cleans up.

        Ansible knows how to do that for SIGINT, once: from ansible-core 2.20 on, a second one would kill.
        """
        process = os.getpid()
        before: dict[int, t.Any] = {}

        def end(number: int, frame: t.Any) -> None:
            if os.getpid() != process:
                # A worker, which has inherited this.
                signal.signal(number, before[number])
                os.kill(os.getpid(), number)
                return
            if number == signal.SIGINT:
                try:
                    (before[number] if callable(before[number]) else signal.default_int_handler)(number, frame)
                finally:
                    signal.signal(number, end)
            for worker in self._manager._workers:
                if worker is not None and worker.is_alive():
                    worker.terminate()
            raise SystemExit(_SHELL + number)

        before.update(_interruptions.handle(end))


def told(reason: BaseException) -> str:
    """What has broken a run off, in a line."""
    if isinstance(reason, KeyboardInterrupt):
        return "interrupted (Ctrl-C)"
    if isinstance(reason, SystemExit) and reason.code in _TERMINATED:
        return "terminated (%s)" % _TERMINATED[reason.code]
    lines = str(reason).strip().splitlines()
    return "broken off: %s" % (lines[0] if lines else type(reason).__name__)
