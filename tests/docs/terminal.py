# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program in a real terminal: what a person types into it, and everything that is written to its screen."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# A shell asks for keys on the terminal that controls it.
_CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
# No test is that slow; a terminal that waits forever must show its screen.
_PATIENCE = 120


class Terminal:
    """A terminal with a program in it. screen is everything that was written to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen = 0
        self.screen = ""

    def send(self, text: str) -> None:
        """Type or paste text."""
        os.write(self._descriptor, text.encode())

    def _read(self) -> bool:
        ready, _unused, _unused = select.select([self._descriptor], [], [], _PATIENCE)
        assert ready, f"nothing new in {_PATIENCE} seconds: {self.screen!r}"
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            # Linux says so when the last process has closed the terminal.
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)

    def text(self) -> str:
        """What was written, without what controls the terminal."""
        return _CONTROL.sub("", self.screen)

    def wait_for(self, text: str) -> None:
        """Wait until text is written, after what was waited for before."""
        while (place := self.text().find(text, self._seen)) < 0:
            assert self._read(), f"ended without {text!r}: {self.screen!r}"
        self._seen = place + len(text)

    def wait_until_hidden(self) -> None:
        """Wait until the terminal does not show what is typed. There is no event for that, so this polls."""
        until = time.monotonic() + _PATIENCE
        while termios.tcgetattr(self._descriptor)[3] & termios.ECHO:
            assert time.monotonic() < until, f"everything that is typed is shown: {self.screen!r}"
            time.sleep(0.01)

    def wait_for_end(self) -> None:
        """Wait until the program has ended."""
        while self._read():
            pass


@contextmanager
def running(command: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[Terminal]:
    """A terminal with command in it, started in folder. The command ends with the block."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", _CONTROLLED, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(ours)
        finally:
            process.kill()
            os.close(ours)
