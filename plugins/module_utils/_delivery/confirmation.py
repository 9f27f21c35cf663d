# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What the run shows of the state, and what follows from that: before an attempt, after one whose outcome is unknown, and
after one that the service accepted.

Imported only where an attempt is not plainly accepted, or where confirm=always.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    ALREADY_DELIVERED,
    DELIVERED,
    NOT_SENT,
    REJECTED,
    RETRY,
    SUPERSEDED,
    UNKNOWN,
    Attempted,
    Outcome,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import execution_id
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUN_STATUSES, RUNNING

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure

# Statuses with which the service refuses a state that does not wait.
_OF_STATE = (400, 404, 409)


def already_finished(delivery: t.Any) -> t.Optional[Outcome]:
    """The outcome of a Delivery where the state has finished before anything was sent. None to go on."""
    state = delivery.read_state()
    if state.error is not None and state.error.credentials_refused:
        error = state.error
        found = {"response": error.response, "reason": str(error), "hint": error.hint}
        return _outcome(delivery, NOT_SENT, worth_saving=True, **found)
    if state.status is None:
        delivery.warnings.append(
            "The run could not be read before sending (%s), so it is unknown whether the state had finished."
            % state.reason
        )
        return None
    if state.status == RUNNING:
        return None
    if state.status == delivery.callback.result:
        return _outcome(delivery, ALREADY_DELIVERED, execution_id=_execution_id(delivery, state))
    return _superseded(delivery, state)


def accepted(delivery: t.Any, run_id: str) -> Outcome:
    """The outcome of a Delivery whose callback the service accepted, and the run has to show it too."""
    state = delivery.read_state(until_finished=True)
    if state.status not in (None, RUNNING, delivery.callback.result):
        return _superseded(delivery, state)
    if state.status != delivery.callback.result:
        shows = state.reason or "it still shows the state as %s" % state.status
        delivery.warnings.append("The service accepted the callback, but the run does not confirm it: %s." % shows)
    return _outcome(delivery, DELIVERED, execution_id=run_id)


def retried(delivery: t.Any, attempt: Attempted) -> Outcome:
    """The outcome of a Delivery whose first attempt was not accepted."""
    outcome_unknown = False
    while attempt.execution_id is None:
        if attempt.verdict != RETRY or not delivery.attempts.wait_for_retry(attempt.retry_after):
            outcome_unknown = outcome_unknown or attempt.verdict == UNKNOWN
            ended = _ended(delivery, attempt, outcome_unknown)
            if ended is not None:
                return ended
        attempt = delivery.attempt()
    found: Outcome = delivery.accepted(attempt.execution_id)
    return found


def _ended(delivery: t.Any, attempt: Attempted, outcome_unknown: bool) -> t.Optional[Outcome]:
    """The outcome where attempt was the last one, None where the same callback may be sent again."""
    if not outcome_unknown:
        if attempt.failure is not None:
            return _unsent(delivery, attempt.failure)
        return _finished_meanwhile(delivery, attempt) or _refused(delivery, attempt)
    if not delivery.confirms:
        return _unknown(delivery, attempt, "confirm=never")
    state = delivery.read_state(until_finished=True)
    if state.status is None:
        return _unknown(delivery, attempt, state.reason)
    if state.status == delivery.callback.result:
        return _outcome(delivery, DELIVERED, execution_id=_execution_id(delivery, state))
    if state.status != RUNNING:
        return _superseded(delivery, state)
    if attempt.verdict != UNKNOWN and attempt.failure is None:
        return _refused(delivery, attempt)
    if attempt.verdict != UNKNOWN or not delivery.attempts.wait_for_retry(attempt.retry_after):
        return _unknown(delivery, attempt, "the run still shows the state as waiting, and all retries are used up")
    return None


def _execution_id(delivery: t.Any, state: t.Any) -> str:
    return execution_id(state.execution) or delivery.callback.workflow_run_id


def _outcome(delivery: t.Any, ended: str, **fields: t.Any) -> Outcome:
    found: Outcome = delivery.outcome(ended, **fields)
    return found


def _superseded(delivery: t.Any, state: t.Any) -> Outcome:
    return _outcome(delivery, SUPERSEDED, reason="the state was already finished with status %s" % state.status)


def _unknown(delivery: t.Any, attempt: Attempted, why: str) -> Outcome:
    return _outcome(delivery, UNKNOWN, reason="%s; %s" % (attempt.reason, why), worth_saving=True)


def _refused(delivery: t.Any, attempt: Attempted) -> Outcome:
    return _outcome(delivery, REJECTED, reason=attempt.reason, worth_saving=attempt.worth_saving)


def _finished_meanwhile(delivery: t.Any, attempt: Attempted) -> t.Optional[Outcome]:
    """With confirm=always, the outcome where the service refused the callback as the state or the run has finished.

    None where the run does not show that.
    """
    if not delivery.confirms_always or attempt.worth_saving or delivery.response.status not in _OF_STATE:
        return None
    state = delivery.read_state(until_finished=True)
    if state.status == delivery.callback.result:
        return _outcome(delivery, ALREADY_DELIVERED, execution_id=_execution_id(delivery, state))
    if state.status not in (None, RUNNING):
        return _superseded(delivery, state)
    status = (state.execution or {}).get("status")
    if status not in RUN_STATUSES or status == RUNNING:
        return None
    return _outcome(delivery, SUPERSEDED, reason="the run was already finished with status %s" % status)


def _unsent(delivery: t.Any, failure: Failure) -> Outcome:
    reason = failure.message
    if failure.kind not in ("refused", "unexpected"):
        reason = "no connection to %s could be made: %s" % (delivery.client.endpoint, reason)
    return _outcome(delivery, NOT_SENT, reason=reason, worth_saving=True, hint=failure.hint)
