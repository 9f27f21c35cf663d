# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a state that waits, by the jobs of AWX."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import verdicts
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import Job

NOW, GRACE, LONG_AGO = 1_000_000.0, 900.0, 990_000.0
STATE = verdicts.Waiting("w", "run", "9", "wait", "90", LONG_AGO)
IDS = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "run", "fgs_workflow_state_id": "9"}
REPORTS_SUCCESS, REPORTS_FAIL = ({**IDS, "fgs_workflow_result": result} for result in ("success", "fail"))
NOTIFIED = {**IDS, "awx_note": {"status": "error"}}


def job(number: int, status: str = "failed", variables: dict[str, Any] | None = None, **fields: Any) -> Job:
    finished = 0.0 if status in ("new", "pending", "waiting", "running") else LONG_AGO + 60
    given = {"kind": "job", "name": "deploy", "created": LONG_AGO, "finished": finished, "root": number, **fields}
    return Job(number=number, status=status, variables=IDS if variables is None else variables, **given)


def whole(number: int, status: str, **fields: Any) -> Job:
    return job(number, status, kind="workflow_job", **fields)


def judged(*jobs: Job, state: verdicts.Waiting = STATE) -> tuple[str, str | None, int | None]:
    found = verdicts.judge(state, jobs, NOW, GRACE)
    return found.name, found.result, found.job and found.job.number


@pytest.mark.parametrize(
    ("variables", "is_meant"),
    [
        (IDS, True),
        ({**IDS, "fgs_workflow_state_id": "90"}, True),
        ({**IDS, "fgs_workflow_state_id": "91"}, False),
        ({**IDS, "fgs_workflow_state_id": "", "fgs_workflow_state_name": "wait"}, True),
        ({**IDS, "fgs_workflow_state_id": "", "fgs_workflow_state_name": "other"}, False),
        # An ID counts more than a name.
        ({**IDS, "fgs_workflow_state_id": "91", "fgs_workflow_state_name": "wait"}, False),
        ({**IDS, "fgs_workflow_run_id": "another"}, False),
        ({**IDS, "fgs_workflow_id": "another"}, False),
        ({}, False),
    ],
)
def test_job_is_found_by_its_ids(variables: dict[str, Any], is_meant: bool) -> None:
    assert STATE.is_meant_by(job(1, variables=variables)) is is_meant


@pytest.mark.parametrize("status", ["new", "pending", "waiting", "running"])
def test_state_of_an_active_job_is_left_alone(status: str) -> None:
    assert judged(job(1), job(2, status)) == (verdicts.RUNNING, None, 2)


@pytest.mark.parametrize(
    ("jobs", "result", "decisive"),
    [
        ([job(1, "failed")], "fail", 1),
        ([job(1, "error")], "fail", 1),
        ([job(1, "canceled")], "fail", 1),
        ([job(1, "successful")], "success", 1),
        # A relaunch counts, not what it repeats.
        ([job(1, "failed"), job(2, "successful")], "success", 2),
        ([job(2, "failed"), job(1, "successful")], "fail", 2),
        # A workflow job: its runbook failed, and the report on the failure edge failed too.
        ([whole(1, "failed"), job(2, "failed", root=1), job(3, "error", REPORTS_FAIL, root=1)], "fail", 2),
        # The runbook succeeded, and only its report failed.
        ([whole(1, "failed"), job(2, "successful", root=1), job(3, "failed", REPORTS_SUCCESS, root=1)], "success", 2),
        # Somebody canceled the whole, whatever was to be reported.
        ([whole(1, "canceled"), job(2, "successful", root=1), job(3, "canceled", REPORTS_SUCCESS, root=1)], "fail", 1),
        ([whole(1, "canceled"), job(2, "canceled", root=1)], "fail", 1),
        # The image is gone, so that even the notification's job could not report.
        ([whole(1, "failed"), job(2, "error", root=1), job(3, "error", NOTIFIED)], "fail", 2),
        ([whole(1, "error")], "fail", 1),
        ([whole(1, "successful")], "success", 1),
        ([whole(1, "successful"), job(2, "failed", root=1), job(3, "successful", root=1)], "success", 3),
        # A report by hand.
        ([job(3, "failed", REPORTS_SUCCESS)], "success", 3),
        ([job(3, "failed", NOTIFIED)], "fail", 3),
        # A report of an earlier launch says nothing about the latest one.
        ([job(1, "failed"), job(2, "failed", REPORTS_FAIL), job(3, "successful")], "success", 3),
    ],
)
def test_state_gets_the_end_of_its_job(jobs: list[Job], result: str, decisive: int) -> None:
    assert judged(*jobs) == (verdicts.ENDED, result, decisive)


