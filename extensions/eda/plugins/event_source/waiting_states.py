# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event for every state of a FunctionGraph workflow that waits for its callback, found by polling."""

from __future__ import annotations

DOCUMENTATION = r"""
---
short_description: Poll workflows of Huawei Cloud FunctionGraph for states that wait.
version_added: 1.1.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - An ansible-rulebook event source plugin that polls the runs of workflows, and gives one event for every state that
    waits for its callback. It needs no inbound connection from the cloud, and no function that sends the event.
  - An event has the keys workflow_id, workflow_run_id, workflow_state_id, workflow_state_name, input (that of the
    state) and waiting_since (a time in UTC, for example "2026-11-26T03:00:00Z"). Its key extra_vars has the three IDs
    under the names that the playbooks and job templates of this collection take, which are fgs_workflow_id,
    fgs_workflow_run_id and fgs_workflow_state_id.
  - Each state of a run gives one event for as long as the process lives, and another one if it waits again because
    the run was retried. After a restart each state that still waits gives an event again. With "confirm=always" of
    fgs_workflow_callback a second callback with the same result is no failure.
  - A state waits if its run is running and shows the state as running. The service does not document whether a run
    shows a callback node that waits. So a state also waits if its run does not show it, and the definition of the
    workflow has it right after a state that has succeeded, or first in a run that shows no state. Then input and
    waiting_since are null, and a retry of the run that is over between two polls is not noticed. The first state of a
    parallel branch, and a state after a failed one, are found only if the run shows them.
  - If a poll fails, the reason is logged as a warning, and the next poll comes. After each failed or throttled poll the
    interval is doubled, up to 300 seconds, until a poll succeeds.
requirements:
  - ansible-core >= 2.16, in the Python environment of ansible-rulebook
  - requests >= 2.25
  - jsonschema >= 3.2
notes:
  - Credentials need the permission to list and read runs, and to read workflows.
  - Credentials are taken from options, environment, credentials file or ECS agency, as by the modules of this
    collection. A credentials file is read in each poll. If the service refuses the credentials, nothing more is sent
    with them.
  - The other options connect to the service, from access_key to retries. They are those of the modules, except run_on.
    "ansible-doc functiongraph.workflow.fgs_workflow_execution_info" describes them.
options:
  workflow_ids:
    description:
      - The IDs of the workflows to poll.
    type: list
    elements: str
    required: true
  state_names:
    description:
      - The names of the callback nodes, compared exactly. States with other names give no event.
    type: list
    elements: str
    required: true
  interval:
    description:
      - The time in seconds between two polls of a workflow, from 1 to 86400. It varies randomly by a fifth.
    type: float
    default: 15.0
  since:
    description:
      - Poll only runs that began at that time or later, for example "12h" or "7d" ago. By default, the last 3 days.
        Each 3 days are at least two requests in each poll. At most the 1000 newest runs that are running are read.
      - A run that gave an event is read until it ends, however old it is.
    type: str
"""

EXAMPLES = r"""
- functiongraph.workflow.waiting_states:
    region: cn-north-4
    access_key: "{{ HUAWEICLOUD_SDK_AK }}"
    secret_key: "{{ HUAWEICLOUD_SDK_SK }}"
    workflow_ids:
      - 5e1f0a11-9f0c-4c3c-8a6f-0e8f5a7c1d22
    state_names:
      - wait-for-runbook
"""

import asyncio
import logging
import os
import random
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
except ImportError:
    raise ImportError("waiting_states requires ansible-core in the Python environment of ansible-rulebook") from None

# ansible-rulebook runs an event source as a script, without Ansible's loader of collections.
for _place in Path(__file__).absolute().parents:
    if _place.name == "ansible_collections":
        if str(_place.parent) not in sys.path:
            sys.path.append(str(_place.parent))
        import ansible_collections

        # The distribution "ansible" has a package of that name, which hides all other places.
        if str(_place) not in list(ansible_collections.__path__):
            ansible_collections.__path__.append(str(_place))

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _connections,
    _libraries,
    _options,
    _redaction,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Result
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.waiting_states import (
    LISTING,
    WaitingStatesTask,
)

# A script has no name of its own.
logger = logging.getLogger("functiongraph.workflow.waiting_states")

# Seconds between two polls: what the option allows, and the longest after failures. By what factors they vary.
_INTERVALS = (1, 86400)
_LONGEST = 300.0
_JITTER = (0.8, 1.2)
# The largest number of workflows that are polled at a time.
_AT_A_TIME = 5
# Tests replace it.
_sleep = asyncio.sleep

