# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A delivery with confirm=always: read before and after, and the preview that check mode shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.deliveries import (
    DELIVERED,
    DONE,
    FAILED,
    NO_STATE,
    POST,
    REFUSAL,
    REFUSED,
    STILL_WAITING,
    TIMED_OUT,
    UNREADABLE,
    WAITS,
    Bench,
    summary,
)
from support.servers import Call, scripted


def test_always_reads_before_and_after(bench: Bench) -> None:
    outcome = bench.run(WAITS, DELIVERED, WAITS, DONE, confirm="always")
    assert summary(outcome) == ("delivered", 1, "run")
    assert outcome.warnings == ()


@pytest.mark.parametrize(("seen", "delivery"), [(DONE, "already_delivered"), (FAILED, "superseded")])
def test_always_sends_nothing_if_the_state_has_ended(bench: Bench, seen: Call, delivery: str) -> None:
    outcome = bench.run(seen, confirm="always")
    assert summary(outcome) == (delivery, 0, "run" if delivery == "already_delivered" else None)
    assert outcome.response is None


@pytest.mark.parametrize("seen", [UNREADABLE, NO_STATE])
def test_always_warns_if_the_run_cannot_be_read_before(bench: Bench, seen: Call) -> None:
    outcome = bench.run(seen, DELIVERED, DONE, confirm="always")
    assert summary(outcome) == ("delivered", 1, "run")
    (warning,) = outcome.warnings
    assert warning.startswith("The run could not be read before sending (")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (STILL_WAITING, "it still shows the state as running."),
        ((UNREADABLE,), "the run could not be read back: status 404"),
        ((NO_STATE, NO_STATE, NO_STATE), "the run (running) does not show the state."),
    ],
)
def test_always_warns_if_the_run_does_not_confirm(bench: Bench, after: tuple[Call, ...], words: str) -> None:
    outcome = bench.run(WAITS, DELIVERED, *after, confirm="always")
    assert summary(outcome) == ("delivered", 1, "run")
    (warning,) = outcome.warnings
    assert warning.startswith("The service accepted the callback, but the run does not confirm it: ")
    assert words in warning


def test_always_trusts_the_run_over_the_response(bench: Bench) -> None:
    assert summary(bench.run(WAITS, DELIVERED, TIMED_OUT, confirm="always")) == ("superseded", 1, None)


def finished(status: str) -> Call:
    """A read of a run that has finished and still shows the state as waiting."""
    return replace(WAITS, body={**WAITS.body, "status": status})


@pytest.mark.parametrize(
    ("after", "delivery", "reason"),
    [
        ((WAITS, DONE), "already_delivered", None),
        ((TIMED_OUT,), "superseded", "the state was already finished with status timeout"),
        ((finished("cancel"),) * 3, "superseded", "the run was already finished with status cancel"),
        (STILL_WAITING, "rejected", REFUSAL),
        ((NO_STATE,) * 3, "rejected", REFUSAL),
        ((UNREADABLE,), "rejected", REFUSAL),
    ],
)
def test_always_reads_why_the_state_was_refused(
    bench: Bench, after: tuple[Call, ...], delivery: str, reason: str | None
) -> None:
    """Another task may have completed it meanwhile, or somebody stopped the run."""
    outcome = bench.run(WAITS, REFUSED, *after, confirm="always")
    assert summary(outcome) == (delivery, 1, "run" if delivery == "already_delivered" else None)
    assert (outcome.reason, outcome.worth_saving) == (reason, False)


@pytest.mark.parametrize("status", [401, 403, 413])
def test_always_reads_nothing_if_the_state_is_not_the_reason(bench: Bench, status: int) -> None:
    outcome = bench.run(WAITS, Call(*POST, status, {}), confirm="always")
    assert summary(outcome) == ("rejected", 1, None)


def test_preview_sends_nothing(bench: Bench) -> None:
    with scripted(WAITS, DONE, UNREADABLE) as server:
        assert bench.delivery(server.url, "always", 0).already_finished() is None
        outcome = bench.delivery(server.url, "always", 0).already_finished()
        assert outcome is not None
        assert outcome.delivery == "already_delivered"
        unread = bench.delivery(server.url, "always", 0)
        assert unread.already_finished() is None
        assert len(unread.warnings) == 1
        for confirm in ("never", "when_unknown"):
            assert bench.delivery(server.url, confirm, 0).already_finished() is None
