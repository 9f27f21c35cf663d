# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them, with the shipped sample project. Each test checks the requests at the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from awx.runner.jobs import AWX_HOST, LOCAL, UNREACHABLE, WORKFLOW, WORKFLOW_JOB, Finished, Job, has_started
from support.simulators import Simulator

WORKFLOW_PAGE = {
    "job": f"{AWX_HOST}/#/jobs/workflow/{WORKFLOW_JOB}",
    "job_id": WORKFLOW_JOB,
    "job_name": WORKFLOW,
}
HANGING_TASK = "Wait for ever"
# The task has a timeout in case a test fails to stop it.
HANGING = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"name": "Publish", "ansible.builtin.set_stats": {"data": {"begun": True}}},
            {"name": HANGING_TASK, "ansible.builtin.wait_for": {"timeout": 240}},
        ],
    }
]
FAILING = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"name": "Publish", "ansible.builtin.set_stats": {"data": {"begun": True}}},
            {"name": "Do the work", "ansible.builtin.fail": {"msg": "no space left on the device"}},
        ],
    }
]


@pytest.fixture
def job(simulator: Simulator, tmp_path: Path) -> Callable[..., Job]:
    """Returns a factory of jobs of the sample project, each with its own private data directory."""

    def make(run: dict[str, str] | None, **options: Any) -> Job:
        return Job(simulator, tmp_path / str(options.get("number", 7)), run, **options)

    return make


def assert_no_secrets(simulator: Simulator, finished: Finished) -> None:
    account = simulator.accounts["permanent"]
    for name, text in finished.texts():
        for secret in (account["secret_key"], account["access_key"]):
            assert secret not in text, f"a secret in {name}"


def by_name(run: dict[str, str], **changes: str) -> dict[str, str]:
    """Returns the variables of a launch by the name of the state. The survey makes its ID an empty one."""
    ids = {f"fgs_{name}": run[name] for name in ("workflow_id", "workflow_run_id", "workflow_state_name")}
    return {**ids, "fgs_workflow_state_id": "", **changes}


def state_of(simulator: Simulator, run: dict[str, str]) -> tuple[str, int, int]:
    """Returns status, number of completions and number of callback requests of the run."""
    became = simulator.run(run)
    return became["status"], became["completed_times"], became["callback_requests"]


def test_success_and_relaunch_with_the_same_ids(simulator: Simulator, job: Callable[..., Job]) -> None:
    """Published data becomes the workflow's output, and a second report of the same result is not an error."""
    run = simulator.start_run()
    finished = job(run).start()
    assert (finished.status, finished.returncode) == ("successful", 0), finished.output
    # Before 2.19 Ansible renders a number to a string.
    assert finished.artifacts in ({"hosts_done": 1}, {"hosts_done": "1"})
    assert state_of(simulator, run) == ("success", 1, 1)
    output = simulator.run(run)["output"]
    assert output["hosts_done"] == finished.artifacts["hosts_done"]
    assert f"{AWX_HOST}/#/jobs/playbook/7" in str(output["ansible"])
    assert_no_secrets(simulator, finished)
    # The file that the search excludes does contain a secret.
    assert simulator.accounts["permanent"]["secret_key"] in (finished.folder / "command").read_text()

    again = job(run, number=8, launch_type="relaunch").start()
    assert (again.status, again.returncode) == ("successful", 0), again.output
    assert state_of(simulator, run) == ("success", 1, 1)


def test_failure_is_reported_with_artifacts(simulator: Simulator, job: Callable[..., Job]) -> None:
    """Artifacts are published although the job fails. The error contains host, task and message."""
    run = simulator.start_run()
    finished = job(run, plays=FAILING, playbook="own.yml").start()
    assert (finished.status, finished.returncode) == ("failed", 2), finished.output
    assert finished.artifacts == {"begun": True}
    assert state_of(simulator, run) == ("fail", 1, 1)
    became = simulator.run(run)
    assert became["error"] == "localhost: Do the work: no space left on the device"
    assert became["output"]["begun"] is True
    assert_no_secrets(simulator, finished)


def test_unreachable_host_is_reported_as_failure(simulator: Simulator, job: Callable[..., Job]) -> None:
    run = simulator.start_run()
    finished = job(run, hosts={"here": LOCAL, "nowhere": UNREACHABLE}).start()
    assert (finished.status, finished.returncode) == ("failed", 4), finished.output
    assert state_of(simulator, run) == ("fail", 1, 1)
    assert simulator.run(run)["error"].startswith("nowhere: ")


