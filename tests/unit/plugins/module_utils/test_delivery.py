# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way a delivery can go: a script of the calls that have to come, where one missing or one too many fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.servers import Call, free_port, scripted

from ansible_collections.functiongraph.workflow.plugins.module_utils import _transport
from ansible_collections.functiongraph.workflow.plugins.module_utils._attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._client import Callback, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import Delivery, Outcome

POST = ("POST", "/callback")
GET = ("GET", "/executions/run")
YES = Call(*POST, 200, {"execution_id": "run"})
CUT = Call(*POST, cut=True)
UNREADABLE = Call(*GET, 404, {"error_code": "FGS.5002", "error_msg": "Not found."})
IAM_AWAY = Call(*POST, 503, {"error_code": "APIG.0613", "error_msg": "IAM."})
BUSY = Call(*POST, 429, {"error_code": "APIG.0308", "error_msg": "Throttled."}, {"Retry-After": "7"})
REFUSED = Call(*POST, 400, {"error_code": "FGS.3002", "error_msg": "Invalid parameters."})
REFUSAL = "status 400 (FGS.3002: Invalid parameters)"


def shows(status: Any, **more: Any) -> Call:
    """A reading that shows the state so."""
    node = {"node_id": "state", "execution_id": "x", "executions": [{"status": status}]}
    return Call(*GET, 200, {"status": "running", "execution_id": "run", "node_execution_details": [node], **more})


WAITS, DONE, FAILED, TIMED_OUT = shows("running"), shows("success"), shows("fail"), shows("timeout")
NO_STATE = Call(*GET, 200, {"status": "running", "node_execution_details": []})

# A state is looked at three times at least before it counts as still waiting.
STILL = (WAITS, WAITS, WAITS)


class Bench:
    """Delivers to a script, and remembers what was waited."""

    def __init__(self, connections: _transport.Connections) -> None:
        self.connections = connections
        self.slept: list[float] = []

    def delivery(self, url: str, confirm: str, retries: int, timeout: float = 30.0) -> Delivery:
        credentials = Credentials({"access_key": "AK", "secret_key": "SK"}, "test")
        client = Client(url, credentials, _transport.Route(True, ()), timeout, self.connections)
        callback = Callback("w", "run", "state", "success", {}, None)
        return Delivery(client, "p", callback, confirm, Attempts(retries, self.slept.append, lambda least, most: most))

    def run(self, *calls: Call, confirm: str = "when_unknown", retries: int = 0) -> Outcome:
        with scripted(*calls) as server:
            return self.delivery(server.url, confirm, retries).run()


@pytest.fixture
def bench() -> Iterator[Bench]:
    connections = _transport.Connections()
    yield Bench(connections)
    connections.close()


def told(outcome: Outcome) -> tuple[str, int, str | None]:
    return outcome.delivery, outcome.requests_sent, outcome.execution_id


# Answered


@pytest.mark.parametrize("confirm", ["never", "when_unknown"])
def test_delivered(bench: Bench, confirm: str) -> None:
    outcome = bench.run(YES, confirm=confirm)
    assert told(outcome) == ("delivered", 1, "run")
    assert outcome.answer is not None
    assert (outcome.answer.status, outcome.reason, outcome.warnings, bench.slept) == (200, None, (), [])


@pytest.mark.parametrize("confirm", ["never", "when_unknown"])
@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (REFUSED, REFUSAL),
        (Call(*POST, 404, {"error_code": "FGS.5002"}), "status 404 (FGS.5002)"),
        (Call(*POST, 401, {"error": {"code": 401, "message": "No."}}), "status 401 (401: No)"),
        (Call(*POST, 403), "status 403 (the body is empty)"),
        (
            Call(*POST, 400, b"<html>", {"Content-Type": "text/html"}),
            "status 400 (the body is HTML, from a proxy or another server)",
        ),
        (Call(*POST, 400, []), "status 400"),
        (
            Call(*POST, 302, headers={"Location": "https://other.example/secret"}),
            "status 302, a redirect to other.example, which is not followed",
        ),
        (
            Call(*POST, 307, headers={"Location": "/x"}),
            "status 307, a redirect to the same host, which is not followed",
        ),
    ],
)
def test_refused_is_never_sent_again(bench: Bench, confirm: str, call: Call, reason: str) -> None:
    outcome = bench.run(call, confirm=confirm, retries=5)
    assert told(outcome) == ("rejected", 1, None)
    assert (outcome.reason, outcome.passing, bench.slept) == (reason, False, [])


def test_throttled_is_sent_again_when_the_server_says(bench: Bench) -> None:
    outcome = bench.run(BUSY, IAM_AWAY, YES, retries=2)
    assert told(outcome) == ("delivered", 3, "run")
    assert bench.slept == [7.0, 1.0]


