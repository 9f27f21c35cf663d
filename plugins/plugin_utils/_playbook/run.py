# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The current run of ansible-playbook, and the results of its tasks.

The statistics that callback plugins receive do not determine how a playbook ends: they still count failures cleared by
clear_host_errors, and miss a role that could not be included. ansible-core's own exit code does determine it. It is a
local variable of PlaybookExecutor.run, which is on the call stack of every plugin. An interrupted run sends no
statistics, but always cleans up.
"""

from __future__ import annotations

import os
import signal
import sys
import types
import typing as t
from contextlib import contextmanager, nullcontext

from ansible import context
from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import handle_signals, restore

try:
    from ansible.executor.playbook_executor import PlaybookExecutor
except ImportError:  # ansible-core after the newest one
    PlaybookExecutor = type(None)

# The host name in ansible-core's statistics for data published for all hosts.
ALL_HOSTS = "_run"
# Seconds. A terminated worker has at most one file to write.
_WORKER_SECONDS = 10
# As in a shell, the exit code after a signal is 128 plus the signal number.
_SIGNAL_EXIT_BASE = 128
_TERMINATED = {_SIGNAL_EXIT_BASE + number: number.name for number in (signal.SIGTERM, signal.SIGHUP)}
_EXIT_CODE = "result"
_MANAGER_ATTRIBUTES = (
    *("_stats", "_failed_hosts", "_unreachable_hosts", "_variable_manager", "_start_at_done"),
    *("_callback_plugins", "cleanup"),
)


@contextmanager
def signals_ignored() -> t.Iterator[None]:
    """Ignores signals during the block, for a run that is ending anyway."""
    before = handle_signals(lambda _number, _frame: None)
    try:
        yield
    finally:
        restore(before)


def _frame() -> t.Optional[types.FrameType]:
    """Returns the frame of PlaybookExecutor.run on the current call stack."""
    frame: t.Optional[types.FrameType] = sys._getframe()
    while frame is not None and not isinstance(frame.f_locals.get("self", ...), PlaybookExecutor):
        frame = frame.f_back
    return frame


def _exit_code() -> t.Optional[int]:
    """Returns ansible-core's own exit code so far; None if it cannot be found."""
    frame = _frame()
    found = None if frame is None else frame.f_locals.get(_EXIT_CODE)
    return found if isinstance(found, int) else None


