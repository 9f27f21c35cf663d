# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The ID of a state that is given by its name: looked up in the run, else in the definition of the workflow.

How the ID of a callback node is learnt is not documented (callback-workflow, "Not documented anywhere"). That it is the
node_id of a run, and the id of a state in a definition, is an inference. Imported only if a name is set.
"""

from __future__ import annotations

import typing as t
from contextlib import suppress

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client, errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Hide, quoted
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING

# As many names as a message lists; a workflow has at most 100 nodes.
_NAMES_LIMIT = 20
_INSTEAD = "set workflow_state_id instead"
_CHECK = "functiongraph.workflow.check shows which ID of a state the service takes."

Names = t.Sequence[t.Tuple[str, str]]


class LookupFailure(Exception):
    """The name leads to no ID. The message is a clause that says what to set.

    error is the ReadError where something could not be read. worth_saving is as in outcomes.Outcome.
    """

    def __init__(self, message: str, error: t.Optional[_reads.ReadError] = None) -> None:
        super().__init__(message)
        self.error = error
        self.worth_saving = error is not None and _says_nothing_of_ids(error)

    def fields(self) -> dict[str, t.Any]:
        """The keys of a task's result that come from the service or the gateway."""
        if self.error is None:
            return {}
        return {**self.error.fields(), **({"hint": self.error.hint} if self.error.hint else {})}


def _says_nothing_of_ids(error: _reads.ReadError) -> bool:
    """Whether the lookup may succeed later, or with other credentials or addresses."""
    if error.transient or error.credentials_refused:
        return True
    return error.response is not None and errors.refuses_access(error.response)


class Found(t.NamedTuple):
    """The ID of the state. execution_id and status are those of its node, None where the run does not show them."""

    state_id: str
    execution_id: t.Optional[str] = None
    status: t.Optional[str] = None


def delivered(task: t.Any, connection: tuple[Client, str]) -> dict[str, t.Any]:
    """The result of a CallbackTask, whose state is looked up before anything is sent."""
    callback, (client, project_id) = task.callback, connection
    ids = (project_id, callback.workflow_id, callback.workflow_run_id)
    result: dict[str, t.Any]
    try:
        found = look_up(client, *ids, task.state_name, callback.workflow_state_id, task.attempts, task.redactor.known)
    except LookupFailure as failure:
        result = task.failed("Nothing was sent, as %s." % failure, **failure.fields())
        return task.saved(result) if failure.worth_saving else result
    callback.workflow_state_id, task.state_name = found.state_id, None
    result = task.deliver(connection)
    result["workflow_state_id"] = found.state_id
    if (result["delivery"], result.get("http_status")) != (outcomes.REJECTED, 400):
        return result
    result["hint"] = _hint(found)
    # A state that has not begun yet may take the callback later.
    return result if found.execution_id else task.saved(result)


def _hint(found: Found) -> str:
    """What to do where the service refused the ID."""
    if found.status not in (None, RUNNING):
        return "The run shows the state as %s: it is finished already." % found.status
    if found.execution_id is None:
        return "The run does not show the state: it may not have begun yet, or have another ID. " + _CHECK
    if found.execution_id == found.state_id:
        return "Check the state: it may be finished already. " + _CHECK
    text = "The service refused the node_id of the state; try workflow_state_id=%s, its execution_id: %s"
    return text % (shortened(str(found.execution_id)), _CHECK)


def look_up(
    client: Client,
    project_id: str,
    workflow_id: str,
    run_id: str,
    name: str,
    state_id: t.Optional[str],
    attempts: Attempts,
    hide: Hide = str,
) -> Found:
    """The only state with that name, which is compared exactly. Raises LookupFailure.

    state_id is the ID that is set as well, and must be that of the state. hide redacts secrets in names.
    """
    quoted_name = quoted(name, hide)
    unread: t.Optional[_reads.ReadError] = None
    names: Names = []
    try:
        run = _reads.read_run(client, project_id, workflow_id, run_id, attempts.renewed())
        names, found = _search_run(run, name, quoted_name)
    except _reads.ReadError as error:
        if error.credentials_refused or isinstance(error, _reads.NoSuchRun):
            raise _unread(quoted_name, "run", error) from None
        unread, found = error, None
    if found is None:
        try:
            definition = _reads.read_definition(client, project_id, workflow_id, attempts.renewed())
        except _reads.ReadError as error:
            # The error of the run comes first: if the run can be read, the workflow may not be needed.
            raise _unread(quoted_name, "workflow" if unread is None else "run", unread or error) from None
        of_workflow = _names(_reads.states_of(definition), "id", "name")
        names, only = [*names, *of_workflow], _only(of_workflow, name, quoted_name)
        if only is None and unread is not None:
            # The run may show it, so that the lookup may succeed later.
            text = "%s (the run cannot be read: %s)"
            missing = _no_such("the workflow does not show", quoted_name, names, hide)
            raise LookupFailure(text % (missing, unread), unread)
        if only is None:
            raise LookupFailure(_no_such("neither the run nor the workflow shows", quoted_name, names, hide))
        found = Found(only)
    elif not state_id and found.status not in (None, RUNNING):
        # Another state of that name may be the one that waits. If the workflow cannot be read, the run decides.
        with suppress(_reads.ReadError):
            definition = _reads.read_definition(client, project_id, workflow_id, attempts.renewed())
            _only(_names(_reads.states_of(definition), "id", "name"), name, quoted_name)
    return _agreeing(found, state_id, quoted_name)