@pytest.mark.parametrize("call", [BUSY, IAM_AWAY])
def test_throttled_to_the_end(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, call, call, retries=2)
    assert told(outcome) == ("rejected", 3, None)
    assert outcome.passing


# Not sent


def test_nobody_there(bench: Bench) -> None:
    outcome = bench.delivery(f"http://127.0.0.1:{free_port()}", "when_unknown", 2).run()
    assert told(outcome) == ("not_sent", 0, None)
    assert (outcome.reason, outcome.passing, outcome.answer, bench.slept) == (
        "connection refused",
        True,
        None,
        [0.5, 1.0],
    )


def test_trouble_that_lasts_is_not_tried_again(bench: Bench) -> None:
    with scripted() as server:
        delivery = bench.delivery(server.url, "when_unknown", 2)
        failure = _transport.Failure("tls", "the server's certificate is not trusted", False, True)

        def refuse(*_arguments: Any) -> Any:
            raise failure

        delivery.client.complete_state = refuse  # type: ignore[method-assign]
        outcome = delivery.run()
    assert told(outcome) == ("not_sent", 0, None)
    assert bench.slept == []


# Unknown

UNKNOWN = [
    CUT,
    Call(*POST, 500, {"error_code": "FGS.0500", "error_msg": "Internal Error."}),
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
def test_unknown_and_never_confirmed(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, confirm="never", retries=5)
    assert told(outcome) == ("unknown", 1, None)
    assert outcome.passing
    assert outcome.reason is not None
    assert outcome.reason.endswith("; confirm=never")


@pytest.mark.parametrize("call", UNKNOWN, ids=lambda call: f"{call.status} {call.body}")
def test_unknown_and_seen_to_have_arrived(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, DONE, retries=5)
    assert told(outcome) == ("delivered", 1, "run")
    assert outcome.reason is None


@pytest.mark.parametrize("call", UNKNOWN, ids=lambda call: f"{call.status} {call.body}")
def test_unknown_and_seen_to_wait_is_sent_again(bench: Bench, call: Call) -> None:
    outcome = bench.run(call, *STILL, YES, retries=1)
    assert told(outcome) == ("delivered", 2, "run")


def test_reasons_of_the_unknown(bench: Bench) -> None:
    reasons = [bench.run(call, confirm="never").reason for call in (UNKNOWN[1], *UNKNOWN[6:10])]
    assert reasons == [
        "status 500 (FGS.0500: Internal Error); confirm=never",
        "the answer has no valid execution_id: its body does not meet the service's table of a 200; confirm=never",
        "the answer has no valid execution_id: its body is empty; confirm=never",
        "the answer has no valid execution_id: its body is not JSON; confirm=never",
        "the answer has no valid execution_id: its body does not meet the service's table of a 200; confirm=never",
    ]


@pytest.mark.parametrize(("seen", "status"), [(FAILED, "fail"), (TIMED_OUT, "timeout"), (shows("cancel"), "cancel")])
def test_unknown_and_ended_otherwise(bench: Bench, seen: Call, status: str) -> None:
    outcome = bench.run(CUT, seen)
    assert told(outcome) == ("superseded", 1, None)
    assert outcome.reason == f"the state ended before with {status}"


def test_unknown_and_unreadable(bench: Bench) -> None:
    outcome = bench.run(CUT, UNREADABLE, retries=5)
    assert told(outcome) == ("unknown", 1, None)
    assert outcome.reason == (
        "the connection was lost: closed without an answer; "
        "the run could not be read back: status 404: FGS.5002 Not found"
    )
    assert outcome.passing


@pytest.mark.parametrize("seen", [NO_STATE, shows("asleep"), shows(None)])
def test_unknown_and_the_run_does_not_show_the_state(bench: Bench, seen: Call) -> None:
    outcome = bench.run(CUT, seen, seen, seen)
    assert told(outcome) == ("unknown", 1, None)
    assert outcome.reason is not None
    assert outcome.reason.endswith("the run (running) does not show the state")


def test_a_status_that_lags_behind_is_waited_for(bench: Bench) -> None:
    assert told(bench.run(CUT, WAITS, NO_STATE, DONE)) == ("delivered", 1, "run")
    assert bench.slept == [0.5, 1.0]


def test_still_waiting_and_no_attempt_left(bench: Bench) -> None:
    outcome = bench.run(CUT, *STILL, CUT, *STILL, retries=1)
    outcome_reason = "the state still waits as far as the run shows, and no attempt is left"
    assert outcome.reason is not None
    assert outcome.reason.endswith(outcome_reason)
    assert told(outcome) == ("unknown", 2, None)
    assert outcome.passing


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_after_doubt_is_confirmed_before_it_is_believed(bench: Bench, status: int) -> None:
    refusal = Call(*POST, status, {"error_code": "FGS.3002"})
    assert told(bench.run(CUT, *STILL, refusal, DONE, retries=1)) == ("delivered", 2, "run")
    assert told(bench.run(CUT, *STILL, refusal, FAILED, retries=1)) == ("superseded", 2, None)
    assert told(bench.run(CUT, *STILL, refusal, *STILL, retries=1)) == ("rejected", 2, None)
    assert told(bench.run(CUT, *STILL, refusal, UNREADABLE, retries=1)) == ("unknown", 2, None)


def test_throttled_after_doubt(bench: Bench) -> None:
    assert told(bench.run(CUT, *STILL, BUSY, YES, retries=2)) == ("delivered", 3, "run")
    outcome = bench.run(CUT, *STILL, BUSY, *STILL, retries=1)
    assert told(outcome) == ("rejected", 2, None)
    assert outcome.passing


def test_not_sent_after_doubt_stays_in_doubt(bench: Bench) -> None:
    """The first request may have arrived although the second never left."""
    with scripted(CUT, *STILL, *STILL) as server:
        delivery = bench.delivery(server.url, "when_unknown", 1)
        complete, calls = delivery.client.complete_state, []

        def once(*arguments: Any) -> Any:
            calls.append(1)
            if len(calls) > 1:
                raise _transport.Failure("connect", "connection refused", False)
            return complete(*arguments)

        delivery.client.complete_state = once  # type: ignore[method-assign]
        outcome = delivery.run()
    assert told(outcome) == ("unknown", 1, None)
    assert outcome.reason is not None
    assert outcome.reason.startswith("connection refused; the state still waits")


def test_the_execution_id_that_is_read_back(bench: Bench) -> None:
    assert bench.run(CUT, shows("success", execution_id="other")).execution_id == "other"
    # The run's own where the answer shows none that is valid.
    assert bench.run(CUT, shows("success", execution_id="")).execution_id == "run"


# confirm=always


def test_always_reads_before_and_after(bench: Bench) -> None:
    outcome = bench.run(WAITS, YES, WAITS, DONE, confirm="always")
    assert told(outcome) == ("delivered", 1, "run")
    assert outcome.warnings == ()


@pytest.mark.parametrize(("seen", "delivery"), [(DONE, "already_delivered"), (FAILED, "superseded")])
def test_always_sends_nothing_where_the_state_has_ended(bench: Bench, seen: Call, delivery: str) -> None:
    outcome = bench.run(seen, confirm="always")
    assert told(outcome) == (delivery, 0, "run" if delivery == "already_delivered" else None)
    assert outcome.answer is None


@pytest.mark.parametrize("seen", [UNREADABLE, NO_STATE])
def test_always_warns_where_it_cannot_read_before(bench: Bench, seen: Call) -> None:
    outcome = bench.run(seen, YES, DONE, confirm="always")
    assert told(outcome) == ("delivered", 1, "run")
    (warning,) = outcome.warnings
    assert warning.startswith("The run could not be read before sending (")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (STILL, "it still shows the state as running."),
        ((UNREADABLE,), "the run could not be read back: status 404"),
        ((NO_STATE, NO_STATE, NO_STATE), "the run (running) does not show the state."),
    ],
)
def test_always_warns_where_the_run_does_not_confirm(bench: Bench, after: tuple[Call, ...], words: str) -> None:
    outcome = bench.run(WAITS, YES, *after, confirm="always")
    assert told(outcome) == ("delivered", 1, "run")
    (warning,) = outcome.warnings
    assert warning.startswith("The service accepted the callback, but the run does not confirm it: ")
    assert words in warning


