# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows from their definitions, in the form in which the service shows them (ShowWorkFlow, CreateWorkflow).

The service documents the types Operation, Sleep and End. Callback and Parallel are the simulator's own, as no page
lists theirs; so is the key "simulator" of a function, which is never shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .accounts import PROJECT_ID, REGION
from .functions import Function
from .received import Recipient

OPERATION, SLEEP, END, CALLBACK, PARALLEL = "Operation", "Sleep", "End", "Callback", "Parallel"
NORMAL, EXPRESS = "NORMAL", "EXPRESS"

# From the user manual (functiongraph_01_0150, 0411, 0415).
MOST_STATES, MOST_BRANCHES, LONGEST_SLEEP = 100, 20, 86_400

DEFAULT_DEFINITION: dict[str, Any] = json.loads(Path(__file__).with_name("flow.json").read_text("utf-8"))


def iso(seconds: float | None) -> str | None:
    """A time as the service shows it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class InvalidDefinition(Exception):
    """A definition that the simulator cannot run. The message lists every problem."""


@dataclass(frozen=True)
class OnError:
    """What follows a failure: another attempt as long as there is one, then the transition."""

    error: str
    transition: str | None
    attempts: int
    delay: float

    def matches(self, error: str) -> bool:
        """Whether it is for that error. The language of the expression is not documented: * and ? are wildcards."""
        return fnmatchcase(error, self.error)


@dataclass(frozen=True)
class State:
    """One node of a definition. A name need not be there, and two nodes may have the same one."""

    id: str
    name: str | None
    type: str
    transition: str | None
    functions: tuple[str, ...]
    duration: float
    branches: tuple[str, ...]
    ends_when: int
    on_errors: tuple[OnError, ...]

    def following(self) -> Iterator[str]:
        """The ids of the nodes that can follow this one."""
        if self.transition is not None:
            yield self.transition
        for on_error in self.on_errors:
            if on_error.transition is not None:
                yield on_error.transition


@dataclass
class Flow(Recipient):
    """A flow. definition is what ShowWorkFlow shows.

    readings are what it changes of the world's, and start_lag is for the runs that the service starts. international:
    it starts none.
    """

    workflow_id: str
    definition: Any
    states: dict[str, State]
    start: str
    functions: dict[str, Function]
    name: str = ""
    description: str = ""
    mode: str = NORMAL
    readings: dict[str, str] = field(default_factory=dict)
    start_lag: int = 0
    international: bool = False
    created: float = field(default_factory=lambda: datetime.now(timezone.utc).timestamp())

    @property
    def urn(self) -> str:
        """Its URN."""
        return f"urn:fss:{REGION}:{PROJECT_ID}:workflow:default:{self.name}:latest"

    def shown(self) -> dict[str, Any]:
        """The response of ShowWorkFlow."""
        brief = self.brief()
        names = ("id", "workflow_urn", "created_time", "updated_time", "created_by")
        return {**{name: brief[name] for name in names}, "definition": self.definition}

    def brief(self) -> dict[str, Any]:
        """The flow in the list of ListWorkflow."""
        return {
            "id": self.workflow_id,
            "workflow_urn": self.urn,
            "name": self.name,
            "description": self.description,
            "created_time": iso(self.created),
            "updated_time": iso(self.created),
            "created_by": "simulator",
        }


def parse(workflow_id: str, definition: Mapping[str, Any], shown: Any = None) -> Flow:
    """The flow of a definition; shown is what ShowWorkFlow is to show instead. Raises InvalidDefinition."""
    try:
        return _Parser(definition).flow(workflow_id, shown)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidDefinition(f"the definition is not in the form of the service: {error!r}") from error


class _Parser:
    """Reads a definition, and collects what is wrong with it."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.definition = definition
        self.problems: list[str] = []
        self.retries = {retry["name"]: retry for retry in definition.get("retries") or []}
        self.functions = {row["name"]: self._function(row) for row in definition.get("functions") or []}
        rows = definition.get("states") or []
        self.states = {row["id"]: self._state(row) for row in rows}
        self._require(0 < len(self.states) == len(rows), "states must be there, each with an id of its own")
        self._require(len(rows) <= MOST_STATES, f"a flow has at most {MOST_STATES} states")

    def flow(self, workflow_id: str, shown: Any) -> Flow:
        mode = self.definition.get("mode", NORMAL)
        start = self.definition.get("start") or next(iter(self.states), "")
        self._require(mode in (NORMAL, EXPRESS), f"mode must be {NORMAL} or {EXPRESS}")
        self._require(start in self.states, "start must be the id of a state")
        for state in self.states.values():
            self._check(state, mode)
        if not self.problems:
            self._check_order(start)
        if self.problems:
            raise InvalidDefinition("; ".join(self.problems))
        return Flow(
            workflow_id=workflow_id,
            definition=self._public() if shown is None else shown,
            states=self.states,
            start=start,
            functions=self.functions,
            name=str(self.definition.get("name") or workflow_id),
            description=str(self.definition.get("description") or ""),
            mode=mode,
        )

    def _public(self) -> dict[str, Any]:
        functions = [
            {name: value for name, value in row.items() if name != "simulator"}
            for row in self.definition.get("functions") or []
        ]
        return {**self.definition, "functions": functions}

    def _require(self, condition: bool, problem: str) -> None:
        if not condition:
            self.problems.append(problem)

    def _function(self, row: Mapping[str, Any]) -> Function:
        ours = row.get("simulator") or {}
        function = Function(row["name"], ours.get("file"), ours.get("handler", "handler"), ours.get("settings") or {})
        self.problems.extend(function.problems())
        return function

    def _state(self, row: Mapping[str, Any]) -> State:
        where = f"state {row.get('name') or row['id']}"
        self._require(not row.get("state_data_filter"), f"{where}: state_data_filter is not supported")
        self._require(row.get("action_mode") in (None, "", "sequential"), f"{where}: actions are run one by one")
        actions = [action["function_ref"] for action in row.get("actions") or []]
        self._require(not any(action.get("arguments") for action in actions), f"{where}: arguments are not supported")
        branches = tuple(row.get("branches") or ())
        ends_when = row.get("ends_when", "all")
        return State(
            id=str(row["id"]),
            name=row.get("name"),
            type=row.get("type", OPERATION),
            transition=None if row.get("end") else row.get("transition") or None,
            functions=tuple(action["ref_name"] for action in actions),
            duration=float(row.get("duration") or 0),
            branches=branches,
            ends_when=int({"all": len(branches), "one": 1}.get(ends_when, ends_when)),
            on_errors=tuple(self._on_error(one) for one in row.get("on_errors") or []),
        )

    def _on_error(self, row: Mapping[str, Any]) -> OnError:
        retry = self.retries[row["retry_ref"]] if row.get("retry_ref") else {"max_attempts": 0}
        attempts, delay = int(retry.get("max_attempts", 3)), float(retry.get("delay", 1))
        return OnError(row.get("error") or "*", row.get("transition") or None, attempts, delay)

    def _check(self, state: State, mode: str) -> None:
        where = f"state {state.name or state.id}"
        known = (OPERATION, SLEEP, END, CALLBACK, PARALLEL)
        self._require(state.type in known, f"{where}: type must be one of {', '.join(known)}")
        self._require(mode == NORMAL or state.type != CALLBACK, f"{where}: an express flow has no callback node")
        unknown = sorted({*state.following(), *state.branches} - self.states.keys())
        self._require(not unknown, f"{where}: no state has the id {', '.join(unknown)}")
        undefined = sorted(set(state.functions) - self.functions.keys())
        self._require(not undefined, f"{where}: functions has no {', '.join(undefined)}")
        if state.type == SLEEP:
            self._require(0 < state.duration <= LONGEST_SLEEP, f"{where}: duration must be up to {LONGEST_SLEEP}")
        if state.type == PARALLEL:
            self._require(
                1 <= state.ends_when <= len(state.branches) <= MOST_BRANCHES,
                f"{where}: it has 1 to {MOST_BRANCHES} branches, and ends when all, one or so many have ended",
            )

    def _check_order(self, start: str) -> None:
        """Without loops, and without a state that two branches share."""
        seen: dict[str, str] = {}

        def walk(state_id: str, part: str, above: tuple[str, ...]) -> None:
            state = self.states[state_id]
            if state_id in above:
                raise InvalidDefinition(f"state {state.name or state_id}: loops are not supported")
            if state_id in seen:
                if seen[state_id] != part:
                    raise InvalidDefinition(f"state {state.name or state_id}: it is in two branches")
                return
            seen[state_id] = part
            for number, branch in enumerate(state.branches):
                walk(branch, f"{number} of {state_id}", (*above, state_id))
            for following in state.following():
                walk(following, part, (*above, state_id))

        walk(start, "", ())
