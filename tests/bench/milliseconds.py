# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the processor time of the parts of a call on the controller.

    FGS_SIMULATOR_PYTHON=… python tests/bench/milliseconds.py [--write]

Each time is the minimum of several processes, each with the imports of ansible-playbook.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import page

page.import_collection()

import speed_page
from support import simulators

PROCESSES = 9
CALLS = 50
BEGIN, END = "<!-- milliseconds: written by tests/bench/milliseconds.py -->", "<!-- milliseconds: end -->"

REQUESTS = "import of requests, once in the process that forks the workers"
OURS = "import of this collection's code, once there (Ansible compiles it each time)"
SCHEMA = "import of jsonschema, only for `output_schema` and for arguments that are wrong"
FIRST, NEXT = "first call of a worker, {}", "each further call, {}"
ARGUMENTS = "of which arguments: Ansible's specification and ours"
LISTENERS = {"http": "plain", "https": "TLS"}


def child(calls: dict[str, list[dict[str, Any]]]) -> None:
    """Runs in one child process, and prints the time of each part."""
    for module in ("cli.playbook", "executor.playbook_executor", "executor.task_executor", "plugins.action.debug"):
        importlib.import_module(f"ansible.{module}")
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
    from ansible.plugins.loader import init_plugin_loader

    sys.path = [path for path in sys.path if path != str(page.ROOT / ".collections")]
    init_plugin_loader([str(page.ROOT / ".collections")])
    importlib.import_module("ansible_collections.ansible.builtin")
    taken: dict[str, float] = {}

    def measured(name: str, work: Callable[..., Any], *values: Any) -> None:
        """Records the mean time of work for one argument."""
        began = time.process_time()
        for value in values:
            work(value)
        taken[name] = (time.process_time() - began) * 1000 / len(values)

    plugins = "ansible_collections.functiongraph.workflow.plugins"
    measured(REQUESTS, importlib.import_module, "requests")
    measured(OURS, importlib.import_module, f"{plugins}.action.fgs_workflow_callback")
    utilities = sys.modules[f"{plugins}.module_utils"]
    connections = utilities._connections.Connections()
    specification = utilities._options.callback_spec()

    def call(arguments: dict[str, Any]) -> None:
        found = ArgumentSpecValidator(specification).validate(arguments)
        task = utilities._tasks.CallbackTask(found.validated_parameters, found.errors, dict(os.environ), connections)
        result = task.run()
        assert result["delivery"] == "delivered", result

    def check(arguments: dict[str, Any]) -> None:
        found = ArgumentSpecValidator(specification).validate(arguments)
        utilities._schema.argument_violations("callback", {n: arguments[n] for n in ("result", "output")})
        assert not found.errors.messages, found.errors.messages

    for listener, name in LISTENERS.items():
        first, *others = calls[listener]
        measured(FIRST.format(name), call, first)
        measured(NEXT.format(name), call, *others)
    measured(ARGUMENTS, check, *calls["http"])
    measured(SCHEMA, importlib.import_module, "jsonschema")
    print(json.dumps(taken))


def arguments(simulator: simulators.Simulator, listener: str) -> dict[str, Any]:
    """Returns the arguments of a successful call."""
    account = simulator.accounts["permanent"]
    run = simulator.start_run()
    ids = {name: run[name] for name in ("project_id", "workflow_id", "workflow_run_id", "workflow_state_id")}
    destination = {"endpoint": simulator[listener], "ca_path": simulator["ca"], "region": simulator.region}
    return {**destination, **ids, **account, "result": "success", "output": {"hosts_changed": 3}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmarks.md")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(json.load(sys.stdin))
        return
    taken: list[dict[str, float]] = []
    with simulators.running() as simulator:
        for _unused in range(PROCESSES):
            calls = {name: [arguments(simulator, name) for _unused in range(CALLS)] for name in LISTENERS}
            command = [sys.executable, __file__, "--child"]
            output = subprocess.run(command, input=json.dumps(calls), stdout=subprocess.PIPE, text=True, check=True)
            taken.append(json.loads(output.stdout.splitlines()[-1]))
    rows = [f"| {name} | {min(each[name] for each in taken):.1f} |" for name in taken[0]]
    text = "\n".join(["| what | ms of a processor |", "|---|---|", *rows]) + "\n"
    print(text)
    if options.write:
        speed_page.put(BEGIN, END, text)


if __name__ == "__main__":
    main()
