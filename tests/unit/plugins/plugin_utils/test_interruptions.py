# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A signal during a call: what is known is reported, and then the signal has its usual effect."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _playbook
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import signals_ignored
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import reporter


def send(number: signal.Signals) -> None:
    """Send a signal to this process, and return after it has arrived."""
    os.kill(os.getpid(), number)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_reports_and_then_applies_the_signal(number: signal.Signals) -> None:
    happened: list[str] = []
    signal.signal(number, lambda *_arguments: happened.append("as before"))

    def block() -> None:
        with _playbook.on_interruption(lambda: happened.append("reported")):
            send(number)
            happened.append("went on")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert happened == ["reported", "as before"]


def test_notes_are_of_the_last_report() -> None:
    notes = reporter.Notes()
    assert notes.read() == []
    notes.begin({"result": "fail", "output": {"text": "é" * 100_000}})
    notes.add({"delivery": "unknown"})
    notes.begin({"result": "success", "output": {"text": "é"}})
    notes.add({"delivery": "delivered", "of Ansible": Exception("x")})
    outcome = {"result": "success", "output": {"text": "é"}}
    assert notes.read() == [outcome, {"delivery": "delivered", "of Ansible": "x"}]


def test_incomplete_note_is_ignored() -> None:
    notes = reporter.Notes()
    notes.begin({"result": "success"})
    notes._file.write('{"delivery"')
    assert notes.read() == [{"result": "success"}]


def test_error_writing_a_note_does_not_stop_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, _place: int) -> None:
            raise OSError("no space left on device")

        write = seek

    notes = reporter.Notes()
    monkeypatch.setattr(notes, "_file", Full())
    notes.begin({"result": "success"})


@pytest.mark.usefixtures("_handlers")
def test_second_signal_waits_for_the_report() -> None:
    """Whichever thread the system gives it to: the call has one of its own."""
    happened: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_arguments: happened.append("terminated"))
    signal.signal(signal.SIGINT, lambda *_arguments: happened.append("interrupted"))

    def report() -> None:
        send(signal.SIGINT)
        happened.append("reported")

    def block() -> None:
        with _playbook.on_interruption(report):
            send(signal.SIGTERM)

    over = threading.Event()
    threading.Thread(target=over.wait, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        block()
    over.set()
    assert happened[0] == "reported"
    assert sorted(happened[1:]) == ["interrupted", "terminated"]


def test_restores_the_signal_handlers() -> None:
    before = [signal.getsignal(number) for number in _playbook.SIGNALS]
    with _playbook.on_interruption(lambda: pytest.fail("nothing happened")):
        assert [signal.getsignal(number) for number in _playbook.SIGNALS] != before
    assert [signal.getsignal(number) for number in _playbook.SIGNALS] == before


def test_does_nothing_in_another_thread() -> None:
    """Python lets only the main thread set handlers."""
    ran: list[bool] = []

    def block() -> None:
        with _playbook.on_interruption(lambda: None):
            ran.append(True)

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert ran == [True]


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("manager", [lambda: _playbook.on_interruption(lambda: None), signals_ignored])
def test_ignored_signal_stays_ignored(number: signal.Signals, manager: Any) -> None:
    signal.signal(number, signal.SIG_IGN)
    with manager():
        send(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    assert signal.getsignal(number) is signal.SIG_IGN


@pytest.mark.usefixtures("_handlers")
def test_ignored_signal_stays_ignored_while_the_outcome_is_reported() -> None:
    """As nohup starts Ansible."""
    happened: list[str] = []
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_arguments: happened.append("terminated"))

    def block() -> None:
        with _playbook.on_interruption(lambda: send(signal.SIGHUP)):
            send(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        block()
    assert happened == ["terminated"]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.usefixtures("_handlers")
def test_signals_are_deferred() -> None:
    happened: list[int] = []
    for number in _playbook.SIGNALS:
        signal.signal(number, lambda number, _frame: happened.append(number))
    with signals_ignored():
        for number in _playbook.SIGNALS:
            send(number)
        assert happened == []
    send(signal.SIGTERM)
    assert happened == [signal.SIGTERM]
