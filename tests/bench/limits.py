# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures memory and time of a task whose response is endless or very large.

    FGS_SIMULATOR_PYTHON=… python tests/bench/limits.py [--write]

Each task runs in its own process. The operating system reports the peak resident size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import page

page.import_collection()

from support import simulators

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections

TIMEOUT = 2.0
# The description of each fault.
LARGE = {
    "": "a good response",
    "huge_body_plain": "a body of a gigabyte",
    "huge_body_gzip": "a body of a megabyte that unpacks to a gigabyte",
    "endless_body": "a body without end",
}
SLOW = {
    "hang": "no response",
    "drip_headers": "the response's headers, one byte a second",
    "drip_body": "the response's body, one byte a second",
    "hang_tls": "a TLS handshake without a response",
    "drip_tls": "a TLS handshake, one byte a second",
}


@dataclass
class Taken:
    """The cost of one task: peak resident size in MiB, seconds from its start to its result."""

    delivery: str
    mebibytes: float
    seconds: float


def one(params: dict[str, Any]) -> None:
    """Runs one task in the child process, and prints its figures."""
    from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask

    began = time.monotonic()
    result = CallbackTask(params, [], dict(os.environ), _connections.Connections()).run()
    took = time.monotonic() - began
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([result["delivery"], kibibytes / 1024, took]))


def taken(simulator: simulators.Simulator, fault: str) -> Taken:
    """Measures a task with the fault, of a listener or of a run, without confirmation and retries."""
    listener = fault if fault.endswith("_tls") else "http"
    run = simulator.start_run(**({"fault": fault} if fault and listener == "http" else {}))
    params = {
        **simulator.accounts["permanent"],
        **{name: run[name] for name in ("project_id", "workflow_id", "workflow_run_id", "workflow_state_id")},
        "result": "success",
        "output": {},
        "endpoint": simulator[listener],
        "confirm": "never",
        "validate_certs": False,
        "timeout": TIMEOUT if fault in SLOW else 30.0,
        "retries": 0,
    }
    child = subprocess.run(
        [sys.executable, __file__, "--one"], input=json.dumps(params), stdout=subprocess.PIPE, text=True, check=True
    )
    return Taken(*json.loads(child.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    parser.add_argument("--json", action="store_true", help="print the figures as they are")
    options = parser.parse_args()
    if options.one:
        one(json.load(sys.stdin))
        return
    with simulators.running() as simulator:
        large = {fault: taken(simulator, fault) for fault in LARGE}
        slow = {fault: taken(simulator, fault) for fault in SLOW}
    if options.json:
        print(json.dumps([{fault: asdict(met) for fault, met in group.items()} for group in (large, slow)]))
        return
    good = large[""].mebibytes
    memory = (
        "| what the task meets | peak resident size, MiB | more than with a good response | delivery |\n"
        "|---|---|---|---|\n"
    )
    for fault, met in large.items():
        memory += f"| {LARGE[fault]} | {met.mebibytes:.1f} | {met.mebibytes - good:.1f} | `{met.delivery}` |\n"
    seconds = f"| what the task meets | seconds, with `timeout: {TIMEOUT:g}` | delivery |\n|---|---|---|\n"
    for fault, met in slow.items():
        seconds += f"| {SLOW[fault]} | {met.seconds:.2f} | `{met.delivery}` |\n"
    print(memory, seconds, sep="\n")
    if options.write:
        how = (
            f"Each task in a process of its own, with `retries: 0` and `confirm: never`; measured on {page.machine()}, "
            "over loopback; `python tests/bench/limits.py --write` repeats it.\n\n"
        )
        page.replace_part("Memory", how + memory)
        page.replace_part("Time", how + seconds)


if __name__ == "__main__":
    main()
