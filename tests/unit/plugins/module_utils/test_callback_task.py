# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a callback task gives back: keys, sentences, and nothing secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.servers import Call, free_port, scripted
from support.tasks import SECRET, callback_task

from ansible_collections.functiongraph.workflow.plugins.module_utils import _projects

POST = ("POST", "/v2/p/fgs/workflows/w/callback")
GET = ("GET", "/v2/p/fgs/workflows/w/executions/run")
YES = Call(*POST, 200, {"execution_id": "run"}, {"X-Request-Id": "request-1"})


def shows(status: str) -> Call:
    node = {"node_id": "state", "executions": [{"status": status}]}
    return Call(*GET, 200, {"status": "running", "execution_id": "run", "node_execution_details": [node]})


def failed(arguments: dict[str, Any], environ: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    result = callback_task(arguments, environ, **options).run()
    assert result["failed"]
    assert SECRET not in json.dumps(result)
    assert not result["msg"].endswith("..")
    return result


def violations(result: dict[str, Any]) -> list[tuple[str, str]]:
    assert result["msg"].startswith("Nothing was sent: ")
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (False, "not_sent", 0)
    return [(violation["option"], violation["rule"]) for violation in result["violations"]]


def test_delivered() -> None:
    with scripted(YES) as server:
        result = callback_task({"endpoint": server.url}).run()
    assert result == {
        "changed": True,
        "delivery": "delivered",
        "requests_sent": 1,
        "http_status": 200,
        "request_id": "request-1",
        "execution_id": "run",
        "ansible_facts": {"fgs_workflow_execution_id": "run"},
    }


def test_already_delivered_changes_nothing() -> None:
    with scripted(shows("success")) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}).run()
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (False, "already_delivered", 0)
    assert result["execution_id"] == result["ansible_facts"]["fgs_workflow_execution_id"] == "run"
    assert "failed" not in result


# Arguments


def test_everything_wrong_is_reported_at_once(tmp_path: Path) -> None:
    result = failed(
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
def test_an_empty_mandatory_option_is_missing(option: str, empty: Any) -> None:
    assert violations(failed({option: empty})) == [(option, "required")]


def test_empty_options_are_not_given() -> None:
    empty = {"error": "", "output": "", "confirm": "", "timeout": "", "ca_path": "", "security_token": "", "run_on": ""}
    with scripted(YES) as server:
        assert callback_task({"endpoint": server.url, **empty}).run()["delivery"] == "delivered"
    assert json.loads(server.came[0].body) == {"result": "success", "output": {}}


@pytest.mark.parametrize("output", [[1], "text", 7, "[1]"])
def test_output_is_a_mapping(output: Any) -> None:
    assert violations(failed({"output": output})) == [("output", "type")]


def test_output_as_the_text_of_a_mapping() -> None:
    with scripted(YES) as server:
        callback_task({"endpoint": server.url, "output": '{"a": [1]}'}).run()
    assert json.loads(server.came[0].body)["output"] == {"a": [1]}


def test_output_schema() -> None:
    schema = {"required": ["address"]}
    assert violations(failed({"output_schema": schema})) == [("output", "required")]
    with scripted(YES) as server:
        task = callback_task({"endpoint": server.url, "output_schema": schema, "output": {"address": "x"}})
        assert task.run()["delivery"] == "delivered"


@pytest.mark.parametrize(("error", "sent"), [("word " * 20, ("word " * 12).strip() + "…"), ("short", "short")])
def test_truncate_error(error: str, sent: str) -> None:
    with scripted(YES) as server:
        callback_task({"endpoint": server.url, "result": "fail", "error": error, "truncate_error": True}).run()
    assert json.loads(server.came[0].body)["error"] == sent


@pytest.mark.parametrize(("option", "value"), [("timeout", 86401), ("timeout", -1), ("retries", 101)])
def test_numbers_have_bounds(option: str, value: int) -> None:
    assert violations(failed({option: value})) == [(option, "range")]


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_timeout_is_a_number_of_seconds(value: str) -> None:
    assert violations(failed({"timeout": value})) == [("timeout", "range")]


def test_a_bundle_that_cannot_be_read() -> None:
    result = failed({"ca_path": "/missing/ca.pem"})
    assert violations(result) == [("ca_path", "readable")]
    assert "ca_path must name a file or folder of CA certificates, /missing/ca.pem: " in result["msg"]


def test_a_secret_in_the_wrong_option_is_not_repeated() -> None:
    result = failed({"result": SECRET, "region": SECRET, "workflow_id": f" {SECRET}"})
    assert len(result["violations"]) == 3


def test_project_id_of_the_environment_is_checked_too() -> None:
    assert violations(failed({"project_id": ""}, {"OS_PROJECT_ID": "p" * 65})) == [("project_id", "maxLength")]


# Credentials and project


def test_no_credentials() -> None:
    result = failed({"access_key": "", "secret_key": ""})
    assert result["msg"].startswith("No credentials were found: ")
    assert "AWX" in result["hint"]
    assert (result["delivery"], result["requests_sent"], result["changed"]) == ("not_sent", 0, False)


def test_half_a_set_of_credentials() -> None:
    result = failed({"access_key": ""})
    assert result["msg"] == "secret_key is there but access_key is not: the options must give both."
    assert "hint" not in result


@pytest.fixture
def _no_project_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_projects, "_known", {})


