# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook check: what it shows, and what a round trip finds in each reading of the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import reporting
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

PLAYBOOK = "functiongraph.workflow.check"
TASK = "Check libraries, credentials, service and workflow"
PURPOSE: dict[str, Any] = {
    "name": "check",
    "mode": "NORMAL",
    "start": "c0000000-0000-4000-8000-000000000001",
    "functions": [{"name": "echo"}],
    "states": [
        {
            "id": "c0000000-0000-4000-8000-000000000001",
            "name": "wait here",
            "type": "Callback",
            "transition": "c0000000-0000-4000-8000-000000000002",
        },
        {
            "id": "c0000000-0000-4000-8000-000000000002",
            "name": "after",
            "type": "Operation",
            "actions": [{"function_ref": {"ref_name": "echo"}}],
            "end": True,
        },
    ],
}


@pytest.fixture
def check(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> Callable[..., Run]:
    def run(env: dict[str, str] | None = None, **extra_vars: Any) -> Run:
        environment = reporting.environment(simulator, ANSIBLE_CALLBACKS_ENABLED="fgs_test_record", **(env or {}))
        return ansible_playbook(PLAYBOOK, extra_vars=extra_vars, env=environment)

    return run


def rows(finished: Run) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in finished.result(TASK)["rows"]}


def test_every_row_is_ok_if_nothing_is_wrong(simulator: Simulator, check: Callable[..., Run]) -> None:
    simulator.ask("POST", "/_simulator/workflows", {"workflow_id": "check-well", "definition": PURPOSE})
    finished = check(fgs_workflow_id="check-well")
    assert finished.returncode == 0, finished.output
    found = rows(finished)
    assert {row["status"] for row in found.values()} == {"ok"}
    assert found["clock"]["found"].endswith("the service's")
    assert found["workflow"]["found"] == "its definition has 2 nodes"
    assert found["node 'wait here'"]["found"] == f"id {PURPOSE['start']}, type Callback"
    # What a person reads.
    lines = [line for line in finished.output.splitlines() if line.startswith("ok       ")]
    assert len(lines) == len(found)
    assert not any(secret in finished.output for secret in simulator.secrets())


@pytest.mark.parametrize(
    ("env", "check_name", "found"),
    [
        (
            {"HUAWEICLOUD_SDK_SK": "another secret key", "HUAWEICLOUD_SDK_PROJECT_ID": "p"},
            "permission to read",
            "the access key or secret key is wrong",
        ),
    ],
)
def test_problem_has_a_row_and_an_exit_code(
    check: Callable[..., Run], env: dict[str, str], check_name: str, found: str
) -> None:
    finished = check(env)
    assert finished.returncode == 2, finished.output
    row = rows(finished)[check_name]
    assert row["status"] == "problem"
    assert row["found"].startswith(found)
    message = finished.result("Fail if something would keep a callback from arriving")["msg"]
    assert f"{check_name}: {row['found']}" in message


@pytest.mark.test_all
def test_untrusted_certificate_is_a_problem(simulator: Simulator, check: Callable[..., Run]) -> None:
    found = rows(check({"REQUESTS_CA_BUNDLE": simulator["ca"]}, fgs_endpoint=simulator["https"]))
    assert (found["connection"]["status"], found["connection"]["found"]) == ("ok", "TLS, with a valid certificate")
    found = rows(check(fgs_endpoint=simulator["https_untrusted"]))
    assert found["connection"]["status"] == "problem"
    assert "certificate" in found["connection"]["found"]


@pytest.mark.parametrize(
    ("state_ids", "waiting_nodes"),
    [
        ("node", "shown"),
        pytest.param("node", "hidden", marks=pytest.mark.test_all),
        pytest.param("execution", "shown", marks=pytest.mark.test_all),
        pytest.param("execution", "hidden", marks=pytest.mark.test_all),
    ],
)
def test_round_trip_tells_the_readings_apart(
    simulator: Simulator, check: Callable[..., Run], home: Path, state_ids: str, waiting_nodes: str
) -> None:
    """The findings tell the four readings apart, and nothing is left waiting."""
    workflow_id = f"check-{state_ids}-{waiting_nodes}"
    simulator.ask("POST", "/_simulator/workflows", {"workflow_id": workflow_id, "definition": PURPOSE})
    simulator.ask("PUT", "/_simulator/readings", {"state_ids": state_ids, "waiting_nodes": waiting_nodes})
    try:
        file = home / f"{workflow_id}.md"
        finished = check(fgs_workflow_id=workflow_id, fgs_check_round_trip=True, fgs_check_findings=str(file))
    finally:
        simulator.ask("PUT", "/_simulator/readings", {"state_ids": "node", "waiting_nodes": "shown"})
    text = file.read_text()
    is_taken = (state_ids, waiting_nodes) != ("execution", "hidden")
    assert (finished.returncode == 0) == is_taken, finished.output
    taken = {"node": "node_id", "execution": "execution_id"}[state_ids] if is_taken else "none that can be read"
    shown = "yes, with status running" if waiting_nodes == "shown" else "no"
    assert f"| Does a run show a callback node that waits? | {shown} |" in text
    assert f"| Which ID does the service take as X-Workflow-State-Id? | {taken} |" in text
    assert ("| Which response does a second callback get? | status 400 FGS.3002 |" in text) == is_taken
    assert ("| Does the next node get output as its input? | yes |" in text) == is_taken
    assert ("| Can a run that waits be stopped? | yes |" in text) == (not is_taken)
    if (state_ids, waiting_nodes) == ("execution", "shown"):
        assert rows(finished)["callback"]["status"] == "warning"
    (run,) = [run for run in simulator.ask("GET", "/_simulator/runs")["runs"] if run["workflow_id"] == workflow_id]
    assert run["status"] == ("success" if is_taken else "cancel")
    private = [run["workflow_run_id"], workflow_id, simulator.project_id, *simulator.secrets()]
    assert not any(name in text for name in private)
    assert not any(state["id"] in text for state in PURPOSE["states"])


@pytest.mark.test_all
@pytest.mark.parametrize("findings", ["", "mine.md", "..", "nowhere/mine.md"])
def test_findings_are_saved(simulator: Simulator, check: Callable[..., Run], home: Path, findings: str) -> None:
    """In the directory in which Ansible was started, whatever PWD says; and shown where there can be no file."""
    simulator.ask("POST", "/_simulator/workflows", {"workflow_id": "check-findings", "definition": PURPOSE})
    given = {"fgs_workflow_id": "check-findings", "fgs_check_round_trip": True, "fgs_check_findings": findings}
    finished = check({"PWD": "/nonexistent"}, **given)
    assert finished.returncode == 0, finished.output
    written = sorted(path.relative_to(home).as_posix() for path in home.rglob("*.md"))
    if findings == "nowhere/mine.md":
        assert (written, "| Which ID does the service take" in finished.output) == ([], True)
    else:
        (path,) = written
        assert path.count("/") == (0 if findings == ".." else 1)
        assert path.endswith(findings if findings == "mine.md" else "findings.md")
        assert (home / path).read_text().startswith("# Findings")
