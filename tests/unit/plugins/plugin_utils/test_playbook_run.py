# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run around a callback plugin, found from within a PlaybookExecutor of the installed ansible-core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible.executor.stats import AggregateStats
from support.playbooks import ROOT, environment

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    PlaybookRun,
    describe_interruption,
)


class Executor(PlaybookExecutor):  # type: ignore[misc]
    """Calls what a test wants from within run, as a callback plugin is called."""

    def __init__(self, manager: Any) -> None:
        self._tqm = manager

    def run(self, called: Callable[[], Any], result: int = 0) -> Any:
        return called()


def manager(**fields: Any) -> Any:
    usual: dict[str, Any] = {"_failed_hosts": {}, "_unreachable_hosts": {}, "_stats": AggregateStats()}
    return SimpleNamespace(**{**usual, **fields})


@pytest.fixture(autouse=True)
def arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The command line."""
    found: dict[str, Any] = {"args": ("site.yml",), "check": False, "start_at_task": None}
    monkeypatch.setattr(context, "CLIARGS", found)
    return found


def test_finds_the_run_that_calls_it() -> None:
    found = Executor(manager(_failed_hosts={"web1": True})).run(PlaybookRun.current)
    assert found.failed_hosts() == ["web1"]


def test_batches_of_the_play() -> None:
    class InBatches(Executor):
        def run(self, called: Callable[[], Any], result: int = 0, batches: Any = None) -> Any:
            return called()

    executor = InBatches(manager())
    assert executor.run(PlaybookRun.batches, batches=[["web1"], ["web2"]]) == 2
    assert executor.run(PlaybookRun.batches) is None
    assert PlaybookRun.batches() is None


@pytest.mark.parametrize("line", [{}, {"args": ()}, {"args": ("web1",), "module_name": "command"}])
def test_no_run_without_a_playbook(monkeypatch: pytest.MonkeyPatch, line: dict[str, Any]) -> None:
    """As of the command ansible, or of another program."""
    monkeypatch.setattr(context, "CLIARGS", line)
    assert PlaybookRun.current() is None
    assert PlaybookRun(manager()).exit_code() == 0


@pytest.mark.parametrize(
    ("playbooks", "started", "code", "is_last"),
    [(1, 1, 0, True), (2, 1, 0, False), (2, 1, 2, True), (2, 2, 0, True)],
)
def test_last_playbook(arguments: dict[str, Any], playbooks: int, started: int, code: int, is_last: bool) -> None:
    """The next one is not started any more where one has failed."""
    arguments["args"] = ("site.yml",) * playbooks
    run = PlaybookRun(manager())
    for _unused in range(started):
        run.playbook_starts()
    executor = Executor(manager())
    assert executor.run(run.exit_code, code) == code
    assert executor.run(run.is_last_playbook, code) is is_last


def test_failed_hosts() -> None:
    run = PlaybookRun(manager(_failed_hosts={"b": True, "a": True}, _unreachable_hosts={"c": True, "a": True}))
    assert run.failed_hosts() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("gone", "found"),
    [("_failed_hosts", ["failure of stats", "unreachable"]), ("_unreachable_hosts", ["dark of stats", "failed"])],
)
def test_statistics_tell_the_failed_hosts_if_ansible_core_has_no_list(gone: str, found: list[str]) -> None:
    stats = AggregateStats()
    stats.increment("failures", "failure of stats")
    stats.increment("dark", "dark of stats")
    of_ansible = manager(_failed_hosts={"failed": True}, _unreachable_hosts={"unreachable": True}, _stats=stats)
    delattr(of_ansible, gone)
    assert PlaybookRun(of_ansible).failed_hosts() == found


def test_number_of_failures_of_a_host() -> None:
    run = PlaybookRun(manager())
    assert run.failures("web1") == 0
    for what in ("failures", "failures", "dark", "rescued", "ignored"):
        run.stats.increment(what, "web1")
    assert (run.failures("web1"), run.failures("web2")) == (3, 0)


def test_every_failure_counts_if_ansible_core_has_no_statistics() -> None:
    run = PlaybookRun(SimpleNamespace())
    assert "_stats" in run.missing
    assert (run.failures("web1"), run.failures("web1"), run.failures("web2")) == (1, 2, 1)


def test_nothing_is_called_at_the_end_if_ansible_core_has_no_cleanup() -> None:
    of_ansible = SimpleNamespace()
    PlaybookRun(of_ansible).when_cleaned_up(lambda _reason: pytest.fail("called"))
    assert not hasattr(of_ansible, "cleanup")


@pytest.mark.parametrize(("wanted", "done", "found"), [(None, False, None), ("copy", True, None), ("copy", 0, "copy")])
def test_start_at_task(arguments: dict[str, Any], wanted: str | None, done: bool, found: str | None) -> None:
    arguments["start_at_task"] = wanted
    assert PlaybookRun(manager(_start_at_done=done)).found_no_task_to_start_at() == found


def test_waits_for_results_of_workers() -> None:
    """One that was not started yet cannot be joined."""
    waited: list[float] = []
    saving = SimpleNamespace(is_alive=lambda: True, join=waited.append)
    unstarted = multiprocessing.Process(target=int)
    PlaybookRun(manager(_workers=[None, unstarted, saving])).wait_for_workers()
    assert waited == [10]


def test_check_mode(arguments: dict[str, Any]) -> None:
    assert not PlaybookRun(manager()).check_mode
    arguments["check"] = True
    assert PlaybookRun(manager()).check_mode


def aborted(of_ansible: Any, reason: BaseException) -> None:
    """What PlaybookExecutor.run does where something breaks it off."""
    try:
        raise reason
    finally:
        of_ansible.cleanup()


@pytest.mark.parametrize("reason", [None, KeyboardInterrupt(), RuntimeError("no")])
def test_cause_of_an_interrupted_run(reason: BaseException | None) -> None:
    happened: list[Any] = []
    of_ansible = manager(cleanup=lambda: happened.append("cleaned up"))
    PlaybookRun(of_ansible).when_cleaned_up(happened.append)

    if reason is None:
        of_ansible.cleanup()
    else:
        with pytest.raises(type(reason)):
            aborted(of_ansible, reason)
    assert happened == ["cleaned up", reason]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (KeyboardInterrupt(), "interrupted (Ctrl-C)"),
        (SystemExit(143), "terminated (SIGTERM)"),
        (SystemExit(129), "terminated (SIGHUP)"),
        (SystemExit("no more"), "aborted: no more"),
        (RuntimeError("\n no such role \nin site.yml\n"), "aborted: no such role "),
        (RuntimeError(" "), "aborted: RuntimeError"),
    ],
)
def test_interruption_is_described_in_one_line(reason: BaseException, line: str) -> None:
    assert describe_interruption(reason) == line


class Worker:
    def __init__(self, is_alive: bool) -> None:
        self._is_alive = is_alive
        self.is_terminated = False

    def is_alive(self) -> bool:
        return self._is_alive

    def terminate(self) -> None:
        self.is_terminated = True


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_termination_ends_the_run_and_its_workers(number: signal.Signals) -> None:
    workers = [None, Worker(True), Worker(False)]
    PlaybookRun(manager(_workers=workers)).end_on_signals()
    # A second one does the same.
    for _unused in range(2):
        with pytest.raises(SystemExit) as raised:
            os.kill(os.getpid(), number)
        assert raised.value.code == 128 + number
    assert [worker and worker.is_terminated for worker in workers] == [None, True, False]


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("of_ansible", [None, signal.SIG_DFL])
def test_ctrl_c_ends_the_run_as_ansible_does(of_ansible: Any) -> None:
    def interrupt(number: int, _frame: Any) -> None:
        # As ansible-core since 2.20: the next one would kill.
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, of_ansible or interrupt)
    PlaybookRun(manager()).end_on_signals()
    for _unused in range(2):
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ignored_signal_ends_nothing(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    PlaybookRun(manager()).end_on_signals()
    os.kill(os.getpid(), number)
    assert signal.getsignal(number) is signal.SIG_IGN


@pytest.mark.usefixtures("_handlers")
def test_signals_are_deferred_after_an_interruption() -> None:
    of_ansible = manager(_workers=[], cleanup=lambda: os.kill(os.getpid(), signal.SIGHUP))
    run = PlaybookRun(of_ansible)
    run.end_on_signals()
    happened: list[Any] = []

    def report(reason: BaseException | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        happened.append(reason)

    run.when_cleaned_up(report)
    reason = RuntimeError("no")
    with pytest.raises(RuntimeError):
        aborted(of_ansible, reason)
    assert happened == [reason]


def test_failed_cleanup_does_not_stop_the_report() -> None:
    def gone() -> None:
        raise OSError("Input/output error")

    happened: list[Any] = []
    of_ansible = manager(cleanup=gone)
    PlaybookRun(of_ansible).when_cleaned_up(happened.append)
    reason = SystemExit(129)
    with pytest.raises(OSError, match="Input/output error"):
        aborted(of_ansible, reason)
    assert happened == [reason]


def test_published_stats_are_recorded() -> None:
    run = PlaybookRun(manager())
    seen: list[tuple[str, str]] = []
    run.watch_published(lambda host, name: seen.append((host, name)))
    run.stats.set_custom_stats("release", "1.4")
    run.stats.update_custom_stats("disk", 1, "web1")
    run.stats.update_custom_stats("disk", 2, "web1")
    assert list(dict.fromkeys(seen)) == [("_run", "release"), ("web1", "disk")]
    assert run.stats.custom == {"_run": {"release": "1.4"}, "web1": {"disk": 3}}


FORKED = """
import os, signal
from types import SimpleNamespace
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun

