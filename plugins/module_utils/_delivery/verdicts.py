# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The tables of what an attempt means for the callback.

Imported only where an attempt is not plainly accepted.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Response, errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    DELIVERED,
    REFUSED,
    RETRY,
    UNKNOWN,
    Attempted,
    accepted_execution_id,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure


def _is_iam_unavailable(response: Response) -> bool:
    """A 503 that the gateway gave because its own IAM was away: the service has not seen the request."""
    return response.status == 503 and errors.service_error(response.document).number == _spec.IAM_UNAVAILABLE


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
        lambda response: accepted_execution_id(response) is not None,
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


def verdict(event: t.Union[Response, Failure]) -> str:
    """What an attempt means for the callback: DELIVERED, RETRY, REFUSED or UNKNOWN."""
    table = FAILURES if isinstance(event, Failure) else RESPONSES
    return next(row.verdict for row in table if row.applies(event))


def attempted(response: Response) -> Attempted:
    """What came of a request with a response that has no valid execution_id."""
    reason = errors.clause(response)
    if 200 <= response.status < 300:
        problem = response.problem or "is not what the service documents for status 200"
        reason = "the response has no valid execution_id: its body %s" % problem
    found = verdict(response)
    return Attempted(
        verdict=found,
        reason=reason,
        retry_after=errors.retry_after(response.headers),
        worth_saving=found != REFUSED or errors.refuses_access(response),
    )


def failed(failure: Failure) -> Attempted:
    """What came of a request without a response."""
    return Attempted(verdict=verdict(failure), reason=failure.message, failure=failure)
