# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The runs of a workflow, newest first: in several requests where the service lists less in one (ListWorkflowExecutions).
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from heapq import nlargest

from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client, Response, running
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import ReadError, mappings, read
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import LIST_DAYS, LIST_LIMIT, TIME_FORMAT

# The longest time that is listed, so that the number of requests is bounded.
DAYS_LIMIT = 1000 * LIST_DAYS
# How many runs of a list are read at the same time.
AT_A_TIME = 5
_WINDOW = timedelta(days=LIST_DAYS)
# Milliseconds since the epoch, at the end of the year 9999.
_LAST_TIME = 253402300799999

Run = t.Dict[str, t.Any]
_Page = t.Callable[..., t.List[Run]]


class Listed(t.NamedTuple):
    """At most so many runs as were asked for. is_truncated says whether there are more; response is the last one."""

    runs: list[Run]
    is_truncated: bool
    response: Response


def newest_runs(
    connection: tuple[Client, str],
    workflow_id: str,
    attempts: Attempts,
    most: int,
    status: t.Optional[str] = None,
    times: t.Optional[tuple[datetime, datetime]] = None,
) -> Listed:
    """The newest runs of a workflow. Raises ReadError, as read_run().

    times are the begin and the end of a time in UTC, by default that which the service chooses.
    """
    responses: list[Response] = []

    def page(**query: t.Any) -> list[Run]:
        query.update({"status": status} if status else {})
        response, document = read(
            lambda: running.list_executions(*connection, workflow_id, **query), attempts.renewed()
        )
        if not isinstance(document.get("executions"), list):
            raise ReadError("the response shows no list of runs", response)
        responses[:] = [response]
        return mappings(document["executions"])

    found: dict[str, Run] = {}
    for window in _windows(times):
        # One more, to know whether there are more. A run at the border of two windows is in both.
        newest = nlargest(most + 1, _runs(page, window), _begin)
        found.update({id_of(run): run for run in newest})
        if len(found) > most:
            break
    return Listed(list(found.values())[:most], len(found) > most, responses[0])


def _windows(times: t.Optional[tuple[datetime, datetime]]) -> t.Iterator[dict[str, str]]:
    """The time window of each request, the latest first. Empty for the one that the service lists by default."""
    if times is None:
        yield {}
        return
    since, begin = times
    while True:
        end, begin = begin, max(since, begin - _WINDOW)
        yield {"start_time": begin.strftime(TIME_FORMAT), "end_time": end.strftime(TIME_FORMAT)}
        if begin == since:
            return


def _runs(page: _Page, window: dict[str, str]) -> t.Iterator[Run]:
    """The runs of a window, in the service's order, which is not documented."""
    offset = 0
    before: set[str] = set()
    while True:
        found = page(limit=LIST_LIMIT, offset=offset, **window)
        # How many the service lists at most is its choice, so only a page without new runs is the last one. A run that
        # began in the meantime moves others to the next page.
        new = [run for run in found if id_of(run) not in before]
        if not new:
            return
        yield from new
        before = {id_of(run) for run in found}
        offset += len(found)


def _begin(run: t.Mapping[str, t.Any]) -> str:
    return str(run.get("begin_time"))


def written_time(milliseconds: t.Any) -> t.Optional[str]:
    """A time in milliseconds since the epoch as the service writes it, None if it is unset or no time."""
    if not isinstance(milliseconds, (int, float)) or not 0 < milliseconds <= _LAST_TIME:
        return None
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc).strftime(TIME_FORMAT)


def id_of(run: t.Mapping[str, t.Any]) -> str:
    """The ID of a run of a list."""
    return str(run.get("execution_id"))
