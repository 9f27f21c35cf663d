# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook reconcile: what it shows, how it ends, and what it leaves for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from awx.standin import PASSWORD, TOKEN, USER, serving
from awx.world import Awx
from support import reporting
from support.playbooks import Run
from support.reconciling import STATE_NAME, Place
from support.simulators import Simulator

pytestmark = pytest.mark.core

PLAYBOOK = "functiongraph.workflow.reconcile"
COMPARE = "Compare what waits with the jobs of AWX"
FAIL = "Fail if something waits too long, or could not be read"


@pytest.fixture
def place(simulator: Simulator) -> Iterator[Place]:
    awx = Awx()
    with serving(awx) as url:
        yield Place(simulator, awx, url)


@pytest.fixture
def reconcile(place: Place, ansible_playbook: Callable[..., Run]) -> Callable[..., Run]:
    def run(*arguments: str, env: dict[str, str] | None = None, **extra_vars: Any) -> Run:
        login = {"CONTROLLER_HOST": place.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}
        given = {"fgs_workflow_ids": [place.workflow_id], "fgs_callback_states": [STATE_NAME], **extra_vars}
        environment = reporting.environment(place.simulator, **{**login, **(env or {})})
        finished = ansible_playbook(PLAYBOOK, *arguments, extra_vars=given, env=environment)
        assert not any(secret in finished.output for secret in (*place.simulator.secrets(), TOKEN, PASSWORD))
        return finished

    return run


def test_answer(place: Place, reconcile: Callable[..., Run]) -> None:
    """One state is answered, the other one is left alone, and nothing is a problem."""
    running = place.start()
    failed, active = place.job("failed"), place.job("running", running)
    finished = reconcile("-vvv", fgs_reconcile="answer")
    assert finished.returncode == 0, finished.output
    result = finished.result(COMPARE)
    assert (result["changed"], result["problems"]) == (True, [])
    assert [place.row(result, run)["delivery"] for run in (place.run, running)] == ["delivered", ""]
    assert (place.state()["result"], place.state(running)["waits"]) == ("fail", True)
    # What a person reads.
    ids = [run["workflow_run_id"] for run in (place.run, running)]
    text = f"AWX job {failed['id']} has the status failed and did not report; answered fail (delivered)"
    assert (
        f"ended_without_answer  state '{STATE_NAME}' of run '{ids[0]}' has waited for 1 h 0 min: {text}"
        in finished.output
    )
    text = f"has waited for 1 h 0 min: AWX job {active['id']} is running"
    assert f"running               state '{STATE_NAME}' of run '{ids[1]}' {text}" in finished.output


def test_problem_ends_the_playbook_with_an_error(place: Place, reconcile: Callable[..., Run]) -> None:
    job = place.job("failed")
    finished = reconcile(fgs_reconcile_alarm="30m")
    assert finished.returncode == 2, finished.output
    message = (
        f"State '{STATE_NAME}' of run '{place.run['workflow_run_id']}' has waited for 1 h 0 min: AWX job {job['id']} "
        "has the status failed and did not report; fgs_reconcile=answer would answer fail."
    )
    assert finished.result(FAIL)["msg"] == message
    assert message in reporting.unwrapped(finished.output)
    assert place.state()["waits"]


@pytest.mark.test_all
def test_awx_away(place: Place, reconcile: Callable[..., Run]) -> None:
    finished = reconcile(fgs_reconcile="answer", env={"CONTROLLER_HOST": place.simulator["refused"]})
    assert finished.returncode == 2, finished.output
    message = finished.result(FAIL)["msg"]
    assert message.startswith("Nothing was answered, as AWX did not respond to me/: ")
    assert place.state()["waits"]


@pytest.mark.test_all
def test_wrong_variables_are_one_problem(reconcile: Callable[..., Run]) -> None:
    finished = reconcile(fgs_workflow_ids="", fgs_reconcile_grace="soon", env={"CONTROLLER_OAUTH_TOKEN": ""})
    assert finished.returncode == 2, finished.output
    message = finished.result(FAIL)["msg"]
    assert all(name in message for name in ("fgs_workflow_ids", "fgs_reconcile_grace", "fgs_awx_token"))


@pytest.mark.test_all
def test_password_of_extra_vars(place: Place, reconcile: Callable[..., Run]) -> None:
    login = {"fgs_awx_host": place.url, "fgs_awx_username": USER, "fgs_awx_password": PASSWORD}
    away = {"CONTROLLER_HOST": "", "CONTROLLER_OAUTH_TOKEN": ""}
    finished = reconcile("-vvv", fgs_reconcile="answer", fgs_reconcile_grace=60, env=away, **login)
    assert finished.returncode == 0, finished.output
    (row,) = finished.result(COMPARE)["rows"]
    assert (row["verdict"], row["delivery"]) == ("never_launched", "delivered")


@pytest.mark.test_all
def test_check_mode_changes_nothing(place: Place, reconcile: Callable[..., Run]) -> None:
    finished = reconcile("--check", "--diff", fgs_reconcile="answer", fgs_reconcile_cancel=True)
    assert finished.returncode == 0, finished.output
    assert finished.result(COMPARE)["changed"] is False
    assert place.state()["callback_requests"] == 0
    assert place.awx.changes() == []