SPECIFICATION: dict[str, dict[str, Any]] = {
    "workflow_ids": {"type": "list", "elements": "str", "required": True},
    "state_names": {"type": "list", "elements": "str", "required": True},
    "interval": {"type": "float", "default": 15.0},
    "since": {"type": "str"},
    **{name: rules for name, rules in _options.connection_spec().items() if name != "run_on"},
}


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Puts an event into queue for every state that waits, until it is cancelled. Raises ValueError for wrong args."""
    # A queue for answers to events, which ansible-rulebook adds where a rulebook asks for it.
    options = Options({name: value for name, value in args.items() if name != "eda_feedback_queue"})
    slots, stop = asyncio.Semaphore(_AT_A_TIME), threading.Event()
    workflows = [Workflow(options, workflow_id, stop) for workflow_id in options.workflow_ids]
    try:
        await asyncio.gather(*(workflow.watch(queue, slots) for workflow in workflows))
    finally:
        stop.set()


class Options:
    """The arguments of a source, validated. Raises ValueError, whose message has all violations."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        missing = _libraries.missing_result()
        if missing is not None:
            raise ValueError(missing["msg"])
        given = _options.without_empty(args)
        validation = ArgumentSpecValidator(_options.without_short_secrets(SPECIFICATION, given)).validate(given)
        self._params = validation.validated_parameters
        self._errors = validation.errors
        self._connections = _connections.Connections()
        self.workflow_ids: list[str] = list(dict.fromkeys(self._strings("workflow_ids")))
        self.state_names = frozenset(self._strings("state_names"))
        self.interval: float = self._params["interval"]
        messages = "; ".join(dict.fromkeys(self._wrong()))
        if messages:
            raise ValueError(f"the arguments of waiting_states are not valid: {messages}")

    def _strings(self, name: str) -> Sequence[str]:
        value = self._params.get(name)
        return value if isinstance(value, list) else []

    def _wrong(self) -> Iterator[str]:
        """What is wrong with the arguments, a clause each."""
        for workflow_id in self.workflow_ids or [""]:
            task = self.task(workflow_id)
            for violation in task.validate():
                # The task has one workflow. A secret may be in the wrong option.
                text = re.sub(r"^workflow_id\b", "workflow_ids", violation.message)
                yield _redaction.visible(task.redactor.known(text))
        if "" in self.state_names or not self.state_names:
            yield "state_names must be names of states, and none of them empty"
        low, high = _INTERVALS
        if isinstance(self.interval, float) and not low <= self.interval <= high:
            yield f"interval must be from {low} to {high} seconds, got {self.interval:g}"

    def task(self, workflow_id: str) -> WaitingStatesTask:
        """A poll of that workflow."""
        params = {**self._params, **LISTING, "workflow_id": workflow_id or None}
        return WaitingStatesTask(params, self._errors, dict(os.environ), self._connections)


class Workflow:
    """One workflow, and which states of its runs have given an event."""

    def __init__(self, options: Options, workflow_id: str, stop: threading.Event) -> None:
        self._options = options
        self._workflow_id = workflow_id
        self._stop = stop
        # By the ID of a run that is running: the states that gave an event, and when each had begun, None if unknown.
        self._given: dict[str, dict[str, Any]] = {}

    async def watch(self, queue: Any, slots: asyncio.Semaphore) -> None:
        """Polls for ever."""
        failures = 0
        while True:
            async with slots:
                result = await _in_thread(self._poll)
            for event in self._events(result.get("runs", [])):
                await queue.put(event)
            failures = failures + 1 if self._has_failed(result) else 0
            # With a larger exponent the power becomes too large for a float.
            longer = min(self._options.interval * 2 ** min(failures, 10), _LONGEST)
            await _sleep(max(self._options.interval, longer) * random.uniform(*_JITTER))

    def _poll(self) -> Result:
        task = self._options.task(self._workflow_id)
        task.names, task.followed, task.stop = self._options.state_names, list(self._given), self._stop
        return _libraries.guarded(task.run, {})

    def _has_failed(self, result: Result) -> bool:
        """Whether the next poll is to come later. Logs why."""
        if result.get("failed"):
            self._warn("%s", " ".join(filter(None, (result["msg"], result.get("hint")))))
            return True
        problems = [run for run in result["runs"] if "problem" in run]
        if problems:
            text = "%d runs could not be read, the first of which is %s: %s"
            self._warn(text, len(problems), problems[0]["execution_id"], problems[0]["problem"])
        if result["truncated"]:
            self._warn("more than %d runs are running, and only the newest were read", LISTING["max_results"])
        return bool(result["throttled"])

    def _warn(self, text: str, *values: Any) -> None:
        """Logs text, in which no terminal obeys what others wrote."""
        shown = [_redaction.visible(value) if isinstance(value, str) else value for value in values]
        logger.warning("workflow %s: " + text, self._workflow_id, *shown)

    def _events(self, runs: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """The events of a poll. Forgets runs that are over."""
        for run in runs:
            run_id, status = run["execution_id"], run["status"]
            if status is not None and status != RUNNING:
                self._given.pop(run_id, None)
            for state in run["waiting"]:
                if self._is_new(run_id, state):
                    yield self._event(run_id, state)

    def _is_new(self, run_id: str, state: Mapping[str, Any]) -> bool:
        """Whether the state has not given an event yet, or has begun again since, and records that it gives one."""
        given = self._given.setdefault(run_id, {})
        known, since = state["node_id"] in given, state.get("begin_time")
        before = given.get(state["node_id"])
        given[state["node_id"]] = since or before
        return not known or (None not in (before, since) and since != before)

    def _event(self, run_id: str, state: Mapping[str, Any]) -> dict[str, Any]:
        ids = {"workflow_id": self._workflow_id, "workflow_run_id": run_id, "workflow_state_id": state["node_id"]}
        return {
            **ids,
            "workflow_state_name": state["node_name"],
            "input": state.get("input"),
            "waiting_since": lists.written_time(state.get("begin_time")),
            # The ID of the state is enough: with its name as well, the run is read before each callback.
            "extra_vars": {_options.EXTRA_VARS[name]: value for name, value in ids.items()},
        }


async def _in_thread(work: Callable[[], Result]) -> Result:
    """What work returns.

    Not asyncio.to_thread: the end of the loop, and of the process, would wait for a request that is being sent.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result or {})

    def run() -> None:
        outcome: tuple[Result | None, BaseException | None]
        try:
            outcome = (work(), None)
        except Exception as error:  # pylint: disable=broad-exception-caught  # raised again where it is awaited
            outcome = (None, error)
        # The loop may be closed by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="waiting_states", daemon=True).start()
    return await future
