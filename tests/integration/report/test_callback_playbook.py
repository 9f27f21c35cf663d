# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook functiongraph.workflow.callback: extra vars in, one callback out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import reporting
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

PLAYBOOK = "functiongraph.workflow.callback"
NOWHERE = dict.fromkeys(("HW_REGION_NAME", "FGS_ENDPOINT", "HUAWEICLOUD_SDK_IAM_ENDPOINT"), "")
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
    message = finished.result("Check that all required values are set")["msg"]
    assert "there is none at " in message
    assert all(f"{name} is unset" in message for name in NAMES), message
    assert "Send the callback" not in [t.task for t in finished.tasks]


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
    finished = answer(**variables, env=NOWHERE)
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("fail", 1)
    assert became["output"] == {"reason": "none of the disks has room"}
    assert became["error"] == "There is no room on any of the disks of the database server,…"
    # The same once more is no error, and changes nothing.
    again = answer(**variables, env=NOWHERE).result("Send the callback")
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


def test_kept_file_leads_to_the_addresses_in_it(simulator: Simulator, answer: Any, home: Path) -> None:
    run = simulator.start_run()
    kept = {
        **reporting.extra_vars(run),
        "fgs_workflow_result": "success",
        "fgs_region": simulator.region,
        "fgs_endpoint": simulator["http"],
        "fgs_iam_endpoint": simulator["http"],
    }
    (home / "kept.yml").write_text(json.dumps(kept))
    finished = answer(fgs_undelivered_file="~/kept.yml", env=NOWHERE)
    assert finished.returncode == 0, finished.output
    assert simulator.run(run)["status"] == "success"


def test_plugin_does_not_report_a_report_that_failed(simulator: Simulator, answer: Any) -> None:
    # A second callback would come through.
    run = simulator.start_run(fault="close_before_response", times=1)
    finished = answer(**reporting.extra_vars(run), fgs_workflow_result="success", fgs_confirm="never")
    assert finished.returncode == 2, finished.output
    assert "fgs_workflow_report: " not in finished.output
    assert simulator.run(run)["status"] == "running"


# What AWX 24.6.1 writes for a workflow job that was canceled, but for its extra_vars.
NOTE = {
    "id": 47,
    "name": "FunctionGraph runbook",
    "url": "https://awx.example.com/#/jobs/workflow/47",
    "created_by": "function",
    "started": "2026-11-25T15:56:32.123456+00:00",
    "finished": "2026-11-25T15:58:32.123456+00:00",
    "status": "canceled",
    "traceback": "",
    "body": 'Workflow job summary:\n\n- node #9 spawns job #48, "runbook", which finished with status canceled.',
    "inventory": None,
    "limit": None,
}


def note(ids: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {**NOTE, "extra_vars": json.dumps(ids), **changes}


@pytest.mark.parametrize("form", [dict, json.dumps], ids=["mapping", "json"])
def test_notification_of_awx_is_reported_as_fail(simulator: Simulator, answer: Any, form: Any) -> None:
    run = simulator.start_run()
    finished = answer(awx_note=form(note(reporting.extra_vars(run))), fgs_workflow_result="")
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("fail", 1)
    assert became["error"] == "AWX workflow job 47 was canceled: FunctionGraph runbook"
    assert became["output"] == {
        "ansible": {
            "job": "https://awx.example.com/#/jobs/workflow/47",
            "job_id": 47,
            "job_name": "FunctionGraph runbook",
            "job_status": "canceled",
            "job_message": NOTE["body"],
        }
    }


def test_notification_without_ids_is_skipped(answer: Any) -> None:
    finished = answer(awx_note=note({"release": "1"}))
    assert finished.returncode == 0, finished.output
    assert "AWX workflow job 47 was launched without IDs" in finished.result("Show why nothing is sent")["msg"]
    assert [task.outcome for task in finished.tasks if task.task == "Send the callback"] == ["skipped"]


def test_notification_with_half_of_the_ids_is_an_error(answer: Any) -> None:
    finished = answer(awx_note=note({"fgs_workflow_id": "w"}))
    assert finished.returncode == 2, finished.output
    assert "fgs_workflow_run_id is unset; fgs_workflow_state_name or fgs_workflow_state_id is unset" in finished.output


def test_notification_that_is_none_is_an_error(answer: Any) -> None:
    finished = answer(awx_note="failed")
    assert finished.returncode == 2, finished.output
    assert "awx_note must be a mapping or a JSON object" in finished.output


AWX = {"AWX_HOST": "https://awx.example.com", "JOB_ID": "49"}
EDGE = {"awx_job_id": 49, "awx_job_template_name": "report", "awx_workflow_job_id": 47, "awx_workflow_job_name": "all"}


def test_edge_reports_the_workflow_job_and_ends_red(simulator: Simulator, answer: Any) -> None:
    run = simulator.start_run()
    variables = {**reporting.extra_vars(run), **EDGE, "fgs_workflow_result": "fail", "fgs_report_fails": True}
    finished = answer(**variables, fgs_workflow_output={"own": "value"}, env=AWX)
    assert finished.returncode == 2, finished.output
    assert 'The result "fail" was reported' in finished.result("Fail where a failure was reported")["msg"]
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("fail", 1)
    assert became["error"] == "AWX workflow job 47 failed, timed out or was canceled: all"
    assert became["output"] == {
        "own": "value",
        "ansible": {
            "job": "https://awx.example.com/#/jobs/workflow/47",
            "job_id": 47,
            "job_name": "all",
            "job_status": "failed, timed out or canceled",
        },
    }
    # As AWX relaunches it: there is nothing left to send, and a failure is still no success.
    again = answer(**variables, env=AWX)
    assert again.returncode == 2, again.output
    assert again.result("Send the callback")["delivery"] == "already_delivered"
    assert simulator.run(run)["callback_requests"] == 1


@pytest.mark.parametrize(("result", "arguments"), [("success", ()), ("fail", ("--check",))])
def test_only_a_reported_failure_ends_red(
    simulator: Simulator, answer: Any, result: str, arguments: tuple[str, ...]
) -> None:
    variables = {**reporting.extra_vars(simulator.start_run()), "fgs_workflow_result": result}
    finished = answer(*arguments, **variables, fgs_report_fails="true")
    assert finished.returncode == 0, finished.output


def test_what_the_user_gave_stays(simulator: Simulator, answer: Any) -> None:
    run = simulator.start_run()
    variables = {**reporting.extra_vars(run), **EDGE, "fgs_workflow_result": "fail"}
    finished = answer(**variables, fgs_workflow_output={"ansible": "own"}, fgs_workflow_error="mine", env=AWX)
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["output"], became["error"]) == ({"ansible": "own"}, "mine")


def test_a_job_that_ran_in_check_mode_is_not_reported(simulator: Simulator, answer: Any) -> None:
    run = simulator.start_run()
    variables = {**reporting.extra_vars(run), **EDGE, "fgs_workflow_result": "success"}
    finished = answer(**variables, fgs_workflow_check_mode=True)
    assert finished.returncode == 0, finished.output
    assert "ran in check mode" in finished.result("Show why nothing is sent")["msg"]
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == ("running", 0)
