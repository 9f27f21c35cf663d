# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Through playbooks, while a third of all requests meets a fault, every run ends once and as its task wanted.

tests/bench/chaos.py does the same with a thousand runs, and tests/bench/limits.py writes down what is checked below.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import faces, playbooks
from support.faces import callback
from support.simulators import Simulator

pytestmark = pytest.mark.test_all

RUNS = 60
SEED = 3
BENCH = Path(__file__).resolve().parents[2] / "bench"


def test_every_run_ends_once(simulator: Simulator, home: Path) -> None:
    """On the controller but for every fifteenth, for speed: both faces deliver with the same code."""
    hosts: dict[str, dict[str, Any]] = {}
    for number in range(RUNS):
        run = simulator.start_run(name=str(number), fault="random", share=1 / 3, seed=SEED)
        face = "target" if number % 15 == 0 else "controller"
        hosts[f"host{number}"] = {"run_on": face, "runs": {"callback": run}, "number": number}
    wanted = {
        "result": "{{ 'fail' if number % 2 else 'success' }}",
        "output": {"number": "n{{ number }}"},
        "retries": 6,
    }
    play = faces.play([callback("callback", wanted)], faces.connection(simulator), strategy="free")
    finished = playbooks.ansible_playbook([play], "--forks", "20", home=home, hosts=hosts)
    assert finished.returncode == 0, finished.output[-3000:]
    met = 0
    for number in range(RUNS):
        result = finished.result("callback", f"host{number}")
        became = simulator.run(hosts[f"host{number}"]["runs"]["callback"])
        assert (result["delivery"], result["changed"]) == ("delivered", True)
        assert (became["completed_times"], became["completed_by"]) == (1, "callback")
        assert became["result"] == ("fail" if number % 2 else "success")
        assert became["output"] == {"number": f"n{number}"}
        assert became["callback_requests"] == result["requests_sent"]
        met += became["callback_requests"] > 1 or became["read_requests"] > 0
    assert met > RUNS // 10


def test_memory_and_time_are_bounded() -> None:
    """What has no end takes a few MiB, and the timeout."""
    measured = subprocess.run(
        [sys.executable, str(BENCH / "limits.py"), "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "HOME": "/nowhere"},
    )
    large, slow = json.loads(measured.stdout)
    good = large.pop("")["mebibytes"]
    assert large
    for fault, taken in large.items():
        assert taken["mebibytes"] < good + 16, fault
    assert slow
    for fault, taken in slow.items():
        # The faults go on for ever; how fast the machine is does not matter.
        assert taken["seconds"] < 30, fault
        assert taken["delivery"] == ("not_sent" if fault.endswith("_tls") else "unknown")
