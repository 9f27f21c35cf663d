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

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    DELIVERED,
    NOT_SENT,
    Attempted,
    Outcome,
    accepted_execution_id,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import no_outcome_lost
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import ALWAYS, NEVER

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback, Client, Response
    from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
    from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure


class Delivery:
    """The delivery of one callback. requests_sent may be read while run() runs, and after an interruption."""

    def __init__(self, client: Client, project_id: str, callback: Callback, confirm: str, attempts: Attempts) -> None:
        self.requests_sent = 0
        self.client = client
        self.project_id = project_id
        self.callback = callback
        # Whether the run may be read where the outcome of an attempt is unknown.
        self.confirms = confirm != NEVER
        self.confirms_always = confirm == ALWAYS
        self.attempts = attempts
        self.warnings: list[str] = []
        self.response: t.Optional[Response] = None

    def already_finished(self) -> t.Optional[Outcome]:
        """With confirm=always, the outcome where the state has finished before anything was sent. None to go on."""
        if not self.confirms_always:
            return None
        # Here, and wherever else a function imports: Ansible compiles what is imported at each start, and most
        # deliveries do without this.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import confirmation

        return confirmation.already_finished(self)

    def run(self) -> Outcome:
        """Delivers. Network failures never raise; an interruption does."""
        return self.already_finished() or self._deliver()

    def _deliver(self) -> Outcome:
        attempt = self.attempt()
        if attempt.execution_id is not None:
            return self.accepted(attempt.execution_id)
        from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import confirmation

        return confirmation.retried(self, attempt)

    def attempt(self) -> Attempted:
        """Sends the callback once."""
        try:
            with no_outcome_lost(sent=True):
                response = self.client.complete_state(self.project_id, self.callback, not self.confirms)
                attempted = _attempted(response)
            self.response = response
            self.requests_sent += 1
        except Exception as error:  # pylint: disable=broad-exception-caught  # a Failure, or what ended an import
            # First: a signal or an error may end the import, and what was sent must not count as not sent.
            self.requests_sent += getattr(error, "sent", True)
            from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import verdicts

            return verdicts.failed(t.cast("Failure", error))
        except BaseException as interruption:
            self.requests_sent += getattr(interruption, "request_sent", True)
            raise
        return attempted

    def accepted(self, found: str) -> Outcome:
        """The outcome where the service accepted the callback; with confirm=always the run has to show it too."""
        if not self.confirms_always:
            return self.outcome(DELIVERED, execution_id=found)
        from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import confirmation

        return confirmation.accepted(self, found)

    def read_state(self, until_finished: bool = False) -> t.Any:
        """The _reads.State that the run shows."""
        from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads

        read = _reads.read_state_until_finished if until_finished else _reads.read_state
        callback = self.callback
        ids = (callback.workflow_id, callback.workflow_run_id, callback.workflow_state_id)
        return read(self.client, self.project_id, *ids, self.attempts)

    def outcome(self, delivery: str, **fields: t.Any) -> Outcome:
        """How this ended, with what was received and warned of so far."""
        found = {"response": self.response, "warnings": tuple(self.warnings), **fields}
        return Outcome(delivery=delivery, requests_sent=self.requests_sent, **found)


def _attempted(response: Response) -> Attempted:
    """What came of a request that has a response."""
    accepted = accepted_execution_id(response)
    if accepted is not None:
        return Attempted(verdict=DELIVERED, execution_id=accepted)
    from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import verdicts

    return verdicts.attempted(response)


__all__ = ("DELIVERED", "NOT_SENT", "Delivery", "Outcome")