def in_run(run: _reads.Run, name: str, state_id: t.Optional[str], hide: Hide = str) -> Found:
    """The only state with that name in the run. state_id and hide are as in look_up(). Raises LookupFailure."""
    quoted_name = quoted(name, hide)
    names, found = _search_run(run, name, quoted_name)
    if found is None:
        raise LookupFailure(_no_such("the run does not show", quoted_name, names, hide))
    return _agreeing(found, state_id, quoted_name)


def _search_run(run: _reads.Run, name: str, quoted_name: str) -> tuple[Names, t.Optional[Found]]:
    nodes = _reads.nodes_of(run)
    names = _names(nodes, "node_id", "node_name")
    only = _only(names, name, quoted_name)
    if only is None:
        return names, None
    state = _reads.latest([node for node in nodes if node.get("node_id") == only])
    return names, Found(only, state["execution_id"], state["status"])


def _agreeing(found: Found, state_id: t.Optional[str], quoted_name: str) -> Found:
    """found with the ID that is set, where it is one of the state's. Raises LookupFailure."""
    if not state_id:
        return found
    if state_id not in (found.state_id, found.execution_id):
        text = "workflow_state_id is not the ID of the state %s, which is %s; set only one of the two"
        raise LookupFailure(text % (quoted_name, shortened(found.state_id)))
    return found._replace(state_id=state_id)


def _names(nodes: t.Iterable[t.Mapping[str, t.Any]], id_field: str, name_field: str) -> Names:
    """The names of nodes and their IDs, of those that have both, each pair once. An ID must be one that can be sent."""
    found: dict[tuple[str, str], None] = {}
    for node in nodes:
        name, state_id = node.get(name_field), node.get(id_field)
        if isinstance(name, str) and isinstance(state_id, str) and _is_id(state_id):
            found[name, state_id] = None
    return list(found)


def _is_id(state_id: str) -> bool:
    given = {"workflow_id": "w", "execution_id": "run", "workflow_state_id": state_id}
    return bool(state_id) and not _schema.argument_violations(_schema.EXECUTION, given)


def _only(names: Names, name: str, quoted_name: str) -> t.Optional[str]:
    """The ID that has the name, None where none has it. Raises LookupFailure where several have it."""
    ids = [state_id for each, state_id in names if each == name]
    if len(ids) > 1:
        text = "%d states are named %s; set workflow_state_id to one of %s instead"
        known = ", ".join(shortened(state_id) for state_id in ids[:_NAMES_LIMIT])
        raise LookupFailure(text % (len(ids), quoted_name, known))
    return ids[0] if ids else None


def _no_such(who: str, quoted_name: str, names: Names, hide: Hide) -> str:
    known = list(dict.fromkeys(quoted(name, hide) for name, _state_id in names))
    if not known:
        return "%s a state named %s, or any other name; %s" % (who, quoted_name, _INSTEAD)
    more = ", and %d more" % (len(known) - _NAMES_LIMIT) if len(known) > _NAMES_LIMIT else ""
    text = "%s a state named %s; set workflow_state_name to one of %s%s"
    return text % (who, quoted_name, ", ".join(known[:_NAMES_LIMIT]), more)


def _unread(quoted_name: str, what: str, error: _reads.ReadError) -> LookupFailure:
    text = "the ID of the state %s cannot be looked up, as the %s cannot be read: %s"
    found = text % (quoted_name, what, error)
    # The ID of a state would help neither with a wrong run nor with refused keys.
    if isinstance(error, _reads.NoSuchRun):
        found += "; check workflow_id and workflow_run_id"
    elif not error.credentials_refused:
        found += "; " + _INSTEAD
    return LookupFailure(found, error)
