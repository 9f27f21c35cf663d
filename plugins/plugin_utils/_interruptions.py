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

import os
import signal
import threading
import typing as t
from contextlib import contextmanager

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


def _restore(before: t.Mapping[int, t.Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
