# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C, SIGTERM and SIGHUP during a playbook, or during its report: reported, or said and saved."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from situation import play, task
from support import playbooks, reporting
from support.simulators import Simulator

pytestmark = pytest.mark.core


def opened(fifo: Path, process: subprocess.Popen[str], seconds: float = 60) -> int | None:
    """The pipe, as soon as the playbook has come to the task that reads from it."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)
    return None


class Started:
    """An ansible-playbook at the task that waits, with a run of the workflow that waits for its end."""

    def __init__(
        self,
        simulator: Simulator,
        home: Path,
        *before: str,
        env: dict[str, str] | None = None,
        terminal: int | None = None,
        in_role: bool = False,
        extra_vars: dict[str, Any] | None = None,
    ) -> None:
        self._simulator = simulator
        self.run = simulator.start_run()
        self._fifo = home / "pipe"
        os.mkfifo(self._fifo)
        wait = task("wait", "command", f"cat {self._fifo}")
        (home / "tasks.yml").write_text(json.dumps([wait]))
        by_role = {"hosts": "all", "gather_facts": False, "roles": [{"role": "functiongraph.workflow.runbook"}]}
        (home / "playbook.yml").write_text(json.dumps([by_role if in_role else play(wait)]))
        (home / "inventory.yml").write_text(playbooks.inventory({"web1": {}}))
        variables = {**reporting.extra_vars(self.run), "runbook_tasks_file": "tasks.yml", **(extra_vars or {})}
        (home / "extra_vars.json").write_text(json.dumps(variables))
        command = [str(playbooks.BIN / "ansible-playbook"), "playbook.yml", "-i", "inventory.yml"]
        self.process = subprocess.Popen(
            [*before, *command, "-e", "@extra_vars.json"],
            cwd=home,
            env=playbooks.environment(home, **reporting.environment(simulator, **(env or {}))),
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._pipe = opened(self._fifo, self.process)

    def send(self, number: int) -> None:
        """Ctrl-C goes to everything in the foreground, other signals to the one process that they are sent to."""
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)

    def go_on(self) -> None:
        """Lets the task that waits succeed."""
        assert self._pipe is not None
        os.close(self._pipe)
        self._pipe = None

    def ended(self) -> tuple[str, dict[str, Any]]:
        """What the user read, and the run as it became."""
        output, _unused = self.process.communicate(timeout=120)
        if self._pipe is not None:
            self.go_on()
        return output, self._simulator.run(self.run)


SIGNALS = [
    (signal.SIGINT, (99, 130), "interrupted (Ctrl-C)"),
    (signal.SIGTERM, (143,), "terminated (SIGTERM)"),
    pytest.param(signal.SIGHUP, (129,), "terminated (SIGHUP)", marks=pytest.mark.test_all),
]
BY_SIGNAL = pytest.mark.parametrize(("number", "returncodes", "error"), SIGNALS, ids=["Ctrl-C", "SIGTERM", "SIGHUP"])


@BY_SIGNAL
@pytest.mark.parametrize("in_role", [False, True], ids=["plugin", "role"])
def test_interrupted_playbook_is_reported(
    simulator: Simulator, home: Path, number: int, returncodes: tuple[int, ...], error: str, in_role: bool
) -> None:
    only_role = {"ANSIBLE_CALLBACKS_ENABLED": "fgs_test_record"}
    started = Started(simulator, home, env=only_role if in_role else None, in_role=in_role)
    started.send(number)
    output, became = started.ended()
    assert started.process.returncode in returncodes, output
    assert (became["status"], became["error"], became["callback_requests"]) == ("fail", error, 1), output


class Slow:
    """A service at which a request has arrived, and that answers when it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(60)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Slow:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        self._listener.close()

    def wait(self) -> None:
        """Waits until a request is there as a whole."""
        self._connection, _unused = self._listener.accept()
        self._connection.settimeout(60)
        came = b""
        while b"\r\n\r\n" not in came or len(came.partition(b"\r\n\r\n")[2]) < length(came):
            came += self._connection.recv(65536)
        self.came = came

    def answer(self) -> None:
        body = b'{"execution_id": "run"}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._connection.sendall(head + body)


def length(came: bytes) -> int:
    """The length of a request's body."""
    found = re.search(rb"content-length: (\d+)", came, re.IGNORECASE)
    return int(found.group(1)) if found else 0


def settings(service: Slow, home: Path) -> dict[str, str]:
    return {
        "FGS_REPORT_ENDPOINT": service.url,
        "FGS_REPORT_CONFIRM": "never",
        "FGS_REPORT_RETRIES": "0",
        "FGS_REPORT_UNDELIVERED_PATH": str(home / "kept.yml"),
        "HUAWEICLOUD_SDK_PROJECT_ID": "p",
    }


