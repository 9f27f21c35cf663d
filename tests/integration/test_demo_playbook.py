# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook of the demo: what it says when something fails."""

from __future__ import annotations

from pathlib import Path

from support import reporting
from support.playbooks import ansible_playbook
from support.simulators import Simulator


def extra_vars(run: dict[str, str]) -> dict[str, str]:
    return {f"fgs_{name}": run[name] for name in ("workflow_id", "workflow_run_id", "workflow_state_name")}


def test_first_red_line_says_what_is_wrong(simulator: Simulator, home: Path) -> None:
    run = simulator.start_run()
    finished = ansible_playbook(
        "functiongraph.workflow.demo",
        home=home,
        extra_vars={**extra_vars(run), "demo_fail": True},
        env=reporting.environment(simulator, ANSIBLE_CALLBACKS_ENABLED="fgs_test_record"),
    )
    failures = [task.result["msg"] for task in finished.tasks if task.outcome == "failed"]
    assert failures[0] == "Release 2026.11 has no signature."
    assert simulator.run(run)["error"] == "Release 2026.11 has no signature."


def test_refused_callback_is_not_reported_as_a_failed_release(simulator: Simulator, home: Path) -> None:
    run = simulator.start_run()
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": "cancel", "error": "by hand"})
    finished = ansible_playbook(
        "functiongraph.workflow.demo",
        home=home,
        extra_vars=extra_vars(run),
        env=reporting.environment(simulator, ANSIBLE_CALLBACKS_ENABLED="fgs_test_record"),
    )
    assert finished.returncode == 2, finished.output
    assert simulator.run(run)["callback_requests"] == 1
