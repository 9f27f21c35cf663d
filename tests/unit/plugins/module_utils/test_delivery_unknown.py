# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A delivery with an unknown outcome: what the run shows, and when it is retried."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
from support.deliveries import (
    CUT,
    DELIVERED,
    DONE,
    FAILED,
    NO_STATE,
    POST,
    STILL_WAITING,
    THROTTLED,
    TIMED_OUT,
    UNREADABLE,
    WAITS,
    Bench,
    shows,
    summary,
)
from support.exchanges import response
from support.servers import Call, Sockets, raw, read_request, scripted

from ansible_collections.functiongraph.workflow.plugins.module_utils import _delivery
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure

NO_ID = "the response has no valid execution_id: its body "
UNKNOWN = [
    CUT,
    Call(*POST, 500, {"error_code": "FGS.0500", "error_msg": "Internal Error."}),
    Call(*POST, 101),
    Call(*POST, 102),
    Call(*POST, 103),
    Call(*POST, 408),
    Call(*POST, 502),
    Call(*POST, 503, {"error_code": "FSS.0503"}),
    Call(*POST, 504),
    Call(*POST, 500, {"error_code": "APIG.0613"}),
    Call(*POST, 200, {}),
    Call(*POST, 200, b""),
    Call(*POST, 200, b"<html>"),
    Call(*POST, 200, []),
    Call(*POST, 201, {"execution_id": "e" * 65}),
    Call(*POST, 204),
]


@pytest.mark.parametrize("call", UNKNOWN, ids=lambda call: f"{call.status} {call.body}")
def test_unknown_without_confirmation(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, confirm="never", retries=5)
    assert summary(outcome) == ("unknown", 1, None)
    assert outcome.worth_saving
    assert outcome.reason is not None
    assert outcome.reason.endswith("; confirm=never")


@pytest.mark.parametrize("call", UNKNOWN, ids=lambda call: f"{call.status} {call.body}")
def test_unknown_is_delivered_if_the_run_shows_the_result(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, DONE, retries=5)
    assert summary(outcome) == ("delivered", 1, "run")
    assert outcome.reason is None


@pytest.mark.parametrize("call", UNKNOWN, ids=lambda call: f"{call.status} {call.body}")
def test_unknown_is_retried_if_the_run_still_waits(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, *STILL_WAITING, DELIVERED, retries=1)
    assert summary(outcome) == ("delivered", 2, "run")


class Impatient:
    """Completes the first callback of each connection, and closes the connection when a second one has come."""

    def __init__(self) -> None:
        self.completed = 0

    def handle(self, connection: socket.socket, _sockets: Sockets) -> None:
        kept = False
        while request := read_request(connection):
            if request.startswith(b"GET"):
                connection.sendall(response(b'{"status": "running", "node_execution_details": [%s]}' % WAITING))
            elif kept:
                return
            else:
                kept = True
                self.completed += 1
                connection.sendall(response(b'{"execution_id": "run"}'))


WAITING = b'{"node_id": "state", "executions": [{"status": "running"}]}'


@pytest.mark.parametrize(("confirm", "sent"), [("never", [1, 1, 1]), ("when_unknown", [1, 2, 2])])
def test_closed_idle_connection_loses_no_callback(bench: Bench, confirm: str, sent: list[int]) -> None:
    """As the items of a loop meet it. Without reading back each callback has a connection of its own."""
    service = Impatient()
    with raw(service.handle) as server:
        outcomes = [bench.delivery(server.url, confirm, 1).run() for _unused in range(3)]
        connections = server.connections
    assert [summary(outcome) for outcome in outcomes] == [("delivered", count, "run") for count in sent]
    assert (service.completed, connections) == (3, 3)


def test_reasons_of_the_unknown(bench: Bench) -> None:
    reasons = [bench.run(call, confirm="never").reason for call in (UNKNOWN[1], *UNKNOWN[10:14])]
    assert reasons == [
        "status 500 (FGS.0500: Internal Error); confirm=never",
        f"{NO_ID}is not what the service documents for status 200; confirm=never",
        f"{NO_ID}is empty; confirm=never",
        f"{NO_ID}is not JSON; confirm=never",
        f"{NO_ID}is not what the service documents for status 200; confirm=never",
    ]


@pytest.mark.parametrize(("seen", "status"), [(FAILED, "fail"), (TIMED_OUT, "timeout"), (shows("cancel"), "cancel")])
def test_unknown_is_superseded_if_the_run_shows_another_result(bench: Bench, seen: Call, status: str) -> None:
    outcome = bench.run(CUT, seen)
    assert summary(outcome) == ("superseded", 1, None)
    assert outcome.reason == f"the state was already finished with status {status}"


