# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample project with ansible-navigator, without an execution environment."""

from __future__ import annotations

from pathlib import Path

from awx.runner.jobs import Job
from support.playbooks import BIN, run_to_end
from support.simulators import Simulator


def test_navigator(simulator: Simulator, tmp_path: Path) -> None:
    run = simulator.start_run()
    job = Job(simulator, tmp_path / "job", run)
    job.lay_out()
    artifact = tmp_path / "artifact.json"
    finished = run_to_end(
        [
            *(str(BIN / "ansible-navigator"), "run", "runbook.yml", "--ee", "false", "-m", "stdout"),
            *("--playbook-artifact-enable", "true", "--playbook-artifact-save-as", str(artifact)),
            *("--log-file", str(tmp_path / "navigator.log"), "-i", str(job.place / "inventory/hosts")),
            *("-e", f"@{job.place / 'env/extravars'}"),
        ],
        job.place / "project",
        job.environment(),
    )
    assert finished.returncode == 0, finished.stdout
    became = simulator.run(run)
    assert (became["status"], became["completed_times"], became["callback_requests"]) == ("success", 1, 1)
    assert became["output"]["hosts_done"] == 1
    secret = simulator.accounts["permanent"]["secret_key"]
    assert secret not in finished.stdout
    assert secret not in artifact.read_text()
