# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With which credentials and in which project a callback task calls."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.exchanges import respond_with
from support.servers import Call, raw, scripted
from support.tasks import SECRET, YES, callback_task, failed_callback, violations

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import agency


def test_no_credentials() -> None:
    result = failed_callback({"access_key": "", "secret_key": ""})
    assert result["msg"].startswith("No credentials are set; ")
    assert "AWX" in result["hint"]
    assert (result["delivery"], result["requests_sent"], result["changed"]) == ("not_sent", 0, False)


def test_incomplete_credentials_are_a_violation() -> None:
    result = failed_callback({"access_key": ""})
    assert result["msg"] == "secret_key is set but access_key is not; set both."
    assert "hint" not in result


def test_invalid_secret_is_reported_with_all_violations() -> None:
    result = failed_callback({"secret_key": f"{SECRET}\n", "workflow_id": f" {SECRET}"})
    assert violations(result) == [("workflow_id", "blanks"), ("secret_key", "whitespace")]
    environ = {"HW_AUTH_TOKEN": f"{SECRET}\n", "HTTPS_PROXY": "http://proxy.example"}
    result = failed_callback({"access_key": "", "secret_key": "", "region": SECRET}, environ)
    assert violations(result) == [("region", "region"), ("auth_token", "whitespace")]
    assert "HW_AUTH_TOKEN must not have leading or trailing whitespace" in result["msg"]


def test_invalid_agency_keys_are_violations(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"access": "AK", "secret": f"{SECRET}\n", "securitytoken": "STS"}
    gives = Call("GET", "/openstack/latest/securitykey", 200, {"credential": keys})
    with scripted(Call("PUT", "/meta-data/latest/api/token", 404), gives) as ecs:
        monkeypatch.setattr(agency, "METADATA_SERVICE", ecs.url)
        result = failed_callback({"access_key": "", "secret_key": "", "use_ecs_agency": True})
    assert violations(result) == [("secret_key", "whitespace")]


@pytest.fixture
def _no_project_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reads, "_known_projects", {})


@pytest.mark.usefixtures("_no_project_is_known")
def test_project_is_looked_up() -> None:
    lists = Call("GET", "/v3/projects?name=cn-north-4", 200, {"projects": [{"id": "p"}]})
    with scripted(lists, YES) as server:
        options = {"project_id": "", "endpoint": server.url, "iam_endpoint": server.url}
        assert callback_task(options).run()["delivery"] == "delivered"


@pytest.mark.usefixtures("_no_project_is_known")
def test_project_lookup_fails() -> None:
    refuses = Call("GET", "/v3/projects?name=cn-north-4", 403, {"error": {"code": 403, "message": f"Not {SECRET}."}})
    with scripted(refuses) as iam:
        result = failed_callback({"project_id": "", "iam_endpoint": iam.url})
    assert (result["http_status"], result["error_code"], result["error_msg"]) == (403, "403", "Not ********.")
    assert "Grant the IAM user" in result["hint"]
    assert result["requests_sent"] == 0


@pytest.mark.usefixtures("_no_project_is_known")
@pytest.mark.parametrize("found", ["..", "p" * 65])
def test_invalid_looked_up_project_is_an_error(found: str) -> None:
    lists = Call("GET", "/v3/projects?name=cn-north-4", 200, {"projects": [{"id": found}]})
    with scripted(lists) as iam:
        result = failed_callback({"project_id": "", "iam_endpoint": iam.url})
    assert result["msg"].startswith("The project of these credentials is not valid: project_id must ")


def test_no_project_and_no_region() -> None:
    result = failed_callback({"project_id": "", "region": "", "endpoint": "https://host.example"})
    assert result["msg"] == "project_id is unset and cannot be looked up without a region; set project_id or region."


def test_file_sets_project_and_iam_endpoint(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"[basic]\nak = AK\nsk = {SECRET}\nproject_id = p\n")
    options = {"access_key": "", "secret_key": "", "project_id": "", "credentials_file": str(file)}
    with scripted(YES) as server:
        assert callback_task({**options, "endpoint": server.url}).run()["delivery"] == "delivered"
    file.write_text(f"[basic]\nak = AK\nsk = {SECRET}\niam_endpoint = http://iam.example\n")
    assert failed_callback(options)["msg"].startswith("The credentials file is not valid: iam_endpoint must use https")


@pytest.mark.parametrize(
    ("option", "environ"), [("p", {}), ("", {"HW_PROJECT_ID": "p"})], ids=["option", "environment"]
)
def test_project_of_option_or_environment_wins_over_that_of_the_file(
    tmp_path: Path, option: str, environ: dict[str, str]
) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"[basic]\nak = AK\nsk = {SECRET}\nproject_id = another\n")
    options = {"access_key": "", "secret_key": "", "project_id": option, "credentials_file": str(file)}
    with scripted(YES) as server:
        result = callback_task({**options, "endpoint": server.url}, environ).run()
    assert result["delivery"] == "delivered"


def test_proxy_error_has_no_password_and_no_control_characters() -> None:
    password = "Aproxy-Password0"
    sent = base64.b64encode(f"me:{password}".encode()).decode()
    reason = f"407 No {sent} {sent.upper()} {password.lower()} \x1b[31mred"
    with raw(respond_with(f"HTTP/1.1 {reason}\r\nContent-Length: 0\r\n\r\n".encode())) as proxy:
        environ = {"https_proxy": proxy.url.replace("://", f"://me:{password}@")}
        result = failed_callback({"endpoint": "https://host.example"}, environ)
    assert "407 no ******** ******** ******** \\x1b[31mred" in result["msg"]
