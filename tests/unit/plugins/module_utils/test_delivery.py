# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A delivery that ends with a response, without a connection, or by an interruption."""

from __future__ import annotations

from typing import Any

import pytest
from support.deliveries import DELIVERED, IAM_UNAVAILABLE, POST, REFUSAL, REFUSED, THROTTLED, Bench, summary
from support.servers import Call, free_port, scripted

from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure


@pytest.mark.parametrize("confirm", ["never", "when_unknown"])
def test_delivered(bench: Bench, confirm: str) -> None:
    outcome = bench.run(DELIVERED, confirm=confirm)
    assert summary(outcome) == ("delivered", 1, "run")
    assert outcome.response is not None
    assert (outcome.response.status, outcome.reason, outcome.warnings, bench.slept) == (200, None, (), [])


@pytest.mark.parametrize("confirm", ["never", "when_unknown"])
@pytest.mark.parametrize(
    ("call", "reason", "worth_saving"),
    [
        (REFUSED, REFUSAL, False),
        (Call(*POST, 404, {"error_code": "FGS.5002"}), "status 404 (FGS.5002)", False),
        (Call(*POST, 404, {"error_code": "APIG.0101"}), "status 404 (APIG.0101)", True),
        (Call(*POST, 413, b"<html>"), "status 413 (the body is not JSON)", False),
        (
            Call(*POST, 401, {"error": {"code": 401, "message": "No."}}),
            "the access key or secret key is wrong (status 401); the keys come from a test",
            True,
        ),
        (Call(*POST, 403, {"error_code": "FSS.1125"}), "status 403 (FSS.1125), with AK/SK from a test", True),
        (Call(*POST, 400, {"error_code": "FSS.1125"}), "status 400 (FSS.1125)", True),
        (
            Call(*POST, 400, b"<html>", {"Content-Type": "text/html"}),
            "status 400 (the body is HTML, from a proxy or another server)",
            True,
        ),
        (Call(*POST, 400, []), "status 400", False),
        (
            Call(*POST, 302, headers={"Location": "https://other.example/secret"}),
            "status 302, a redirect to other.example, which is not followed",
            True,
        ),
        (
            Call(*POST, 307, headers={"Location": "/x"}),
            "status 307, a redirect to the same host, which is not followed",
            True,
        ),
    ],
)
def test_rejected_is_never_retried(bench: Bench, confirm: str, call: Call, reason: str, worth_saving: bool) -> None:
    outcome = bench.run(call, confirm=confirm, retries=5)
    assert summary(outcome) == ("rejected", 1, None)
    assert (outcome.reason, outcome.worth_saving, bench.slept) == (reason, worth_saving, [])


def test_throttled_is_retried_after_the_time_of_the_server(bench: Bench) -> None:
    outcome = bench.run(THROTTLED, IAM_UNAVAILABLE, DELIVERED, retries=2)
    assert summary(outcome) == ("delivered", 3, "run")
    assert bench.slept == [7.0, 1.0]


@pytest.mark.parametrize("call", [THROTTLED, IAM_UNAVAILABLE])
def test_throttled_until_retries_are_used_up(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, call, call, retries=2)
    assert summary(outcome) == ("rejected", 3, None)
    assert outcome.worth_saving


def test_connection_refused_is_retried_and_not_sent(bench: Bench) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    outcome = bench.delivery(url, "when_unknown", 2).run()
    assert summary(outcome) == ("not_sent", 0, None)
    assert (outcome.reason, outcome.worth_saving, outcome.response, bench.slept) == (
        f"no connection to {url} could be made: connection refused",
        True,
        None,
        [0.5, 1.0],
    )


def test_permanent_failure_is_not_retried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted() as server:
        delivery = bench.delivery(server.url, "when_unknown", 2)
        failure = Failure("tls", "the server's certificate is not trusted", False, True)

        def refuse(*_arguments: Any) -> Any:
            raise failure

        monkeypatch.setattr(delivery.client, "complete_state", refuse)
        outcome = delivery.run()
    assert summary(outcome) == ("not_sent", 0, None)
    assert bench.slept == []


@pytest.mark.parametrize(("attribute", "sent"), [(True, 1), (False, 0), (None, 1)])
def test_interruption_keeps_the_number_of_requests(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, attribute: bool | None, sent: int
) -> None:
    """Where it is not known whether anything was sent, it counts as sent."""
    delivery = bench.delivery("http://127.0.0.1:1", "never", 0)
    interruption = KeyboardInterrupt()
    if attribute is not None:
        interruption.request_sent = attribute  # type: ignore[attr-defined]

    def interrupted(*_arguments: Any) -> Any:
        raise interruption

    monkeypatch.setattr(delivery.client, "complete_state", interrupted)
    with pytest.raises(KeyboardInterrupt):
        delivery.run()
    assert delivery.requests_sent == sent
