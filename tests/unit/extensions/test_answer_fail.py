# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The function that answers for a job that has not answered in time, against the simulator, over sockets."""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import Any

import pytest
from simulator.functions import Context, Function
from support import extensions
from support.playbooks import ROOT
from support.servers import read_request
from support.simulators import Simulator

VECTORS = json.loads((ROOT / "tests/signing/vectors.json").read_text("utf-8"))["vectors"]
ERROR = "no job has answered in time"


FUNCTION = extensions.FOLDER / "functiongraph/answer_fail.py"
answer = extensions.load(FUNCTION)


class Waiting:
    """A run of the simulator that waits at its callback node, and the settings of a function that answers for it."""

    def __init__(self, simulator: Simulator, **options: Any) -> None:
        self.simulator = simulator
        self.ids = simulator.start_run(**options)
        account = simulator.accounts["permanent"]
        self.settings = {
            "FUNCTIONGRAPH_ENDPOINT": simulator["http"],
            "PROJECT_ID": simulator.project_id,
            "ACCESS_KEY": account["access_key"],
            "SECRET_KEY": account["secret_key"],
            "CALLBACK_STATE_ID": self.ids["workflow_state_id"],
        }

    def call(self, **changes: Any) -> None:
        """Call the function for it. changes are other settings, or other IDs of the context."""
        workflow_id, run_id = (changes.pop(name, self.ids[name]) for name in ("workflow_id", "workflow_run_id"))
        function = Function("answer", settings={**self.settings, **changes})
        answer.handler({}, Context(function, workflow_id, run_id, "its own", lambda _text: None))

    def outcome(self) -> tuple[Any, ...]:
        run = self.simulator.run(self.ids)
        return run["status"], run["result"], run["error"], run["completed_times"], run["callback_requests"]


@pytest.fixture
def waiting(simulator: Simulator) -> Waiting:
    return Waiting(simulator)


@pytest.mark.parametrize("error", [None, "", "时间到了 🙂", "x" * 64])
def test_state_is_answered_with_fail(waiting: Waiting, error: str | None) -> None:
    with pytest.raises(answer.TimeIsOver, match=error or ERROR):
        waiting.call(ERROR=error)
    assert waiting.outcome() == ("fail", "fail", error or ERROR, 1, 1)


def test_keys_may_have_whitespace_around_them(waiting: Waiting) -> None:
    with pytest.raises(answer.TimeIsOver):
        waiting.call(**{name: f" {value}\n" for name, value in waiting.settings.items()})
    assert waiting.outcome() == ("fail", "fail", ERROR, 1, 1)


@pytest.mark.parametrize("address", ["http_ipv6", "localhost"])
def test_loopback_addresses_may_use_http(waiting: Waiting, address: str) -> None:
    simulator = waiting.simulator
    if simulator.addresses["http_ipv6"] is None:
        pytest.skip("no IPv6")
    endpoint = simulator["http"].replace("127.0.0.1", "localhost") if address == "localhost" else simulator[address]
    with pytest.raises(answer.TimeIsOver):
        waiting.call(FUNCTIONGRAPH_ENDPOINT=endpoint + "/")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SECRET_KEY": "a-wrong-secret"}, r"returned 401: .*APIGW\.0301.*verify aksk signature fail"),
        ({"ACCESS_KEY": "UNKNOWNKEY"}, r"returned 401: .*ak \*\*\* not exist"),
        ({"CALLBACK_STATE_ID": "another"}, r"returned 400: .*FGS\.3002"),
        ({"workflow_id": "another / 中"}, r"returned 404: .*FGS\.5002"),
        ({"workflow_run_id": "another"}, "returned 400: "),
    ],
)
def test_refusal_is_reported_without_keys(waiting: Waiting, changes: dict[str, str], message: str) -> None:
    with pytest.raises(answer.AnswerError, match=message) as raised:
        waiting.call(**changes)
    assert waiting.outcome()[:4] == ("running", None, None, 0)
    for secret in (*waiting.simulator.secrets(), "a-wrong-secret", "UNKNOWNKEY"):
        assert secret not in str(raised.value)


