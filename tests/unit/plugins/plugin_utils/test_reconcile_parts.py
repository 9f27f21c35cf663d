# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of reconcile, how AWX's jobs and times are read, and what the playbook displays."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from ansible import constants
from awx.standin import TOKEN, serving
from awx.world import Awx
from support.actions import action

from ansible_collections.functiongraph.workflow.plugins.action import _fgs_workflow_callback
from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import invocation
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import reconcile
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import (
    answers,
    awx,
    jobs,
    settings,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.task import ReconcileTask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("900", 900),
        (900, 900),
        # What Ansible makes of a number in a template before ansible-core 2.19.
        ("900.0", 900),
        ("0", 0),
        ("30s", 30),
        ("15m", 900),
        ("2 h", 7200),
        ("31d", 2_678_400),
        ("3000d", 259_200_000),
        ("3001d", None),
        ("9999999999", None),
        ("1w", None),
        ("-5", None),
        ("1.5h", None),
        ("", None),
        (None, None),
        ("5m\n", None),
    ],
)
def test_duration(text: Any, expected: int | None) -> None:
    assert settings.duration(text) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3660, "1 h 1 min"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_duration_as_it_is_shown(seconds: int, expected: str) -> None:
    assert answers.lasted(seconds) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("awx.example.com", "https://awx.example.com"),
        ("https://awx.example.com/", "https://awx.example.com"),
        ("http://127.0.0.1:8052", "http://127.0.0.1:8052"),
        ("", ""),
        (None, ""),
    ],
)
def test_host_of_awx_may_lack_the_scheme(host: str | None, expected: str) -> None:
    assert settings.host_of({"fgs_awx_host": host}) == expected


def found_in(**variables: Any) -> dict[str, Any]:
    """Returns the result of a task with otherwise valid variables."""
    params = {
        **{name: rules.get("default") for name, rules in ReconcileTask.SPECIFICATION.items()},
        "access_key": "ak",
        "secret_key": "sk",
        "endpoint": "http://127.0.0.1:9",
        "project_id": "p",
        "fgs_workflow_ids": ["w"],
        "fgs_awx_host": "http://127.0.0.1:9",
        "fgs_awx_token": TOKEN,
        **variables,
    }
    return dict(ReconcileTask(params, [], {}, _connections.Connections()).run())


def test_every_wrong_variable_is_in_one_message() -> None:
    found = found_in(
        fgs_workflow_ids=[],
        fgs_reconcile_grace="soon",
        fgs_reconcile_alarm=f"{TOKEN}",
        fgs_reconcile_since="4000d",
        fgs_awx_host="",
        fgs_awx_token="",
        fgs_awx_username="admin",
        timeout=0,
    )
    named = {violation["option"] for violation in found["violations"]}
    assert named == {
        *("fgs_workflow_ids", "fgs_reconcile_grace", "fgs_reconcile_alarm", "fgs_reconcile_since", "fgs_awx_host"),
        *("fgs_awx_token", "timeout"),
    }
    assert found["failed"]
    assert all(violation["message"] in found["msg"] for violation in found["violations"])
    assert "workflow_id is" not in found["msg"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"fgs_workflow_ids": ["w", ".."]}, "fgs_workflow_ids: workflow_id must not be a path segment"),
        ({"fgs_awx_host": "http://awx.example.com"}, "fgs_awx_host must"),
        ({"fgs_awx_host": "https://admin:hunter2@awx.example.com"}, "fgs_awx_host must"),
        ({"fgs_reconcile_grace": TOKEN}, "got '********'"),
        ({"fgs_awx_token": "", "fgs_awx_password": "hunter2-secret"}, "fgs_awx_token, or fgs_awx_username and"),
    ],
)
def test_wrong_variable(variables: dict[str, Any], message: str) -> None:
    found = found_in(**variables)
    assert len(found["violations"]) == 1
    assert message in found["msg"]
    assert not any(secret in json.dumps(found) for secret in (TOKEN, "hunter2"))


