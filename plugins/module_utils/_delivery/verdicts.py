# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.


"""
The verdict table: what each response and each failure means for the callback.

Imported only where a response does not deliver it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    DELIVERED,
    REFUSED,
    RETRY,
    UNKNOWN,
    is_delivered,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import Failure
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import IAM_UNAVAILABLE


def _is_iam_unavailable(response: t.Any) -> bool:
    """A 503 that the gateway gave because its own IAM was away: the service has not seen the request."""
    return response.status == 503 and response.error.number == IAM_UNAVAILABLE


class Verdict(t.NamedTuple):
    """One row of a table: what comes of an attempt, in words, and what that means for the callback."""

    event: str
    verdict: str
    applies: t.Callable[[t.Any], bool]


# The first row that applies decides.
RESPONSES = (
    Verdict(
        "Status 2xx with a valid execution_id",
        DELIVERED,
        is_delivered,
    ),
    Verdict("Any other status 2xx", UNKNOWN, lambda response: 200 <= response.status < 300),
    Verdict("Status 1xx and no final response", UNKNOWN, lambda response: response.status < 200),
    Verdict("Status 408, as the request was not complete in time", UNKNOWN, lambda response: response.status == 408),
    Verdict("Status 429, as the gateway throttled the request", RETRY, lambda response: response.status == 429),
    Verdict("Status 503 of a gateway that cannot reach IAM", RETRY, _is_iam_unavailable),
    Verdict("Any other status 5xx", UNKNOWN, lambda response: response.status >= 500),
    Verdict("Any other status, such as 401 or a redirect", REFUSED, lambda response: True),
)
FAILURES = (
    Verdict("A failure after the first byte of the request", UNKNOWN, lambda failure: failure.sent),
    Verdict(
        "A permanent failure before it, such as an untrusted certificate",
        REFUSED,
        lambda failure: failure.permanent,
    ),
    Verdict("Any other failure before it, such as a refused connection", RETRY, lambda failure: True),
)


def verdict(event: t.Any) -> str:
    """What an attempt, a Response or Failure, means for the callback: DELIVERED, RETRY, REFUSED or UNKNOWN."""
    table = FAILURES if isinstance(event, Failure) else RESPONSES
    return next(row.verdict for row in table if row.applies(event))


def reason(response: t.Any) -> str:
    """The clause that says why a response does not deliver the callback."""
    if 200 <= response.status < 300:
        problem = response.problem or "is not what the service documents for status 200"
        return "the response has no valid execution_id: its body %s" % problem
    clause: str = response.clause()
    return clause