def test_response_that_repeats_the_request_is_reported_without_keys(simulator: Simulator) -> None:
    waiting = Waiting(simulator, fault="status_401_echo")
    with pytest.raises(answer.AnswerError, match=r"returned 401: .*Access=\*\*\*, .*Signature=\*\*\*") as raised:
        waiting.call()
    assert waiting.settings["ACCESS_KEY"] not in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("status_204", "returned 204: no reason given"),
        ("empty_200", "returned 200: no reason given"),
        ("html_200", "returned 200: <"),
        ("array_200", r"returned 200: \["),
        ("missing_execution_id", "returned 200: {"),
        ("empty_execution_id", "returned 200: {"),
        ("close_before_response", "did not respond: "),
    ],
)
def test_response_without_an_execution_id_is_an_error(simulator: Simulator, fault: str, message: str) -> None:
    with pytest.raises(answer.AnswerError, match=message):
        Waiting(simulator, fault=fault).call()


def test_redirect_is_not_followed(simulator: Simulator) -> None:
    before = simulator.ask("GET", "/_simulator/redirect_target")["count"]
    with pytest.raises(answer.AnswerError, match="returned 302: "):
        Waiting(simulator, fault="redirect_302").call()
    assert simulator.ask("GET", "/_simulator/redirect_target")["count"] == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({name: ""}, f"needs the setting {name}, ") for name in ("FUNCTIONGRAPH_ENDPOINT", "PROJECT_ID")),
        *(({name: None}, f"needs the setting {name}, ") for name in ("ACCESS_KEY", "CALLBACK_STATE_ID")),
        ({"SECRET_KEY": "secret\r\nX-Header: secret"}, "needs the setting SECRET_KEY, in ASCII without whitespace"),
        ({"ACCESS_KEY": "secret ö"}, "needs the setting ACCESS_KEY, "),
        ({"ERROR": "x" * 65}, "ERROR must have at most 64 characters, got 65"),
        ({"workflow_id": None}, "no ID of a run"),
        ({"workflow_run_id": ""}, "no ID of a run"),
        *(
            ({"FUNCTIONGRAPH_ENDPOINT": endpoint}, "FUNCTIONGRAPH_ENDPOINT must be like")
            for endpoint in (
                "http://functiongraph.cn-north-4.myhuaweicloud.com",
                "http://127.0.0.1.example.com",
                "http://127.0.0.1@example.com",
                "https://user:secret@127.0.0.1",
                "https://127.0.0.1/v2",
                "https://127.0.0.1?secret",
                "https://",
                "https://[::1",
                "http://[::1",
                "127.0.0.1",
            )
        ),
    ],
)
def test_invalid_setting_is_reported_and_nothing_is_sent(
    waiting: Waiting, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(answer.AnswerError, match=message) as raised:
        waiting.call(**changes)
    assert waiting.outcome() == ("running", None, None, 0, 0)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", "did not respond: "),
        (b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", "did not respond: "),
        (b"no HTTP %(key)s\r\n\r\n", r"did not respond: no HTTP \*\*\*"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000, r"returned 200: \["),
    ],
)
def test_response_that_is_none_is_reported_without_keys(waiting: Waiting, head: bytes, message: str) -> None:
    key = waiting.settings["ACCESS_KEY"]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def respond() -> None:
            connection, _address = server.accept()
            with connection:
                # All of it: with a rest the connection would be reset.
                read_request(connection)
                connection.sendall(head.replace(b"%(key)s", key.encode()))

        thread = threading.Thread(target=respond)
        thread.start()
        with pytest.raises(answer.AnswerError, match=message) as raised:
            waiting.call(FUNCTIONGRAPH_ENDPOINT=f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert key not in str(raised.value)


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_host_that_cannot_be_one_is_reported(waiting: Waiting, host: str) -> None:
    with pytest.raises(answer.AnswerError, match=r"did not respond: .*label (empty|too long)"):
        waiting.call(FUNCTIONGRAPH_ENDPOINT=f"https://{host}")


def test_certificate_must_be_valid(waiting: Waiting) -> None:
    with pytest.raises(answer.AnswerError, match=r"did not respond: .*certificate verify failed"):
        waiting.call(FUNCTIONGRAPH_ENDPOINT=waiting.simulator["https_untrusted"])


@pytest.mark.parametrize(
    "vector", [vector for vector in VECTORS if vector["method"] == "POST"], ids=lambda vector: vector["name"]
)
def test_signature_is_that_of_the_official_signer(vector: dict[str, Any]) -> None:
    headers = {**vector["headers_in"], "Host": vector["host"]}
    url = f"https://{vector['host']}{vector['uri_sent']}"
    found = answer.authorization(url, headers, vector["body"].encode(), vector["ak"], vector["sk"])
    assert found == vector["headers_out"]["Authorization"]


def test_function_imports_only_the_standard_library() -> None:
    assert extensions.imported(FUNCTION) <= sys.stdlib_module_names
