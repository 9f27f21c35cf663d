# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Temporary keys of an ECS agency, from a stand-in of the metadata service on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.servers import Call, Script, free_port, scripted
from support.simulators import Simulator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import agency
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import CredentialsError
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

KEYS = {"access": "AKTEMPORARY1", "secret": "SKTEMPORARY-secret", "securitytoken": "STSTEMPORARY-secret"}
WANTS_TOKEN = Call("PUT", "/meta-data/latest/api/token", 200, b"MTOKEN-secret\n")
READS = ("GET", "/openstack/latest/securitykey")


def find(redactor: Redactor | None = None) -> Credentials:
    return _credentials.find({"use_ecs_agency": True}, {"HOME": "/nonexistent"}, redactor or Redactor())


def refused(script: Script, monkeypatch: pytest.MonkeyPatch) -> CredentialsError:
    monkeypatch.setattr(agency, "METADATA_SERVICE", script.url)
    with pytest.raises(CredentialsError) as raised:
        find()
    assert not any(secret in str(raised.value) for secret in (*KEYS.values(), "MTOKEN-secret"))
    return raised.value


def test_metadata_service_is_at_the_link_local_address() -> None:
    assert agency.METADATA_SERVICE == "http://169.254.169.254"


def test_keys_are_read_with_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    with scripted(WANTS_TOKEN, Call(*READS, 200, {"credential": KEYS})) as script:
        monkeypatch.setattr(agency, "METADATA_SERVICE", script.url)
        credentials = find(redactor)
    expected = {"access_key": "AKTEMPORARY1", "secret_key": "SKTEMPORARY-secret"}
    assert dict(credentials.key()) == {**expected, "security_token": "STSTEMPORARY-secret"}
    assert (credentials.kind, credentials.source) == ("temporary AK/SK", "the ECS agency")
    assert script.came[0].headers["X-Metadata-Token-Ttl-Seconds"] == "21600"
    assert script.came[1].headers["X-Metadata-Token"] == "MTOKEN-secret"
    assert redactor.known(" ".join([*KEYS.values(), "MTOKEN-secret"])) == "******** ******** ******** ********"


@pytest.mark.parametrize("status", [404, 405, 503])
def test_keys_are_read_without_a_token_from_older_services(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Call("PUT", "/meta-data/latest/api/token", status, b"no")
    with scripted(refusal, Call(*READS, 200, {"credential": KEYS})) as script:
        monkeypatch.setattr(agency, "METADATA_SERVICE", script.url)
        assert find().kind == "temporary AK/SK"
    assert "X-Metadata-Token" not in script.came[1].headers


@pytest.mark.parametrize("status", [400, 401, 403, 500, 302])
def test_refused_token_request_is_an_error(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Call("PUT", "/meta-data/latest/api/token", status)) as script:
        error = refused(script, monkeypatch)
    assert str(error) == f"The metadata service of the ECS refused a token with status {status}."


def test_ecs_without_an_agency(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(WANTS_TOKEN, Call(*READS, 401, b"Please configure Cloud Service Agency first")) as script:
        error = refused(script, monkeypatch)
    assert str(error) == "use_ecs_agency needs an agency, and this ECS has none."
    assert error.hint is not None
    assert "Set an agency" in error.hint


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"Internal Server Error"),
        (200, b"<html>Welcome</html>"),
        (200, b""),
        (200, b"\xff\xfe"),
        (200, b"[" * 100_000),
        (200, []),
        (200, {}),
        (200, {"credential": None}),
        (200, {"credential": {"access": "a", "secret": "s"}}),
        (200, {"credential": {**KEYS, "secret": ""}}),
        (200, {"credential": {**KEYS, "secret": 7}}),
        (500, {"credential": KEYS}),
    ],
)
def test_response_without_keys_is_an_error(status: int, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(WANTS_TOKEN, Call(*READS, status, body)) as script:
        error = refused(script, monkeypatch)
    text = f"The metadata service of the ECS returned no temporary keys but status {status}."
    assert str(error) == text


@pytest.mark.parametrize("key", ["access", "secret", "securitytoken"])
def test_invalid_keys_are_violations(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"credential": {**KEYS, key: KEYS[key] + "\n"}}
    with scripted(WANTS_TOKEN, Call(*READS, 200, body)) as script:
        error = refused(script, monkeypatch)
    assert [violation.rule for violation in error.violations or ()] == ["whitespace"]
    assert "of the ECS agency must not have leading or trailing whitespace" in str(error)


def test_invalid_token_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Call("PUT", "/meta-data/latest/api/token", 200, b"MTOKEN-secret\nmore")) as script:
        error = refused(script, monkeypatch)
    assert str(error) == "The metadata service of the ECS returned a token that cannot be sent."


def test_connection_refused_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agency, "METADATA_SERVICE", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CredentialsError) as raised:
        find()
    text = "use_ecs_agency needs the metadata service of an ECS, which does not respond: connection refused."
    assert str(raised.value) == text
    assert raised.value.hint is not None
    assert "run_on=target" in raised.value.hint


def test_proxies_are_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(WANTS_TOKEN, Call(*READS, 200, {"credential": KEYS})) as script, scripted() as proxy:
        monkeypatch.setattr(agency, "METADATA_SERVICE", script.url)
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert find().source == "the ECS agency"


@pytest.fixture
def metadata(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setattr(agency, "METADATA_SERVICE", simulator["http"])
    yield simulator
    simulator.ask("PUT", "/_simulator/metadata", {"form": "token"})


@pytest.mark.parametrize("form", [{"form": "token"}, {"form": "plain", "status": 404}], ids=str)
def test_simulator_returns_keys(metadata: Simulator, form: dict[str, Any]) -> None:
    metadata.ask("PUT", "/_simulator/metadata", form)
    account = metadata.accounts["temporary"]
    values = dict(find().key())
    assert values == {name: account[name] for name in ("access_key", "secret_key", "security_token")}


@pytest.mark.parametrize(
    ("form", "words"), [("no_agency", "has none"), ("broken", "status 500"), ("html", "status 200")]
)
def test_simulator_returns_no_keys(metadata: Simulator, form: str, words: str) -> None:
    metadata.ask("PUT", "/_simulator/metadata", {"form": form})
    with pytest.raises(CredentialsError, match=words):
        find()
