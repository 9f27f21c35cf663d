# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIGINT, SIGTERM and a task's timeout during a call: no file and no process stay, and the result is known."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import FACES, callback, execution_info
from support.playbooks import BIN
from support.simulators import Simulator

pytestmark = pytest.mark.core

UNKNOWN = "It is not known whether the callback arrived: "


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path: ansible-core 2.21 makes a socket below TMPDIR, whose path may have a hundred characters."""
    return tmp_path_factory.mktemp("home")


class Ended(NamedTuple):
    """What an interrupted ansible-playbook left."""

    returncode: int
    output: str
    kept: Path
    home: Path


def processes(text: str) -> list[str]:
    """The command lines of all processes in which the text stands, zombies of ours included."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (OSError, NotADirectoryError):
            continue
        if text in line:
            found.append(line)
    return found


def until(condition: Any, seconds: float = 30) -> bool:
    """Whether the condition comes true within a time that is ample."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def interrupted(simulator: Simulator, home: Path, face: str, number: int) -> Ended:
    """Start a playbook, and send the signal when its callback has reached the service."""
    run = simulator.start_run(fault="hang")
    host = {"run_on": face, "runs": {"callback": run}}
    kept = home / "kept.yml"
    task = callback("callback", {"undelivered_path": str(kept), "timeout": 60})
    (home / "tmp").mkdir()
    (home / "play.json").write_text(json.dumps([faces.play([task], faces.connection(simulator))]))
    (home / "inventory.yml").write_text(playbooks.inventory({face: host}))
    process = subprocess.Popen(
        [str(BIN / "ansible-playbook"), str(home / "play.json"), "-i", str(home / "inventory.yml")],
        env=playbooks.environment(home, TMPDIR=str(home / "tmp"), ANSIBLE_REMOTE_TMP=str(home / "remote")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    arrived = simulator.ask("GET", f"/_simulator/wait?run={run['workflow_run_id']}&for=callback&timeout=60", timeout=70)
    os.killpg(process.pid, number)
    output, _unused = process.communicate(timeout=60)
    assert arrived["happened"], output
    return Ended(process.returncode, output, kept, home)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("face", FACES)
def test_interruption_leaves_nothing(simulator: Simulator, home: Path, face: str, number: int) -> None:
    ended = interrupted(simulator, home, face, number)
    assert ended.returncode != 0
    if number == signal.SIGINT:
        assert "User interrupted execution" in ended.output
    assert until(lambda: not processes(str(home))), processes(str(home))
    if face == "controller":
        assert until(ended.kept.exists)
        assert ended.kept.stat().st_mode & 0o777 == 0o600
    left = [path for place in ("tmp", "remote", ".ansible/tmp") for path in (home / place).rglob("*") if path.is_file()]
    # A module that is killed leaves Ansible's own archive of its code, without any argument.
    assert not [path for path in left if "ansiballz_cache" not in str(path) and "_payload_" not in str(path)]
    for secret in simulator.secrets():
        assert not [path for path in left if secret.encode() in path.read_bytes()]
    assert not list(home.glob(".fgs-*"))


@pytest.mark.test_all
def test_task_timeout_is_reported_by_both_faces(simulator: Simulator, home: Path) -> None:
    cases = {"callback": {"fault": "hang"}, "info": {"read_fault": "read_hang"}}
    hosts = faces.hosts(simulator, cases)
    tasks = [
        callback("callback", {"timeout": 8, "retries": 0, "confirm": "never"}, timeout=4, ignore_errors=True),
        execution_info("info", {"timeout": 8, "retries": 0}, timeout=4, ignore_errors=True),
    ]
    env = {"ANSIBLE_REMOTE_TMP": str(home / "remote")}
    finished = playbooks.ansible_playbook(
        [faces.play(tasks, faces.connection(simulator))], home=home, hosts=hosts, env=env
    )
    for face in FACES:
        result = finished.result("callback", face)
        assert (result["delivery"], result["changed"]) == ("unknown", False), result
        assert result["msg"] == UNKNOWN + "the task timed out after 4 seconds."
        assert "Check the run before you send again" in result["hint"]
        assert finished.result("info", face)["msg"] == "The run was not read, as the task timed out after 4 seconds."
    # Ansible does not end a module whose task it gives up; it ends by its own timeout.
    assert until(lambda: not processes(str(home))), processes(str(home))
