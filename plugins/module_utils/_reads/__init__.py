# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What is read from the service, with retries, as reading changes nothing: runs and their states, a definition, a project.

The service does not say whether the ID of a state is a node's node_id or its execution_id, so both are looked up. A
state that waits for its callback has no status of its own; it most likely shows "running".
"""

from __future__ import annotations

import json
import math
import random
import time
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._api import (
    Client,
    Response,
    errors,
    reading,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import RETRY_AFTER_CAP, Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure, unexpected
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Hide, quoted
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUN_STATUSES, RUNNING

# A status may lag behind: a state is read this often at least before it counts as still waiting.
_READS = 3
SUCCESS, FAIL, _RUNNING, TIMEOUT, _CANCEL = RUN_STATUSES
# Characters of a state's error in a message.
_CAUSE_LIMIT = 200
# Milliseconds since the epoch.
_TIME_LIMIT = 10**15
# Seconds between two reads of a run that is waited for, at first and at most; by what factor they grow and vary.
FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH, _JITTER = 1.0, 20.0, 1.5, (0.8, 1.2)
# Seconds before a deadline in which the last read takes place.
_LAST_READ = 0.5


class ReadError(Exception):
    """What was asked for could not be read. response is None where none came; hint says what to do.

    transient is true where it may be read later, credentials_refused where nothing more may be sent with them.
    """

    def __init__(
        self,
        message: str,
        response: t.Optional[Response] = None,
        hint: t.Optional[str] = None,
        transient: bool = False,
        credentials_refused: bool = False,
    ) -> None:
        super().__init__(message)
        self.response = response
        self.hint = hint
        self.transient = transient
        self.credentials_refused = credentials_refused

    @property
    def is_unreachable(self) -> bool:
        """Whether nothing responded."""
        return self.transient and self.response is None

    def fields(self) -> dict[str, t.Any]:
        """The keys of a task's result that come from the service or the gateway."""
        return {} if self.response is None else self.response.fields()


def _is_transient(response: Response) -> bool:
    """Whether the same request may succeed later."""
    return response.status in (408, 429) or response.status >= 500


def read_with_retries(request: t.Callable[[], Response], attempts: Attempts) -> Response:
    """The response to a request that changes nothing. What is transient is retried. Raises Failure."""
    while True:
        try:
            response = request()
        except Failure as failure:
            if failure.permanent or not attempts.wait_for_retry():
                raise
        else:
            if not _is_transient(response) or not attempts.wait_for_retry(errors.retry_after(response.headers)):
                return response


class NoSuchRun(ReadError):
    """The workflow has no run with that ID."""


def is_missing(error: ReadError) -> bool:
    """Whether there is no run with the ID. A response that shows another run is no sign of that."""
    return isinstance(error, NoSuchRun) and error.fields().get("http_status") == 404


class Run(t.NamedTuple):
    """A run as the service shows it."""

    execution: dict[str, t.Any]
    status: str
    response: Response


def read_run(client: Client, project_id: str, workflow_id: str, execution_id: str, attempts: Attempts) -> Run:
    """The run. Raises ReadError, whose message is a clause, and NoSuchRun."""
    response, document = read(lambda: reading.show_execution(client, project_id, workflow_id, execution_id), attempts)
    status = document.get("status")
    if status not in RUN_STATUSES:
        raise ReadError("the response shows no status of a run", response)
    for name, wanted in (("workflow_id", workflow_id), ("execution_id", execution_id)):
        # Case may differ, as in any UUID. What is unset or empty says nothing.
        if str(document.get(name) or wanted).lower() != wanted.lower():
            raise NoSuchRun("the response shows another %s" % name, response)
    return Run(document, status, response)


def read(request: t.Callable[[], Response], attempts: Attempts) -> tuple[Response, dict[str, t.Any]]:
    """A response of status 200 and its body, empty if that is not an object. Raises ReadError."""
    try:
        response = read_with_retries(request, attempts)
    except Failure as failure:
        refused = failure.kind == "refused"
        raise ReadError(failure.message, None, failure.hint, not refused, credentials_refused=refused) from None
    if response.status != 200:
        refused = response.status == 401
        clause, hint = errors.clause(response), errors.hint(response)
        kind = NoSuchRun if response.status == 404 else ReadError
        raise kind(clause, response, hint, _is_transient(response), refused)
    if response.problem:
        raise ReadError("the response %s" % response.problem, response)
    return response, response.document if isinstance(response.document, dict) else {}


def read_definition(client: Client, project_id: str, workflow_id: str, attempts: Attempts) -> dict[str, t.Any]:
    """The definition of a workflow (ShowWorkFlow), empty if the response has none. Raises ReadError, as read_run()."""
    _response, document = read(lambda: reading.show_workflow(client, project_id, workflow_id), attempts)
    definition = document.get("definition")
    return definition if isinstance(definition, dict) else {}


