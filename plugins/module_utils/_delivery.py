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
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import RUN_STATUSES, RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._transport import Failure

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
    the network or the gateway was the cause, so that the same callback may be delivered later.
    """

    delivery: str
    requests_sent: int
    execution_id: t.Optional[str] = None
    answer: t.Optional[Answer] = None
    reason: t.Optional[str] = None
    passing: bool = False
    warnings: tuple[str, ...] = ()


class _Seen(t.NamedTuple):
    """What a look at the run showed: the state's status, or None and why not."""

    status: t.Optional[str]
    reason: str = ""
    execution_id: t.Optional[str] = None


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
            trouble, asked, unknown, again = "", None, False, False
            sent = self._send()
            answer = None if isinstance(sent, Failure) else sent
            if isinstance(sent, Failure):
                unknown = sent.sent
                if not unknown and not sent.lasting and self._attempts.again():
                    continue
                trouble = sent.message
            elif 200 <= sent.status < 300:
                execution_id = _contract.execution_id(sent.document)
                if execution_id is not None:
                    return self._answered(execution_id)
                trouble = "the answer has no valid execution_id: its body %s" % (
                    sent.problem or "is not what the service documents for status 200"
                )
                unknown = True
            else:
                unknown = sent.status >= 500 and not _of_unavailable_iam(sent)
                again = sent.status == 429 or _of_unavailable_iam(sent)
                asked = _service_errors.retry_after(sent.headers)
                if not unknown and again and self._attempts.again(asked):
                    continue
                trouble = sent.clause()
            doubt = doubt or unknown
            if not doubt:
                return self._refused(trouble, again) if answer is not None else self._unsent(trouble)
            if self._confirm == NEVER:
                return self._outcome(UNKNOWN, reason="%s; confirm=never" % trouble, passing=True)
            seen = self._look_until_ended()
            if seen.status is None:
                return self._outcome(UNKNOWN, reason="%s; %s" % (trouble, seen.reason), passing=True)
            if seen.status == self.callback.result:
                return self._outcome(DELIVERED, execution_id=seen.execution_id)
            if seen.status != RUNNING:
                return self._superseded(seen)
            if not unknown and answer is not None:
                return self._refused(trouble, again)
            if not unknown or not self._attempts.again(asked):
                waits = "the state still waits as far as the run shows, and no attempt is left"
                return self._outcome(UNKNOWN, reason="%s; %s" % (trouble, waits), passing=True)

    def _send(self) -> t.Union[Answer, Failure]:
        try:
            self._answer = self.client.complete_state(self.project_id, self.callback)
        except Failure as failure:
            self.requests_sent += failure.sent
            return failure
        except BaseException as interruption:
            self.requests_sent += getattr(interruption, "request_sent", True)
            raise
        self.requests_sent += 1
        return self._answer

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
        callback = self.callback
        try:
            run = _executions.read(
                self.client, self.project_id, callback.workflow_id, callback.workflow_run_id, self._attempts.anew()
            )
        except _executions.Unreadable as unreadable:
            return _Seen(None, "the run could not be read back: %s" % unreadable)
        execution_id = _contract.execution_id(run.execution) or callback.workflow_run_id
        state = _executions.state_of(run, callback.workflow_state_id)
        if state is None or state["status"] not in RUN_STATUSES:
            return _Seen(None, "the run (%s) does not show the state" % run.status, execution_id)
        return _Seen(state["status"], "", execution_id)

    def _outcome(self, delivery: str, **fields: t.Any) -> Outcome:
        return Outcome(delivery, self.requests_sent, answer=self._answer, warnings=tuple(self.warnings), **fields)

    def _superseded(self, seen: _Seen) -> Outcome:
        return self._outcome(SUPERSEDED, reason="the state ended before with %s" % seen.status)

    def _refused(self, trouble: str, passing: bool) -> Outcome:
        return self._outcome(REJECTED, reason=trouble, passing=passing)

    def _unsent(self, trouble: str) -> Outcome:
        return self._outcome(NOT_SENT, reason=trouble, passing=True)


def _of_unavailable_iam(answer: Answer) -> bool:
    """A 503 that the gateway gave because its own IAM was away: the service has not seen the request."""
    error = _service_errors.read(answer.headers, answer.document)
    return answer.status == 503 and error.number == _service_errors.IAM_UNAVAILABLE
