# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Number of retries and their delays."""

from __future__ import annotations

import pytest
from support.deliveries import CREDENTIALS

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Response
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure


class Clock:
    """Records delays instead of waiting; luck 0 draws the least, 1 the most."""

    def __init__(self, luck: float = 1.0) -> None:
        self.slept: list[float] = []
        self.bounds: list[tuple[float, float]] = []
        self.luck = luck

    def draw(self, least: float, most: float) -> float:
        self.bounds.append((least, most))
        return least + self.luck * (most - least)

    def attempts(self, retries: int) -> Attempts:
        return Attempts(retries, self.slept.append, self.draw)


def response(status: int, **headers: str) -> Response:
    return Response(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, None, None, 0.0, CREDENTIALS
    )


def test_allows_the_set_number_of_retries() -> None:
    clock = Clock()
    attempts = clock.attempts(2)
    assert [attempts.wait_for_retry() for _unused in range(4)] == [True, True, False, False]
    assert len(clock.slept) == 2


def test_zero_retries_allow_none() -> None:
    clock = Clock()
    assert not clock.attempts(0).wait_for_retry(retry_after=1.0)
    assert clock.slept == []


def test_backoff_doubles_up_to_a_limit() -> None:
    clock = Clock()
    attempts = clock.attempts(100)
    assert all(attempts.wait_for_retry() for _unused in range(100))
    assert clock.bounds[:7] == [(0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 16.0), (0.0, 20.0)]
    assert set(clock.bounds[6:]) == {(0.0, 20.0)}
    assert clock.slept == [most for _least, most in clock.bounds]


@pytest.mark.parametrize(
    ("asked", "luck", "waited"),
    [(7.0, 1.0, 7.0), (0.1, 1.0, 0.5), (0.0, 0.0, 0.0), (61.0, 0.0, 60.0), (1e9, 0.0, 60.0), (None, 0.0, 0.0)],
)
def test_retry_after_is_the_least_delay_within_limits(asked: float | None, luck: float, waited: float) -> None:
    clock = Clock(luck)
    assert clock.attempts(1).wait_for_retry(asked)
    assert clock.slept == [waited]


def test_fresh_attempts_allow_all_retries() -> None:
    clock = Clock()
    attempts = clock.attempts(1)
    assert attempts.wait_for_retry()
    assert not attempts.wait_for_retry()
    other = attempts.renewed()
    assert other.wait_for_retry()
    assert not attempts.wait_for_retry()


def test_read_returns_the_first_response_that_is_not_transient() -> None:
    clock = Clock()
    script: list[Failure | Response] = [
        Failure("connect", "no", False),
        response(500),
        response(429, Retry_After="9"),
        response(503),
        response(404),
    ]

    def request() -> Response:
        item = script.pop(0)
        if isinstance(item, Failure):
            raise item
        return item

    assert _reads.read_with_retries(request, clock.attempts(9)).status == 404
    assert script == []
    assert clock.slept == [0.5, 1.0, 9.0, 4.0]


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404])
def test_read_does_not_retry_any_other_response(status: int) -> None:
    asked = []

    def request() -> Response:
        asked.append(1)
        return response(status)

    assert _reads.read_with_retries(request, Clock().attempts(9)).status == status
    assert len(asked) == 1


def test_read_returns_the_last_transient_response() -> None:
    clock = Clock()
    assert _reads.read_with_retries(lambda: response(502), clock.attempts(2)).status == 502
    assert len(clock.slept) == 2


@pytest.mark.parametrize(("permanent", "tries"), [(True, 1), (False, 3)])
def test_read_raises_the_last_failure(permanent: bool, tries: int) -> None:
    asked = []

    def request() -> Response:
        asked.append(1)
        raise Failure("tls", "no", False, permanent)

    with pytest.raises(Failure):
        _reads.read_with_retries(request, Clock().attempts(2))
    assert len(asked) == tries
