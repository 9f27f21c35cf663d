# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
ansible-core around our plugins: every private name of it that the collection uses, each with what is done without it.

Here is what a task uses; run is for what reports the end of a playbook.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import typing as t
from contextlib import contextmanager

try:
    from ansible._internal._errors._task_timeout import TaskTimeoutError as _TaskTimeoutError
except ImportError:
    try:  # ansible-core before 2.19
        from ansible.executor.task_executor import TaskTimeoutError as _TaskTimeoutError
    except ImportError:

        class _TaskTimeoutError(BaseException):  # type: ignore[no-redef]
            """Never raised: without Ansible's own, the timeout of a task says only what Ansible says."""


try:
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
except ImportError:  # ansible-core before 2.19
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    def plain(value: t.Any) -> t.Any:
        return json.loads(json.dumps(value, cls=AnsibleJSONEncoder, vault_to_text=True))

else:  # ansible-core 2.19 and later

    def plain(value: t.Any) -> t.Any:
        """value as a module would get it: no tags, no lazy templates, dates as strings."""
        encoder = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
        decoder = get_module_decoder("legacy", Direction.CONTROLLER_TO_MODULE)
        return json.loads(json.dumps(value, cls=encoder), cls=decoder)


TaskTimeoutError = _TaskTimeoutError
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupted(BaseException):
    """numbers: the signals that came, the first of them the one that interrupts the block."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.numbers = [number]


def _interrupt(number: int, _frame: t.Any) -> None:
    interruption = _Interrupted(number)
    # Ansible sends a second signal soon, and what is reported may be written to a file. A mask would not hold it back:
    # it would reach the thread of the attempt instead.
    handle_signals(lambda number, _frame: interruption.numbers.append(number))
    raise interruption


def handle_signals(handler: t.Callable[[int, t.Any], t.Any]) -> dict[int, t.Any]:
    """Sets the handler of every signal that is not ignored: nohup, for one, starts Ansible so. Returns those before.

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
def on_interruption(report: t.Callable[[], None]) -> t.Iterator[None]:
    """Calls report where a signal interrupts the block. The signal then does what it would have done without us.

    Ansible drops the result of a task that it interrupts, and ends its workers at once. What a worker prints until then
    still reaches the screen, if Ansible reads it before it stops listening: that is not promised.
    """
    before = handle_signals(_interrupt)
    try:
        yield
    except _Interrupted as interruption:
        try:
            report()
        finally:
            _restore(before)
            for number in dict.fromkeys(interruption.numbers):
                os.kill(os.getpid(), number)
        raise KeyboardInterrupt from None
    finally:
        _restore(before)


@contextmanager
def signals_ignored() -> t.Iterator[None]:
    """Signals do nothing during the block: it belongs to a run that ends in any case."""
    before = handle_signals(lambda _number, _frame: None)
    try:
        yield
    finally:
        _restore(before)


def _restore(before: t.Mapping[int, t.Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)


def alias_warnings(validation: t.Any) -> list[str]:
    """What Ansible's validation of arguments warns of: an option that is set together with its alias."""
    text = "Both option {option} and its alias {alias} are set."
    return [text.format(**names) for names in getattr(validation, "_warnings", ())]
