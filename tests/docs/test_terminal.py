# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people paste into a terminal, and what it shows."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import terminal
import texts
from demo import demo
from support.playbooks import ROOT
from support.simulators import Simulator

KEYS = {"HUAWEICLOUD_SDK_AK": "PASTEDACCESSKEY", "HUAWEICLOUD_SDK_SK": "pasted-secret-key"}


def _asking_for_keys() -> str:
    found = [one.text for page in texts.pages() for one in texts.blocks(page) if "read -r" in one.text]
    assert len(set(found)) == 1
    return found[0]


@pytest.mark.parametrize("bracketed", [True, False], ids=["bracketed", "plain"])
def test_pasted_keys_are_set_and_not_shown(bracketed: bool, home: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PS1": "ready> "}
    with terminal.running(["bash", "--norc", "--noprofile", "-i"], environment, home) as shell:
        shell.wait_for("ready> ")
        shell.send(f"bind 'set enable-bracketed-paste {'on' if bracketed else 'off'}'\r")
        shell.wait_for("ready> ")
        block = _asking_for_keys()
        shell.send(f"\x1b[200~{block}\x1b[201~\r" if bracketed else block)
        for name, prompt in zip(KEYS, ("Access key: ", "Secret key: "), strict=True):
            # The prompts are in the pasted text as well, which the shell shows.
            shell.wait_for("\n" + prompt)
            shell.wait_until_hidden()
            shell.send(KEYS[name] + "\r")
        shell.wait_for("ready> ")
        shell.send("env > keys; exit\r")
        shell.wait_for_end()
    written = (home / "keys").read_text().splitlines()
    assert [f"{name}={value}" for name, value in KEYS.items() if f"{name}={value}" not in written] == []
    assert not [value for value in KEYS.values() if value in shell.screen]


DEMO = [sys.executable, str(ROOT / "tests/demo/demo.py")]
# Of the playbook, and of what Ansible says of a task of it.
SHOWN = ("- name: Check that the release is signed", "TASK [Check that the release is signed]", "\nIn both cases")
FIRST_LINE = "A playbook starts a run of a workflow. The run waits for a second playbook, which completes it."


def test_the_demo_shows_its_playbook_in_colour_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    with terminal.running(DEMO, os.environ, tmp_path) as screen:
        for text in SHOWN:
            screen.wait_for(text)
        screen.wait_for_end()
    assert screen.screen.splitlines()[0] == FIRST_LINE
    coloured = {re.sub(r"\x1b\[[0-9;]*m", "", line) for line in screen.screen.splitlines() if line.count("\x1b[") > 2}
    assert "    |         - name: Check that the release is signed" in coloured
    assert "    | changed: [localhost]" in coloured


def test_the_demo_has_no_colour_in_a_pipe(simulator: Simulator, home: Path) -> None:
    """One of its two passes: the other one is shown in the same way."""
    program = (
        "import json, sys; from demo import demo; from support.simulators import Simulator; "
        "simulator = Simulator(json.loads(sys.argv[1])); demo.create_flow(simulator); "
        "demo.show_playbook(demo.installed_playbook()); "
        "demo.show_run(simulator, sys.argv[2], 'fails', {'demo_fail': True}, 'fail')"
    )
    command = [sys.executable, "-c", program, json.dumps(simulator.addresses), str(home)]
    environment = {**os.environ, "ANSIBLE_FORCE_COLOR": "true", "PYTHONPATH": str(ROOT / "tests")}
    try:
        finished = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=True)
    finally:
        # The default flow again, for other tests.
        simulator.ask("POST", "/_simulator/workflows", {"workflow_id": simulator.accounts["workflow_id"]})
    assert [text for text in SHOWN[:2] if text not in finished.stdout] == []
    assert "\x1b" not in finished.stdout + finished.stderr


@pytest.mark.parametrize("variable", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colour_is_for_terminals_only(variable: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        assert demo.is_colored() is not bool(variable)
        monkeypatch.undo()
    os.close(ours)
