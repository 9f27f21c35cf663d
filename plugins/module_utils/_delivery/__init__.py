# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Delivering a callback: the only room that knows what "delivered" means.

The callback is not idempotent and a lost one leaves a workflow hanging. So a request is sent again only where it
cannot have arrived, or where the run, read back, shows that the state still waits.
"""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

from ansible_collections.functiongraph.workflow.plugins.module_utils import _schema, _spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback, Client, Response
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    ALREADY_DELIVERED,
    DELIVERED,
    DELIVERIES,
    NOT_SENT,
    REJECTED,
    SUPERSEDED,
    UNKNOWN,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import Failure, no_outcome_lost
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import ALWAYS, NEVER
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING

RETRY = "retry"
REFUSED = "refused"


def _is_iam_unavailable(response: Response) -> bool:
    """A 503 that the gateway gave because its own IAM was away: the service has not seen the request."""
    return response.status == 503 and response.error.number == _spec.IAM_UNAVAILABLE


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
        lambda response: 200 <= response.status < 300 and _schema.execution_id(response.document) is not None,
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


class Outcome(SimpleNamespace):
    """How a delivery ended.

    delivery is one of DELIVERIES. response is the last one to a callback request. reason is the clause that explains an
    outcome that is a failure. transient is true where network or gateway were the cause, so that the same callback may
    be delivered later. hint says what to do, where more is known than delivery and response show.
    """

    delivery: str
    requests_sent: int
    execution_id: t.Optional[str] = None
    response: t.Optional[Response] = None
    reason: t.Optional[str] = None
    transient: bool = False
    warnings: tuple[str, ...] = ()
    hint: t.Optional[str] = None


class _Attempted(SimpleNamespace):
    """What came of one request: the verdict, and its execution_id or the reason why there is none.

    retry_after is in seconds, failure what was raised where no response came.
    """

    verdict: str
    reason: str = ""
    execution_id: t.Optional[str] = None
    retry_after: t.Optional[float] = None
    failure: t.Optional[Failure] = None


class Delivery:
    """The delivery of one callback. requests_sent may be read while run() runs, and after an interruption."""

    def __init__(self, client: Client, project_id: str, callback: Callback, confirm: str, attempts: Attempts) -> None:
        self.requests_sent = 0
        self.client = client
        self.project_id = project_id
        self.callback = callback
        self._confirm = confirm
        self._attempts = attempts
        self._response: t.Optional[Response] = None
        self.warnings: list[str] = []

    def already_finished(self) -> t.Optional[Outcome]:
        """With confirm=always, the outcome where the state has finished before anything was sent. None to go on."""
        if self._confirm != ALWAYS:
            return None
        state = self._read_state()
        if state.error is not None and state.error.credentials_refused:
            error = state.error
            return self._outcome(NOT_SENT, response=error.response, reason=str(error), hint=error.hint)
        if state.status is None:
            self.warnings.append(
                "The run could not be read before sending (%s), so it is unknown whether the state had finished."
                % state.reason
            )
            return None
        if state.status == RUNNING:
            return None
        if state.status == self.callback.result:
            return self._outcome(ALREADY_DELIVERED, execution_id=self._execution_id(state))
        return self._superseded(state)

    def run(self) -> Outcome:
        """Delivers. Network failures never raise; an interruption does."""
        return self.already_finished() or self._deliver()

    def _deliver(self) -> Outcome:
        outcome_unknown = False
        while True:
            attempt = self._attempt()
            if attempt.execution_id is not None:
                return self._accepted(attempt.execution_id)
            if attempt.verdict == RETRY and self._attempts.wait_for_retry(attempt.retry_after):
                continue
            outcome_unknown = outcome_unknown or attempt.verdict == UNKNOWN
            if not outcome_unknown:
                return self._refused(attempt) if attempt.failure is None else self._unsent(attempt.failure)
            if self._confirm == NEVER:
                return self._unknown(attempt, "confirm=never")
            state = self._read_state(until_finished=True)
            if state.status is None:
                return self._unknown(attempt, state.reason)
            if state.status == self.callback.result:
                return self._outcome(DELIVERED, execution_id=self._execution_id(state))
            if state.status != RUNNING:
                return self._superseded(state)
            if attempt.verdict != UNKNOWN and attempt.failure is None:
                return self._refused(attempt)
            if attempt.verdict != UNKNOWN or not self._attempts.wait_for_retry(attempt.retry_after):
                return self._unknown(attempt, "the run still shows the state as waiting, and all retries are used up")

    def _attempt(self) -> _Attempted:
        try:
            with no_outcome_lost(sent=True):
                response = self.client.complete_state(self.project_id, self.callback, self._confirm == NEVER)
                attempted = _attempted(response)
            self._response = response
            self.requests_sent += 1
        except Failure as failure:
            self.requests_sent += failure.sent
            return _Attempted(verdict=verdict(failure), reason=failure.message, failure=failure)
        except BaseException as interruption:
            self.requests_sent += getattr(interruption, "request_sent", True)
            raise
        return attempted

    def _accepted(self, execution_id: str) -> Outcome:
        """The service accepted the callback; with confirm=always the run has to show it too."""
        if self._confirm == ALWAYS:
            state = self._read_state(until_finished=True)
            if state.status not in (None, RUNNING, self.callback.result):
                return self._superseded(state)
            if state.status != self.callback.result:
                shows = state.reason or "it still shows the state as %s" % state.status
                self.warnings.append("The service accepted the callback, but the run does not confirm it: %s." % shows)
        return self._outcome(DELIVERED, execution_id=execution_id)

    def _read_state(self, until_finished: bool = False) -> t.Any:
        """The _reads.State that the run shows."""
        # Here, as Ansible compiles what is imported at each start, and most deliveries read nothing.
        from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads

        read = _reads.read_state_until_finished if until_finished else _reads.read_state
        callback = self.callback
        ids = (callback.workflow_id, callback.workflow_run_id, callback.workflow_state_id)
        return read(self.client, self.project_id, *ids, self._attempts)

    def _execution_id(self, state: t.Any) -> str:
        return _schema.execution_id(state.execution) or self.callback.workflow_run_id

    def _outcome(self, delivery: str, **fields: t.Any) -> Outcome:
        found = {"response": self._response, "warnings": tuple(self.warnings), **fields}
        return Outcome(delivery=delivery, requests_sent=self.requests_sent, **found)

    def _superseded(self, state: t.Any) -> Outcome:
        return self._outcome(SUPERSEDED, reason="the state was already finished with status %s" % state.status)

    def _unknown(self, attempt: _Attempted, why: str) -> Outcome:
        return self._outcome(UNKNOWN, reason="%s; %s" % (attempt.reason, why), transient=True)

    def _refused(self, attempt: _Attempted) -> Outcome:
        return self._outcome(REJECTED, reason=attempt.reason, transient=attempt.verdict == RETRY)

    def _unsent(self, failure: Failure) -> Outcome:
        reason = failure.message
        if failure.kind not in ("refused", "unexpected"):
            reason = "no connection to %s could be made: %s" % (self.client.endpoint, reason)
        return self._outcome(NOT_SENT, reason=reason, transient=failure.kind != "refused", hint=failure.hint)


def _attempted(response: Response) -> _Attempted:
    """What came of a request that has a response."""
    found = verdict(response)
    if found == DELIVERED:
        return _Attempted(verdict=found, execution_id=_schema.execution_id(response.document))
    reason = response.clause()
    if 200 <= response.status < 300:
        problem = response.problem or "is not what the service documents for status 200"
        reason = "the response has no valid execution_id: its body %s" % problem
    return _Attempted(verdict=found, reason=reason, retry_after=response.retry_after())


__all__ = (
    "ALREADY_DELIVERED",
    "DELIVERED",
    "DELIVERIES",
    "NOT_SENT",
    "REJECTED",
    "SUPERSEDED",
    "UNKNOWN",
    "Delivery",
    "Outcome",
    "verdict",
)
