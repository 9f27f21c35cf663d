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
from support.tasks import GET, POST, SECRET, YES, callback_task, failed_callback, shows, violations

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http, _libraries
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators


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
            "Check the run: the state may be finished already, or the IDs may belong to another run or state: "
            "functiongraph.workflow.check shows which ID of a state the service takes.",
        ),
        (
            Call(*POST, 409, {"error_code": "FGS.0409", "error_msg": "Conflict."}),
            "The service refused the callback: status 409 (FGS.0409: Conflict).",
            None,
        ),
    ],
)
def test_rejected(call: Call, msg: str, hint: str | None) -> None:
    with scripted(call) as server:
        result = failed_callback({"endpoint": server.url})
    assert (result["delivery"], result["requests_sent"], result["http_status"]) == ("rejected", 1, call.status)
    assert (result["msg"], result.get("hint"), result["error_code"]) == (msg, hint, call.body["error_code"])
    assert "execution_id" not in result
    assert "ansible_facts" not in result


def test_echoed_signature_is_redacted() -> None:
    echo = f"incorrect: SDK-HMAC-SHA256 Access=AKEXAMPLE0001, Signature={'0f' * 32} and {SECRET}"
    with scripted(Call(*POST, 401, {"error_code": "APIGW.0301", "error_msg": echo})) as server:
        result = failed_callback({"endpoint": server.url})
    for part in ("AKEXAMPLE0001", "0f" * 32):
        assert part not in json.dumps(result)
    assert "repeated failures lock the key" in result["hint"]


def test_superseded() -> None:
    with scripted(Call(*POST, cut=True), shows("timeout")) as server:
        result = failed_callback({"endpoint": server.url})
    assert (result["delivery"], result["changed"]) == ("superseded", False)
    assert (
        result["msg"] == "The callback did not complete the state: the state was already finished with status timeout."
    )
    assert "somebody else" in result["hint"]


def test_unknown() -> None:
    with scripted(Call(*POST, cut=True)) as server:
        result = failed_callback({"endpoint": server.url, "confirm": "never"})
    assert (result["delivery"], result["requests_sent"]) == ("unknown", 1)
    assert result["msg"] == (
        "It is not known whether the callback arrived: "
        "the connection was lost: closed without a response; confirm=never."
    )
    assert "confirm=always" in result["hint"]


def test_not_sent() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = failed_callback({"endpoint": url})
    assert (result["delivery"], result["requests_sent"]) == ("not_sent", 0)
    assert result["msg"] == f"Nothing was sent, as no connection to {url} could be made: connection refused."
    assert result["hint"].startswith("Check endpoint, region, proxy and CA certificates")


def test_warnings_are_redacted() -> None:
    refusal = Call(*GET, 400, {"error_msg": f"bad {SECRET}"})
    with scripted(refusal, YES, shows("success")) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}).run()
    (warning,) = result["warnings"]
    assert "bad ********" in warning


def test_undelivered_callback_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "saved.yml"
    result = failed_callback({"endpoint": f"http://127.0.0.1:{free_port()}", "undelivered_path": str(file)})
    assert result["undelivered_file"] == str(file)
    assert f" The callback was saved in {file} to be sent later." in result["msg"]
    text = file.read_text()
    assert 'fgs_workflow_run_id: "run"' in text
    assert 'fgs_region: "cn-north-4"' in text
    assert SECRET not in text


IAM = ("GET", "/v3/projects?name=cn-north-4")


@pytest.mark.parametrize("call", [Call(*IAM, cut=True), Call(*IAM, 503)], ids=["no response", "unavailable"])
def test_undelivered_callback_is_saved_without_a_project(call: Call, tmp_path: Path) -> None:
    with scripted(call) as iam:
        result = failed_callback({"iam_endpoint": iam.url, "project_id": None, "undelivered_path": str(tmp_path)})
    text = Path(result["undelivered_file"]).read_text()
    assert f'fgs_iam_endpoint: "{iam.url}"' in text
    assert "fgs_project_id" not in text


@pytest.mark.parametrize("call", [Call(*POST, 429), Call(*POST, 503, {"error_code": "APIG.0613"})])
def test_throttled_callback_is_saved(call: Call, tmp_path: Path) -> None:
    with scripted(call) as server:
        result = failed_callback({"endpoint": server.url, "undelivered_path": str(tmp_path)})
    assert result["delivery"] == "rejected"
    assert Path(result["undelivered_file"]).exists()


