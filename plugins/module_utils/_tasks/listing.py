# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The list of a workflow's runs.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta
from heapq import nlargest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _api, _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts

# Of ListWorkflowExecutions: the longest time between start_time and end_time, their format, and the largest page.
WINDOW = timedelta(days=3)
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
PAGE = 200
# How far a clock may be behind the service's; signatures need a clock that is right to 15 minutes.
AHEAD = timedelta(hours=1)


class Listing(t.NamedTuple):
    """The newest runs as the service lists them, whether there are more, and the fields of the last response."""

    runs: list[dict[str, t.Any]]
    is_truncated: bool
    fields: dict[str, t.Any]


def windows(since: datetime, until: datetime) -> t.Iterator[dict[str, str]]:
    """The time window of each request, the latest first."""
    begin = until
    while True:
        end, begin = begin, max(since, begin - WINDOW)
        yield {"start_time": begin.strftime(_TIME_FORMAT), "end_time": end.strftime(_TIME_FORMAT)}
        if begin == since:
            return


def newest(
    connection: tuple[_api.Client, str],
    workflow_id: str,
    attempts: Attempts,
    given: t.Iterable[dict[str, str]],
    most: int,
    status: t.Optional[str],
) -> Listing:
    """At most so many runs, the newest, of the windows that are given, of any status if it is None. Raises ReadError.

    An empty window is the one that the service lists by default.
    """
    found: dict[str, dict[str, t.Any]] = {}
    fields: dict[str, t.Any] = {}
    for window in given:
        query = {**window, **({"status": status} if status else {})}
        # One more, to know whether there are more. A run at the border of two windows is in both.
        latest = nlargest(most + 1, _runs(connection, workflow_id, attempts, query, fields), _begin)
        found.update({id_of(run): run for run in latest if id_of(run) not in found})
        if len(found) > most:
            break
    return Listing(list(found.values())[:most], len(found) > most, fields)


def _runs(
    connection: tuple[_api.Client, str],
    workflow_id: str,
    attempts: Attempts,
    filters: t.Mapping[str, str],
    fields: dict[str, t.Any],
) -> t.Iterator[dict[str, t.Any]]:
    """The runs of a query, in the service's order, which is not documented. Adds the response's fields to fields."""
    query: dict[str, t.Any] = {"limit": PAGE, "offset": 0, **filters}
    before: set[str] = set()
    while True:
        response, page = _reads.read_list(*connection, workflow_id, attempts.renewed(), **query)
        fields.update(response.fields())
        # How many the service lists at most is its choice, so only a page without new runs is the last one. A run that
        # began in the meantime moves others to the next page.
        new = [run for run in page if id_of(run) not in before]
        if not new:
            return
        yield from new
        before = {id_of(run) for run in page}
        query["offset"] += len(page)


def id_of(run: t.Mapping[str, t.Any]) -> str:
    return str(run.get("execution_id"))


def _begin(run: t.Mapping[str, t.Any]) -> str:
    return str(run.get("begin_time"))