class PlaybookRun:
    """The current run. Created when the first playbook of the command line starts.

    manager is ansible-core's TaskQueueManager. missing lists the private names that this ansible-core lacks:
    the public statistics and the recorded failures are the fallback.
    """

    def __init__(self, manager: t.Any) -> None:
        self._manager = manager
        self._started = 0
        self._failures_seen: dict[str, int] = {}
        self.stats: t.Any = getattr(manager, "_stats", None)
        self.missing = [name for name in _MANAGER_ATTRIBUTES if not hasattr(manager, name)]
        self.missing += [] if _exit_code() is not None else [_EXIT_CODE]

    @classmethod
    def current(cls) -> t.Optional[PlaybookRun]:
        """Returns the run of this process; None outside ansible-playbook."""
        frame = _frame()
        if frame is None and ("module_name" in context.CLIARGS or not context.CLIARGS.get("args")):
            return None
        return cls(None if frame is None else getattr(frame.f_locals["self"], "_tqm", None))

    def playbook_starts(self) -> None:
        self._started += 1

    def exit_code(self) -> int:
        """Returns the exit code of ansible-playbook so far. Call it only from a callback plugin."""
        found = _exit_code()
        if found is not None:
            return found
        return int(any((self._of_stats("failures"), self._of_stats("dark"))))

    def _of_stats(self, column: str) -> t.Mapping[str, int]:
        return {} if self.stats is None else t.cast(t.Mapping[str, int], getattr(self.stats, column))

    def is_last_playbook(self) -> bool:
        """Whether no other playbook of the command line follows."""
        return self.exit_code() != 0 or self._started >= len(context.CLIARGS["args"])

    def failed_hosts(self) -> list[str]:
        """Returns the hosts that are failed or unreachable so far."""
        failed = getattr(self._manager, "_failed_hosts", self._of_stats("failures"))
        return sorted({*failed, *getattr(self._manager, "_unreachable_hosts", self._of_stats("dark"))})

    def failures(self, host: str) -> int:
        """Returns how often a host failed or was unreachable, without rescued and ignored failures.

        Without statistics every failure counts.
        """
        if self.stats is None:
            self._failures_seen[host] = self._failures_seen.get(host, 0) + 1
            return self._failures_seen[host]
        return int(self.stats.failures.get(host, 0)) + int(self.stats.dark.get(host, 0))

    def extra_vars(self, loader: t.Any) -> dict[str, t.Any]:
        """Returns the extra vars, templates not yet rendered; loader is Ansible's."""
        manager = getattr(self._manager, "_variable_manager", None)
        found: dict[str, t.Any] = load_extra_vars(loader) if manager is None else manager.extra_vars
        return found

    def variables(self, playbook: t.Any) -> dict[str, t.Any]:
        """Returns the variables of the first play if they can be loaded, else the extra vars only."""
        manager: t.Any = getattr(self._manager, "_variable_manager", None)
        try:
            found: dict[str, t.Any] = manager.get_vars(play=playbook.get_plays()[0])
        except Exception:  # pylint: disable=broad-exception-caught  # for example a vault without its password
            return self.extra_vars(loader_of(playbook))
        return found

    @property
    def sees_published(self) -> bool:
        """Whether it is known which task published what, and so what no_log hides."""
        return hasattr(self._manager, "_stats")

    def watch_published(self, record: t.Callable[[str, str], None]) -> None:
        """Calls record with host and name of everything published from now on, with ALL_HOSTS where it is for all.

        ansible-core publishes the data of a task before it calls callback plugins for that task.
        """

        def recorded(publish: t.Callable[..., None]) -> t.Callable[..., None]:
            def publishing(which: str, what: t.Any, host: t.Optional[str] = None) -> None:
                record(host or ALL_HOSTS, which)
                publish(which, what, host)

            return publishing

        for name in ("set_custom_stats", "update_custom_stats") if self.sees_published else ():
            setattr(self.stats, name, recorded(getattr(self.stats, name)))

    def found_no_task_to_start_at(self) -> t.Optional[str]:
        """Returns the task of --start-at-task if it does not exist, else None."""
        wanted: t.Optional[str] = context.CLIARGS.get("start_at_task")
        return wanted if wanted and not getattr(self._manager, "_start_at_done", True) else None

    @staticmethod
    def batches() -> t.Optional[int]:
        """Returns the number of host batches of the current play; None if unknown."""
        frame = _frame()
        batches = None if frame is None else frame.f_locals.get("batches")
        return len(batches) if isinstance(batches, list) else None

    def add_callback(self, plugin: t.Any) -> None:
        """Registers a callback plugin for all later events."""
        if hasattr(plugin, "_init_callback_methods"):
            plugin._init_callback_methods()
        self.callbacks.append(plugin)

    @property
    def callbacks(self) -> list[t.Any]:
        """The callback plugins that receive events."""
        callbacks: list[t.Any] = self._manager._callback_plugins
        return callbacks

    @property
    def check_mode(self) -> bool:
        return bool(context.CLIARGS.get("check"))

    def when_cleaned_up(self, then: t.Callable[[t.Optional[BaseException]], None]) -> None:
        """Calls then at the end of the run, with the exception that interrupted it or None.

        Signals are ignored during the call.
        """
        if not hasattr(self._manager, "cleanup"):
            return
        clean_up = self._manager.cleanup

        def cleanup() -> None:
            reason = sys.exc_info()[1]
            with signals_ignored() if reason is not None else nullcontext():
                try:
                    # Fails if the terminal is closed.
                    clean_up()
                finally:
                    then(reason)

        self._manager.cleanup = cleanup

    def _living_workers(self) -> list[t.Any]:
        workers = getattr(self._manager, "_workers", ())
        return [worker for worker in workers if worker is not None and worker.is_alive()]

    def wait_for_workers(self) -> None:
        """Waits for terminated workers, which may still be saving a report."""
        for worker in self._living_workers():
            worker.join(_WORKER_SECONDS)

    def end_on_signals(self) -> None:
        """Makes a signal end the run with an exception, so that the run cleans up.

        Ansible itself does so only for the first SIGINT: since ansible-core 2.20 a second one kills the process.
        """
        process = os.getpid()
        before: dict[int, t.Any] = {}

        def end(number: int, frame: t.Any) -> None:
            if os.getpid() != process:
                # A worker process inherits this handler.
                signal.signal(number, before[number])
                os.kill(os.getpid(), number)
                return
            if number == signal.SIGINT:
                try:
                    (before[number] if callable(before[number]) else signal.default_int_handler)(number, frame)
                finally:
                    signal.signal(number, end)
            for worker in self._living_workers():
                worker.terminate()
            raise SystemExit(_SIGNAL_EXIT_BASE + number)

        before.update(handle_signals(end))


def describe_interruption(reason: BaseException) -> str:
    """Describes in one line what interrupted a run."""
    if isinstance(reason, KeyboardInterrupt):
        return "interrupted (Ctrl-C)"
    if isinstance(reason, SystemExit) and reason.code in _TERMINATED:
        return "terminated (%s)" % _TERMINATED[reason.code]
    lines = str(reason).strip().splitlines()
    return "aborted: %s" % (lines[0] if lines else type(reason).__name__)


def loader_of(playbook: t.Any) -> t.Any:
    """Returns the DataLoader of a playbook."""
    return getattr(playbook, "_loader", None) or DataLoader()


def task_of(result: t.Any) -> t.Any:
    """Returns the task of a result, in every supported release of ansible-core."""
    return result.task if hasattr(result, "task") else result._task


def host_of(result: t.Any) -> str:
    return str((result.host if hasattr(result, "host") else result._host).get_name())


def values_of(result: t.Any) -> t.Mapping[str, t.Any]:
    values: t.Mapping[str, t.Any] = result.result if hasattr(result, "result") else result._result
    return values


def key_of(task: t.Any) -> str:
    """Returns a key that distinguishes tasks of the same name; empty if ansible-core provides none."""
    return str(getattr(task, "_uuid", ""))


def causes_of(result: t.Any) -> list[str]:
    """Returns the messages of the exception chain, outermost first. Empty before ansible-core 2.19."""
    found: list[str] = []
    event = getattr(getattr(result, "exception", None), "event", None)
    while event is not None:
        found.append(" ".join(str(event.msg).split()))
        event = getattr(event.chain, "event", None)
    return found