@pytest.mark.usefixtures("_no_project_is_known")
def test_the_project_is_looked_up() -> None:
    lists = Call("GET", "/v3/projects?name=cn-north-4", 200, {"projects": [{"id": "p"}]})
    with scripted(lists, YES) as server:
        options = {"project_id": "", "endpoint": server.url, "iam_endpoint": server.url}
        assert callback_task(options).run()["delivery"] == "delivered"


@pytest.mark.usefixtures("_no_project_is_known")
def test_the_project_cannot_be_looked_up() -> None:
    refuses = Call("GET", "/v3/projects?name=cn-north-4", 403, {"error": {"code": 403, "message": f"Not {SECRET}."}})
    with scripted(refuses) as iam:
        result = failed({"project_id": "", "iam_endpoint": iam.url})
    assert (result["http_status"], result["error_code"], result["error_msg"]) == (403, "403", "Not ********.")
    assert "Grant the IAM user" in result["hint"]
    assert result["requests_sent"] == 0


@pytest.mark.usefixtures("_no_project_is_known")
@pytest.mark.parametrize("found", ["..", "p" * 65])
def test_a_project_that_is_no_project(found: str) -> None:
    lists = Call("GET", "/v3/projects?name=cn-north-4", 200, {"projects": [{"id": found}]})
    with scripted(lists) as iam:
        result = failed({"project_id": "", "iam_endpoint": iam.url})
    assert result["msg"].startswith("The project of these credentials is not valid: project_id must ")


def test_no_project_and_no_region() -> None:
    result = failed({"project_id": "", "region": "", "endpoint": "https://host.example"})
    assert (
        result["msg"] == "project_id is not given and cannot be looked up without a region: give project_id or region."
    )


def test_the_file_gives_project_and_iam_endpoint(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"[basic]\nak = AK\nsk = {SECRET}\nproject_id = p\n")
    options = {"access_key": "", "secret_key": "", "project_id": "", "credentials_file": str(file)}
    with scripted(YES) as server:
        assert callback_task({**options, "endpoint": server.url}).run()["delivery"] == "delivered"
    file.write_text(f"[basic]\nak = AK\nsk = {SECRET}\niam_endpoint = http://iam.example\n")
    assert failed(options)["msg"].startswith("The credentials file is not valid: iam_endpoint must use https")


# What the service said


@pytest.mark.parametrize(
    ("call", "msg", "hint"),
    [
        (
            Call(*POST, 404, {"error_code": "FGS.5002", "error_msg": "Function flow not found."}),
            "The service refused the callback: status 404 (FGS.5002: Function flow not found).",
            "Check workflow_id, workflow_run_id and region: the service does not know them there.",
        ),
        (
            Call(*POST, 400, {"error_code": "FGS.3002", "error_msg": "Invalid parameters."}),
            "The service refused the callback: status 400 (FGS.3002: Invalid parameters).",
            None,
        ),
    ],
)
def test_rejected(call: Call, msg: str, hint: str | None) -> None:
    with scripted(call) as server:
        result = failed({"endpoint": server.url})
    assert (result["delivery"], result["requests_sent"], result["http_status"]) == ("rejected", 1, call.status)
    assert (result["msg"], result.get("hint"), result["error_code"]) == (msg, hint, call.body["error_code"])
    assert "execution_id" not in result
    assert "ansible_facts" not in result


def test_an_echoed_signature_is_not_shown() -> None:
    echo = f"incorrect: SDK-HMAC-SHA256 Access=AKEXAMPLE0001, Signature={'0f' * 32} and {SECRET}"
    with scripted(Call(*POST, 401, {"error_code": "APIGW.0301", "error_msg": echo})) as server:
        result = failed({"endpoint": server.url})
    for part in ("AKEXAMPLE0001", "0f" * 32):
        assert part not in json.dumps(result)
    assert "repeated failures lock the key" in result["hint"]


def test_superseded() -> None:
    with scripted(Call(*POST, cut=True), shows("timeout")) as server:
        result = failed({"endpoint": server.url})
    assert (result["delivery"], result["changed"]) == ("superseded", False)
    assert result["msg"] == "The callback did not complete the state: the state ended before with timeout."
    assert "somebody else" in result["hint"]