def test_always_believes_the_run_more_than_the_answer(bench: Bench) -> None:
    assert told(bench.run(WAITS, YES, TIMED_OUT, confirm="always")) == ("superseded", 1, None)


def test_preview_sends_nothing(bench: Bench) -> None:
    with scripted(WAITS, DONE, UNREADABLE) as server:
        assert bench.delivery(server.url, "always", 0).preview() is None
        outcome = bench.delivery(server.url, "always", 0).preview()
        assert outcome is not None
        assert outcome.delivery == "already_delivered"
        unread = bench.delivery(server.url, "always", 0)
        assert unread.preview() is None
        assert len(unread.warnings) == 1
        for confirm in ("never", "when_unknown"):
            assert bench.delivery(server.url, confirm, 0).preview() is None


# Interruption


@pytest.mark.parametrize(("attribute", "sent"), [(True, 1), (False, 0), (None, 1)])
def test_an_interruption_leaves_the_count(bench: Bench, attribute: bool | None, sent: int) -> None:
    """Where it is not known whether anything was sent, it counts as sent."""
    delivery = bench.delivery("http://127.0.0.1:1", "never", 0)
    interruption = KeyboardInterrupt()
    if attribute is not None:
        interruption.request_sent = attribute  # type: ignore[attr-defined]

    def interrupted(*_arguments: Any) -> Any:
        raise interruption

    delivery.client.complete_state = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        delivery.run()
    assert delivery.requests_sent == sent
