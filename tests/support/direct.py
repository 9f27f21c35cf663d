# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks through both faces without ansible-playbook.

Each task is called in a process of its own, forked from one that has imported everything: a hundred tasks take as long
as two that Ansible runs on a host.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support import playbooks
from support.actions import action
from support.modules import printed
from support.playbooks import ROOT, Run, TaskResult

try:
    # Warnings of a module go to the screen of the controller where there is one.
    from ansible.module_utils import _internal
except ImportError:  # ansible-core before 2.19
    _internal = None

AT_A_TIME = 12
NAMES = ("fgs_workflow_callback", "fgs_workflow_execution", "fgs_workflow_execution_info")
FACES = {
    face: {
        name: importlib.import_module(f"ansible_collections.functiongraph.workflow.plugins.{kind}.{name}")
        for name in NAMES
    }
    for face, kind in (("controller", "action"), ("target", "modules"))
}


def run(tasks: Mapping[str, dict[str, Any]], face: str, home: Path, env: Mapping[str, str] | None = None) -> Run:
    """What came of tasks through a face, as of a playbook on a host that is named after the face.

    tasks: by name, the keywords arguments, environment and check_mode of each, and module where that is no callback.
    """
    place = Path(tempfile.mkdtemp(dir=home))
    (place / "tasks.json").write_text(json.dumps(list(tasks.values())))
    tree = playbooks.environment(home)["ANSIBLE_COLLECTIONS_PATH"]
    own = {"PYTHONPATH": os.pathsep.join([tree, str(ROOT / "tests")]), **(env or {})}
    command = [sys.executable, "-m", "support.direct", face, str(place)]
    finished = playbooks.run_to_end(command, place, playbooks.environment(home, **own))
    assert finished.returncode == 0, finished.stdout
    results = [json.loads((place / f"{number}.json").read_text()) for number in range(len(tasks))]
    recorded = [
        TaskResult(face, name, "failed" if result.get("failed") else "ok", result)
        for name, result in zip(tasks, results, strict=True)
    ]
    return Run(finished.returncode, finished.stdout, recorded)


def on_controller(
    arguments: dict[str, Any], environment: dict[str, str], check_mode: bool, module: str = NAMES[0]
) -> dict[str, Any]:
    """The result of the action plugin."""
    given = {"run_on": "controller", **arguments}
    plugin = action(FACES["controller"][module], given, environment=[environment], check_mode=check_mode)
    result: dict[str, Any] = plugin.run(task_vars={})
    return result


def on_target(
    arguments: dict[str, Any], environment: dict[str, str], check_mode: bool, module: str = NAMES[0]
) -> dict[str, Any]:
    """The result of the module, with its warnings as ansible-core shows them."""
    os.environ.update(environment)
    if _internal is not None:
        _internal.is_controller = False
    given = {"run_on": "target", **arguments, "_ansible_check_mode": check_mode}
    result: dict[str, Any] = json.loads(printed(FACES["target"][module].main, given))
    warnings = [one if isinstance(one, str) else one["event"]["msg"] for one in result.pop("warnings", [])]
    return {**result, "warnings": warnings} if warnings else result


def main(face: str, place: Path) -> None:
    """Calls the tasks that are in place, and leaves their results there."""
    call = {"controller": on_controller, "target": on_target}[face]
    running = 0
    for number, task in enumerate(json.loads((place / "tasks.json").read_text())):
        if running == AT_A_TIME:
            os.wait()
            running -= 1
        running += 1
        if not os.fork():
            (place / f"{number}.json").write_text(json.dumps(call(**task), default=str))
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