@pytest.mark.test_all
def test_play_without_hosts_is_reported_as_failure(simulator: Simulator, job: Callable[..., Job]) -> None:
    """AWX treats such a job as successful and follows the success edge, but the workflow receives a failure.

    The job on that edge then fails, because the state has finished with another result.
    """
    run = simulator.start_run()
    finished = job(run, plays=[{**FAILING[0], "hosts": "nobody"}], playbook="own.yml").start()
    assert (finished.status, finished.returncode) == ("successful", 0), finished.output
    assert state_of(simulator, run) == ("fail", 1, 1)
    reported = report(run, job, "success")
    assert reported.status == "failed"
    assert state_of(simulator, run)[:2] == ("fail", 1)


def report(run: dict[str, str], job: Callable[..., Job], result: str, **variables: Any) -> Finished:
    """Runs the report job on an edge of the workflow template."""
    launch = {"fgs_workflow_result": result, **variables}
    return job(run, number=9, playbook="report.yml", launch=launch).start()


@pytest.mark.test_all
def test_timeout_is_reported_on_the_failure_edge(simulator: Simulator, job: Callable[..., Job]) -> None:
    run = simulator.start_run()
    finished = job(run, plays=HANGING, playbook="own.yml", settings={"job_timeout": 4}).start()
    assert finished.status == "timeout", finished.output
    assert state_of(simulator, run) == ("running", 0, 0)

    reported = report(run, job, "fail", fgs_workflow_error="The AWX job failed, timed out or was canceled")
    assert (reported.status, reported.returncode) == ("successful", 0), reported.output
    assert state_of(simulator, run) == ("fail", 1, 1)
    assert simulator.run(run)["error"] == "The AWX job failed, timed out or was canceled"
    assert simulator.run(run)["output"] == {"ansible": {**WORKFLOW_PAGE, "job_status": "failed, timed out or canceled"}}
    assert_no_secrets(simulator, reported)


def test_cancel_is_reported_on_the_failure_edge(simulator: Simulator, job: Callable[..., Job]) -> None:
    run = simulator.start_run()
    finished = job(run, plays=HANGING, playbook="own.yml").start(cancel=has_started(HANGING_TASK))
    assert finished.status == "canceled", finished.output
    assert state_of(simulator, run) == ("running", 0, 0)
    assert report(run, job, "fail").status == "successful"
    assert state_of(simulator, run) == ("fail", 1, 1)
    assert simulator.run(run)["error"].startswith(f"AWX workflow job {WORKFLOW_JOB} failed, timed out or was canceled")


def test_report_on_the_success_edge_sends_the_artifacts(simulator: Simulator, job: Callable[..., Job]) -> None:
    """As in AWX, artifacts of the previous job arrive as extra variables, with a dictionary as a dictionary.

    The release is not a number, because since 2.19 Ansible parses an !unsafe string as a number.
    """
    run = simulator.start_run()
    output = {"release": "v2026.11", "text": "{{ lookup('env', 'HUAWEICLOUD_SDK_SK') }}"}
    assert report(run, job, "success", fgs_workflow_output=output, fgs_workflow_error="").status == "successful"
    assert state_of(simulator, run) == ("success", 1, 1)
    assert simulator.run(run)["output"] == {**output, "ansible": {**WORKFLOW_PAGE, "job_status": "successful"}}


# A launch by name differs little from one by ID.
BY_ID_OR_NAME = pytest.mark.parametrize(
    "is_by_name", [False, pytest.param(True, marks=pytest.mark.test_all)], ids=["id", "name"]
)


@BY_ID_OR_NAME
def test_job_launched_by_a_notification_reports_failure(
    simulator: Simulator, job: Callable[..., Job], is_by_name: bool
) -> None:
    """As AWX sends it: the variables of the finished job are a string, and its templates are not rendered."""
    run = simulator.start_run(workflow_id="00123")
    ids = {f"fgs_{name}": run[name] for name in ("workflow_id", "workflow_run_id", "workflow_state_id")}
    note = {
        "id": WORKFLOW_JOB,
        "name": WORKFLOW,
        "url": f"{AWX_HOST}/#/jobs/workflow/{WORKFLOW_JOB}",
        "finished": "2026-11-25T15:58:32.123456+00:00",
        "status": "canceled",
        "traceback": "",
        "extra_vars": json.dumps(by_name(run) if is_by_name else ids),
    }
    reported = job(None, number=9, playbook="report.yml", launch={"awx_note": note}, launch_type="manual").start()
    assert reported.status == "successful", reported.output
    assert state_of(simulator, run) == ("fail", 1, 1)
    became = simulator.run(run)
    assert became["error"] == "AWX workflow job 6 was canceled: FunctionGraph {{ runbook }}…"
    assert became["output"] == {"ansible": {**WORKFLOW_PAGE, "job_status": "canceled"}}


