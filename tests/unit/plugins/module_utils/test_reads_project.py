# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project of a region, as IAM knows it."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from support.deliveries import CREDENTIALS
from support.servers import Call, free_port, scripted, unresolved

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _http, _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import region_meant

PATH = "/v3/projects?name=cn-north-4"


@pytest.fixture(autouse=True)
def _known_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reads, "_known_projects", {})


def find(
    url: str, connections: _connections.Connections, key: str = "key", region: str = "cn-north-4", retries: int = 0
) -> str:
    client = Client(url, CREDENTIALS, _http.Route(verify=True, proxies=()), 10.0, connections)
    attempts = Attempts(retries, sleep=lambda _seconds: None)
    return _reads.find_project(client, region, key, attempts, region_meant(region))


def test_only_project_is_found(connections: _connections.Connections) -> None:
    with scripted(Call("GET", PATH, 200, {"projects": [{"id": "p", "name": "cn-north-4"}]})) as iam:
        assert find(iam.url, connections) == "p"
    assert iam.came[0].headers["Authorization"].startswith("SDK-HMAC-SHA256 Access=AK,")


def test_project_is_cached_by_region_and_credentials(connections: _connections.Connections) -> None:
    def found(project: str) -> dict[str, Any]:
        return {"projects": [{"id": project}]}

    other = "/v3/projects?name=cn-east-3"
    with scripted(
        Call("GET", PATH, 200, found("one")),
        Call("GET", PATH, 200, found("two")),
        Call("GET", other, 200, found("three")),
    ) as iam:
        for _unused in range(3):
            assert find(iam.url, connections) == "one"
            assert find(iam.url, connections, key="other") == "two"
            assert find(iam.url, connections, region="cn-east-3") == "three"


def test_project_of_another_region_is_ignored(connections: _connections.Connections) -> None:
    projects = [{"id": "other", "name": "cn-north-4_sub"}, {"id": "p", "name": "cn-north-4"}]
    with scripted(Call("GET", PATH, 200, {"projects": projects})) as iam:
        assert find(iam.url, connections) == "p"


def test_failure_is_not_cached(connections: _connections.Connections) -> None:
    with scripted(Call("GET", PATH, 200, {"projects": []}), Call("GET", PATH, 200, {"projects": [{"id": "p"}]})) as iam:
        with pytest.raises(_reads.ReadError):
            find(iam.url, connections)
        assert find(iam.url, connections) == "p"


@pytest.mark.parametrize(
    ("status", "body", "message", "hint"),
    [
        (
            *(200, {"projects": []}),
            "IAM knows no project of region cn-north-4 for these credentials; check region, or set project_id.",
            None,
        ),
        (
            *(200, {"projects": [{"id": "a", "name": "cn-east-3"}]}),
            "IAM's response to the lookup of the project of region cn-north-4 lists only projects of other names; "
            "set project_id to do without the lookup.",
            None,
        ),
        (
            *(200, {"projects": [{"id": "a"}, {"id": "b"}]}),
            "IAM knows 2 projects of region cn-north-4: set project_id to choose one, of a, b.",
            None,
        ),
        (
            *(
                401,
                {"error": {"code": 401, "message": "The request requires authentication.", "title": "Unauthorized"}},
            ),
            "IAM refused to look up the project of region cn-north-4: the access key or secret key is wrong "
            "(status 401); the keys come from a test.",
            "Copy access key, secret key or token again",
        ),
        (
            *(403, b""),
            "IAM refused to look up the project of region cn-north-4: status 403 (the body is empty); "
            "set project_id to do without the lookup.",
            "Grant the IAM user",
        ),
        (
            *(302, b""),
            "IAM refused to look up the project of region cn-north-4: status 302, a redirect to the same host, which "
            "is not followed; set project_id to do without the lookup.",
            "Check endpoint and proxy",
        ),
    ],
)
def test_failed_lookup_is_explained(
    connections: _connections.Connections, status: int, body: Any, message: str, hint: str | None
) -> None:
    with scripted(Call("GET", PATH, status, body)) as iam, pytest.raises(_reads.ReadError) as raised:
        find(iam.url, connections)
    assert str(raised.value) == message
    assert raised.value.response is not None
    assert raised.value.response.status == status
    assert (raised.value.hint is None) if hint is None else (raised.value.hint or "").startswith(hint)


def test_region_without_a_project_gets_a_suggestion(connections: _connections.Connections) -> None:
    call = Call("GET", "/v3/projects?name=cn-nort-4", 200, {"projects": []})
    with scripted(call) as iam, pytest.raises(_reads.ReadError) as raised:
        find(iam.url, connections, region="cn-nort-4")
    assert str(raised.value) == (
        "IAM knows no project of region cn-nort-4 for these credentials; check region (did you mean cn-north-4?), "
        "or set project_id."
    )


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"", [], {}, {"projects": 7}, {"projects": ["p"]}, {"projects": [{}]}, {"projects": [{"id": 7}]}]
    + [{"projects": [{"id": ""}]}, {"projects": None}],
    ids=str,
)
def test_response_of_another_shape_fails(connections: _connections.Connections, body: Any) -> None:
    with scripted(Call("GET", PATH, 200, body)) as iam, pytest.raises(_reads.ReadError) as raised:
        find(iam.url, connections)
    assert str(raised.value) == (
        "IAM's response to the lookup of the project of region cn-north-4 is not a list of projects; "
        "set project_id to do without the lookup."
    )


def test_long_list_of_projects_is_truncated(connections: _connections.Connections) -> None:
    projects = [{"id": f"p{number:02}"} for number in range(30)]
    call = Call("GET", PATH, 200, {"projects": projects})
    with scripted(call) as iam, pytest.raises(_reads.ReadError) as raised:
        find(iam.url, connections)
    assert "p09." in str(raised.value)
    assert "p10" not in str(raised.value)


def test_long_ids_in_the_message_are_truncated(connections: _connections.Connections) -> None:
    projects = [{"id": "p" * 300_000}, {"id": "q"}]
    call = Call("GET", PATH, 200, {"projects": projects})
    with scripted(call) as iam, pytest.raises(_reads.ReadError) as raised:
        find(iam.url, connections)
    assert str(raised.value).endswith(f"to choose one, of {'p' * 63}…, q.")


def test_transient_errors_are_retried(connections: _connections.Connections) -> None:
    with scripted(
        Call("GET", PATH, 503), Call("GET", PATH, cut=True), Call("GET", PATH, 200, {"projects": [{"id": "p"}]})
    ) as iam:
        assert find(iam.url, connections, retries=2) == "p"


@pytest.mark.parametrize(("region", "meant"), [("cn-nort-4", " (did you mean cn-north-4?)"), ("cn-north-4", "")])
def test_unresolved_host_names_the_region(
    connections: _connections.Connections, region: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    with pytest.raises(_reads.ReadError) as raised:
        find("https://iam.example", connections, region=region)
    assert str(raised.value) == (
        f"The project of region {region} could not be looked up in IAM (https://iam.example), as its host name cannot "
        f"be resolved: check region{meant} and name server."
    )


def test_connection_refused_is_reported(connections: _connections.Connections) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(_reads.ReadError) as raised:
        find(url, connections, retries=1)
    assert str(raised.value) == (
        f"The project of region cn-north-4 could not be looked up in IAM ({url}): connection refused; "
        "set project_id to do without the lookup."
    )
    assert raised.value.response is None
