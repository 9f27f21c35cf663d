# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures what a callback adds to a playbook, compared with ansible.builtin.uri and the official SDK.

    FGS_SIMULATOR_PYTHON=… python tests/bench/speed.py [--write] [--turns N]

Repetitions alternate between the contenders, and each is compared with the no-op of its own turn, so that other load on
the machine affects both. Use fewer turns on a busy machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import page

page.import_collection()

import speed_page
from contenders import CONTROLLER, CURL, NOOP, REQUESTS, SDK, TARGET, URI
from measuring import Shape, Taken, measured
from support import simulators

# Repetitions by contender, for about nine minutes on two cores: slow contenders are measured less often.
ALL = {NOOP: 25, CONTROLLER: 25, TARGET: 9, URI: 9, SDK: 9, REQUESTS: 9, CURL: 9}
FLOOR = {REQUESTS: 5, CURL: 5}
OURS = {NOOP: 5, CONTROLLER: 5}
LONG = {NOOP: 2, CONTROLLER: 2}

SHAPES = (
    Shape("one task", 1, 1, "http", ALL),
    Shape("one task, TLS", 1, 1, "https", {**OURS, **FLOOR, TARGET: 3, URI: 3, SDK: 3}),
    Shape("loop of 50", 50, 1, "http", {**OURS, **FLOOR, TARGET: 1, URI: 1}),
    Shape("loop of 50, TLS", 50, 1, "https", {**OURS, **FLOOR}),
    Shape("loop of 500", 500, 1, "http", {**LONG, REQUESTS: 2}),
    Shape("10 hosts", 1, 10, "http", {**OURS, TARGET: 1, URI: 1, SDK: 1}),
    Shape("40 hosts", 1, 40, "http", {**OURS, CURL: 5, TARGET: 1, URI: 1, SDK: 1}),
    Shape("40 hosts, TLS", 1, 40, "https", OURS),
    Shape("200 hosts", 1, 200, "http", LONG),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md and its plot")
    parser.add_argument("--turns", type=int, default=max(ALL.values()), help="at most so many repetitions of each")
    parser.add_argument("--only", default="", help="shapes whose name contains this")
    arguments = parser.parse_args()
    shapes = [shape for shape in SHAPES if arguments.only in shape.name]
    found: dict[tuple[str, str], list[Taken]] = {}
    began = time.monotonic()
    with simulators.running() as simulator, tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.turns):
            for shape in shapes:
                for name in (name for name, times in shape.repetitions.items() if turn < times):
                    taken = measured(name, shape, simulator, Path(folder))
                    if taken is not None:
                        found.setdefault((shape.name, name), []).append(taken)
                print(".", end="", file=sys.stderr, flush=True)
    text = speed_page.text(shapes, found, time.monotonic() - began)
    print("\n" + text)
    if arguments.write:
        speed_page.write(text, speed_page.plot(found))


if __name__ == "__main__":
    main()
