# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private action plugin of the role runbook, at each of its steps."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from support.actions import action
from support.servers import Call, scripted
from support.tasks import CALLBACK, POST, SECRET, YES

from ansible_collections.functiongraph.workflow.plugins.action import _fgs_workflow_callback
from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _reporter, _runbook

IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
FAILED = {
    "error": "web1: break: gone",
    "failed_task": {"host": "web1", "task": "break", "message": "gone"},
    "failed_hosts": ["web1"],
}


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    for name in ("AWX_HOST", "JOB_ID", "HW_REGION_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the runbook has published."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(_runbook, "seen_published", lambda _ids: dict(found))
    return found


def run(
    step: str,
    output: Any = None,
    failed: Any = None,
    schema: Any = None,
    check_mode: bool = False,
    **options: Any,
) -> dict[str, Any]:
    given = {**CALLBACK, "confirm": "when_unknown", **options}
    arguments = {name: given.pop(name) for name in IDS}
    del given["result"]
    arguments.update(step=step, options=given, output=output or {}, failed=failed or {}, output_schema=schema or {})
    result: dict[str, Any] = action(_fgs_workflow_callback, arguments, check_mode=check_mode).run(
        task_vars={"awx_job_template_name": "Release"}
    )
    assert SECRET not in json.dumps(result, default=str)
    return result


def sent(step: str, *calls: Call, **arguments: Any) -> tuple[dict[str, Any], list[Any]]:
    """The result, and the bodies of the requests."""
    with scripted(*calls) as server:
        result = run(step, endpoint=server.url, **arguments)
    return result, [json.loads(came.body) for came in server.came]


def test_before_the_runbook_nothing_is_asked_of_the_network() -> None:
    result, requests = sent("before", project_id="", confirm="always", use_ecs_agency=True)
    ids = {name: CALLBACK[name] for name in IDS}
    assert result == {"changed": False, "problems": [], "batches": None, "check_mode": False, "ids": ids}
    assert requests == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"retries": 1000}, "Nothing was sent: retries must be from 0 to 100, "),
        (
            {"region": "", "project_id": "", "endpoint": "http://127.0.0.1"},
            "Nothing was sent: project_id is unset and cannot be looked up without a region; ",
        ),
    ],
)
def test_what_stands_in_the_way_of_the_report(options: dict[str, Any], problem: str) -> None:
    (found,) = run("before", **options)["problems"]
    assert found.startswith(problem)


@pytest.mark.parametrize(("region", "is_known"), [("cn-north-4", True), (None, False)])
def test_project_without_credentials_yet(region: str | None, is_known: bool) -> None:
    """As those of an agency."""
    options = {"use_ecs_agency": True, "region": region, "endpoint": "http://127.0.0.1"}
    assert (_runbook.project_problem(options, {"HOME": "/nonexistent"}) is None) is is_known


def test_output_is_checked_with_what_was_published(published: dict[str, Any]) -> None:
    schema = {
        "required": ["address", "release"],
        "additionalProperties": False,
        "properties": {"address": {}, "release": {}},
    }
    published["release"] = "1.4"
    result, requests = sent("output", output={"address": "x"}, schema=schema)
    assert ("failed" in result, "diff" in result, requests) == (False, False, [])
    result, requests = sent("output", output={"street": "x"}, schema=schema)
    assert result["failed"]
    assert requests == []


