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
import threading
import types
import typing as t

from ansible import context
from ansible.executor.playbook_executor import PlaybookExecutor

# 128 and the number of SIGTERM, as a shell says it.
_TERMINATED = 143


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

    def found_no_task_to_start_at(self) -> t.Optional[str]:
        """The task of --start-at-task where it does not exist."""
        wanted: t.Optional[str] = context.CLIARGS.get("start_at_task")
        return wanted if wanted and not self._manager._start_at_done else None

    @property
    def check_mode(self) -> bool:
        return bool(context.CLIARGS.get("check"))

    def when_cleaned_up(self, then: t.Callable[[t.Optional[BaseException]], None]) -> None:
        """Calls then when the run is over, with what has broken it off, None where nothing has."""
        clean_up = self._manager.cleanup

        def cleanup() -> None:
            clean_up()
            then(sys.exc_info()[1])

        self._manager.cleanup = cleanup

    def survive_termination(self) -> None:
        """Lets SIGTERM end the run as an exception would, so that it cleans up."""
        if threading.current_thread() is not threading.main_thread():
            return
        process = os.getpid()

        def terminate(number: int, _frame: t.Any) -> None:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if os.getpid() != process:
                # A worker, which has inherited this before ansible-core 2.19.
                os.kill(os.getpid(), number)
                return
            for worker in self._manager._workers:
                if worker is not None and worker.is_alive():
                    worker.terminate()
            raise SystemExit(_TERMINATED)

        signal.signal(signal.SIGTERM, terminate)


def told(reason: BaseException) -> str:
    """What has broken a run off, in a line."""
    if isinstance(reason, KeyboardInterrupt):
        return "interrupted (Ctrl-C)"
    if isinstance(reason, SystemExit):
        return "terminated (SIGTERM)"
    lines = str(reason).strip().splitlines()
    return "broken off: %s" % (lines[0] if lines else type(reason).__name__)
