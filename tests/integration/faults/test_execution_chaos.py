# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts at which a third of all requests and reads go wrong at random: never two runs, never an unknown run.

With a hundred starts a wrong rule shows by itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support import direct
from support.simulators import Simulator

STARTS = 100
SEED = 3
# The service starts another run where a second request with the same ID arrives.
FLOW: dict[str, Any] = {"fault": "random", "second_start": "another"}


@pytest.mark.test_all
@pytest.mark.parametrize("face", ["controller", "target"])
def test_never_two_runs_and_never_an_unknown_one(simulator: Simulator, home: Path, face: str) -> None:
    flows = {
        f"start {number}": simulator.ask("POST", "/_simulator/workflows", {**FLOW, "seed": f"{SEED} {number}"})["id"]
        for number in range(STARTS)
    }
    keys = {name: simulator.accounts["permanent"][name] for name in ("access_key", "secret_key")}
    common = {**keys, "endpoint": simulator["http"], "project_id": simulator.project_id, "timeout": 20, "retries": 2}
    tasks = {
        name: {
            "arguments": {**common, "workflow_id": flow},
            "environment": {},
            "check_mode": False,
            "module": "fgs_workflow_execution",
        }
        for name, flow in flows.items()
    }
    finished = direct.run(tasks, face, home).tasks
    for task in finished:
        runs = simulator.ask("GET", f"/_simulator/workflows/{flows[task.task]}")["runs"]
        result = task.result
        assert len(runs) <= 1, result
        if result["changed"]:
            assert runs == [result["execution_id"]], result
        else:
            assert task.outcome == "failed"
            assert set(runs) <= {result.get("execution_id")}, result
            # Only who was refused, or has sent nothing, learns no ID.
            known = re.match("It is not known whether the run (.+) was started: ", result["msg"])
            assert bool(known) == ("execution_id" in result), result
    assert sum(task.result["requests_sent"] > 1 for task in finished) > STARTS // 10