PlaybookRun(SimpleNamespace(_workers=[])).end_on_signals()
worker = os.fork()
if worker == 0:
    os.kill(os.getpid(), signal.SIGTERM)
    os._exit(0)
status = os.waitpid(worker, 0)[1]
print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else "survived")
"""


def test_worker_is_terminated_by_the_signal() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", FORKED],
        env={**environment(ROOT), "PYTHONPATH": str(ROOT / ".collections")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.stdout.split() == [str(int(signal.SIGTERM))], finished.stderr


@pytest.mark.usefixtures("_handlers")
def test_worker_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in this process, where it can be measured."""
    workers = [Worker(True)]
    PlaybookRun(manager(_workers=workers)).end_on_signals()
    handler: Any = signal.getsignal(signal.SIGTERM)
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(os, "kill", lambda *arguments: sent.append(arguments))
    handler(signal.SIGTERM, None)
    assert sent == [(1, signal.SIGTERM)]
    assert not workers[0].is_terminated


def test_other_thread_ignores_the_signal() -> None:
    """Python lets only the main thread set handlers, and raises in others."""
    before = signal.getsignal(signal.SIGTERM)
    raised: list[Any] = []

    def start() -> None:
        try:
            PlaybookRun(manager()).end_on_signals()
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert raised == []
    assert signal.getsignal(signal.SIGTERM) is before
