# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
Adapters for ansible-core: every private name of it that the collection uses, each with a fallback.

This module is for tasks; run is for reporting the end of a playbook.
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
except ImportError:  # ansible-core before 2.19, or after the newest one
    try:  # ansible-core before 2.19
        from ansible.executor.task_executor import TaskTimeoutError as _TaskTimeoutError
    except ImportError:

        class _TaskTimeoutError(BaseException):  # type: ignore[no-redef]
            """Never raised. Without Ansible's class, a task timeout shows only Ansible's own message."""


try:
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
except ImportError:  # ansible-core before 2.19
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    def plain(value: t.Any) -> t.Any:
        return json.loads(json.dumps(value, cls=AnsibleJSONEncoder, vault_to_text=True))

else:  # ansible-core 2.19 and later

    def plain(value: t.Any) -> t.Any:
        """Returns value as a module receives it: without tags and lazy templates, dates as strings."""
        encoder = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
        decoder = get_module_decoder("legacy", Direction.CONTROLLER_TO_MODULE)
        return json.loads(json.dumps(value, cls=encoder), cls=decoder)


TaskTimeoutError = _TaskTimeoutError
# What ended a task, as a clause.
INTERRUPTED = "the run of the playbook was interrupted"
TIMED_OUT = "the task timed out after %s seconds"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupted(BaseException):
    """numbers: the signals received. The first one interrupted the block."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.numbers = [number]


def _interrupt(number: int, _frame: t.Any) -> None:
    interruption = _Interrupted(number)
    # Ansible soon sends a second signal, which must not interrupt writing the undelivered report. A signal mask does
    # not help: the signal would reach the thread of the attempt instead.
    handle_signals(lambda number, _frame: interruption.numbers.append(number))
    raise interruption


def handle_signals(handler: t.Callable[[int, t.Any], t.Any]) -> dict[int, t.Any]:
    """Sets the handler of every signal that is not ignored (nohup ignores SIGHUP). Returns the previous handlers.

    Does nothing outside the main thread, because Python allows signal handlers only there.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # None means a handler not installed from Python, which could not be restored.
    replaced: dict[int, t.Any] = {
        number: previous for number, previous in before.items() if previous is not None and previous != signal.SIG_IGN
    }
    for number in replaced:
        signal.signal(number, handler)
    return replaced


@contextmanager
def on_interruption(report: t.Callable[[], None]) -> t.Iterator[None]:
    """Calls report when a signal interrupts the block. The signal then has its usual effect.

    Ansible discards the result of an interrupted task and terminates its workers. The output of a worker before that
    usually reaches the terminal, but this is not guaranteed.
    """
    before = handle_signals(_interrupt)
    try:
        yield
    except _Interrupted as interruption:
        try:
            report()
        finally:
            restore(before)
            for number in dict.fromkeys(interruption.numbers):
                os.kill(os.getpid(), number)
        raise KeyboardInterrupt from None
    finally:
        restore(before)


def restore(before: t.Mapping[int, t.Any]) -> None:
    """Sets the handlers that handle_signals() has returned."""
    for number, handler in before.items():
        signal.signal(number, handler)


def alias_warnings(validation: t.Any) -> list[str]:
    """Returns Ansible's warnings about options that are set together with their alias."""
    text = "Both option {option} and its alias {alias} are set."
    return [text.format(**names) for names in getattr(validation, "_warnings", ())]
