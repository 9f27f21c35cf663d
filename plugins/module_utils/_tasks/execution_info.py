# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Reading a run and a state in it, or the list of a workflow's runs.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone
from multiprocessing.pool import ThreadPool

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options, _reads, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import named_if_empty
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import (
    Violation,
    missing,
    quoted,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import LIST_DAYS, LIST_LIMIT, RUN_STATUSES
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Connection, Result, Task
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.hints import network_hint

# What max_results allows, so that memory is bounded.
_RESULTS_LIMIT = 10_000
# How far a clock may be behind the service's; signatures need a clock that is right to 15 minutes.
_AHEAD = timedelta(hours=1)
_FIRST_YEAR = 1970
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_OF_LISTS = ("status", "since", "until", "states")
_OF_A_RUN = ("workflow_state_id", "workflow_state_name")


class ExecutionInfoTask(Task):
    """A task of fgs_workflow_execution_info."""

    OPERATION = _schema.EXECUTION
    SPECIFICATION: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        **_options.execution_info_spec(),
        # Unset, runs are listed.
        "execution_id": dict(_options.execution_info_spec()["execution_id"], required=False),
        "status": {"type": "str", "choices": list(RUN_STATUSES)},
        "since": {"type": "str"},
        "until": {"type": "str"},
        "max_results": {"type": "int", "default": LIST_LIMIT},
        "states": {"type": "bool", "default": False},
    }

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        now = datetime.now(timezone.utc)
        self._until = _time(self.params.get("until"), now) or now + _AHEAD
        self._since = _time(self.params.get("since"), now) or self._until - timedelta(days=LIST_DAYS)

    def validate(self) -> list[Violation]:
        found, run_id = super().validate(), self.params.get("execution_id")
        if run_id == "":
            found.append(named_if_empty(missing("execution_id"), self.params, _options.EXTRA_VARS))
        elif run_id is None:
            given = [name for name in _OF_A_RUN if self.params.get(name)]
            text = "execution_id is required with %s"
            found.extend(Violation("execution_id", "required", None, text % name) for name in given)
            found.extend(self._wrong_times())
        else:
            given = [name for name in _OF_LISTS if self.params.get(name)]
            text = "%s is for a list of runs; unset it or execution_id"
            found.extend(Violation(name, "list", None, text % name) for name in given)
        most = self.params.get("max_results")
        if isinstance(most, int) and not 1 <= most <= _RESULTS_LIMIT:
            text = "max_results must be from 1 to %d, got %d" % (_RESULTS_LIMIT, most)
            found.append(Violation("max_results", "range", [1, _RESULTS_LIMIT], text))
        return found

    def _wrong_times(self) -> t.Iterator[Violation]:
        for name in ("since", "until"):
            given = self.params.get(name)
            if given and _time(given, datetime.now(timezone.utc)) is None:
                text = "%s must be a time such as 2026-01-31T23:59:59Z or an age such as 90m, 12h or 7d, got %s"
                yield Violation(name, "time", None, text % (name, quoted(given, self.redactor.known)))
        if self._since > self._until:
            yield Violation("since", "time", None, "since must not be later than until")
        elif self._until - self._since > timedelta(days=lists.DAYS_LIMIT):
            days = lists.DAYS_LIMIT
            yield Violation("since", "range", days, "since must be at most %d days before until" % days)

    def act(self, connection: Connection) -> Result:
        try:
            return self._one(connection) if self.params.get("execution_id") else self._list(connection)
        except _reads.ReadError as error:
            return self._unread(error)

    def _one(self, connection: Connection) -> Result:
        run = self._read(connection, self.params["execution_id"])
        result = {"changed": False, "execution": run.execution, "status": run.status, **run.response.fields()}
        state_id, name = self.params.get("workflow_state_id"), self.params.get("workflow_state_name")
        if name:
            from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import state_name

            try:
                state_id = state_name.in_run(run, name, state_id, self.redactor.known).state_id
            except state_name.LookupFailure as failure:
                return {**result, "failed": True, "msg": "The state could not be shown: %s." % failure}
        if not state_id:
            return result
        state = _reads.state_of(run, state_id)
        if state is None:
            shown = quoted(state_id, self.redactor.known)
            message = "The run has no state %s: workflow_state_id must be a node's node_id or execution_id." % shown
            return {**result, "failed": True, "msg": message}
        return {**result, "state": state}

    def _read(self, connection: Connection, run_id: str) -> _reads.Run:
        return _reads.read_run(*connection, self.params["workflow_id"], run_id, self.attempts.renewed())

    def _list(self, connection: Connection) -> Result:
        given = self.params.get("since") or self.params.get("until")
        listed = lists.newest_runs(
            connection,
            self.params["workflow_id"],
            self.attempts,
            self.params["max_results"],
            self.params.get("status"),
            (self._since, self._until) if given else None,
        )
        runs = listed.runs
        if self.params["states"]:
            with ThreadPool(lists.AT_A_TIME) as pool:
                states = pool.imap(lambda run: self._states(connection, lists.id_of(run)), runs)
                runs = [{**run, "states": of_one} for run, of_one in zip(runs, states)]
        return {"changed": False, **listed.response.fields(), "executions": runs, "truncated": listed.is_truncated}

    def _states(self, connection: Connection, run_id: str) -> list[dict[str, t.Any]]:
        try:
            return _reads.shown_states(self._read(connection, run_id))
        except _reads.ReadError as error:
            # A run that is gone by now must not cost the list of all others.
            if not _reads.is_missing(error):
                raise
            return []

    def _unread(self, error: _reads.ReadError) -> Result:
        hint = error.hint or (network_hint(self.addresses.region, str(error)) if error.response is None else None)
        fields = {**error.fields(), **({"hint": hint} if hint else {})}
        what = "The run" if self.params.get("execution_id") else "The list of runs"
        return self.failed("%s could not be read: %s." % (what, error), **fields)

    @classmethod
    def lost(cls, reason: str) -> Result:
        return {"failed": True, "changed": False, "msg": "The run was not read, as %s." % reason}


def _time(given: t.Any, now: datetime) -> t.Optional[datetime]:
    """The time in UTC, None where given is neither a time nor an age. A time without an offset is in UTC."""
    ago = re.match(r"(\d{1,6}) ?([mhd])\Z", str(given))
    try:
        if ago:
            found = now - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
        else:
            found = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", str(given)))
            found = (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (OverflowError, ValueError):
        return None
    # Three days before the first times of the calendar cannot be calculated.
    return found if found.year >= _FIRST_YEAR else None
