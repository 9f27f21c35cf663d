# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
Signals in the middle of a call or a report: what is known is reported before the process ends.

Ansible drops the result of a task that it interrupts, and ends its workers at once. What a worker says until then
still reaches the screen, if Ansible reads it before it stops listening: that is not promised.

A signal that is ignored stays ignored: nohup, for one, starts Ansible so.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import typing as t
from contextlib import contextmanager, suppress

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupted(BaseException):
    """numbers: the signals that came, the first of them the one that breaks off the block."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.numbers = [number]


def _interrupt(number: int, _frame: t.Any) -> None:
    interruption = _Interrupted(number)
    # Ansible sends a second signal soon, and what is told may be written to a file. A mask would not hold it back: it
    # would reach the thread of the attempt instead.
    handle(lambda number, _frame: interruption.numbers.append(number))
    raise interruption


def handle(handler: t.Callable[[int, t.Any], t.Any]) -> dict[int, t.Any]:
    """Sets the handler of every signal that is not ignored. Gives the handlers of these before.

    Does nothing but in the main thread: Python allows it nowhere else.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # None is a handler that is not Python's: it could not be set again.
    mine: dict[int, t.Any] = {
        number: was for number, was in before.items() if was is not None and was != signal.SIG_IGN
    }
    for number in mine:
        signal.signal(number, handler)
    return mine


@contextmanager
def telling(tell: t.Callable[[], None]) -> t.Iterator[None]:
    """Calls tell where a signal breaks off the block. The signal then does what it would have done without us."""
    before = handle(_interrupt)
    try:
        yield
    except _Interrupted as interruption:
        try:
            tell()
        finally:
            _restore(before)
            for number in dict.fromkeys(interruption.numbers):
                os.kill(os.getpid(), number)
        raise KeyboardInterrupt from None
    finally:
        _restore(before)


@contextmanager
def waiting() -> t.Iterator[None]:
    """Signals do nothing during the block: it belongs to a run that ends in any case."""
    before = handle(lambda _number, _frame: None)
    try:
        yield
    finally:
        _restore(before)


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


def _restore(before: t.Mapping[int, t.Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
