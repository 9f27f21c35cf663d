# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments of a callback task that are not right, are empty, or are made to fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.servers import scripted
from support.tasks import SECRET, YES, callback_task, failed_callback, violations


def test_all_violations_are_reported_at_once(tmp_path: Path) -> None:
    result = failed_callback(
        {
            "workflow_id": "w" * 513,
            "workflow_run_id": "..",
            "workflow_state_id": " s",
            "result": "maybe",
            "error": "e" * 65,
            "output": {"a": float("nan")},
            "timeout": 0,
            "retries": -1,
            "confirm": "perhaps",
            "endpoint": "http://host",
            "strange": 1,
            "use_ecs_agency": "perhaps",
            "project_id": "p" * 65,
        }
    )
    assert sorted(violations(result)) == [
        ("confirm", "enum"),
        ("endpoint", "https"),
        ("error", "maxLength"),
        ("output", "number"),
        ("project_id", "maxLength"),
        ("result", "enum"),
        ("retries", "range"),
        ("strange", "unsupported"),
        ("timeout", "range"),
        ("use_ecs_agency", "type"),
        ("workflow_id", "maxLength"),
        ("workflow_run_id", "path_segment"),
        ("workflow_state_id", "blanks"),
    ]
    assert all(violation["message"] in result["msg"] for violation in result["violations"])


@pytest.mark.parametrize("option", ["workflow_id", "workflow_run_id", "workflow_state_id", "result"])
@pytest.mark.parametrize("empty", ["", None])
def test_empty_required_option_is_missing(option: str, empty: Any) -> None:
    assert violations(failed_callback({option: empty})) == [(option, "required")]


def test_empty_options_are_unset() -> None:
    empty = {"error": "", "output": "", "confirm": "", "timeout": "", "ca_path": "", "security_token": "", "run_on": ""}
    with scripted(YES) as server:
        assert callback_task({"endpoint": server.url, **empty}).run()["delivery"] == "delivered"
    assert json.loads(server.came[0].body) == {"result": "success", "output": {}}


@pytest.mark.parametrize("output", [[1], "text", 7, "[1]"])
def test_output_must_be_a_mapping(output: Any) -> None:
    assert violations(failed_callback({"output": output})) == [("output", "type")]


def test_output_as_a_json_string() -> None:
    with scripted(YES) as server:
        callback_task({"endpoint": server.url, "output": '{"a": [1]}'}).run()
    assert json.loads(server.came[0].body)["output"] == {"a": [1]}


def test_output_is_validated_by_output_schema() -> None:
    schema = {"required": ["address"]}
    assert violations(failed_callback({"output_schema": schema})) == [("output", "required")]
    with scripted(YES) as server:
        task = callback_task({"endpoint": server.url, "output_schema": schema, "output": {"address": "x"}})
        assert task.run()["delivery"] == "delivered"


@pytest.mark.parametrize(("error", "sent"), [("word " * 20, ("word " * 12).strip() + "…"), ("short", "short")])
def test_truncate_error(error: str, sent: str) -> None:
    with scripted(YES) as server:
        callback_task({"endpoint": server.url, "result": "fail", "error": error, "truncate_error": True}).run()
    assert json.loads(server.came[0].body)["error"] == sent


@pytest.mark.parametrize(("option", "value"), [("timeout", 86401), ("timeout", -1), ("retries", 101)])
def test_numbers_are_limited(option: str, value: int) -> None:
    assert violations(failed_callback({option: value})) == [(option, "range")]


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_timeout_must_be_a_finite_number(value: str) -> None:
    assert violations(failed_callback({"timeout": value})) == [("timeout", "range")]


def test_violations_come_in_the_order_of_their_kinds() -> None:
    """The tables' first, then Ansible's, then those of numbers, addresses and files, as in the message."""
    wrong = {
        "workflow_id": 5 * " ",
        "retries": "x",
        "tiemout": 1,
        "timeout": -1,
        "endpoint": "ftp://x",
        "ca_path": "/no",
    }
    found = [violation["option"] for violation in failed_callback(wrong)["violations"]]
    assert found == list(wrong)


def test_unreadable_ca_path_is_a_violation() -> None:
    result = failed_callback({"ca_path": "/missing/ca.pem"})
    assert violations(result) == [("ca_path", "readable")]
    assert "ca_path must name a file or folder of CA certificates, /missing/ca.pem: " in result["msg"]


def test_secret_in_another_option_is_redacted() -> None:
    result = failed_callback({"result": SECRET, "region": SECRET, "workflow_id": f" {SECRET}"})
    assert len(result["violations"]) == 3


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy", [f"http://me:{SECRET}@[::1", f"http://me:{SECRET}@host:port", "http://", "http://a b", "http://a:0"]
)
def test_invalid_proxy_url_is_a_violation(name: str, proxy: str) -> None:
    result = failed_callback({}, {name: proxy, "NO_PROXY": "elsewhere.example"})
    assert violations(result) == [("proxy", "url")]
    assert result["msg"] == f"Nothing was sent: {name} must be a URL like http://host:3128, and is not one."


def test_unused_proxy_is_not_validated() -> None:
    with scripted(YES) as server:
        environ = {"http_proxy": "http://[::1", "no_proxy": "127.0.0.1"}
        assert callback_task({"endpoint": server.url}, environ).run()["delivery"] == "delivered"


TOKEN = "MIIE" + "0aB-" * 520


def test_secret_is_redacted_before_truncation() -> None:
    schema = {"properties": {"a": {"enum": [f"{'x' * 190}{TOKEN}"]}, "b": {"const": 1}}, "required": [TOKEN]}
    output = {"a": f"{'x' * 190}{TOKEN}", "b": f"{'x' * 170}{TOKEN}", TOKEN[:-1]: float("nan")}
    result = callback_task(
        {
            "workflow_id": f" {'x' * 50}{TOKEN}",
            "workflow_run_id": f"\t{TOKEN}",
            "result": f"{'x' * 50}{TOKEN}",
            "region": f"{'x' * 50}{TOKEN}",
            "endpoint": f"http://{'x' * 40}{TOKEN}",
            "output": {**output, 5: f"{'x' * 50}{TOKEN}"},
            "output_schema": schema,
        },
        {"OS_AUTH_TOKEN": TOKEN},
    ).run()
    assert {violation["rule"] for violation in result["violations"]} >= {"enum", "const", "required", "https", "region"}
    for part in ("MIIE", "0aB-"):
        assert part not in json.dumps(result)
    schema = {"properties": {"a": {"pattern": f"({TOKEN}"}}}
    result = callback_task({"output_schema": schema}, {"OS_AUTH_TOKEN": TOKEN}).run()
    assert "MIIE" not in json.dumps(result)


def test_project_id_of_the_environment_is_validated() -> None:
    assert violations(failed_callback({"project_id": ""}, {"OS_PROJECT_ID": "p" * 65})) == [("project_id", "maxLength")]