@pytest.mark.parametrize("name", ["workflow_id", "execution_id"])
def test_other_run_in_the_response_is_unreadable(bench: Bench, name: str) -> None:
    outcome = bench.run(CUT, shows("success", **{name: "other"}))
    assert summary(outcome) == ("unknown", 1, None)
    assert outcome.reason is not None
    assert outcome.reason.endswith(f"the run could not be read back: the response shows another {name}")


def test_unknown_stays_unknown_if_the_run_cannot_be_read(bench: Bench) -> None:
    outcome = bench.run(CUT, UNREADABLE, retries=5)
    assert summary(outcome) == ("unknown", 1, None)
    assert outcome.reason == (
        "the connection was lost: closed without a response; "
        "the run could not be read back: status 404 (FGS.5002: Not found)"
    )
    assert outcome.worth_saving


@pytest.mark.parametrize("seen", [NO_STATE, shows("asleep"), shows(None)])
def test_unknown_stays_unknown_if_the_run_does_not_show_the_state(bench: Bench, seen: Call) -> None:
    outcome = bench.run(CUT, seen, seen, seen)
    assert summary(outcome) == ("unknown", 1, None)
    assert outcome.reason is not None
    assert outcome.reason.endswith("the run (running) does not show the state")


def test_lagging_status_is_read_until_it_changes(bench: Bench) -> None:
    assert summary(bench.run(CUT, WAITS, NO_STATE, DONE)) == ("delivered", 1, "run")
    assert bench.slept == [0.5, 1.0]


def test_unknown_if_the_run_still_waits_and_retries_are_used_up(bench: Bench) -> None:
    outcome = bench.run(CUT, *STILL_WAITING, CUT, *STILL_WAITING, retries=1)
    outcome_reason = "the run still shows the state as waiting, and all retries are used up"
    assert outcome.reason is not None
    assert outcome.reason.endswith(outcome_reason)
    assert summary(outcome) == ("unknown", 2, None)
    assert outcome.worth_saving


@pytest.mark.parametrize("status", [400, 404])
def test_refusal_after_an_unknown_outcome_is_confirmed(bench: Bench, status: int) -> None:
    refusal = Call(*POST, status, {"error_code": "FGS.3002"})
    assert summary(bench.run(CUT, *STILL_WAITING, refusal, DONE, retries=1)) == ("delivered", 2, "run")
    assert summary(bench.run(CUT, *STILL_WAITING, refusal, FAILED, retries=1)) == ("superseded", 2, None)
    assert summary(bench.run(CUT, *STILL_WAITING, refusal, *STILL_WAITING, retries=1)) == ("rejected", 2, None)
    assert summary(bench.run(CUT, *STILL_WAITING, refusal, UNREADABLE, retries=1)) == ("unknown", 2, None)


def test_throttled_after_an_unknown_outcome(bench: Bench) -> None:
    assert summary(bench.run(CUT, *STILL_WAITING, THROTTLED, DELIVERED, retries=2)) == ("delivered", 3, "run")
    outcome = bench.run(CUT, *STILL_WAITING, THROTTLED, *STILL_WAITING, retries=1)
    assert summary(outcome) == ("rejected", 2, None)
    assert outcome.worth_saving


def test_not_sent_after_an_unknown_outcome_stays_unknown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request may have arrived although the second never left."""
    with scripted(CUT, *STILL_WAITING, *STILL_WAITING) as server:
        delivery = bench.delivery(server.url, "when_unknown", 1)
        complete, calls = delivery.client.complete_state, []

        def once(*arguments: Any) -> Any:
            calls.append(1)
            if len(calls) > 1:
                raise Failure("connect", "connection refused", False)
            return complete(*arguments)

        monkeypatch.setattr(delivery.client, "complete_state", once)
        outcome = delivery.run()
    assert summary(outcome) == ("unknown", 1, None)
    assert outcome.reason is not None
    assert outcome.reason.startswith("connection refused; the run still shows the state as waiting")


def test_execution_id_is_read_from_the_run(bench: Bench) -> None:
    # Only its case may differ, as in any UUID.
    assert bench.run(CUT, shows("success", execution_id="RUN")).execution_id == "RUN"
    # The id of the run if the response has no valid one.
    assert bench.run(CUT, shows("success", execution_id="")).execution_id == "run"


def test_request_that_was_sent_counts_if_the_import_after_it_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the task's timeout ends the import: "Nothing was sent" would be wrong."""
    monkeypatch.delattr(_delivery, "verdicts", raising=False)
    monkeypatch.setitem(sys.modules, f"{_delivery.__name__}.verdicts", None)
    with scripted(CUT) as server:
        delivery = bench.delivery(server.url, "when_unknown", 0)
        with pytest.raises(ImportError, match="verdicts"):
            delivery.run()
    assert delivery.requests_sent == 1
