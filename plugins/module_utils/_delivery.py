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

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _attempts,
    _contract,
    _executions,
    _service_errors,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._client import Answer, Callback, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._network_failures import (
    Failure,
    no_outcome_lost,
    unexpected,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import RUN_STATUSES, RUNNING

DELIVERED = "delivered"
ALREADY_DELIVERED = "already_delivered"
NOT_SENT = "not_sent"
REJECTED = "rejected"
SUPERSEDED = "superseded"
UNKNOWN = "unknown"
DELIVERIES = (DELIVERED, ALREADY_DELIVERED, NOT_SENT, REJECTED, SUPERSEDED, UNKNOWN)

NEVER = "never"
WHEN_UNKNOWN = "when_unknown"
ALWAYS = "always"
CONFIRM = (NEVER, WHEN_UNKNOWN, ALWAYS)

# A status may lag behind: a state is looked at this often at least before it counts as still waiting.
_LOOKS = 3


class Outcome(t.NamedTuple):
    """How a delivery ended.

    delivery is one of DELIVERIES. answer is the last answer to a callback request, failure the trouble of one that
    brought none. reason is the sentence that explains an outcome that is a failure. passing is true where trouble of
    the network or the gateway was the cause, so that the same callback may be delivered later. hint says what to do,
    where more is known than delivery and answer tell.
    """

    delivery: str
    requests_sent: int
    execution_id: t.Optional[str] = None
    answer: t.Optional[Answer] = None
    reason: t.Optional[str] = None
    passing: bool = False
    warnings: tuple[str, ...] = ()
    hint: t.Optional[str] = None


class _Came(t.NamedTuple):
    """What came of one request: its execution_id, or in trouble why there is none.

    unknown is true where it may have arrived nevertheless, again where it has not and another attempt may help. asked
    is how many seconds the server wants to be waited, failure what was raised where no answer came.
    """

    execution_id: t.Optional[str] = None
    trouble: str = ""
    unknown: bool = False
    again: bool = False
    asked: t.Optional[float] = None
    failure: t.Optional[Failure] = None


class _Seen(t.NamedTuple):
    """What a look at the run showed: the state's status, or None and why not."""

    status: t.Optional[str]
    reason: str = ""
    execution_id: t.Optional[str] = None
    unreadable: t.Optional[_executions.Unreadable] = None


class Delivery:
    """One callback on its way. requests_sent may be read while it runs, also after an interruption."""

    def __init__(
        self, client: Client, project_id: str, callback: Callback, confirm: str, attempts: _attempts.Attempts
    ) -> None:
        self.requests_sent = 0
        self.client = client
        self.project_id = project_id
        self.callback = callback
        self._confirm = confirm
        self._attempts = attempts
        self._answer: t.Optional[Answer] = None
        self.warnings: list[str] = []

    def preview(self) -> t.Optional[Outcome]:
        """With confirm=always, the outcome where the state has ended before anything was sent. None to go on."""
        if self._confirm != ALWAYS:
            return None
        seen = self._look()
        if seen.unreadable is not None and seen.unreadable.refused:
            return self._keys_refused(seen.unreadable)
        if seen.status is None:
            self.warnings.append(
                "The run could not be read before sending (%s), so it is not known whether the state had ended before."
                % seen.reason
            )
            return None
        if seen.status == RUNNING:
            return None
        if seen.status == self.callback.result:
            return self._outcome(ALREADY_DELIVERED, execution_id=seen.execution_id)
        return self._superseded(seen)

    def run(self) -> Outcome:
        """Delivers. Network trouble never raises; an interruption does."""
        return self.preview() or self._deliver()

    def _deliver(self) -> Outcome:
        doubt = False
        while True:
            came = self._send()
            if came.execution_id is not None:
                return self._answered(came.execution_id)
            if came.again and self._attempts.again(came.asked):
                continue
            doubt = doubt or came.unknown
            if not doubt:
                return self._refused(came) if came.failure is None else self._unsent(came.failure)
            if self._confirm == NEVER:
                return self._outcome(UNKNOWN, reason="%s; confirm=never" % came.trouble, passing=True)
            seen = self._look_until_ended()
            if seen.status is None:
                return self._outcome(UNKNOWN, reason="%s; %s" % (came.trouble, seen.reason), passing=True)
            if seen.status == self.callback.result:
                return self._outcome(DELIVERED, execution_id=seen.execution_id)
            if seen.status != RUNNING:
                return self._superseded(seen)
            if not came.unknown and came.failure is None:
                return self._refused(came)
            if not came.unknown or not self._attempts.again(came.asked):
                waits = "the state still waits as far as the run shows, and no attempt is left"
                return self._outcome(UNKNOWN, reason="%s; %s" % (came.trouble, waits), passing=True)

    def _send(self) -> _Came:
        try:
            with no_outcome_lost(sent=True):
                answer = self.client.complete_state(self.project_id, self.callback, self._confirm == NEVER)
                came = _judged(answer)
            self._answer = answer
            self.requests_sent += 1
        except Failure as failure:
            self.requests_sent += failure.sent
            again = not failure.sent and not failure.lasting
            return _Came(trouble=failure.message, unknown=failure.sent, again=again, failure=failure)
        except BaseException as interruption:
            self.requests_sent += getattr(interruption, "request_sent", True)
            raise
        return came

    def _answered(self, execution_id: str) -> Outcome:
        """The service said yes; with confirm=always the run has to show it too."""
        if self._confirm == ALWAYS:
            seen = self._look_until_ended()
            if seen.status not in (None, RUNNING, self.callback.result):
                return self._superseded(seen)
            if seen.status != self.callback.result:
                shows = seen.reason or "it still shows the state as %s" % seen.status
                self.warnings.append("The service accepted the callback, but the run does not confirm it: %s." % shows)
        return self._outcome(DELIVERED, execution_id=execution_id)

    def _look_until_ended(self) -> _Seen:
        waits = self._attempts.anew()
        waits.retries = max(_LOOKS - 1, waits.retries)
        while True:
            seen = self._look()
            lagging = seen.status == RUNNING or (seen.status is None and seen.execution_id is not None)
            if not lagging or not waits.again():
                return seen

    def _look(self) -> _Seen:
        """Reads the run once. A run that can be read but does not show the state has an execution_id and no status."""
        try:
            return self._read()
        except _executions.Unreadable as unreadable:
            return _Seen(None, "the run could not be read back: %s" % unreadable, unreadable=unreadable)
        except Exception as error:  # pylint: disable=broad-exception-caught  # the outcome must not be lost with it
            return _Seen(None, "the run could not be read back: %s" % unexpected(error, False))

    def _read(self) -> _Seen:
        callback = self.callback
        run = _executions.read(
            self.client, self.project_id, callback.workflow_id, callback.workflow_run_id, self._attempts.anew()
        )
        execution_id = _contract.execution_id(run.execution) or callback.workflow_run_id
        state = _executions.state_of(run, callback.workflow_state_id)
        if state is None or state["status"] not in RUN_STATUSES:
            return _Seen(None, "the run (%s) does not show the state" % run.status, execution_id)
        return _Seen(state["status"], "", execution_id)

    def _outcome(self, delivery: str, **fields: t.Any) -> Outcome:
        given = {"answer": self._answer, "warnings": tuple(self.warnings), **fields}
        return Outcome(delivery, self.requests_sent, **given)

    def _superseded(self, seen: _Seen) -> Outcome:
        return self._outcome(SUPERSEDED, reason="the state ended before with %s" % seen.status)

    def _refused(self, came: _Came) -> Outcome:
        return self._outcome(REJECTED, reason=came.trouble, passing=came.again)

    def _unsent(self, failure: Failure) -> Outcome:
        reason = failure.message
        if failure.kind not in ("refused", "unexpected"):
            reason = "no connection to %s could be made: %s" % (self.client.endpoint, reason)
        return self._outcome(NOT_SENT, reason=reason, passing=failure.kind != "refused", hint=failure.hint)

    def _keys_refused(self, unreadable: _executions.Unreadable) -> Outcome:
        return self._outcome(NOT_SENT, answer=unreadable.answer, reason=str(unreadable), hint=unreadable.hint)


def _judged(answer: Answer) -> _Came:
    if 200 <= answer.status < 300:
        execution_id = _contract.execution_id(answer.document)
        problem = answer.problem or "is not what the service documents for status 200"
        trouble = "the answer has no valid execution_id: its body %s" % problem
        return _Came(execution_id, trouble, unknown=execution_id is None)
    again = answer.status == 429 or _of_unavailable_iam(answer)
    asked = _service_errors.retry_after(answer.headers)
    return _Came(trouble=answer.clause(), unknown=_leaves_unknown(answer), again=again, asked=asked)


def _leaves_unknown(answer: Answer) -> bool:
    """Whether a status other than 2xx leaves open what became of the request.

    An interim response promises a final one, and 408 says that the server did not wait for all of the request.
    """
    return answer.status < 200 or answer.status == 408 or (answer.status >= 500 and not _of_unavailable_iam(answer))


def _of_unavailable_iam(answer: Answer) -> bool:
    """A 503 that the gateway gave because its own IAM was away: the service has not seen the request."""
    error = _service_errors.read(answer.headers, answer.document)
    return answer.status == 503 and error.number == _service_errors.IAM_UNAVAILABLE
