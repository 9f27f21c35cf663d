# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures one task in processor instructions, which do not depend on the load of the machine. Requires valgrind.

FGS_SIMULATOR_PYTHON=… python tests/bench/instructions.py [--write]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import page

page.import_collection()

import speed_page
from contenders import CONTROLLER, NOOP, TARGET, URI
from measuring import Shape, playbook
from support import playbooks, simulators

BEGIN = "<!-- instructions: written by tests/bench/instructions.py -->"
END = "<!-- instructions: end -->"
ONE_TASK = Shape("one task", 1, 1, "http", {})
IMPORTED = "ansible_collections.functiongraph.workflow.plugins.action.fgs_workflow_callback"
# The modules that ansible-playbook has imported before it runs a task.
ANSIBLE = """
import importlib
for name in ("cli.playbook", "executor.playbook_executor", "executor.task_executor", "plugins.action.debug"):
    importlib.import_module("ansible." + name)
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([%r])
importlib.import_module("ansible_collections.ansible.builtin")
"""


def counted(command: list[str], env: dict[str, str], place: Path) -> int:
    """Returns the instructions of a command and its children. A fork's count includes that of its parent."""
    for old in place.glob("count.*"):
        old.unlink()
    tool = ["valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={place}/count.%p"]
    subprocess.run(
        [*tool, *command], env={**env, "PYTHONHASHSEED": "0"}, check=True, stdin=subprocess.DEVNULL, capture_output=True
    )
    by_command: dict[str, list[int]] = {}
    for file in place.glob("count.*"):
        text = file.read_text()
        name, total = re.search(r"^cmd: (.*)", text, re.MULTILINE), re.search(r"^totals: (\d+)", text, re.MULTILINE)
        if name and total:
            by_command.setdefault(name[1], []).append(int(total[1]))
    # The worker is a fork of ansible-playbook and has its command.
    return sum(max(found) for found in by_command.values())


def of_task(name: str, simulator: simulators.Simulator, place: Path) -> int:
    """Returns the instructions of the playbook with one contender's task."""
    env = playbooks.environment(place)
    del env["ANSIBLE_CALLBACK_PLUGINS"], env["ANSIBLE_CALLBACKS_ENABLED"]

    def command() -> list[str]:
        return [sys.executable, *playbook(name, ONE_TASK, simulator, place, [simulator.start_run()])]

    # The first one in a new environment also compiles Ansible's own files.
    subprocess.run(command(), env=env, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return counted(command(), env, place)


def of_imports(place: Path, *imports: str) -> int:
    """Returns the instructions of a process with the imports of ansible-playbook and additional ones."""
    code = ANSIBLE % str(page.ROOT / ".collections") + "".join(
        f"importlib.import_module({name!r})\n" for name in imports
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return counted([sys.executable, "-c", code], env, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmarks.md")
    options = parser.parse_args()
    with simulators.running() as simulator, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        whole = {name: of_task(name, simulator, place) for name in (NOOP, CONTROLLER, TARGET, URI)}
        chain = ("requests", IMPORTED, "jsonschema")
        imports = [of_imports(place, *chain[:count]) for count in range(len(chain) + 1)]
    added = {name: whole[name] - whole[NOOP] for name in (CONTROLLER, TARGET, URI)}
    rows = [
        *((f"one task, {name}", f"{value / 1e6:.0f}") for name, value in added.items()),
        ("of which on the controller: import of requests", f"{(imports[1] - imports[0]) / 1e6:.0f}"),
        ("of which on the controller: import of this collection's code", f"{(imports[2] - imports[1]) / 1e6:.0f}"),
        (
            "what the quick check saves: import of jsonschema",
            f"{(imports[3] - imports[2]) / 1e6:.0f}",
        ),
        ("`uri` against the controller", f"{added[URI] / added[CONTROLLER]:.1f} times"),
        ("the target against `uri`", f"{added[TARGET] / added[URI]:.2f} times"),
    ]
    table = "\n".join(
        ["| what it adds to a no-op | million instructions |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]
    )
    print(table)
    if options.write:
        speed_page.put(BEGIN, END, table + "\n")


if __name__ == "__main__":
    main()
