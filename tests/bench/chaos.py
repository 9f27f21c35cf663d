# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand callbacks while a third of all requests is dropped, cut, throttled or delayed, reads included.

    FGS_SIMULATOR_PYTHON=… python tests/bench/chaos.py --seed 20 [--runs 1000] [--write]

Each callback is a whole task in this process, and several run at a time. Exits with 1 unless every run ended exactly
once, with the result and output of its task.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import page

page.import_collection()

from support import simulators

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask

SHARE = 1 / 3
RETRIES = 6
AT_A_TIME = 24


def callback(simulator: simulators.Simulator, seed: int, number: int) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Runs one task under faults. Returns its result, its run, and its duration in seconds."""
    run = simulator.start_run(name=str(number), fault="random", share=SHARE, seed=seed)
    params = {
        **simulator.accounts["permanent"],
        **{name: run[name] for name in ("project_id", "workflow_id", "workflow_run_id", "workflow_state_id")},
        **expected(number),
        "endpoint": simulator["http"],
        "confirm": "when_unknown",
        "validate_certs": True,
        "timeout": 30.0,
        "retries": RETRIES,
    }
    connections = _connections.Connections()
    began = time.monotonic()
    result = CallbackTask(params, [], dict(os.environ), connections).run()
    took = time.monotonic() - began
    connections.close()
    return result, simulator.run(run), took


def expected(number: int) -> dict[str, Any]:
    """Returns the arguments of the task with that number."""
    if number % 2:
        return {"result": "fail", "output": {"number": number}, "error": f"number {number}"}
    return {"result": "success", "output": {"number": number}}


def is_correct(number: int, result: dict[str, Any], run: dict[str, Any]) -> bool:
    """Whether the task reported delivery, and the run ended exactly once with the task's result."""
    is_reported = (result["delivery"], result["changed"], run["callback_requests"]) == (
        "delivered",
        True,
        result["requests_sent"],
    )
    actual = {name: run[name] for name in expected(number)}
    return bool(
        is_reported and run["completed_times"] == 1 and run["completed_by"] == "callback" and actual == expected(number)
    )


def measure(seed: int, runs: int) -> tuple[str, list[int]]:
    """Returns the figures as Markdown, and the numbers of the runs with an incorrect end."""
    with simulators.running() as simulator, ThreadPoolExecutor(AT_A_TIME) as threads:
        began = time.monotonic()
        met = list(threads.map(lambda number: callback(simulator, seed, number), range(runs)))
        took = time.monotonic() - began
    wrong = [number for number, (result, run, _unused) in enumerate(met) if not is_correct(number, result, run)]
    sent = [run["callback_requests"] for _result, run, _seconds in met]
    times = sorted(seconds for _result, _run, seconds in met)
    most = times[runs * 99 // 100]
    rows = {
        "Runs that ended exactly once, with the right outcome and output": f"{runs - len(wrong)} of {runs}",
        "Callback requests that the server saw": f"{sum(sent)} (at most {max(sent)} for one run)",
        "Runs that one request was enough for": f"{sent.count(1)}",
        "Requests that read a run back": f"{sum(run['read_requests'] for _result, run, _seconds in met)}",
        "Seconds for a task: median, 99 of 100, longest": f"{median(times):.2f}, {most:.1f}, {times[-1]:.1f}",
        f"Seconds for all, {AT_A_TIME} at a time": f"{took:.0f}",
    }
    return "\n".join(f"| {name} | {value} |" for name, value in rows.items()), wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    options = parser.parse_args()
    table, wrong = measure(options.seed, options.runs)
    print(table)
    if wrong:
        print("incorrect:", *wrong)
    if options.write:
        text = (
            f"{options.runs} tasks, each with a run of its own, half of them with `fail`. By chance, a third of all "
            "requests of every run, reads included, is dropped, cut in the headers of the response (both before or "
            f"after it took effect), throttled or delayed. `retries: {RETRIES}`, everything else as by default. "
            f"Measured on {page.machine()}, over loopback; `python tests/bench/chaos.py --seed {options.seed} --write` "
            "repeats it: seed and run decide what each request meets, so all figures but the seconds stay the same.\n\n"
            f"| figure | measured |\n|---|---|\n{table}\n"
        )
        page.replace_part("A thousand callbacks through chaos", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