@BY_SIGNAL
def test_signal_during_the_report_leaves_a_warning_and_the_report(
    simulator: Simulator, home: Path, number: int, returncodes: tuple[int, ...], error: str
) -> None:
    with Slow() as service:
        started = Started(simulator, home, env=settings(service, home))
        started.go_on()
        service.wait()
        started.send(number)
        output, _became = started.ended()
    assert started.process.returncode in returncodes, output
    text = reporting.unwrapped(output)
    assert "the result success could not be reported to the workflow. It is not known whether" in text
    assert "a signal interrupted it" in text
    assert f"send it later with: ansible-playbook functiongraph.workflow.callback -e @{home}/kept.yml\n" in output
    assert 'fgs_workflow_result: "success"' in (home / "kept.yml").read_text()


def in_role(service: Slow, home: Path, plugin: bool) -> dict[str, Any]:
    """A role whose report goes to the service, with the report plugin enabled for the same state or not."""
    env = settings(service, home)
    variables = {
        "runbook_endpoint": service.url,
        "runbook_confirm": "never",
        "runbook_retries": 0,
        "runbook_undelivered_path": str(home / "kept.yml"),
        "runbook_output": {"made": "it"},
    }
    if not plugin:
        env["ANSIBLE_CALLBACKS_ENABLED"] = "fgs_test_record"
    return {"env": env, "extra_vars": variables, "in_role": True}


@pytest.mark.test_all
@BY_SIGNAL
@pytest.mark.parametrize("plugin", [False, True], ids=["role", "role and plugin"])
def test_signal_during_the_report_of_the_role_leaves_a_warning_and_the_report(
    simulator: Simulator, home: Path, number: int, returncodes: tuple[int, ...], error: str, plugin: bool
) -> None:
    with Slow() as service:
        started = Started(simulator, home, **in_role(service, home, plugin))
        started.go_on()
        service.wait()
        started.send(number)
        # What came then would be refused.
        service.close()
        output, _became = started.ended()
    assert started.process.returncode in returncodes, output
    text = reporting.unwrapped(output)
    assert text.count("could not be reported to the workflow") == 1, output
    assert "the result success could not be reported to the workflow. It is not known whether" in text
    assert f"send it later with: ansible-playbook functiongraph.workflow.callback -e @{home}/kept.yml\n" in output
    assert 'fgs_workflow_result: "success"' in (home / "kept.yml").read_text()


def worker(process: subprocess.Popen[str]) -> int:
    """The process in which the playbook runs its task."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 1, children
    return int(children[0])


def test_report_of_the_role_that_was_killed_is_sent_with_its_own_outcome(simulator: Simulator, home: Path) -> None:
    with Slow() as service:
        started = Started(simulator, home, **in_role(service, home, plugin=False))
        started.go_on()
        service.wait()
        os.kill(worker(started.process), signal.SIGKILL)
        service.close()
        output, _became = started.ended()
    assert started.process.returncode != 0, output
    kept = (home / "kept.yml").read_text()
    assert 'fgs_workflow_result: "success"' in kept
    output = json.loads(yaml.safe_load(kept.replace("!unsafe ", ""))["fgs_workflow_output"])
    assert output["made"] == "it"
    assert output["ansible"]["hosts"]["web1"]["failed"] == 0


@BY_SIGNAL
def test_second_signal_waits_until_the_playbook_is_reported(
    simulator: Simulator, home: Path, number: int, returncodes: tuple[int, ...], error: str
) -> None:
    with Slow() as service:
        started = Started(simulator, home, env=settings(service, home))
        started.send(number)
        service.wait()
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, number):
            started.send(each)
        service.answer()
        output, _became = started.ended()
        assert json.loads(service.came.partition(b"\r\n\r\n")[2])["error"] == error
    assert started.process.returncode in returncodes, output
    assert f"reported to run {started.run['workflow_run_id']}: fail ({error})" in output
    assert not (home / "kept.yml").exists()


def test_signal_that_is_ignored_stays_ignored(simulator: Simulator, home: Path) -> None:
    started = Started(simulator, home, "nohup")
    started.send(signal.SIGHUP)
    started.go_on()
    output, became = started.ended()
    assert started.process.returncode == 0, output
    assert (became["status"], became["callback_requests"]) == ("success", 1), output


# Makes the terminal of a program the one that sends it SIGHUP.
CONTROLLED = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


def test_playbook_whose_terminal_is_closed_is_reported(simulator: Simulator, home: Path) -> None:
    """From then on nothing can be written to it."""
    ours, theirs = pty.openpty()
    started = Started(simulator, home, sys.executable, "-c", CONTROLLED, terminal=theirs)
    os.close(theirs)
    os.close(ours)
    _output, became = started.ended()
    assert started.process.returncode != 0
    assert (became["status"], became["error"], became["callback_requests"]) == ("fail", "terminated (SIGHUP)", 1)
