# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two loops of reconcile while both sides fail at random: every run ends exactly once, and none is answered early."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.playbooks import ROOT
from support.simulators import Simulator

RUNS, SEED = 60, 3


@pytest.mark.test_all
def test_every_run_ends_once_with_the_outcome_of_its_job(simulator: Simulator) -> None:
    program = [sys.executable, str(ROOT / "tests/bench/reconcile.py"), "--runs", str(RUNS), "--seed", str(SEED)]
    # The fixture skips this test where no simulator can run; the program starts its own.
    finished = subprocess.run(program, env=os.environ, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"| {RUNS} of {RUNS} |" in finished.stdout
