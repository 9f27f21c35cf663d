# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures seconds, processor seconds and memory of a playbook or process, including its children."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import contenders
from support import playbooks, simulators

FORKS = 5


@dataclass(frozen=True)
class Shape:
    """How often the task runs: loop items on one host, or hosts with one task each. repetitions are by contender."""

    name: str
    items: int
    hosts: int
    listener: str
    repetitions: dict[str, int]

    @property
    def calls(self) -> int:
        return self.items * self.hosts


@dataclass
class Taken:
    """Wall-clock seconds, processor seconds, and MiB of the largest process."""

    wall: float
    processor: float
    memory: float

    def beyond(self, other: Taken) -> Taken:
        """Returns the difference to other."""
        return Taken(self.wall - other.wall, self.processor - other.processor, self.memory - other.memory)

    @staticmethod
    def middle(all_of_them: list[Taken]) -> Taken:
        return Taken(
            median(t.wall for t in all_of_them),
            median(t.processor for t in all_of_them),
            median(t.memory for t in all_of_them),
        )


def finished(command: list[str], env: dict[str, str], log: Path) -> Taken:
    """Runs a command to its end, and returns its cost. Raises RuntimeError if it fails."""
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _unused, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[:2]} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(name: str, shape: Shape, simulator: simulators.Simulator, place: Path) -> Taken | None:
    """Measures one repetition of a contender; None if this machine lacks it. Afterwards every run must have ended."""
    runs = [simulator.start_run() for _unused in range(shape.calls)]
    env = playbooks.environment(place, ANSIBLE_FORKS=str(FORKS))
    # Ansible imports every plugin of that folder, enabled or not, and they import the collection.
    del env["ANSIBLE_CALLBACK_PLUGINS"], env["ANSIBLE_CALLBACKS_ENABLED"]
    if name in contenders.FLOOR:
        commands = contenders.commands(name, simulator, shape.listener, runs, place)
        if commands is None:
            return None
        parts = [finished(command, env, place / "log") for command in commands]
        taken = Taken(sum(p.wall for p in parts), sum(p.processor for p in parts), max(p.memory for p in parts))
    else:
        taken = finished(playbook(name, shape, simulator, place, runs), env, place / "log")
    if name != contenders.NOOP:
        waiting = [run for run in runs if simulator.run(run)["status"] != "success"]
        if waiting:
            raise RuntimeError(f"{name}: {len(waiting)} of {len(runs)} runs still wait")
    return taken


def playbook(
    name: str, shape: Shape, simulator: simulators.Simulator, place: Path, runs: list[dict[str, str]]
) -> list[str]:
    """Returns the command for a contender's playbook. Playbooks differ only in the task."""
    task = contenders.task(name, simulator, shape.listener)
    if shape.items > 1:
        task.update(loop="{{ runs }}", loop_control={"loop_var": "run", "label": "{{ run.workflow_run_id }}"})
    play: dict[str, Any] = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    hosts = {f"host{number:03}": {"run": runs[number]} for number in range(shape.hosts)}
    for file, document in (("playbook.yml", [play]), ("runs.json", {"runs": runs})):
        (place / file).write_text(json.dumps(document))
    inventory = playbooks.inventory(hosts if shape.items == 1 else {"host000": {}})
    (place / "inventory.yml").write_text(inventory)
    files = ["-i", str(place / "inventory.yml"), "-e", f"@{place / 'runs.json'}"]
    return [str(playbooks.BIN / "ansible-playbook"), *files, str(place / "playbook.yml")]
