# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook functiongraph.workflow.callback: extra vars in, one callback out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import reporting
from support.playbooks import Run
from support.simulators import Simulator

PLAYBOOK = "functiongraph.workflow.callback"
NAMES = ("fgs_workflow_id", "fgs_workflow_run_id", "fgs_workflow_state_id", "fgs_workflow_result")


@pytest.fixture
def answer(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> Callable[..., Run]:
    """Run the playbook with extra vars, the report plugin switched on beside it."""

    def run(*arguments: str, env: dict[str, str] | None = None, **extra_vars: Any) -> Run:
        environment = reporting.environment(simulator, **(env or {}))
        return ansible_playbook(PLAYBOOK, *arguments, extra_vars=extra_vars, env=environment)

    return run


@pytest.mark.parametrize("given", [{}, dict.fromkeys(NAMES, "")], ids=["absent", "empty"])
def test_all_that_is_missing_is_told_at_once(answer: Any, given: dict[str, str]) -> None:
    finished = answer(**given, fgs_undelivered_file="nowhere.yml")
    assert finished.returncode == 2, finished.output
    message = finished.result("Check that everything is there")["msg"]
    assert "there is none at " in message
    assert all(f"{name} is not given" in message for name in NAMES), message
    assert "Answer" not in [t.task for t in finished.tasks]


def test_all_variables(simulator: Simulator, answer: Any) -> None:
    run = simulator.start_run()
    variables = {
        **reporting.extra_vars(run),
        "fgs_workflow_result": "fail",
        "fgs_workflow_output": '{"reason": "none of the disks has room"}',
        "fgs_workflow_error": "There is no room on any of the disks of the database server, nor on its replica",
        "fgs_region": simulator.region,
        "fgs_endpoint": simulator["http"],
        "fgs_iam_endpoint": simulator["http"],
        "fgs_project_id": simulator.project_id,
    }
    nowhere = dict.fromkeys(("HW_REGION_NAME", "FGS_ENDPOINT", "HUAWEICLOUD_SDK_IAM_ENDPOINT"), "")
    finished = answer(**variables, env=nowhere)
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("fail", 1)
    assert became["output"] == {"reason": "none of the disks has room"}
    assert became["error"] == "There is no room on any of the disks of the database server,…"
    # The same once more is no error, and changes nothing.
    again = answer(**variables, env=nowhere).result("Answer")
    assert (again["delivery"], again["changed"], again["requests_sent"]) == ("already_delivered", False, 0)


def test_kept_file(simulator: Simulator, answer: Any, home: Path) -> None:
    run = simulator.start_run()
    lines = [f'{name}: !unsafe "{value}"' for name, value in reporting.extra_vars(run).items()]
    kept = [*lines, "fgs_workflow_result: success", 'fgs_workflow_output: !unsafe "{\\"a\\": \\"{{ b }}\\"}"']
    (home / "kept.yml").write_text("\n".join([*kept, f"fgs_endpoint: {simulator['refused']}"]))
    finished = answer(fgs_undelivered_file="~/kept.yml", fgs_endpoint=simulator["http"], fgs_workflow_error="")
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"], became["output"]) == ("success", 1, {"a": "{{ b }}"})


def test_plugin_does_not_report_a_report_that_failed(simulator: Simulator, answer: Any) -> None:
    # A second callback would come through.
    run = simulator.start_run(fault="close_before_answer_not_applied", times=1)
    finished = answer(**reporting.extra_vars(run), fgs_workflow_result="success", fgs_confirm="never")
    assert finished.returncode == 2, finished.output
    assert "fgs_workflow_report: " not in finished.output
    assert simulator.run(run)["status"] == "running"