def states_of(definition: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The states that a definition has."""
    return mappings(definition.get("states"))


def state_of(run: Run, state_id: str) -> t.Optional[dict[str, t.Any]]:
    """The state with that id: of its node node_id, node_name and execution_id, and its latest execution's fields.

    None where the run shows no such state. A node_id is preferred to an execution_id. Where the run shows different
    statuses and not which of them is the latest, status is None.
    """
    nodes = nodes_of(run)
    for id_field in ("node_id", "execution_id"):
        ours = [node for node in nodes if node.get(id_field) == state_id]
        if ours:
            return latest(ours)
    return None


def nodes_of(run: Run) -> list[dict[str, t.Any]]:
    """The nodes that the run shows."""
    return mappings(run.execution.get("node_execution_details"))


def shown_states(run: Run) -> list[dict[str, t.Any]]:
    """The states that the run shows, each as state_of() returns it."""
    nodes: dict[str, list[dict[str, t.Any]]] = {}
    for node in nodes_of(run):
        nodes.setdefault(str(node.get("node_id")), []).append(node)
    return [latest(of_one) for of_one in nodes.values()]


def described(run: Run, hide: Hide) -> str:
    """What the run shows, as a clause: its status, and the names of the states that are running."""
    names = [quoted(state["node_name"], hide) for state in shown_states(run) if state["status"] == RUNNING]
    return "status %s%s" % (run.status, " at %s" % ", ".join(names) if names else "")


def cause(run: Run, hide: Hide) -> str:
    """ ": state: error" of the first state that the run shows as failed, empty where it shows none."""
    for state in shown_states(run):
        message = state["error_message"]
        if state["status"] in (FAIL, TIMEOUT) and message:
            text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
            return ": %s: %s" % (quoted(state["node_name"], hide), shortened(hide(text), _CAUSE_LIMIT).rstrip("."))
    return ""


def mappings(found: t.Any) -> list[dict[str, t.Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def latest(nodes: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """What the nodes, which are one state, show of its latest execution: see state_of().

    Neither the order of nodes nor that of their executions is documented, so the time of their begin decides.
    """
    found: list[tuple[float, dict[str, t.Any], dict[str, t.Any]]] = []
    for node in nodes:
        executions = node.get("executions")
        executions = executions if isinstance(executions, list) else []
        found.extend((time_of(item), node, item) for item in executions if isinstance(item, dict))
    begin = max((each[0] for each in found), default=0.0)
    newest = [each for each in found if each[0] == begin] or [(begin, nodes[-1], {})]
    _begin_time, node, execution = newest[-1]
    state = {"status": None, "error_message": None, **execution}
    if any(item.get("status") != execution.get("status") for _time, _node, item in newest):
        state["status"] = None
    state.update({name: node.get(name) for name in ("node_id", "node_name", "execution_id")})
    return state


def time_of(execution: dict[str, t.Any], name: str = "begin_time") -> float:
    """When an execution began or ended, in milliseconds since the epoch; 0 where that is unset or no number."""
    found = execution.get(name)
    if isinstance(found, float) and math.isfinite(found):
        return found
    # More than that is no time, and overflows a float.
    return float(found) if isinstance(found, int) and abs(found) < _TIME_LIMIT else 0.0


def read_until(read: t.Callable[[], Run], is_reached: t.Callable[[Run], bool], attempts: Attempts) -> Run:
    """The run once it is_reached, or as it is when all retries are used up. Raises ReadError.

    What is shown may lag behind, so a run that is not shown yet is read again as well.
    """
    waits = attempts.renewed()
    waits.retries = max(_READS - 1, waits.retries)
    while True:
        try:
            run = read()
        except NoSuchRun:
            if not waits.wait_for_retry():
                raise
        else:
            if is_reached(run) or not waits.wait_for_retry():
                return run


def watch(read: t.Callable[[float], Run], end: float) -> t.Iterator[t.Union[Run, ReadError]]:
    """Reads a run again and again, at growing intervals with jitter, until end by time.monotonic().

    read takes the seconds within which it has to return. Gives runs, and a ReadError where reading may succeed later:
    it is transient, or the run is not shown yet. Raises any other ReadError.
    """
    pause, least, misses = FIRST_PAUSE, 0.0, 0
    while end - time.monotonic() > _LAST_READ:
        time.sleep(min(max(least, pause * random.uniform(*_JITTER)), end - time.monotonic() - _LAST_READ))
        least, pause = 0.0, min(_LONGEST_PAUSE, pause * _GROWTH)
        try:
            found: t.Union[Run, ReadError] = read(end - time.monotonic())
        except ReadError as error:
            misses += isinstance(error, NoSuchRun)
            if not error.transient and not (isinstance(error, NoSuchRun) and misses < _READS):
                raise
            if error.response is not None:
                least = min(errors.retry_after(error.response.headers) or 0.0, RETRY_AFTER_CAP)
            found = error
        else:
            misses = _READS
        yield found


class State(t.NamedTuple):
    """What the run shows of a state: its status, or None and the reason. execution is None if the run was not read."""

    status: t.Optional[str]
    reason: str = ""
    execution: t.Optional[dict[str, t.Any]] = None
    error: t.Optional[ReadError] = None


def read_state(
    client: Client, project_id: str, workflow_id: str, execution_id: str, state_id: str, attempts: Attempts
) -> State:
    """Reads the run once, and returns what it shows of the state."""
    try:
        run = read_run(client, project_id, workflow_id, execution_id, attempts.renewed())
        state = state_of(run, state_id)
    except ReadError as error:
        return State(None, "the run could not be read back: %s" % error, error=error)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the outcome must not be lost with it
        return State(None, "the run could not be read back: %s" % unexpected(error, False))
    if state is None or state["status"] not in RUN_STATUSES:
        return State(None, "the run (%s) does not show the state" % run.status, run.execution)
    return State(state["status"], "", run.execution)


def read_state_until_finished(
    client: Client, project_id: str, workflow_id: str, execution_id: str, state_id: str, attempts: Attempts
) -> State:
    """Reads the run until it shows that the state has finished, or all retries are used up."""
    waits = attempts.renewed()
    waits.retries = max(_READS - 1, waits.retries)
    while True:
        state = read_state(client, project_id, workflow_id, execution_id, state_id, attempts)
        lags = state.status == RUNNING or (state.status is None and state.execution is not None)
        if not lags or not waits.wait_for_retry():
            return state


# By IAM endpoint, region and credentials: the items of a loop look up once.
_known_projects: dict[t.Hashable, str] = {}


def find_project(
    client: Client, region: str, credentials_key: t.Hashable, attempts: Attempts, region_meant: str = ""
) -> str:
    """The id of the region's only project, from IAM. region_meant suggests another region. Raises ReadError."""
    key = (client.endpoint, region, credentials_key)
    if key not in _known_projects:
        _known_projects[key] = _look_up_project(client, region, attempts, region_meant)
    return _known_projects[key]


def _look_up_project(client: Client, region: str, attempts: Attempts, region_meant: str) -> str:
    give = "set project_id to do without the lookup"
    try:
        response = read_with_retries(lambda: reading.list_projects(client, region), attempts)
    except Failure as failure:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import UNRESOLVED

        if failure.message == UNRESOLVED:
            text = "The project of region %s could not be looked up in IAM (%s), as its host name cannot be resolved: "
            text = (text + "check region%s and name server.") % (
                region,
                client.endpoint,
                region_meant,
            )
            raise ReadError(text, transient=True) from None
        if failure.kind == "refused":
            text = "The project of region %s was not looked up in IAM, as %s."
            raise ReadError(text % (region, failure.message), hint=failure.hint) from None
        text = "The project of region %s could not be looked up in IAM (%s): %s; %s."
        raise ReadError(text % (region, client.endpoint, failure.message, give), transient=True) from None
    if response.status != 200:
        text = "IAM refused to look up the project of region %s: %s%s."
        # With wrong keys the callback would be refused as well.
        instead = "" if response.status == 401 else "; " + give
        message = text % (region, errors.clause(response), instead)
        raise ReadError(message, response, errors.hint(response), _is_transient(response))
    try:
        listed = response.document["projects"]
        found = [project["id"] for project in listed if project.get("name", region) == region]
    except (AttributeError, KeyError, TypeError):
        listed, found = [], [None]
    if not all(isinstance(project, str) and project for project in found):
        text = "IAM's response to the lookup of the project of region %s is not a list of projects; %s."
        raise ReadError(text % (region, give), response)
    if listed and not found:
        text = "IAM's response to the lookup of the project of region %s lists only projects of other names; %s."
        raise ReadError(text % (region, give), response)
    if not found:
        text = "IAM knows no project of region %s for these credentials; check region%s, or set project_id."
        raise ReadError(text % (region, region_meant), response)
    if len(found) > 1:
        text = "IAM knows %d projects of region %s: set project_id to choose one, of %s."
        names = ", ".join(shortened(project) for project in found[:10])
        raise ReadError(text % (len(found), region, names), response)
    return str(found[0])