def test_output_is_that_of_the_work() -> None:
    jobs = [whole(1, "failed"), job(2, "successful", root=1), job(3, "failed", REPORTS_SUCCESS, root=1), job(0)]
    assert [each.number for each in verdicts.judge(STATE, jobs, NOW, GRACE).work] == [2]


@pytest.mark.parametrize(
    ("jobs", "since", "expected"),
    [
        ([], LONG_AGO, verdicts.NEVER_LAUNCHED),
        ([], NOW - GRACE + 1, verdicts.MAY_REPORT),
        ([job(1, finished=NOW - GRACE + 1)], LONG_AGO, verdicts.MAY_REPORT),
        ([job(1, finished=NOW - GRACE)], LONG_AGO, verdicts.ENDED),
        # The state waits a second time: a new job may still be launched.
        ([job(1)], NOW - GRACE + 1, verdicts.MAY_REPORT),
        ([job(1, finished=0.0, created=NOW - GRACE + 1)], LONG_AGO, verdicts.MAY_REPORT),
        # The report of a job that ended long ago has just ended.
        ([job(1), job(2, "failed", REPORTS_FAIL, finished=NOW - 1)], LONG_AGO, verdicts.MAY_REPORT),
    ],
)
def test_nothing_is_answered_within_the_grace(jobs: list[Job], since: float, expected: str) -> None:
    found = verdicts.judge(STATE._replace(since=since), jobs, NOW, GRACE)
    assert found.name == expected
    assert (found.result is not None) == (expected in (verdicts.NEVER_LAUNCHED, verdicts.ENDED))


@pytest.mark.parametrize(
    ("jobs", "changed", "expected"),
    [
        ([], LONG_AGO, verdicts.NOT_SHOWN),
        ([job(1)], LONG_AGO, verdicts.ENDED),
        ([job(1)], 0.0, verdicts.ENDED),
        # The run was retried, and is about to launch another job.
        ([job(1)], NOW - GRACE + 1, verdicts.MAY_REPORT),
    ],
)
def test_state_that_the_run_does_not_show(jobs: list[Job], changed: float, expected: str) -> None:
    found = verdicts.judge(STATE._replace(since=changed, is_shown=False), jobs, NOW, GRACE)
    assert (found.name, found.result is not None) == (expected, expected == verdicts.ENDED)


@pytest.mark.parametrize(
    ("jobs", "result", "decisive"),
    [
        # A workflow job within a workflow job, as of a sliced job, is a part of what was launched.
        (
            [whole(1, "failed"), whole(2, "successful", root=1), job(3, "successful", root=2), job(4, root=1)],
            "fail",
            4,
        ),
        (
            [whole(1, "successful"), whole(2, "successful", root=1), job(3, "successful", root=2)],
            "success",
            3,
        ),
        # Where the outer one does not carry the IDs, the inner one counts.
        ([whole(2, "failed", root=1), job(3, "successful", root=2)], "fail", 2),
        # A report of an earlier launch that was late says nothing about a later one.
        (
            [
                *(whole(1, "failed"), job(2, "failed", root=1), whole(3, "successful"), job(4, "successful", root=3)),
                job(5, "failed", REPORTS_FAIL, root=1),
            ],
            "success",
            4,
        ),
    ],
)
def test_whole_launch_counts(jobs: list[Job], result: str, decisive: int) -> None:
    assert judged(*jobs) == (verdicts.ENDED, result, decisive)


def test_job_of_a_workflow_job_without_ids_is_left_alone_until_that_has_ended() -> None:
    outer, inner = whole(1, "running", variables={}), whole(2, "successful", variables={}, root=1)
    found = verdicts.judge(STATE, [job(3, "successful", root=2)], NOW, GRACE, {1: outer, 2: inner})
    assert (found.name, found.job) == (verdicts.RUNNING, outer)
    ended = outer._replace(status="failed")
    assert verdicts.judge(STATE, [job(3, "successful", root=2)], NOW, GRACE, {1: ended, 2: inner}).result == "success"
