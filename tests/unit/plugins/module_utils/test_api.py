# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One operation is one signed request, and its response is parsed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible.module_utils.ansible_release import __version__ as ansible_version
from support.deliveries import CREDENTIALS
from support.playbooks import ROOT
from support.servers import Call, scripted

from ansible_collections.functiongraph.workflow.plugins.module_utils import _api, _connections, _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import (
    Callback,
    Client,
    Response,
    errors,
    reading,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import preview

KEYS = Credentials({"access_key": "AK", "secret_key": "SK-secret"}, "test")
IDS = {"workflow_id": "w/ü %?#&..", "workflow_run_id": "run", "workflow_state_id": "state"}
CALLBACK = Callback(**IDS, result="success", output={"text": "ü🙂", "n": 1})


def client(url: str, connections: _connections.Connections, credentials: Credentials = KEYS) -> Client:
    return Client(url, credentials, _http.Route(verify=True, proxies=()), 30.0, connections)


def galaxy_version() -> str:
    found = re.search(r"^version: (.+)$", (ROOT / "galaxy.yml").read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_user_agent_is_sent_and_signed(connections: _connections.Connections) -> None:
    expected = f"functiongraph.workflow/{galaxy_version()} ansible-core/{ansible_version}"
    calls = [Call("POST", "/callback"), Call("GET", "/executions/e"), Call("GET", "/projects?name=r")]
    with scripted(*calls) as server:
        one = client(server.url, connections)
        one.complete_state("p", CALLBACK)
        reading.show_execution(one, "p", "w", "e")
        reading.list_projects(one, "r")
    for call in server.came:
        assert call.headers["User-Agent"] == expected
        assert ";user-agent;" in call.headers["Authorization"]


def test_callback_request(connections: _connections.Connections) -> None:
    path = "/v2/p%2F1/fgs/workflows/w%2F%C3%BC%20%25%3F%23%26../callback"
    with scripted(Call("POST", path, 200, {"execution_id": "e"})) as server:
        response = client(server.url, connections).complete_state("p/1", CALLBACK)
    assert (response.status, response.document, response.problem) == (200, {"execution_id": "e"}, None)
    (came,) = server.came
    assert json.loads(came.body) == {"result": "success", "output": {"text": "ü🙂", "n": 1}}
    assert came.headers["X-Workflow-Run-Id"] == "run"
    assert came.headers["X-Workflow-State-Id"] == "state"
    assert came.headers["X-Project-Id"] == "p/1"
    assert came.headers["Content-Type"] == "application/json"
    assert came.headers["Accept-Encoding"] == "identity"
    signed = "content-type;host;user-agent;x-project-id;x-sdk-date;x-workflow-run-id;x-workflow-state-id"
    assert f"SignedHeaders={signed}," in came.headers["Authorization"]


def test_non_ascii_ids_are_sent_as_utf8(connections: _connections.Connections) -> None:
    callback = Callback(**{**IDS, "workflow_run_id": "中"}, result="success", output={})
    with scripted(Call("POST", "/callback", 200)) as server:
        client(server.url, connections).complete_state("p", callback)
    assert server.came[0].headers["X-Workflow-Run-Id"].encode("latin-1") == "中".encode()


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"error": None}, {"result": "fail", "output": {}}),
        ({"error": ""}, {"result": "fail", "output": {}}),
        ({"error": "boom"}, {"result": "fail", "output": {}, "error": "boom"}),
    ],
)
def test_output_is_always_sent_and_error_only_if_set(fields: dict[str, Any], body: dict[str, Any]) -> None:
    assert json.loads(Callback(**IDS, result="fail", output={}, **fields).body()) == body


def test_body_is_ascii_json() -> None:
    assert CALLBACK.body().isascii()
    with pytest.raises(ValueError, match="JSON"):
        Callback(**IDS, result="fail", output={"a": float("nan")}).body()


def test_show_request(connections: _connections.Connections) -> None:
    with scripted(Call("GET", "/v2/p/fgs/workflows/w%2F1/executions/e%20%2F..", 200, {"status": "running"})) as server:
        response = reading.show_execution(client(server.url, connections), "p", "w/1", "e /..")
    assert response.document == {"status": "running"}
    assert server.came[0].headers["X-Project-Id"] == "p"
    assert server.came[0].body == b""


def test_auth_token_replaces_the_signature(connections: _connections.Connections) -> None:
    credentials = Credentials({"auth_token": "TOKEN"}, "test")
    with scripted(Call("GET", "/v3/projects?name=cn%26north", 200, [])) as server:
        reading.list_projects(client(server.url, connections, credentials), "cn&north")
    assert server.came[0].headers["X-Auth-Token"] == "TOKEN"
    assert "Authorization" not in server.came[0].headers


@pytest.mark.parametrize(
    ("body", "headers", "document", "problem"),
    [
        (b'{"a": 1}', {}, {"a": 1}, None),
        (b"[1]", {"Content-Type": "text/html"}, [1], None),
        (b"null", {}, None, None),
        (b"<html>", {"Content-Type": "Text/HTML; charset=utf-8"}, None, "is HTML, from a proxy or another server"),
        (b"<html>", {}, None, "is not JSON"),
        (b"[" * 100_000, {}, None, "is not JSON"),
        (b"\xff\xfe", {}, None, "is not UTF-8"),
        (b"", {}, None, "is empty"),
        (b"x" * (1024 * 1024 + 1), {}, None, "is larger than 1 MiB or compressed in an unknown way"),
        (b"{}", {"Content-Encoding": "br"}, None, "is larger than 1 MiB or compressed in an unknown way"),
    ],
)
def test_response_body_is_parsed(
    connections: _connections.Connections, body: bytes, headers: dict[str, str], document: Any, problem: str | None
) -> None:
    with scripted(Call("GET", "/projects?name=r", 200, body, headers)) as server:
        response = reading.list_projects(client(server.url, connections), "r")
    assert (response.document, response.problem) == (document, problem)


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://elsewhere.example/x?token=secret", "elsewhere.example"),
        ("https://user:secret@elsewhere.example/", "elsewhere.example"),
        ("/other", "the same host"),
        ("", "the same host"),
        (None, "the same host"),
        ("https://[::1", "an invalid address"),
    ],
)
def test_redirect_is_described_by_its_host(location: str | None, host: str) -> None:
    headers = {} if location is None else {"Location": location}
    assert errors.redirected_to(Response(302, headers, None, None, 0.0, CREDENTIALS)) == host


