# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What can come of an attempt, and how a delivery can end, as results name it.
"""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import tables

DELIVERED = "delivered"
ALREADY_DELIVERED = "already_delivered"
NOT_SENT = "not_sent"
REJECTED = "rejected"
SUPERSEDED = "superseded"
UNKNOWN = "unknown"
DELIVERIES = (DELIVERED, ALREADY_DELIVERED, NOT_SENT, REJECTED, SUPERSEDED, UNKNOWN)
# After these the state has finished, whoever completed it: sending the same callback again changes nothing.
FINISHED = (DELIVERED, ALREADY_DELIVERED, SUPERSEDED)
# What an attempt can mean besides DELIVERED and UNKNOWN.
RETRY = "retry"
REFUSED = "refused"


class Attempted(SimpleNamespace):
    """What came of one request: the verdict, and its execution_id or the reason why there is none.

    retry_after is in seconds, failure what was raised where no response came. worth_saving is as in Outcome.
    """

    verdict: str
    reason: str = ""
    execution_id: t.Optional[str] = None
    retry_after: t.Optional[float] = None
    failure: t.Any = None
    worth_saving: bool = True


class Outcome(SimpleNamespace):
    """How a delivery ended.

    delivery is one of DELIVERIES. response is the last one to a callback request. reason is the clause that explains an
    outcome that is a failure. worth_saving is true where the same callback may be delivered later, be it with other
    credentials or addresses. hint says what to do, where more is known than delivery and response show.
    """

    delivery: str
    requests_sent: int
    execution_id: t.Optional[str] = None
    response: t.Any = None
    reason: t.Optional[str] = None
    worth_saving: bool = False
    warnings: tuple[str, ...] = ()
    hint: t.Optional[str] = None


def accepted_execution_id(response: t.Any) -> t.Optional[str]:
    """The execution_id where the service accepted the callback: of a status 2xx, and valid. Else None."""
    return tables.execution_id(response.document) if 200 <= response.status < 300 else None