def test_unknown() -> None:
    with scripted(Call(*POST, cut=True)) as server:
        result = failed({"endpoint": server.url, "confirm": "never"})
    assert (result["delivery"], result["requests_sent"]) == ("unknown", 1)
    assert result["msg"] == (
        "It is not known whether the callback arrived: "
        "the connection was lost: closed without an answer; confirm=never."
    )
    assert "confirm=always" in result["hint"]


def test_not_sent() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = failed({"endpoint": url})
    assert (result["delivery"], result["requests_sent"]) == ("not_sent", 0)
    assert result["msg"] == f"Nothing was sent, as no connection to {url} came about: connection refused."
    assert result["hint"].startswith("Check endpoint, region, proxy and CA certificates")


def test_warnings_are_handed_on_without_secrets() -> None:
    refusal = Call(*GET, 400, {"error_msg": f"bad {SECRET}"})
    with scripted(refusal, YES, shows("success")) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}).run()
    (warning,) = result["warnings"]
    assert "bad ********" in warning


# Check mode and diff


@pytest.mark.parametrize("confirm", ["never", "when_unknown"])
def test_check_mode_sends_nothing_and_shows_the_request(confirm: str) -> None:
    with scripted() as server:
        result = callback_task({"endpoint": server.url, "confirm": confirm}, check_mode=True).run()
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (True, "not_sent", 0)
    assert "failed" not in result
    assert result["diff"]["before"] == ""
    assert result["diff"]["after"].startswith(f"POST {server.url}/v2/p/fgs/workflows/w/callback\n")


@pytest.mark.parametrize(
    ("seen", "changed", "delivery"),
    [("running", True, "not_sent"), ("success", False, "already_delivered"), ("fail", False, "superseded")],
)
def test_check_mode_reads_with_confirm_always(seen: str, changed: bool, delivery: str) -> None:
    with scripted(shows(seen)) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}, check_mode=True).run()
    assert (result["changed"], result["delivery"]) == (changed, delivery)
    assert result.get("failed", False) == (delivery == "superseded")


def test_check_mode_warns_where_it_cannot_read() -> None:
    with scripted(Call(*GET, 404)) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}, check_mode=True).run()
    assert len(result["warnings"]) == 1


def test_diff_shows_the_request_that_was_sent() -> None:
    with scripted(YES) as server:
        result = callback_task({"endpoint": server.url, "output": {"key": SECRET}}, diff=True).run()
    assert '"key": "********"' in result["diff"]["after"]
    assert SECRET not in json.dumps(result)


# Kept for later


def test_an_undelivered_answer_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "kept.yml"
    result = failed({"endpoint": f"http://127.0.0.1:{free_port()}", "undelivered_path": str(file)})
    assert result["undelivered_file"] == str(file)
    assert f" The answer was kept in {file} to be sent later." in result["msg"]
    text = file.read_text()
    assert 'fgs_workflow_run_id: "run"' in text
    assert 'fgs_region: "cn-north-4"' in text
    assert SECRET not in text


def test_an_answer_that_cannot_be_kept_either(tmp_path: Path) -> None:
    path = str(tmp_path / "missing/file.yml")
    result = failed({"endpoint": f"http://127.0.0.1:{free_port()}", "undelivered_path": path})
    assert "undelivered_file" not in result
    text = f" The answer could not be kept in undelivered_path {path} either: no such file or directory."
    assert text in result["msg"]


@pytest.mark.parametrize("call", [Call(*POST, 400), Call(*POST, 401)])
def test_a_refused_answer_is_not_kept(call: Call, tmp_path: Path) -> None:
    with scripted(call) as server:
        result = failed({"endpoint": server.url, "undelivered_path": str(tmp_path)})
    assert "undelivered_file" not in result
    assert list(tmp_path.iterdir()) == []


# Interrupted


def test_interrupted_before_anything() -> None:
    result = callback_task({}).interrupted("the task's timeout of 5 seconds has ended it")
    assert result["msg"] == "Nothing was sent, as the task's timeout of 5 seconds has ended it."
    assert (result["delivery"], result["requests_sent"], result["changed"]) == ("not_sent", 0, False)


@pytest.mark.parametrize(("sent", "delivery"), [(True, "unknown"), (False, "not_sent")])
def test_interrupted_on_the_way(sent: bool, delivery: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> Any:
        interruption = KeyboardInterrupt()
        interruption.request_sent = sent  # type: ignore[attr-defined]
        raise interruption

    path = "ansible_collections.functiongraph.workflow.plugins.module_utils._transport.exchange"
    monkeypatch.setattr(path, interrupted)
    task = callback_task({"endpoint": "http://127.0.0.1:1", "undelivered_path": str(tmp_path / "kept.yml")})
    with pytest.raises(KeyboardInterrupt):
        task.run()
    result = task.interrupted("it was cut short")
    assert (result["delivery"], result["requests_sent"]) == (delivery, int(sent))
    assert "it was cut short" in result["msg"]
    assert (tmp_path / "kept.yml").exists()