@pytest.mark.parametrize("name", ["fgs_awx_token", "fgs_awx_password", "secret_key", "sk"])
def test_secret_is_not_in_the_invocation(name: str) -> None:
    shown = invocation.masked({name: "hunter2-secret"}, ReconcileTask.SPECIFICATION)
    assert shown == {name: invocation.MASKED}


# What AWX returns.


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1970-01-01T00:01:00.500000Z", 60.5),
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T00:01:00", 60.0),
        ("1970-01-01T08:01:00+08:00", 60.0),
        (None, 0.0),
        ("", 0.0),
        ("soon", 0.0),
    ],
)
def test_time(written: Any, expected: float) -> None:
    assert jobs.timestamp(written) == expected


NOTE = {"awx_note": {"extra_vars": json.dumps({"fgs_workflow_id": "w", "a": 1})}, "a": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        (None, {}),
        ("{", {}),
        ("[1]", {}),
        ("5", {}),
        pytest.param('{"a": ' + "[" * 100_000, {}, id="nested deeply"),
        # A job for a notification has the variables of the job that it is about.
        (json.dumps(NOTE), {**NOTE, "fgs_workflow_id": "w"}),
        ('{"awx_note": {"extra_vars": ""}}', {"awx_note": {"extra_vars": ""}}),
        ('{"awx_note": {"extra_vars": "[1]"}}', {}),
        ('{"awx_note": "text"}', {"awx_note": "text"}),
    ],
)
def test_variables_of_a_job(text: Any, expected: dict[str, Any]) -> None:
    assert awx._variables(text) == expected


# What the playbook displays.


class Display:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str | None]] = []

    def display(self, text: str, color: str | None = None) -> None:
        self.lines.append((text, color))


def row(verdict: str, **fields: Any) -> dict[str, Any]:
    found = answers.ReconcileRow(verdict, "w", "run", **fields)
    return {**found._asdict(), "line": found.line(str)}


def test_a_line_for_each_row_is_displayed() -> None:
    display = Display()
    rows = [row("running", text="a"), row("x", text="b", is_problem=True), row("y", text="c", delivery="delivered")]
    result = {"changed": True, "rows": rows, "problems": ["B."]}
    assert reconcile.shown(result, display) == {**result, "failed": False}
    assert display.lines == [
        ("running  run 'run': a", constants.COLOR_OK),
        ("x        run 'run': b", constants.COLOR_ERROR),
        ("y        run 'run': c", constants.COLOR_CHANGED),
    ]


def test_failure_is_one_more_problem() -> None:
    failed = {"failed": True, "changed": False, "msg": "It failed.", "hint": "Do this."}
    shown = {"failed": False, "rows": [], "problems": ["It failed. Do this."]}
    assert reconcile.shown(failed, Display()) == {**failed, **shown}
    again = reconcile.shown({"failed": True, "msg": "It failed.", "rows": [], "problems": ["One."]}, Display())
    assert again["problems"] == ["One.", "It failed."]


def test_step_of_the_action_reconciles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("HUAWEICLOUD_", "HW_", "OS_", "CLOUD_SDK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    stand_in = Awx()
    with serving(stand_in) as url:
        arguments = {
            "step": "reconcile",
            "fgs_workflow_ids": ["w"],
            "fgs_awx_host": url,
            "fgs_awx_token": TOKEN,
            "endpoint": "http://127.0.0.1:9",
            "project_id": "p",
            "retries": 0,
            "access_key": "AK-of-a-test",
            "secret_key": "SK-of-a-test",
        }
        result = action(_fgs_workflow_callback, arguments).run(task_vars={})
    assert (result["failed"], result["changed"], result["rows"]) == (False, False, [])
    (problem,) = result["problems"]
    assert problem.startswith("The runs of workflow w could not be read: ")
    assert not any(secret in json.dumps(result) for secret in (TOKEN, "SK-of-a-test"))
    assert stand_in.requests