@pytest.mark.parametrize(
    ("playbook", "plays", "result"),
    [("runbook.yml", None, "success"), pytest.param("own.yml", FAILING, "fail", marks=pytest.mark.test_all)],
)
def test_edge_after_a_report_changes_nothing_and_succeeds(
    simulator: Simulator, job: Callable[..., Job], playbook: str, plays: Any, result: str
) -> None:
    """With both report plugin and edge, the workflow receives one callback, with the output and error of the job."""
    run = simulator.start_run()
    job(run, playbook=playbook, plays=plays).start()
    before = simulator.run(run)
    reported = report(run, job, result)
    assert reported.status == "successful", reported.output
    assert f"The state already has the result {result}, so nothing was sent." in " ".join(reported.output.split())
    assert state_of(simulator, run) == (result, 1, 1)
    assert simulator.run(run)["output"] == before["output"]


@pytest.mark.test_all
def test_first_slice_determines_the_result(simulator: Simulator, job: Callable[..., Job]) -> None:
    """Why to avoid slicing: the workflow continues after the first slice, whatever the results of the others."""
    run = simulator.start_run()
    first = job(run, number=1, hosts={"one": LOCAL}).start()
    second = job(run, number=2, hosts={"two": LOCAL}).start()
    assert (first.status, second.status) == ("successful", "successful")
    assert state_of(simulator, run) == ("success", 1, 1)
    failed = job(run, number=3, hosts={"three": LOCAL}, plays=FAILING, playbook="own.yml").start()
    assert failed.status == "failed"
    assert state_of(simulator, run) == ("success", 1, 1)


ROLE = [
    {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"fgs_workflow_report": False},
        "roles": [{"role": "functiongraph.workflow.runbook", "vars": {"runbook_role": "works"}}],
    }
]


@pytest.mark.parametrize(
    ("playbook", "plays"),
    [("runbook.yml", None), pytest.param("report.yml", None, marks=pytest.mark.test_all), ("own.yml", ROLE)],
    ids=["plugin", "edge", "role"],
)
@BY_ID_OR_NAME
def test_leading_zeros_of_id_and_name_are_kept(
    simulator: Simulator, job: Callable[..., Job], playbook: str, plays: Any, is_by_name: bool
) -> None:
    """Since 2.19 Ansible parses strings that AWX marks as !unsafe: YAML's 00123 is 83, and an empty string is null."""
    state = {"id": "00123", "name": "00123", "type": "Callback", "end": True}
    run = simulator.start_run(workflow_id="00123", definition={"states": [state]})
    launch = by_name(run) if is_by_name else {"fgs_workflow_state_name": ""}
    launch["fgs_workflow_result"] = "success"
    made = job(None if is_by_name else run, playbook=playbook, plays=plays, launch=launch)
    works = made.place / "project/roles/works/tasks/main.yml"
    works.parent.mkdir(parents=True)
    works.write_text("- name: Work\n  ansible.builtin.debug:\n")
    finished = made.start()
    assert finished.status == "successful", finished.output
    assert state_of(simulator, run) == ("success", 1, 1)
    assert "leading zeros" not in finished.output


def test_check_job_sends_nothing(simulator: Simulator, job: Callable[..., Job]) -> None:
    run = simulator.start_run()
    finished = job(run, arguments="--check").start()
    assert finished.status == "successful", finished.output
    assert state_of(simulator, run) == ("running", 0, 0)
    # The job on the success edge sends nothing either: AWX passes the artifacts of the check on to it.
    reported = report(run, job, "success", **finished.artifacts)
    assert reported.status == "successful", reported.output
    assert state_of(simulator, run) == ("running", 0, 0)
    assert "the job before ran in check mode" in reported.output


def test_job_without_ids_names_the_survey(simulator: Simulator, job: Callable[..., Job]) -> None:
    """AWX starts a job even if it ignores the launch's variables. The first task reports that."""
    finished = job(None).start()
    assert finished.status == "failed"
    assert "enable the survey of this job template" in finished.output


@pytest.mark.parametrize(
    ("playbook", "sentence"),
    [
        ("runbook.yml", "fgs_workflow_run_id and fgs_workflow_state_id or fgs_workflow_state_name."),
        pytest.param(
            "report.yml",
            "Nothing was sent: fgs_workflow_state_name or fgs_workflow_state_id is unset.",
            marks=pytest.mark.test_all,
        ),
    ],
)
def test_job_without_a_state_says_what_to_set(
    simulator: Simulator, job: Callable[..., Job], playbook: str, sentence: str
) -> None:
    """AWX accepts a launch with neither ID nor name of the state, because a survey can require only both."""
    run = simulator.start_run()
    launch = by_name(run, fgs_workflow_state_name="", fgs_workflow_result="success")
    finished = job(None, playbook=playbook, launch=launch).start()
    assert finished.status == "failed"
    assert sentence in " ".join(finished.output.split())
    assert state_of(simulator, run) == ("running", 0, 0)
