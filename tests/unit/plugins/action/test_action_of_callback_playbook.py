# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook callback sends, from extra vars, a saved file, or AWX."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from support.actions import action
from support.servers import Call, free_port, scripted
from support.tasks import CALLBACK, POST, SECRET, YES, shows

from ansible_collections.functiongraph.workflow.plugins.action import _fgs_workflow_callback
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered

IDS = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_id": "state"}
VARIABLES = {f"fgs_{name}": value for name, value in IDS.items()}
NO_JOB = {"job_id": "", "job_name": "", "workflow_job_id": "", "workflow_job_name": ""}
JOB = {**NO_JOB, "job_id": 49, "job_name": "report"}
WORKFLOW_JOB = {**JOB, "workflow_job_id": "47", "workflow_job_name": "all"}
NOTE = {
    "id": 47,
    "name": "runbook",
    "url": "https://awx.example/#/jobs/playbook/47",
    "status": "failed",
    "traceback": "",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("AWX_HOST", "https://awx.example/")


def made(
    extra_vars: dict[str, Any] | None = None, saved: Any = None, note: Any = "", variables: dict[str, Any] | None = None
) -> Any:
    found = _fgs_workflow_callback.decision(
        {
            "extra_vars": {"check_mode": False, **(extra_vars or {})},
            "saved": saved or {},
            "note": note,
            "job": variables or NO_JOB,
        }
    )
    assert found.pop("changed") is False
    return found


def decided_for_note(**changes: Any) -> Any:
    return made(note={**NOTE, "extra_vars": json.dumps(VARIABLES), **changes})


def test_what_was_given_and_nothing_else() -> None:
    assert made({**IDS, "result": "success", "output": "", "error": ""}) == {
        **IDS,
        "workflow_state_name": "",
        "result": "success",
        "output": "",
        "error": "",
        "saved": {"file": "", "digest": "", "options": {}, "saved_at": 0},
        "problems": [],
        "unsent_because": "",
    }


def test_what_was_given_wins_over_what_was_saved() -> None:
    saved = {**VARIABLES, "fgs_workflow_result": "success", "fgs_workflow_error": "saved", "fgs_workflow_output": "{}"}
    found = made({"workflow_id": "given", "error": ""}, saved, variables=WORKFLOW_JOB)
    assert (found["workflow_id"], found["workflow_run_id"], found["error"]) == ("given", "run", "saved")
    # A saved report is sent as it was: the job that sends it is not what it is about.
    assert found["output"] == "{}"


def saved_in(folder: Path, addresses: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A saved callback, and its variables."""
    callback = Callback(**IDS, result="success", output={"a": 1}, error=None)
    variables = undelivered.variables(callback, addresses)
    return undelivered.write(str(folder), variables, "No connection."), variables


def test_callback_from_a_file_of_the_command_line_is_sent_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, variables = saved_in(tmp_path, {"region": "cn-north-4"})
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"extra_vars": (f"@{file}",)}))
    given = {name: variables[f"fgs_workflow_{name}"] for name in ("result", "output", "error")}
    found = made({**IDS, **given}, variables=WORKFLOW_JOB)
    assert (found["saved"]["file"], found["saved"]["options"]) == (file, {"region": "cn-north-4"})
    # Without the job that sends it.
    assert found["output"] == '{"a": 1}'


@pytest.mark.parametrize("check_mode", [False, True])
def test_saved_callback_is_sent_and_its_file_removed(tmp_path: Path, check_mode: bool) -> None:
    file, variables = saved_in(tmp_path, {})
    saved = action(
        _fgs_workflow_callback,
        {"step": "decide", "extra_vars": {"check_mode": False}, "saved": variables, "file": file, "job": NO_JOB},
    ).run()["saved"]
    calls = [shows("running")] if check_mode else [shows("running"), YES, shows("success")]
    with scripted(*calls) as server:
        arguments = {**CALLBACK, "output": {"a": 1}, "confirm": "always", "endpoint": server.url, "saved": saved}
        result = action(_fgs_workflow_callback, {**arguments, "step": "send"}, check_mode=check_mode).run()
    assert (result["changed"], result["delivery"]) == (True, "not_sent" if check_mode else "delivered")
    assert Path(file).exists() == ("file_sentence" not in result) == check_mode


def test_callback_is_sent_to_the_addresses_of_the_environment(tmp_path: Path) -> None:
    old = {"endpoint": f"http://127.0.0.1:{free_port()}", "region": "cn-north-4", "project_id": "p"}
    file, _variables = saved_in(tmp_path, old)
    saved = {"file": file, "digest": "of another content", "options": old}
    with scripted(Call(*POST, 404, {"error_code": "FGS.5002"})) as server:
        arguments = {**CALLBACK, **old, "saved": saved, "step": "send"}
        result = action(_fgs_workflow_callback, arguments, environment=[{"FGS_ENDPOINT": server.url}]).run()
    assert (result["delivery"], Path(file).exists()) == ("rejected", True)
    assert result["warnings"][0].startswith("The addresses in the file do not work any more")


def test_callback_without_a_file_is_sent() -> None:
    saved = {"file": "", "digest": "", "options": {}, "saved_at": 0}
    with scripted(YES) as server:
        arguments = {**CALLBACK, "endpoint": server.url, "saved": saved, "step": "send"}
        result = action(_fgs_workflow_callback, arguments).run()
    assert result["delivery"] == "delivered"


def test_interrupted_step_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    sending = action(_fgs_workflow_callback, {"step": "send"})
    monkeypatch.setattr(sending._display, "display", lambda text, **_options: shown.append(text))
    sending.report_interruption({"msg": "It was interrupted."})
    assert shown == ["[WARNING]: It was interrupted."]


def test_everything_that_is_missing() -> None:
    state = "fgs_workflow_state_name or fgs_workflow_state_id"
    missing = ("fgs_workflow_id", "fgs_workflow_run_id", state, "fgs_workflow_result")
    assert made()["problems"] == [f"{name} is unset" for name in missing]


def test_state_may_be_set_by_its_name() -> None:
    given = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_name": "等待", "result": "success"}
    found = made(given)
    assert (found["problems"], found["workflow_state_id"], found["workflow_state_name"]) == ([], "", "等待")


@pytest.mark.parametrize(("given", "other"), [("id", "name"), ("name", "id")])
def test_id_and_name_of_the_state_come_from_one_source(given: str, other: str) -> None:
    saved = {**VARIABLES, "fgs_workflow_state_name": "saved", "fgs_workflow_result": "success"}
    found = made({f"workflow_state_{given}": "given"}, saved)
    assert (found[f"workflow_state_{given}"], found[f"workflow_state_{other}"]) == ("given", "")
    found = made(None, saved)
    assert (found["workflow_state_id"], found["workflow_state_name"]) == ("state", "saved")


@pytest.mark.parametrize(
    ("result", "status", "error"),
    [
        ("success", {"job_status": "successful"}, ""),
        (
            "fail",
            {"job_status": "failed, timed out or canceled"},
            "AWX workflow job 47 failed, timed out or was canceled: all",
        ),
        ("odd", {}, ""),
    ],
)
def test_the_workflow_job_that_an_edge_belongs_to(result: str, status: dict[str, str], error: str) -> None:
    found = made({**IDS, "result": result}, variables=WORKFLOW_JOB)
    page = "https://awx.example/#/jobs/workflow/47"
    assert found["output"] == {"ansible": {"job": page, "job_id": 47, "job_name": "all", **status}}
    assert found["error"] == error


def test_a_job_of_its_own_has_not_failed() -> None:
    found = made({**IDS, "result": "fail"}, variables=JOB)
    page = "https://awx.example/#/jobs/playbook/49"
    assert found["output"] == {"ansible": {"job": page, "job_id": 49, "job_name": "report"}}
    assert found["error"] == ""


def test_without_the_address_of_awx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWX_HOST")
    found = made({**IDS, "result": "fail"}, variables={**JOB, "job_id": "unknown"})
    assert found["output"] == {"ansible": {"job_id": "unknown", "job_name": "report"}}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"ansible": "own"}, {"ansible": "own"}),
        ('{"ansible": 1}', {"ansible": 1}),
        ("[1]", "[1]"),
    ],
)
def test_an_output_that_was_given_stays(output: Any, expected: Any) -> None:
    assert made({**IDS, "result": "success", "output": output}, variables=JOB)["output"] == expected


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, "AWX job 47 failed: runbook"),
        ({"status": None}, "AWX job 47 failed: runbook"),
        ({"status": "canceled", "url": "https://a/#/jobs/workflow/47"}, "AWX workflow job 47 was canceled: runbook"),
        (
            {"status": "error", "traceback": "Traceback:\nno space left\n"},
            "AWX job 47 ended with an error: no space left",
        ),
        ({"status": "error", "traceback": None}, "AWX job 47 ended with an error: runbook"),
    ],
)
def test_error_of_a_notification(changes: dict[str, Any], error: str) -> None:
    found = decided_for_note(**changes)
    assert (found["result"], found["error"], found["problems"]) == ("fail", error, [])
    assert {name: found[name] for name in IDS} == IDS


def test_output_of_a_notification() -> None:
    found = decided_for_note(status="error", traceback="no space left", url="https://towerhost/#/jobs/playbook/47")[
        "output"
    ]["ansible"]
    assert "Base URL of the service" in found.pop("job_hint")
    assert found == {
        "job": "https://towerhost/#/jobs/playbook/47",
        "job_id": 47,
        "job_name": "runbook",
        "job_status": "error",
        "job_message": "no space left",
    }


def test_a_notification_is_a_failure_whatever_result_was_given() -> None:
    note = {**NOTE, "extra_vars": VARIABLES}
    assert made({"result": "success"}, note=json.dumps(note))["result"] == "fail"


@pytest.mark.parametrize("status", ["successful", "running"])
def test_a_notification_of_something_else_is_skipped(status: str) -> None:
    assert f'AWX job 47 has the status "{status}"' in decided_for_note(status=status)["unsent_because"]


@pytest.mark.parametrize("extra_vars", ["", "{}", {}, None, '{"release": "1"}', dict.fromkeys(VARIABLES, "")])
def test_a_notification_without_ids_is_skipped(extra_vars: Any) -> None:
    found = decided_for_note(extra_vars=extra_vars)
    assert "AWX job 47 was launched without IDs" in found["unsent_because"]
    assert found["problems"] == []


def test_a_notification_with_half_of_the_ids_is_a_problem() -> None:
    found = decided_for_note(extra_vars='{"fgs_workflow_id": "w"}')
    state = "fgs_workflow_state_name or fgs_workflow_state_id"
    assert found["problems"] == ["fgs_workflow_run_id is unset", f"{state} is unset"]
    assert found["unsent_because"] == ""


@pytest.mark.parametrize("note", ["failed", "[1]", 5])
def test_what_is_no_notification(note: Any) -> None:
    assert made(note=note)["problems"] == ["awx_note must be a mapping or a JSON object"]


def test_extra_vars_that_cannot_be_read() -> None:
    assert decided_for_note(extra_vars="$encrypted$")["problems"] == [
        "awx_note.extra_vars must be a mapping or a JSON object"
    ]


@pytest.mark.parametrize("note", ["", NOTE], ids=["workflow job", "notification"])
def test_nothing_is_reported_of_a_check(note: Any) -> None:
    found = made({**IDS, "result": "success", "check_mode": True}, note=note, variables=WORKFLOW_JOB)
    assert "ran in check mode" in found["unsent_because"]


def test_secrets_are_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", "AKEXAMPLE0001")
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", SECRET)
    found = decided_for_note(status="error", name=f"with {SECRET}", traceback="x" * 4090 + SECRET)
    assert SECRET[:8] not in json.dumps(found)


@pytest.mark.parametrize("exists", [True, False])
def test_a_file_that_is_not_there(tmp_path: Path, exists: bool) -> None:
    file = tmp_path / "saved.yml"
    if exists:
        file.touch()
    arguments = {"step": "decide", "extra_vars": {"check_mode": False, **IDS, "result": "success"}, "job": NO_JOB}
    found = action(_fgs_workflow_callback, {**arguments, "file": str(file)}).run()
    problem = f"fgs_undelivered_file must be a file on the controller, and there is none at {file}"
    assert (found["problems"], found["workflow_id"]) == ([] if exists else [problem], "w")