def refusal(status: int, code: str | None, date: str = "", **values: str) -> str:
    """The description of the response to a request with credentials of these values."""
    document = {"error_code": code, "error_msg": "verify aksk signature fail, canonical request: GET."}
    return errors.clause(Response(status, {"Date": date}, document, None, NOW, Credentials(values, "the option x")))


NOW = 1_700_000_000.0
PAIR = {"access_key": "AK", "secret_key": "SK"}


def test_status_401_names_cause_and_source_of_the_credentials() -> None:
    assert refusal(401, "APIGW.0301", **PAIR) == (
        "the access key or secret key is wrong (status 401, APIGW.0301); the keys come from the option x"
    )
    assert refusal(401, "APIGW.0301", **PAIR, security_token="STS") == (
        "the access key, secret key or security token is wrong or has expired (status 401, APIGW.0301); "
        "the keys come from the option x"
    )
    assert refusal(401, None, auth_token="TOKEN", date="Sat, 01 Jan 2000 00:00:00 GMT") == (
        "the IAM token is wrong or has expired (status 401); it comes from the option x"
    )
    assert refusal(401, "APIGW.0301", "Tue, 14 Nov 2023 21:13:20 GMT", **PAIR) == (
        "the signature is refused, as the clock is wrong (status 401, APIGW.0301); the keys come from the option x"
    )
    assert "or secret key is wrong" in refusal(401, "APIGW.0301", "Tue, 14 Nov 2023 22:13:20 GMT", **PAIR)


def test_status_403_names_the_source_of_the_credentials() -> None:
    start = "status 403 (FSS.1125: verify aksk signature fail), with an IAM token from "
    assert refusal(403, "FSS.1125", auth_token="TOKEN") == f"{start}the option x"
    assert "the option x" not in refusal(404, "FSS.1125", auth_token="TOKEN")


def test_secret_is_redacted_before_truncation(connections: _connections.Connections) -> None:
    token = "MIIE" + "0aB-" * 520
    credentials = Credentials({"auth_token": token}, "a test")
    text = f"{'x' * 60} {token}"
    headers = {"X-Request-Id": token, "Location": f"https://{token[:60]}.example/"}
    call = Call("GET", "/projects?name=r", 400, {"error_msg": text, "error_code": token, token: ""}, headers)
    with scripted(call) as server:
        response = reading.list_projects(client(server.url, connections, credentials), "r")
    texts = (response.document, response.headers, errors.redirected_to(response), errors.clause(response))
    assert "0ab-" not in str(texts).lower()
    assert errors.clause(response) == f"status 400 (********: {'x' * 60} ********)"


def test_description_of_the_request_has_no_secrets(connections: _connections.Connections) -> None:
    credentials = Credentials({"access_key": "AK", "secret_key": "SK-secret", "security_token": "STS-secret"}, "test")
    text = preview.described(client("https://host", connections, credentials).callback_request("p", CALLBACK))
    head, _blank, body = text.partition("\n\n")
    assert head.splitlines() == [
        "POST https://host/v2/p/fgs/workflows/w%2F%C3%BC%20%25%3F%23%26../callback",
        f"User-Agent: functiongraph.workflow/{galaxy_version()} ansible-core/{ansible_version}",
        "Content-Type: application/json",
        "X-Project-Id: p",
        "X-Workflow-Run-Id: run",
        "X-Workflow-State-Id: state",
    ]
    assert json.loads(body) == {"result": "success", "output": {"text": "ü🙂", "n": 1}}
    assert "ü🙂" in body
    assert "secret" not in text


def test_headers_with_secrets_are_never_described(connections: _connections.Connections) -> None:
    request = client("https://host", connections).callback_request("p", CALLBACK)
    request.headers.update({"Authorization": "secret", "x-auth-token": "secret", "X-Security-Token": "secret"})
    assert "secret" not in preview.described(request)


def test_connections_are_separated_by_endpoint_credentials_and_route(connections: _connections.Connections) -> None:
    other = Credentials({"auth_token": "TOKEN"}, "test")
    route, proxied = _http.Route(verify=True, proxies=()), _http.Route(verify=True, proxies=(("https", "http://p"),))
    adapters = [
        Client(url, credentials, route, 30.0, connections)._adapter
        for url, credentials, route in (
            ("https://a", KEYS, route),
            ("https://b", KEYS, route),
            ("https://a", other, route),
            ("https://a", KEYS, proxied),
        )
    ]
    assert len({id(adapter) for adapter in adapters}) == 4
    same = Client("https://a", Credentials(dict(KEYS.key()), "elsewhere"), route, 9.0, connections)
    assert same._adapter is adapters[0]


def test_header_names_come_from_the_tables() -> None:
    assert (_api._RUN_HEADER, _api._STATE_HEADER) == ("X-Workflow-Run-Id", "X-Workflow-State-Id")