@pytest.mark.parametrize(
    "call",
    [
        Call(*IAM, 401, {"error_code": "APIGW.0301"}),
        Call(*IAM, 403),
        Call(*IAM, 200, {"projects": []}),
        Call(*IAM, 200, {"projects": [{"id": "p"}, {"id": "q"}]}),
    ],
    ids=["wrong key", "no permission", "no project", "several projects"],
)
def test_callback_is_saved_if_iam_refuses(call: Call, tmp_path: Path) -> None:
    with scripted(call) as iam:
        result = failed_callback({"iam_endpoint": iam.url, "project_id": None, "undelivered_path": str(tmp_path)})
    text = Path(result["undelivered_file"]).read_text()
    assert 'fgs_workflow_result: "success"' in text
    assert "# Reason: IAM " in text


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"access_key": None, "secret_key": None}, ""),
        ({"secret_key": None}, ""),
        ({"credentials_file": "/nonexistent/file", "access_key": None, "secret_key": None}, ""),
        ({"region": None, "project_id": None, "endpoint": "https://host.example"}, ""),
        ({"secret_key": "one\x7fother"}, ""),
        ({"region": None}, ""),
        ({"region": "cn north"}, "fgs_region"),
        ({"endpoint": "http://host.example"}, "fgs_endpoint"),
        ({"project_id": "p" * 65}, "fgs_project_id"),
        ({"iam_endpoint": "iam", "project_id": None}, "fgs_iam_endpoint"),
        ({"ca_path": "/nonexistent/ca.pem"}, ""),
        ({"timeout": -1}, ""),
        ({"retries": "many"}, ""),
    ],
)
def test_callback_is_saved_if_the_connection_is_configured_wrongly(
    arguments: dict[str, Any], wrong: str, tmp_path: Path
) -> None:
    """Another setting delivers it. What is wrong is not saved with it."""
    result = failed_callback({"undelivered_path": str(tmp_path), **arguments})
    assert (result["delivery"], result["requests_sent"]) == ("not_sent", 0)
    text = Path(result["undelivered_file"]).read_text()
    assert 'fgs_workflow_run_id: "run"' in text
    assert not wrong or wrong not in text
    assert SECRET not in text


def test_callback_is_saved_if_the_proxy_is_invalid(tmp_path: Path) -> None:
    result = failed_callback({"undelivered_path": str(tmp_path)}, {"https_proxy": "http://user:pass word@:x"})
    assert "pass word" not in Path(result["undelivered_file"]).read_text()


@pytest.mark.parametrize(
    "arguments",
    [{"workflow_run_id": " run"}, {"error": "e" * 65}, {"region": "cn north", "workflow_state_id": ""}, {"odd": 1}],
)
def test_invalid_callback_is_not_saved(arguments: dict[str, Any], tmp_path: Path) -> None:
    """No key and no address repairs it."""
    result = failed_callback({"undelivered_path": str(tmp_path), **arguments})
    assert result["violations"]
    assert "undelivered_file" not in result
    assert list(tmp_path.iterdir()) == []


def test_callback_that_cannot_be_saved_is_a_warning(tmp_path: Path) -> None:
    path = str(tmp_path / "missing/file.yml")
    result = failed_callback({"endpoint": f"http://127.0.0.1:{free_port()}", "undelivered_path": path})
    assert "undelivered_file" not in result
    text = f" The callback could not be saved in undelivered_path {path} either: no such file or directory."
    assert text in result["msg"]


@pytest.mark.parametrize(("path", "rule"), [("a\0b", "path"), ("/dev/null", "file")], ids=["no path", "a device"])
def test_nothing_is_sent_if_undelivered_path_is_invalid(path: str, rule: str) -> None:
    with scripted() as server:
        result = failed_callback({"endpoint": server.url, "undelivered_path": path, "result": "maybe"})
    assert violations(result) == [("result", "enum"), ("undelivered_path", rule)]


