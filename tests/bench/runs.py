# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the memory of a list of many runs, and the cost of starting runs in a loop, beside the official SDK.

    FGS_SIMULATOR_PYTHON=… python tests/bench/runs.py [--write] [--runs N] [--items N] [--turns N]

The contenders alternate, so that other load on the machine affects all of them. Use fewer runs for a quick look.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import uuid
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import page

page.import_collection()

import speed_page
from contenders import CONTROLLER, NOOP, SDK
from measuring import Taken, finished
from support import playbooks, simulators

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections

BEGIN, END = "<!-- runs: written by tests/bench/runs.py -->", "<!-- runs: end -->"
PROGRAM = Path(__file__).with_name("sdk_runs.py")
# A flow whose runs wait at once, so that none of them calls a function.
FLOW = {
    "name": "runs",
    "start": "wait-1",
    "states": [{"id": "wait-1", "name": "wait", "type": "Callback", "end": True}],
}
OURS_ALONE, SDK_ALONE = "this collection", "official SDK"


def one() -> None:
    """Lists runs in the child process, and prints their number and the peak resident size in MiB."""
    from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution_info import ExecutionInfoTask

    params = {name: option.get("default") for name, option in ExecutionInfoTask.SPECIFICATION.items()}
    params.update(json.load(sys.stdin))
    result = ExecutionInfoTask(params, [], dict(os.environ), _connections.Connections()).run()
    if result.get("failed"):
        raise RuntimeError(result["msg"])
    print(json.dumps([len(result["executions"]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def new_workflow(simulator: simulators.Simulator) -> str:
    """Creates a workflow of its own, and returns its ID."""
    workflow_id = str(uuid.uuid4())
    simulator.ask("POST", "/_simulator/workflows", {"workflow_id": workflow_id, "definition": FLOW})
    return workflow_id


def keys(simulator: simulators.Simulator) -> dict[str, str]:
    account = simulator.accounts["permanent"]
    return {"HUAWEICLOUD_SDK_AK": account["access_key"], "HUAWEICLOUD_SDK_SK": account["secret_key"]}


def sdk_command(what: str, simulator: simulators.Simulator, *more: str) -> list[str]:
    python = os.environ.get("FGS_SIMULATOR_PYTHON", sys.executable)
    return [python, str(PROGRAM), what, simulator["http"], simulator["ca"], simulator.project_id, *more]


def listed(name: str, simulator: simulators.Simulator, workflow_id: str, most: int) -> float:
    """Returns the peak resident size of a process that lists at most so many runs, in MiB."""
    if name == SDK_ALONE:
        command, given = sdk_command("list", simulator, workflow_id, str(most)), ""
    else:
        account = simulator.accounts["permanent"]
        params = {
            **{key: account[key] for key in ("access_key", "secret_key")},
            "project_id": simulator.project_id,
            "endpoint": simulator["http"],
            "workflow_id": workflow_id,
            "max_results": most,
        }
        command, given = [sys.executable, __file__, "--one"], json.dumps(params)
    env = {**os.environ, **keys(simulator)}
    child = subprocess.run(command, input=given, env=env, stdout=subprocess.PIPE, text=True, check=True)
    count, mebibytes = json.loads(child.stdout)
    if count != most:
        raise RuntimeError(f"{name} listed {count} runs instead of {most}")
    return float(mebibytes)


def task(name: str, simulator: simulators.Simulator, workflow_id: str) -> dict[str, Any]:
    """Returns the task that starts a run, which differs by contender."""
    if name == NOOP:
        return {"ansible.builtin.debug": {"msg": workflow_id}}
    if name == SDK:
        return {"ansible.builtin.command": {"argv": sdk_command("start", simulator, workflow_id)}}
    options = {"endpoint": simulator["http"], "project_id": simulator.project_id, "workflow_id": workflow_id}
    return {"functiongraph.workflow.fgs_workflow_execution": {**options, "input": {"release": "1.4"}}}


def started(name: str, simulator: simulators.Simulator, items: int, place: Path) -> Taken:
    """Measures a playbook whose one task starts runs in a loop. Afterwards all of them must be there."""
    workflow_id = new_workflow(simulator)
    looped = {"name": name, **task(name, simulator, workflow_id), "loop": list(range(items))}
    (place / "playbook.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [looped]}]))
    (place / "inventory.yml").write_text(playbooks.inventory({"host000": {}}))
    env = playbooks.environment(place, ANSIBLE_FORKS="1", **keys(simulator))
    # Ansible imports every plugin of that folder, enabled or not, and they import the collection.
    del env["ANSIBLE_CALLBACK_PLUGINS"], env["ANSIBLE_CALLBACKS_ENABLED"]
    program = str(playbooks.BIN / "ansible-playbook")
    taken = finished([program, "-i", str(place / "inventory.yml"), str(place / "playbook.yml")], env, place / "log")
    runs = simulator.ask("GET", "/_simulator/runs")["runs"]
    count = sum(run["workflow_id"] == workflow_id for run in runs)
    if count != (0 if name == NOOP else items):
        raise RuntimeError(f"{name} started {count} runs instead of {items}")
    return taken


def memory_table(most: int, turns: int) -> str:
    """Measures the lists, and returns their table."""
    few = min(200, most)
    contenders = (OURS_ALONE, SDK_ALONE)
    sizes: dict[tuple[str, int], list[float]] = {}
    with simulators.running() as simulator:
        workflow_id = new_workflow(simulator)
        for _number in range(most):
            simulator.ask("POST", "/_simulator/runs", {"workflow_id": workflow_id, "settle": False})
        for _turn in range(turns):
            for limit in (few, most):
                for name in contenders:
                    sizes.setdefault((name, limit), []).append(listed(name, simulator, workflow_id, limit))
    peak = {key: median(found) for key, found in sizes.items()}
    lines = [
        f"Peak resident size in MiB of a process that lists runs of a workflow that has {most:,}:",
        "",
        f"| | {few:,} runs | {most:,} runs | what the further runs add |",
        "|---|---|---|---|",
    ]
    added = {name: peak[name, most] - peak[name, few] for name in contenders}
    for name in contenders:
        lines.append(f"| {name} | {peak[name, few]:.0f} | {peak[name, most]:.0f} | {added[name]:.1f} |")
    ratios = [peak[SDK_ALONE, limit] / peak[OURS_ALONE, limit] for limit in (few, most)]
    further = f"{added[SDK_ALONE] / added[OURS_ALONE]:.1f}" if added[OURS_ALONE] > 0 else "–"
    lines.append(f"| the SDK against this collection | {ratios[0]:.1f} | {ratios[1]:.1f} | {further} |")
    return "\n".join(lines)


def start_table(items: int, turns: int) -> str:
    """Measures the starts, and returns their table."""
    found: dict[str, list[Taken]] = {}
    with simulators.running() as simulator, tempfile.TemporaryDirectory() as folder:
        for _turn in range(turns):
            for name in (NOOP, CONTROLLER, SDK):
                found.setdefault(name, []).append(started(name, simulator, items, Path(folder)))
    added = {
        name: Taken.middle([one.beyond(none) for one, none in zip(found[name], found[NOOP], strict=True)])
        for name in (CONTROLLER, SDK)
    }
    each = 1000 / items
    lines = [
        f"Milliseconds that an item adds to a loop of {items} with `ansible.builtin.debug` in its place, in one "
        "worker, and the largest process:",
        "",
        "| | by the clock | of processors | MiB |",
        "|---|---|---|---|",
    ]
    for name, taken in added.items():
        size = Taken.middle(found[name]).memory
        lines.append(f"| {name} | {taken.wall * each:.0f} | {taken.processor * each:.0f} | {size:.0f} |")
    wall, processor = (getattr(added[SDK], name) / getattr(added[CONTROLLER], name) for name in ("wall", "processor"))
    lines.append(f"| the SDK against this collection | {wall:.1f} | {processor:.1f} | – |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    parser.add_argument("--runs", type=int, default=10_000, help="runs to list")
    parser.add_argument("--items", type=int, default=200, help="runs to start in a loop")
    parser.add_argument("--turns", type=int, default=3, help="repetitions of each")
    options = parser.parse_args()
    if options.one:
        one()
        return
    measured = (
        f"Measured on {page.machine()}, with ansible-core {version('ansible-core')}, the simulator on the same machine"
        f"{speed_page.shared()}. Medians of {options.turns} turns."
    )
    tables = [memory_table(options.runs, options.turns), start_table(options.items, options.turns)]
    text = "\n\n".join([measured, *tables]) + "\n"
    print(text)
    if options.write:
        speed_page.put(BEGIN, END, text)


if __name__ == "__main__":
    main()
