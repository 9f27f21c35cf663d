# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Delivering a request that changes a run: start, stop or retry.

None of them is idempotent at the service. So a request is sent again only where it cannot have arrived, or where the
run, read back, shows that it had no effect.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes, verdicts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import no_outcome_lost
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure

UNREAD = "the run could not be read: %s"
# Refusals that may mean that somebody else did the same before.
_PERHAPS_DONE = (400, 409)


class NotDone(Exception):
    """The service refused the request, or it did not arrive. attempt is the last one."""

    def __init__(self, attempt: outcomes.Attempted) -> None:
        super().__init__()
        self.attempt = attempt


class OutcomeUnknown(Exception):
    """The request may have taken effect. The message, a clause, says why that is not known."""


class Change:
    """The delivery of one request.

    send sends it once and returns the response, accepts tells whether a response of status 2xx says that it took
    effect. requests_sent, response (the latest one) and is_done may be read during run(), and after an interruption.
    """

    def __init__(self, send: t.Callable[[], t.Any], accepts: t.Callable[[t.Any], bool], attempts: Attempts) -> None:
        self._send = send
        self._accepts = accepts
        self._attempts = attempts
        self.requests_sent = 0
        self.response: t.Any = None
        # Whether this request took effect, and not one of somebody else.
        self.is_done = False
        # Whether one of its requests may have taken effect without a sign of it.
        self.outcome_unknown = False

    def run(self, took_effect: t.Callable[[bool], bool]) -> None:
        """Returns once the run is as the request makes it. Raises NotDone and OutcomeUnknown.

        took_effect reads that. It is given whether the request may have arrived, so that what is shown may lag behind,
        and may raise ReadError.
        """
        while True:
            attempt = self._attempt()
            if attempt.verdict == outcomes.DELIVERED:
                self.is_done = True
                return
            self.outcome_unknown = self.outcome_unknown or attempt.verdict == outcomes.UNKNOWN
            is_retried = attempt.verdict == outcomes.RETRY and not self.outcome_unknown
            if is_retried and self._attempts.wait_for_retry(attempt.retry_after):
                continue
            if not self.outcome_unknown and (attempt.failure is not None or self.response.status not in _PERHAPS_DONE):
                raise NotDone(attempt)
            try:
                if took_effect(self.outcome_unknown):
                    self.is_done = self.outcome_unknown
                    return
            except _reads.ReadError as error:
                if not self.outcome_unknown:
                    raise NotDone(attempt) from None
                raise OutcomeUnknown("%s; %s" % (attempt.reason, UNREAD % error)) from None
            if attempt.verdict == outcomes.REFUSED:
                if not self.outcome_unknown:
                    raise NotDone(attempt)
                # An earlier request may still take effect, or be what this one was refused for.
                raise OutcomeUnknown("%s; the run does not show it" % attempt.reason)
            if not self._attempts.wait_for_retry(attempt.retry_after):
                text = "%s; the run does not show it, and all retries are used up"
                raise OutcomeUnknown(text % attempt.reason)

    def _attempt(self) -> outcomes.Attempted:
        """Sends the request once."""
        try:
            with no_outcome_lost(sent=True):
                response = self._send()
        except Failure as failure:
            self.requests_sent += failure.sent
            return verdicts.failed(failure)
        except BaseException as interruption:
            self.requests_sent += getattr(interruption, "request_sent", True)
            raise
        self.requests_sent += 1
        self.response = response
        if 200 <= response.status < 300:
            if self._accepts(response):
                return outcomes.Attempted(verdict=outcomes.DELIVERED)
            if response.problem:
                return outcomes.Attempted(verdict=outcomes.UNKNOWN, reason="the response %s" % response.problem)
        return verdicts.attempted(response)
