# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whose jobs are killed, canceled, lost or never launched, while a tenth of all requests fails on both sides.

    FGS_SIMULATOR_PYTHON=… python tests/bench/reconcile.py --seed 14 [--runs 300] [--write]

Two loops reconcile all the time. What must not be answered early is decided by events, not by sleeping: a job that
reports is active until its report is delivered, and whatever has to be answered began an hour ago. Exits with 1 unless
every run ended exactly once, with the outcome that its job decides.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import page

page.import_collection()

from awx.standin import serving
from awx.world import Awx
from support import simulators
from support.reconciling import HOUR, Place

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask

SHARE = 0.1
RETRIES = 6
LOOPS = 2
AT_A_TIME = 40
# Seconds after which the program gives up.
LONGEST = 900
REPORT = ("delivered", "already_delivered")
OWN, ANSWERED = "reported by its job", "answered by reconcile"


class Passes:
    """Passes that run at the same time, one after the other in each loop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._changed = threading.Condition()
        self._begun = 0
        self._finished: set[int] = set()
        self.is_over = False
        self.results: list[tuple[dict[str, Any], float]] = []

    def loop(self) -> None:
        while not self.is_over:
            with self._changed:
                number, self._begun = self._begun, self._begun + 1
            began = time.monotonic()
            result = self._place.answer(retries=3)
            with self._changed:
                self.results.append((result, time.monotonic() - began))
                self._finished.add(number)
                self._changed.notify_all()

    def wait(self, count: int) -> None:
        """Waits for passes that begin from now on."""
        with self._changed:
            first = self._begun

            def are_finished() -> bool:
                return self.is_over or len([number for number in self._finished if number >= first]) >= count

            self._changed.wait_for(are_finished, LONGEST)


class Life:
    """What happens to one run and its job."""

    def __init__(self, place: Place, passes: Passes, seed: int, number: int) -> None:
        self.number = number
        self.kind = random.Random(f"{seed} {number}").choice(list(KINDS))
        self.run_id = str(uuid.uuid4())
        self.reports: list[dict[str, Any]] = []
        self._place, self._passes, self._seed = place, passes, seed
        self._ids = {
            "fgs_workflow_id": place.workflow_id,
            "fgs_workflow_run_id": self.run_id,
            "fgs_workflow_state_id": place.run["workflow_state_id"],
        }

    def __call__(self) -> None:
        KINDS[self.kind][1](self)

    def start(self, age: float = HOUR) -> None:
        faults = {"fault": "random", "share": SHARE, "seed": self._seed}
        self._place.start(age, workflow_run_id=self.run_id, name=str(self.number), **faults)

    def launch(self, **fields: Any) -> dict[str, Any]:
        """Launches the job. It is there before its run, so that no pass sees a run without a job."""
        with self._place.awx.lock:
            created = {"created": time.time() - HOUR + 1, **fields}
            artifacts = {"number": self.number}
            return self._place.awx.add_job(self._ids, "running", artifacts=artifacts, **created)

    def end(self, job: dict[str, Any], status: str, ago: float = HOUR / 2) -> None:
        with self._place.awx.lock:
            self._place.awx.end_job(job, status, time.time() - ago)

    def report(self, result: str, confirm: str = "when_unknown") -> None:
        """Reports as a job does, while it runs."""
        params = {
            **{name: rules.get("default") for name, rules in CallbackTask.SPECIFICATION.items()},
            **self._place.connection(),
            **{name[4:]: value for name, value in self._ids.items()},
            "result": result,
            "output": {"number": self.number},
            "confirm": confirm,
            "retries": RETRIES,
        }
        connections = _connections.Connections()
        self.reports.append(CallbackTask(params, [], {}, connections).run())
        connections.close()

    # Kinds.

    def is_reported(self, passes: int = 1) -> None:
        job = self.launch()
        self.start()
        self._passes.wait(passes)
        self.report("success")
        self.end(job, "successful", 0)

    def is_reported_twice(self) -> None:
        job = self.launch()
        self.start()
        self._passes.wait(1)
        self.report("success")
        self.report("success", "always")
        self.end(job, "successful", 0)

    def is_launched_late(self) -> None:
        self.start(age=0)
        self._passes.wait(2)
        job = self.launch(created=time.time())
        self._passes.wait(1)
        self.report("success")
        self.end(job, "successful", 0)

    def is_reported_by_a_notification(self) -> None:
        job = self.launch()
        self.start()
        self._passes.wait(1)
        note = {"awx_note": {"status": "failed", "extra_vars": json.dumps(self._ids)}}
        with self._place.awx.lock:
            reporter = self._place.awx.add_job(note, "pending")
            self.end(job, "failed")
        self._passes.wait(2)
        self.report("fail")
        self.end(reporter, "successful", 0)

    def is_ended(self, status: str, **fields: Any) -> None:
        job = self.launch(**fields)
        self.start()
        self._passes.wait(1)
        self.end(job, status)

    def is_canceled_as_a_whole(self) -> None:
        whole = self.launch(kind="workflow_job")
        part = self.launch(parent=whole)
        self.start()
        self._passes.wait(1)
        with self._place.awx.lock:
            self.end(part, "canceled")
            self.end(whole, "canceled")

    def is_lost(self) -> None:
        job = self.launch()
        self.start()
        self._passes.wait(1)
        with self._place.awx.lock:
            del self._place.awx.objects["jobs"][job["id"]]


# What happens to a job, and how its run then ends: by whom, with which result, and the job's status in an answer.
KINDS: dict[str, tuple[tuple[str, str, str], Callable[[Life], None]]] = {
    "reports": ((OWN, "success", ""), Life.is_reported),
    "is slow": ((OWN, "success", ""), lambda life: life.is_reported(passes=4)),
    "reports twice": ((OWN, "success", ""), Life.is_reported_twice),
    "is launched late": ((OWN, "success", ""), Life.is_launched_late),
    "fails, and a notification reports": ((OWN, "fail", ""), Life.is_reported_by_a_notification),
    "is killed": ((ANSWERED, "fail", "error"), lambda life: life.is_ended("error")),
    "fails": ((ANSWERED, "fail", "failed"), lambda life: life.is_ended("failed")),
    "succeeds without a report": ((ANSWERED, "success", "successful"), lambda life: life.is_ended("successful")),
    "is canceled": ((ANSWERED, "fail", "canceled"), lambda life: life.is_ended("canceled")),
    "is canceled with its workflow job": ((ANSWERED, "fail", "canceled"), Life.is_canceled_as_a_whole),
    "is lost by AWX": ((ANSWERED, "fail", "never launched"), Life.is_lost),
    "is never launched": ((ANSWERED, "fail", "never launched"), Life.start),
}


def is_correct(life: Life, run: dict[str, Any]) -> bool:
    """Whether the run ended exactly once, with the outcome and output that its kind decides."""
    (by, result, job_status), _happens = KINDS[life.kind]
    output = run["output"] or {}
    if by == OWN:
        is_right = output == {"number": life.number} and all(each["delivery"] in REPORT for each in life.reports)
    else:
        number = {"number": life.number} if result == "success" else None
        is_right = output.get("ansible", {}).get("job_status") == job_status
        is_right = is_right and (number is None or output["number"] == life.number)
    ended = (run["completed_times"], run["completed_by"], run["result"], run["status"])
    return bool(is_right and ended == (1, "callback", result, result))


def measure(seed: int, runs: int) -> tuple[dict[str, str], list[str]]:
    """Returns the figures, and what is wrong."""
    awx = Awx()
    awx.generator = random.Random(seed)
    with simulators.running() as simulator, serving(awx) as url:
        faults = {"fault": "random", "operation": "list", "share": SHARE, "seed": seed}
        place = Place(simulator, awx, url, **faults)
        passes = Passes(place)
        lives = [Life(place, passes, seed, number) for number in range(runs)]
        awx.share = SHARE
        with ThreadPoolExecutor(LOOPS) as loops, ThreadPoolExecutor(AT_A_TIME) as threads:
            running = [loops.submit(passes.loop) for _unused in range(LOOPS)]
            happened = [threads.submit(life) for life in lives]
            try:
                began = time.monotonic()
                for each in happened:
                    each.result(LONGEST)
                while any(simulator.run(life.run_id)["status"] == "running" for life in lives):
                    if time.monotonic() - began > LONGEST or any(each.done() for each in running):
                        break
                    passes.wait(1)
            finally:
                passes.is_over = True
        for each in running:
            each.result()
        found = {life: simulator.run(life.run_id) for life in lives}
        flow = simulator.ask("GET", f"/_simulator/workflows/{place.workflow_id}")
    return figures(found, passes, awx, len(flow["requests"]))


def figures(
    found: dict[Life, dict[str, Any]], passes: Passes, awx: Awx, lists: int
) -> tuple[dict[str, str], list[str]]:
    wrong = {life: run for life, run in found.items() if not is_correct(life, run)}
    early = [
        life for life, run in found.items() if KINDS[life.kind][0][0] == OWN and "ansible" in (run["output"] or {})
    ]
    rows = [row for result, _seconds in passes.results for row in result["rows"] if row["delivery"]]
    deliveries = Counter(row["delivery"] for row in rows)
    times = sorted(seconds for _result, seconds in passes.results)
    reads, sent = (sum(run[name] for run in found.values()) for name in ("read_requests", "callback_requests"))
    kinds = Counter(KINDS[life.kind][0][0] for life in found)
    shown = {
        "Runs that ended exactly once, with the right outcome and output": f"{len(found) - len(wrong)} of {len(found)}",
        f"Of these {OWN} / {ANSWERED}": f"{kinds[OWN]} / {kinds[ANSWERED]}",
        "Runs that were answered although their job was going to report": f"{len(early)}",
        "Answers by their delivery": ", ".join(f"{number} {name}" for name, number in sorted(deliveries.items())),
        "Passes, and those with a problem that a later one solved": (
            f"{len(passes.results)}, {sum(bool(result['problems']) for result, _seconds in passes.results)}"
        ),
        "Requests to AWX, and how many of them met a fault": f"{len(awx.requests)}, {awx.faults}",
        "Requests to FunctionGraph: lists / reads of a run / callbacks": f"{lists} / {reads} / {sent}",
        "Seconds for a pass: median, longest": f"{median(times):.1f}, {times[-1]:.1f}",
    }
    problems = [
        f"run {life.number}, whose job {life.kind}: {run['status']} {run['result']} {run['error']} {run['output']} "
        f"completed {run['completed_times']} times; {[each['delivery'] for each in life.reports]}"
        for life, run in wrong.items()
    ]
    failed = [result["msg"] for result, _seconds in passes.results if result.get("failed")]
    return shown, [*problems, *failed]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    shown, wrong = measure(options.seed, options.runs)
    table = "\n".join(f"| {name} | {value} |" for name, value in shown.items())
    print(table)
    print(*wrong, sep="\n")
    if options.write:
        kinds = "; ".join(KINDS)
        text = (
            f"{options.runs} runs that wait for a job of AWX. The seed decides what the job does: it {kinds}. A tenth "
            "of all requests to FunctionGraph is dropped, cut, throttled or delayed, and a tenth of those to AWX is "
            f"dropped, answered with 429 or 502, or delayed, before or after it took effect. {LOOPS} loops run "
            "reconcile with `fgs_reconcile: answer` all the time. Measured on "
            f"{page.machine()}, over loopback, with a stand-in for AWX's API; `python tests/bench/reconcile.py --seed "
            f"{options.seed} --write` repeats it. The order of requests depends on threads, so the numbers of "
            f"requests vary.\n\n| figure | measured |\n|---|---|\n{table}\n"
        )
        page.replace_part("Reconcile through chaos", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
