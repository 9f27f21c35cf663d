# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real playbooks, run by the ansible-playbook of this environment, and what came of every task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

# What of this process a playbook may see: nothing that could lead it past the simulator.
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START", "COVERAGE_FILE")


@dataclass
class TaskResult:
    """What one task gave on one host. outcome is "ok", "failed", "unreachable", "skipped" or an item's form of it."""

    host: str
    task: str
    outcome: str
    result: dict[str, Any]
    ignored: bool = False


@dataclass
class Run:
    """A finished ansible-playbook."""

    returncode: int
    output: str
    tasks: list[TaskResult] = field(default_factory=list)

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """The result of the task of that name, of its last run."""
        found = [t for t in self.tasks if t.task == task and host in (None, t.host) and "item" not in t.outcome]
        assert found, f"no task {task!r} in:\n{self.output}"
        return found[-1].result

    def items(self, task: str) -> list[dict[str, Any]]:
        """The results of the items of a task with a loop."""
        return [t.result for t in self.tasks if t.task == task and "item" in t.outcome]

    def recap(self) -> str:
        return self.output.partition("PLAY RECAP")[2]


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a playbook: that of this process is not let through but for what is harmless."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept["PATH"] = os.pathsep.join([str(BIN), kept.get("PATH", os.defpath)])
    return {
        **kept,
        "HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("FGS_COLLECTIONS_PATH", str(ROOT / ".collections")),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_RETRY_FILES_ENABLED": "false",
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests/support/callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "fgs_test_record",
        **extra,
    }


INVENTORY = """
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""


def inventory(hosts: dict[str, dict[str, Any]] | None = None) -> str:
    """An inventory of local hosts with their variables; only localhost by default."""
    document = yaml.safe_load(INVENTORY)
    document["all"]["hosts"] = hosts if hosts is not None else {"localhost": {}}
    return json.dumps(document)


def run_to_end(
    command: Sequence[str], place: Path, env: dict[str, str], timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """A program that was run in place, without a terminal: all that it printed is in stdout, in its order."""
    return subprocess.run(
        command,
        cwd=place,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


def ansible_playbook(
    playbook: str | list[Any],
    *arguments: str,
    home: Path,
    hosts: dict[str, dict[str, Any]] | None = None,
    extra_vars: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    command: str = "ansible-playbook",
    timeout: float = 300,
    further: Sequence[str] = (),
) -> Run:
    """Runs a playbook, as YAML, as data, or by name, and further ones by name on the same command line."""
    place = Path(tempfile.mkdtemp(dir=home))
    (place / "inventory.yml").write_text(inventory(hosts))
    record = place / "record.jsonl"
    if isinstance(playbook, str) and "\n" not in playbook:
        name = playbook
    else:
        text = playbook if isinstance(playbook, str) else json.dumps(playbook)
        (place / "playbook.yml").write_text(text)
        name = str(place / "playbook.yml")
    line = [str(BIN / command), name, *further, "-i", str(place / "inventory.yml"), *arguments]
    if extra_vars is not None:
        (place / "extra_vars.json").write_text(json.dumps(extra_vars))
        line += ["-e", f"@{place / 'extra_vars.json'}"]
    finished = run_to_end(line, place, environment(home, **{"FGS_TEST_RECORD": str(record), **(env or {})}), timeout)
    return Run(finished.returncode, finished.stdout, recorded(record))


def recorded(record: Path) -> list[TaskResult]:
    """The results of the tasks that the recorder wrote down."""
    if not record.exists():
        return []
    return [TaskResult(**json.loads(line)) for line in record.read_text().splitlines()]