def test_output_given_wins_over_what_was_published(published: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWX_HOST", "https://awx.example")
    monkeypatch.setenv("JOB_ID", "7")
    published.update(release="1.4", address="published", text=f"{SECRET} is in it", size=float("nan"))
    result, (request,) = sent("report", YES, output={"address": "own"})
    assert result["delivery"] == "delivered"
    assert request["result"] == "success"
    assert request["output"] == {
        "release": "1.4",
        "address": "own",
        "text": "******** is in it",
        "ansible": {
            "job": "https://awx.example/#/jobs/playbook/7",
            "job_id": 7,
            "job_name": "Release",
            "published_left_out": ["size"],
        },
    }
    assert "size" in result["warnings"][0]


TOO_LARGE = Call(*POST, 413, {"error_code": "APIG.0201", "error_msg": "Request entity too large"})


@pytest.mark.parametrize("failed", [None, FAILED], ids=["success", "fail"])
def test_output_that_is_refused_as_too_large_is_sent_without_what_was_published(
    published: dict[str, Any], failed: Any
) -> None:
    published.update(ticket=7, address="published")
    # On failure no schema counts, and on success one that is met without it.
    schema = {"required": ["ticket"]} if failed else {"required": ["address"], "maxProperties": 1}
    result, requests = sent("report", TOO_LARGE, YES, output={"address": "own"}, failed=failed, schema=schema)
    assert [request["output"].get("ticket") for request in requests] == [7, None]
    assert requests[1]["output"]["address"] == "own"
    assert requests[1]["output"]["ansible"]["published_left_out"] == ["ticket"]
    assert (result["delivery"], result["requests_sent"]) == ("delivered", 2)
    (warning,) = result["warnings"]
    assert warning == "output does not include what cannot be sent: ticket (too large, 13 bytes)."


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> _reporter.Notes:
    """Where the process that runs the playbook reads what becomes of the report."""
    made = _reporter.Notes()
    monkeypatch.setattr(_runbook, "notes_of_report", lambda _arguments: made)
    return made


def test_report_is_noted(notes: _reporter.Notes, published: dict[str, Any]) -> None:
    run("before")
    run("output")
    assert notes.read() == []
    published["ticket"] = 7
    result, _requests = sent("report", TOO_LARGE, YES, failed=FAILED)
    outcome, came = notes.read()
    assert (outcome["result"], outcome["error"]) == ("fail", "web1: break: gone")
    assert list(outcome["output"]) == ["ansible"]
    assert came["delivery"] == "delivered"
    assert result["delivery"] == "delivered"


def test_check_is_not_noted(notes: _reporter.Notes) -> None:
    sent("report", check_mode=True)
    assert notes.read() == []


@pytest.mark.parametrize("is_read", [True, False])
def test_report_that_is_interrupted_is_noted(
    notes: _reporter.Notes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], is_read: bool
) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(_http, "exchange", interrupted)
    if not is_read:
        monkeypatch.setattr(_runbook, "notes_of_report", lambda _arguments: None)
    with pytest.raises(KeyboardInterrupt):
        run("report", output={"made": "it"}, endpoint="http://127.0.0.1:9")
    told = "It is not known whether the callback arrived: the run of the playbook was interrupted."
    assert (told in capfd.readouterr().err) is not is_read
    expected = [{"result": "success", "error": None, "output": {"made": "it"}}]
    assert notes.read()[:1] == (expected if is_read else [])
    assert [note["msg"] for note in notes.read()[1:]] == ([told] if is_read else [])


def test_output_given_is_never_left_out(published: dict[str, Any]) -> None:
    result, requests = sent("report", TOO_LARGE, output={"ticket": 7})
    assert (result["delivery"], result["http_status"], len(requests)) == ("rejected", 413, 1)
    published["ticket"] = 6
    result, requests = sent("report", TOO_LARGE, output={"ticket": 7})
    assert (result["delivery"], result["http_status"], len(requests)) == ("rejected", 413, 1)
    published["size"] = 5
    result, requests = sent("report", TOO_LARGE, TOO_LARGE, output={"ticket": 7})
    assert [request["output"]["ticket"] for request in requests] == [7, 7]
    assert (result["delivery"], result["requests_sent"]) == ("rejected", 2)


def test_output_that_needs_what_was_published_is_not_sent_without_it(published: dict[str, Any]) -> None:
    published["ticket"] = 7
    result, requests = sent("report", TOO_LARGE, output={"address": "own"}, schema={"required": ["ticket"]})
    assert (result["delivery"], result["http_status"], len(requests)) == ("rejected", 413, 1)
    assert result["msg"].endswith(result["hint"])


def test_report_that_is_refused_for_another_reason_is_not_sent_again(published: dict[str, Any]) -> None:
    published["ticket"] = 7
    result, requests = sent("report", Call(*POST, 403, {"error_code": "FSS.0403", "error_msg": "no"}))
    assert (result["delivery"], len(requests)) == ("rejected", 1)


def test_nothing_is_added_where_nothing_is_to_be_said() -> None:
    assert sent("report", YES, output={"a": 1})[1][0]["output"] == {"a": 1}
    assert sent("report", YES, output={"ansible": 1}, failed=FAILED)[1][0]["output"] == {"ansible": 1}


def test_failed_runbook_is_reported(published: dict[str, Any]) -> None:
    published["step"] = 2
    _result, (request,) = sent("report", YES, failed=FAILED)
    assert (request["result"], request["error"]) == ("fail", "web1: break: gone")
    assert request["output"] == {
        "step": 2,
        "ansible": {"failed_task": FAILED["failed_task"], "failed_hosts": ["web1"]},
    }


def test_output_that_is_no_mapping_is_a_violation() -> None:
    result, _requests = sent("output", output=["a"])
    assert [violation["option"] for violation in result["violations"]] == ["output"]


def test_message_of_a_failed_report_has_its_hint() -> None:
    result, _requests = sent("report", Call(*POST, 403, {"error_code": "FSS.0403", "error_msg": "no"}))
    assert result["failed"]
    assert result["msg"].endswith(result["hint"])
