# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a saved callback is held, and what a run shows of the time at which it changed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Response
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import holds, runs, verdicts
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.awx import Login
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import Job

KEY = ("w", "run")
BEGIN = 1_700_000_000
WAITS_AGAIN = "the state has begun to wait again since it was saved"


def node(name: str, *executions: dict[str, Any]) -> dict[str, Any]:
    return {
        "node_id": f"id of {name}",
        "node_name": name,
        "execution_id": f"other {name}",
        "executions": list(executions),
    }


def execution(status: str, begin: float | None = BEGIN, end: float | None = None) -> dict[str, Any]:
    times = {"begin_time": begin and int(begin * 1000), "end_time": end and int(end * 1000)}
    return {"status": status, **times}


def run(*nodes: dict[str, Any], ahead: int = 0, **shown: Any) -> _reads.Run:
    """A run, from a service whose clock is that many seconds behind."""
    now = float(int(time.time()))
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now - ahead))
    response = Response(200, {"Date": date}, {}, None, now, Login("token", "", ""))
    return _reads.Run({"node_execution_details": list(nodes), **shown}, "running", response)


def active(**variables: str) -> Job:
    ids = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "run"}
    named = {f"fgs_workflow_state_{name}": value for name, value in variables.items()}
    return Job(7, "job", "deploy", "running", 0.0, 0.0, 7, {**ids, **named})


WAITING, HIDDEN = run(node("a", execution("running")), node("b", execution("running"))), run()
BY_ID, BY_NAME = (verdicts.Waiting(*KEY, *given, is_shown=False) for given in (("id of a", ""), ("", "a")))


def held(state: verdicts.Waiting, shown: _reads.Run, saved_at: int = 0, jobs: tuple[Job, ...] = ()) -> str:
    return holds.why_held(state, saved_at, lambda: shown, lambda: list(jobs))


@pytest.mark.parametrize("state", [BY_ID, BY_NAME])
@pytest.mark.parametrize(("later", "reason"), [(-60, ""), (0, ""), (2, ""), (3, WAITS_AGAIN)])
def test_callback_of_an_earlier_wait_is_held(state: verdicts.Waiting, later: int, reason: str) -> None:
    assert held(state, WAITING, BEGIN - later) == reason


def test_begin_is_compared_by_the_clock_of_this_machine() -> None:
    shown = run(node("a", execution("running")), ahead=600)
    assert held(BY_ID, shown, BEGIN + 590) == WAITS_AGAIN
    assert held(BY_ID, shown, BEGIN + 602) == ""


@pytest.mark.parametrize(
    ("shown", "saved_at"),
    [
        (WAITING, 0),
        (HIDDEN, BEGIN - 60),
        # What has ended is for the delivery to see.
        (run(node("a", execution("success"))), BEGIN - 60),
    ],
)
def test_callback_is_sent_if_no_later_wait_is_known(shown: _reads.Run, saved_at: int) -> None:
    assert held(BY_ID, shown, saved_at) == ""


@pytest.mark.parametrize("state", [BY_ID, BY_NAME])
@pytest.mark.parametrize(
    ("shown", "job", "is_held"),
    [
        (WAITING, active(id="id of a"), True),
        (WAITING, active(id="other a"), True),
        (WAITING, active(name="a"), True),
        (WAITING, active(id="of an earlier wait"), True),
        (WAITING, active(id="id of b"), False),
        (WAITING, active(name="b"), False),
        (HIDDEN, active(id="id of a"), True),
        (HIDDEN, active(name="a"), True),
        (WAITING, active(id="id of a")._replace(variables={}), False),
    ],
)
def test_callback_is_held_while_a_job_may_report(
    state: verdicts.Waiting, shown: _reads.Run, job: Job, is_held: bool
) -> None:
    assert held(state, shown, jobs=(job,)) == ("AWX job 7 is running and may still report" if is_held else "")


@pytest.mark.parametrize("is_silent", [True, False])
def test_only_silence_stops_a_callback(is_silent: bool) -> None:
    def read_run() -> _reads.Run:
        raise _reads.ReadError("no", None if is_silent else WAITING.response, transient=True)

    if not is_silent:
        assert holds.why_held(BY_ID, 1, read_run, list) == ""
        return
    with pytest.raises(_reads.ReadError):
        holds.why_held(BY_ID, 1, read_run, list)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (run(node("a", execution("success", BEGIN, BEGIN + 900))), BEGIN + 900),
        (run(node("a", execution("running", BEGIN, None)), ahead=600), BEGIN + 600),
        (run(node("a", execution("success", BEGIN, BEGIN + 5), execution("running", BEGIN + 60))), BEGIN + 60),
        (run(begin_time="2023-11-14T22:13:20Z"), BEGIN),
        (run(ahead=600), 0),
    ],
)
def test_run_last_changed_when_something_began_or_ended(shown: _reads.Run, expected: float) -> None:
    assert abs(runs.changed(shown) - expected) <= 1
