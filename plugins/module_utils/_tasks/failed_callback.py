# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.


"""
What a task says of a callback that was not delivered.

Imported only where there is one.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes

_CHECK_IDS = "Check the run: the state may be finished already, or the IDs may belong to another run."
_CHECK_RUN = "Check the run before you send again; with confirm=always a second task sends only what is missing."

_SENTENCES = {
    outcomes.REJECTED: "The service refused the callback: %(reason)s.",
    outcomes.NOT_SENT: "Nothing was sent, as %(reason)s.",
    outcomes.UNKNOWN: "It is not known whether the callback arrived: %(reason)s.",
    outcomes.SUPERSEDED: "The callback did not complete the state: %(reason)s.",
}


def sentence(delivery: str, reason: t.Optional[str]) -> str:
    """The message of a result."""
    return _SENTENCES[delivery] % {"reason": reason or ""}


def hint(outcome: t.Any, of_network: t.Callable[[str], str]) -> t.Optional[str]:
    """What the user can do about a _delivery.Outcome. of_network says that for a clause about the network."""
    if outcome.hint:
        return str(outcome.hint)
    if outcome.delivery == outcomes.SUPERSEDED:
        return "Check the run: somebody else completed the state, or it timed out, or the run was cancelled."
    if outcome.response is not None and outcome.delivery == outcomes.REJECTED:
        of_response: t.Optional[str] = outcome.response.hint()
        return of_response or (_CHECK_IDS if outcome.response.status == 400 else None)
    if outcome.delivery == outcomes.UNKNOWN:
        return _CHECK_RUN
    return of_network(outcome.reason or "")


def lost(reason: str) -> dict[str, t.Any]:
    """The result where nothing more is known than reason, a clause."""
    return {
        "failed": True,
        "changed": False,
        "delivery": outcomes.UNKNOWN,
        "requests_sent": 0,
        "msg": sentence(outcomes.UNKNOWN, reason),
        "hint": _CHECK_RUN,
    }
