# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C and SIGTERM in the middle of a playbook: the workflow is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from situation import play, task
from support import playbooks, reporting
from support.simulators import Simulator


def opened(fifo: Path, process: subprocess.Popen[str], seconds: float = 60) -> int | None:
    """The pipe, as soon as the playbook has come to the task that reads from it."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)
    return None


@pytest.mark.parametrize(
    ("number", "returncodes", "error"),
    [
        (signal.SIGINT, (99, 130), "interrupted (Ctrl-C)"),
        (signal.SIGTERM, (143,), "terminated (SIGTERM)"),
    ],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_interrupted_playbook_is_reported(
    simulator: Simulator, home: Path, number: int, returncodes: tuple[int, ...], error: str
) -> None:
    run = simulator.start_run()
    fifo = home / "pipe"
    os.mkfifo(fifo)
    (home / "playbook.yml").write_text(json.dumps([play(task("wait", "command", f"cat {fifo}"))]))
    (home / "inventory.yml").write_text(playbooks.inventory({"web1": {}}))
    (home / "extra_vars.json").write_text(json.dumps(reporting.extra_vars(run)))
    process = subprocess.Popen(
        [str(playbooks.BIN / "ansible-playbook"), "playbook.yml", "-i", "inventory.yml", "-e", "@extra_vars.json"],
        cwd=home,
        env=playbooks.environment(home, **reporting.environment(simulator)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    pipe = opened(fifo, process)
    # Ctrl-C goes to everything in the foreground, SIGTERM to the one process that it is sent to.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    output, _ = process.communicate(timeout=120)
    assert pipe is not None, output
    os.close(pipe)
    assert process.returncode in returncodes, output
    became = simulator.run(run)
    assert (became["status"], became["error"], became["callback_requests"]) == ("fail", error, 1), output