@pytest.mark.parametrize(
    "call",
    [
        Call(*POST, 401),
        Call(*POST, 403, {"error_code": "APIG.0302"}),
        Call(*POST, 404, {"error_code": "APIG.0101"}),
        Call(*POST, 404, b"<html>Not found"),
        Call(*POST, 405, {"error_code": "APIG.0502"}),
        Call(*POST, 407),
        Call(*POST, 302, headers={"Location": "https://login.example/"}),
    ],
)
def test_callback_that_was_refused_for_its_sender_is_saved(call: Call, tmp_path: Path) -> None:
    """Another key, permission or address delivers it."""
    with scripted(call) as server:
        result = failed_callback({"endpoint": server.url, "undelivered_path": str(tmp_path)})
    assert result["delivery"] == "rejected"
    text = Path(result["undelivered_file"]).read_text()
    assert "# Reason: The service refused the callback: " in text
    assert result["msg"].endswith(f" The callback was saved in {result['undelivered_file']} to be sent later.")


def test_callback_is_saved_if_the_key_was_refused_before(tmp_path: Path) -> None:
    with scripted(Call(*GET, 401)) as server:
        options = {"endpoint": server.url, "undelivered_path": str(tmp_path / "one"), "confirm": "always"}
        first = failed_callback(options)
        second = failed_callback({**options, "undelivered_path": str(tmp_path / "two")})
    for result in (first, second):
        assert result["delivery"] == "not_sent"
        assert Path(result["undelivered_file"]).exists()


def test_reason_in_the_file_has_no_secret(tmp_path: Path) -> None:
    error = {"error_code": "APIG.0302", "error_msg": f"No permission for {SECRET}"}
    with scripted(Call(*POST, 403, error)) as server:
        result = failed_callback({"endpoint": server.url, "undelivered_path": str(tmp_path)})
    text = Path(result["undelivered_file"]).read_text()
    assert "No permission for ********" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    "call",
    [
        Call(*POST, 400, {"error_code": "FGS.3002"}),
        Call(*POST, 404, {"error_code": "FGS.5002"}),
        Call(*POST, 413, b"<html>"),
    ],
)
def test_rejected_callback_is_not_saved(call: Call, tmp_path: Path) -> None:
    with scripted(call) as server:
        result = failed_callback({"endpoint": server.url, "undelivered_path": str(tmp_path)})
    assert "undelivered_file" not in result
    assert list(tmp_path.iterdir()) == []


def test_unusable_library_is_reported_by_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable(*_arguments: Any, **_options: Any) -> Any:
        raise _libraries.Unusable

    monkeypatch.setattr(validators, "output_violations", unusable)
    with pytest.raises(_libraries.Unusable):
        callback_task({"output_schema": {"type": "object"}}).run()


def test_interrupted_before_sending() -> None:
    result = callback_task({}).interrupted("the task timed out after 5 seconds")
    assert result["msg"] == "Nothing was sent, as the task timed out after 5 seconds."
    assert (result["delivery"], result["requests_sent"], result["changed"]) == ("not_sent", 0, False)


@pytest.mark.parametrize(("sent", "delivery"), [(True, "unknown"), (False, "not_sent")])
def test_interrupted_while_sending(sent: bool, delivery: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> Any:
        interruption = KeyboardInterrupt()
        interruption.request_sent = sent  # type: ignore[attr-defined]
        raise interruption

    path = "ansible_collections.functiongraph.workflow.plugins.module_utils._http.exchange"
    monkeypatch.setattr(path, interrupted)
    task = callback_task({"endpoint": "http://127.0.0.1:1", "undelivered_path": str(tmp_path / "saved.yml")})
    with pytest.raises(KeyboardInterrupt):
        task.run()
    result = task.interrupted("it was cut short")
    assert (result["delivery"], result["requests_sent"]) == (delivery, int(sent))
    assert "it was cut short" in result["msg"]
    assert (tmp_path / "saved.yml").exists()


@pytest.mark.parametrize("check_mode", [False, True])
def test_interrupted_during_the_project_lookup(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, check_mode: bool
) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(_http, "exchange", interrupted)
    options = {"project_id": None, "undelivered_path": str(tmp_path), "confirm": "always"}
    task = callback_task(options, check_mode=check_mode)
    with pytest.raises(KeyboardInterrupt):
        task.run()
    result = task.interrupted("it was cut short")
    assert (result["delivery"], "undelivered_file" in result) == ("not_sent", not check_mode)
