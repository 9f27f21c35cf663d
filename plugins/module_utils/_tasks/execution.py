# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Starting, stopping and retrying a run, and waiting for it.
"""

from __future__ import annotations

import time
import typing as t
import uuid
from itertools import chain

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _api,
    _credentials,
    _options,
    _reads,
    _schema,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors, running
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.change import (
    UNREAD,
    Change,
    NotDone,
    OutcomeUnknown,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import accepted_execution_id
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import named_if_empty
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import (
    Violation,
    missing,
    quoted,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import EXPRESS, NOT_PERMITTED, RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import FACT, Connection, Result, Task
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.hints import network_hint

STARTED, STOPPED, RETRIED = "started", "stopped", "retried"
STATES = (STARTED, STOPPED, RETRIED)
END = "end"
# Seconds: 31 days, as a larger number is most likely in another unit.
_WAIT_LIMIT = 31 * 86_400

_VERBS = {STARTED: "start", STOPPED: "stop", RETRIED: "retry"}
_UNSENT = "Nothing was sent, as %s."
_UNKNOWN = "It is not known whether the run %s was %s: %s."
_WAITED = "The task stopped waiting for the run %s, as %s."
_AGAIN = {
    STARTED: "Repeat the task with execution_id set to this ID: a run that exists is not started again.",
    STOPPED: "Repeat the task: a run that has ended is not stopped again.",
    RETRIED: "Read the run before you repeat the task.",
}
_PERMISSION = (
    "Grant the IAM user of these credentials the right to %s runs of FunctionGraph workflows in this project; which "
    "action that is, the service does not document."
)
_NOT_OFFERED = "The service's documentation says that starting a run is not offered on the international site."
_NO_HISTORY = "runs of an express workflow leave no history, so that nothing can be waited for; set wait=false"
_LATER = (
    "The run continues: raise wait_timeout, or read it later with functiongraph.workflow.fgs_workflow_execution_info."
)
_OWN_ID = "The service gave the run another ID than execution_id: repeating this task starts another run."
_PERHAPS_TWO = "The service gave the run another ID than the one sent: an earlier request may have started a run, too."
_CHECK = "List the runs with functiongraph.workflow.fgs_workflow_execution_info before you repeat the task."

_IsDone = t.Callable[[_reads.Run], bool]


class _Ended(Exception):
    """Ends act() early. result is what act() returns then."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class ExecutionTask(Task):
    """A task of fgs_workflow_execution."""

    OPERATION = _schema.EXECUTION
    SPECIFICATION: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "workflow_id": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": STARTED},
        "execution_id": {"type": "str", "aliases": ["workflow_run_id", "run_id"]},
        "input": {"type": "dict", "default": {}},
        "wait": {"type": "bool", "default": False},
        "wait_for": {"type": "str", "default": END},
        "wait_timeout": {"type": "float", "default": 600.0},
        **_options.connection_spec(),
    }
    NOTHING_DONE: t.ClassVar[Result] = {"requests_sent": 0}

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        self._state = self.params.get("state", STARTED)
        self._run_id: str = self.params.get("execution_id") or ""
        # Set once there is a connection, a request that changes something, and something to wait for.
        self._ids: tuple[str, str] = ("", "")
        self._client: t.Any = None
        self._credentials: t.Any = None
        self._change: t.Optional[Change] = None
        self._is_waiting = False

    def progress(self, line: str) -> None:
        """Shows people how far the run is. Overridden where they can see it."""

    def validate(self) -> list[Violation]:
        found, params = super().validate(), self.params
        if self._state in (STOPPED, RETRIED):
            if not self._run_id:
                found.append(named_if_empty(missing("execution_id"), params, _options.EXTRA_VARS))
            for option in ("input", "wait"):
                if params.get(option):
                    text = "%s is for state=started only, got state=%s; unset it" % (option, self._state)
                    found.append(Violation(option, "state", None, text))
        timeout = params.get("wait_timeout")
        # A value of another type is a violation already.
        if isinstance(timeout, float) and not _reads.FIRST_PAUSE <= timeout <= _WAIT_LIMIT:
            text = "wait_timeout must be from %d to %d seconds, got %s"
            text %= (_reads.FIRST_PAUSE, _WAIT_LIMIT, timeout)
            found.append(Violation("wait_timeout", "range", [_reads.FIRST_PAUSE, _WAIT_LIMIT], text))
        return found

    def client(self, endpoint: str, credentials: _credentials.Credentials) -> _api.Client:
        if endpoint == self.addresses.endpoint:
            self._credentials = credentials
        return super().client(endpoint, credentials)

    def act(self, connection: Connection) -> Result:
        self._client, project_id = connection
        self._ids = (project_id, self.params["workflow_id"])
        try:
            return {STARTED: self._start, STOPPED: self._stop, RETRIED: self._retry}[self._state]()
        except _Ended as ended:
            return ended.result

    def _start(self) -> Result:
        run = self._existing() if self._run_id else None
        waits = self.params["wait"] and not self.check_mode
        if waits:
            self._check_that_it_can_be_waited_for()
        result = self._started(self._run_id) if run is None else self._unchanged(run)
        begin = time.monotonic()
        if run is None and not self.check_mode:
            try:
                run = self._read_within(self.params["wait_timeout"]) if waits else self._read()
                result.update(self._shown(run))
            except _reads.ReadError:
                # It may be shown later, and a run of an express workflow never is.
                run = None
        return self._waited(result, run, begin) if waits else result

    def _existing(self) -> t.Optional[_reads.Run]:
        """The run with the ID that the user chose, None if there is none yet. Raises _Ended where that is unknown."""
        try:
            return self._read()
        except _reads.ReadError as error:
            if _reads.is_missing(error):
                return None
            raise _Ended(self._unread(error)) from None

    def _started(self, chosen: str) -> Result:
        """The result after the start of a run with the ID that the user chose, or else a new one."""
        self._run_id = sent = chosen or str(uuid.uuid4())
        operation = running.start(*self._ids, self._run_id, self.params.get("input") or {})
        if self.check_mode:
            return self._with_diff({"changed": True, **self.NOTHING_DONE}, operation)
        self._send(operation, lambda _run: True)
        result = self._with_diff(self._sent(), operation)
        if result["changed"]:
            result["ansible_facts"] = {FACT: self._run_id}
        is_perhaps_second = t.cast(Change, self._change).outcome_unknown
        if sent != self._run_id and (chosen or is_perhaps_second):
            result["warnings"] = [_OWN_ID] * bool(chosen) + [_PERHAPS_TWO] * is_perhaps_second
        return result

    def _stop(self) -> Result:
        operation = running.stop(*self._ids, self._run_id)
        return self._changed(operation, lambda run: run.status == RUNNING, lambda run: run.status != RUNNING)

    def _retry(self) -> Result:
        before: list[t.Any] = []

        def is_due(run: _reads.Run) -> bool:
            before.append(run.execution)
            return run.status == _reads.FAIL

        return self._changed(running.retry(*self._ids, self._run_id), is_due, lambda run: run.execution != before[0])

    def _changed(self, operation: running.Operation, is_due: _IsDone, is_done: _IsDone) -> Result:
        """The result of operation, which is sent if the run is due for it. is_done tells whether the run shows it."""
        try:
            run = self._read()
        except _reads.ReadError as error:
            return self._unread(error)
        if not is_due(run):
            return self._unchanged(run)
        if self.check_mode:
            return self._with_diff({"changed": True, **self._shown(run), **self.NOTHING_DONE}, operation)
        self._send(operation, is_done)
        result = self._with_diff(self._sent(), operation)
        try:
            run = _reads.read_until(self._read, is_done, self.attempts)
        except _reads.ReadError as error:
            return {**result, "warnings": ["The run was %s, but could not be read: %s." % (self._state, error)]}
        if not is_done(run):
            text = "The service accepted the request to %s the run, but the run still shows the status %s."
            result["warnings"] = [text % (_VERBS[self._state], run.status)]
        return {**result, **self._shown(run)}

    def _send(self, operation: running.Operation, is_done: _IsDone) -> None:
        """Returns once the run is as the operation makes it. Raises _Ended."""
        self._change = Change(lambda: operation.send(self._client), self._accepts, self.attempts)
        try:
            self._change.run(lambda outcome_unknown: self._took_effect(is_done, outcome_unknown))
        except NotDone as error:
            raise _Ended(self._with_diff(self._not_done(error.attempt), operation)) from None
        except OutcomeUnknown as error:
            raise _Ended(self._with_diff(self._unknown(str(error)), operation)) from None

    def _accepts(self, response: t.Any) -> bool:
        if self._state != STARTED:
            return response.problem in (None, "is empty")
        accepted = accepted_execution_id(response)
        self._run_id = accepted or self._run_id
        return accepted is not None

    def _took_effect(self, is_done: _IsDone, outcome_unknown: bool) -> bool:
        try:
            return is_done(_reads.read_until(self._read, is_done, self.attempts) if outcome_unknown else self._read())
        except _reads.NoSuchRun as error:
            is_start = self._state == STARTED and _reads.is_missing(error)
            if not is_start or (outcome_unknown and self._definition().get("mode") == EXPRESS):
                raise
            return False

    # Reading.

    def _read(self) -> _reads.Run:
        return _reads.read_run(self._client, *self._ids, self._run_id, self.attempts.renewed())

    def _read_within(self, seconds: float) -> _reads.Run:
        """As _read, once and for so long at most."""
        url = self.addresses.endpoint
        timeout = max(0.1, min(self.params["timeout"], seconds))
        client = _api.Client(url, self._credentials, self._route_to(url), timeout, self._connections)
        return _reads.read_run(client, *self._ids, self._run_id, Attempts(0))

    def _definition(self) -> dict[str, t.Any]:
        return _reads.read_definition(self._client, *self._ids, self.attempts.renewed())

    # Waiting.

    def _check_that_it_can_be_waited_for(self) -> None:
        """Raises _Ended where the definition, if it can be read, shows that it would be in vain."""
        try:
            definition = self._definition()
        except _reads.ReadError:
            return
        if definition.get("mode") == EXPRESS:
            raise _Ended(self.failed(_UNSENT % _NO_HISTORY))
        wanted, hide = self.params["wait_for"], self.redactor.known
        names = [state["name"] for state in _reads.states_of(definition) if isinstance(state.get("name"), str)]
        if wanted != END and names and wanted not in names:
            text = "wait_for must be end or the name of a state of the workflow, one of %s, got %s"
            text %= (", ".join(quoted(name, hide) for name in names), quoted(wanted, hide))
            raise _Ended(self._refused([Violation("wait_for", "enum", [END, *names], text)]))

    def _waited(self, result: Result, run: t.Optional[_reads.Run], begin: float) -> Result:
        """result, once the run has reached what is waited for, or when it will not. run is what was read last."""
        self._is_waiting = True
        seconds, shown = self.params["wait_timeout"], "it was not read"
        try:
            for found in chain([run] if run else [], _reads.watch(self._read_within, begin + seconds)):
                if isinstance(found, _reads.ReadError):
                    shown = UNREAD % found
                else:
                    result.update(self._shown(found))
                    shown = "it shows " + _reads.described(found, self.redactor.text)
                    failure = self._not_reached(found)
                    if failure is not None:
                        return {**result, "failed": True, "msg": failure} if failure else result
                line = "Run %s: %s, after %d seconds" % (self._run_id, shown, time.monotonic() - begin)
                self.progress(self.redactor.line(line))
        except _reads.ReadError as error:
            kept = {name: result[name] for name in ("changed", "requests_sent")}
            return {**result, **self._unread(error, _WAITED % (self._run_id, "%s")), **kept}
        text = "The run %s did not reach wait_for=%s within %g seconds: %s."
        text %= (self._run_id, quoted(self.params["wait_for"], self.redactor.known), seconds, shown)
        return {**result, "failed": True, "msg": text, "hint": _LATER}

    def _not_reached(self, run: _reads.Run) -> t.Optional[str]:
        """Why the run will not reach what is waited for: a sentence, empty if it has; None while it may still."""
        wanted, cause = self.params["wait_for"], _reads.cause(run, self.redactor.text)
        if wanted == END:
            if run.status in (RUNNING, _reads.SUCCESS):
                return None if run.status == RUNNING else ""
            return "The run %s ended with status %s%s." % (self._run_id, run.status, cause)
        nodes = [node for node in _reads.nodes_of(run) if node.get("node_name") == wanted]
        status = _reads.latest(nodes)["status"] if nodes else None
        if status == RUNNING:
            return ""
        # The workflow may repeat a state that failed while the run is running.
        if run.status == RUNNING and status != _reads.SUCCESS:
            return None
        text = "The run %s can no longer reach wait_for=%s: the state shows status %s, the run status %s%s."
        return text % (self._run_id, quoted(wanted, self.redactor.known), status or "none", run.status, cause)

    # Results.

    def _shown(self, run: _reads.Run) -> Result:
        run_id = run.execution.get("execution_id") or self._run_id
        return {"execution_id": run_id, "status": run.status, "execution": run.execution}

    def _unchanged(self, run: _reads.Run) -> Result:
        return {"changed": False, **self.NOTHING_DONE, **run.response.fields(), **self._shown(run)}

    def _sent(self) -> Result:
        """What a result says of the requests that were sent."""
        change = t.cast(Change, self._change)
        fields = {} if change.response is None else change.response.fields()
        sent = {"changed": change.is_done, "requests_sent": change.requests_sent, "execution_id": self._run_id}
        return {**sent, **fields}

    def _with_diff(self, result: Result, operation: running.Operation) -> Result:
        if self.diff:
            text = operation.described(self.addresses.endpoint)
            result["diff"] = {"before": "", "after": text, "after_header": "%s request" % _VERBS[self._state]}
        return result

    def _not_done(self, attempt: t.Any) -> Result:
        """The result where the last attempt was refused, or did not arrive."""
        change, reason, failure = t.cast(Change, self._change), attempt.reason, attempt.failure
        sent = {"requests_sent": change.requests_sent}
        if failure is not None:
            if failure.kind not in ("refused", "unexpected"):
                reason = "no connection to %s could be made: %s" % (self.addresses.endpoint, reason)
            hint = failure.hint or network_hint(self.addresses.region, reason)
            return self.failed(_UNSENT % reason, **sent, hint=hint)
        hint = _hint(errors.hint(change.response), _VERBS[self._state])
        if self._state == STARTED and change.response.status in (403, 404, 405):
            hint = " ".join(filter(None, [hint, _NOT_OFFERED]))
        text = "The service refused to %s the run: %s." % (_VERBS[self._state], reason)
        return self.failed(text, **change.response.fields(), **sent, **({"hint": hint} if hint else {}))

    def _unknown(self, reason: str) -> Result:
        """The result where the request may have taken effect."""
        text = _UNKNOWN % (self._run_id, self._state, reason)
        return self.failed(text, **{**self._sent(), "changed": False, "hint": _AGAIN[self._state]})

    def _unread(self, error: _reads.ReadError, sentence: str = _UNSENT) -> Result:
        """The result where the run could not be read, before anything was sent."""
        hint = _hint(error.hint, "read")
        if error.response is None and not hint:
            hint = network_hint(self.addresses.region, str(error))
        return self.failed(sentence % (UNREAD % error), **error.fields(), **({"hint": hint} if hint else {}))

    def aborted(self, reason: str) -> Result:
        if self._is_waiting:
            return {**self.failed(_WAITED % (self._run_id, reason), hint=_LATER), **self._so_far()}
        if self._change is None or not self._change.requests_sent:
            return self.failed(_UNSENT % reason)
        if not self._change.is_done:
            return self._unknown(reason)
        text = "The run %s was %s, but could not be read, as %s." % (self._run_id, self._state, reason)
        return {**self.failed(text), **self._so_far()}

    def _so_far(self) -> Result:
        return {"execution_id": self._run_id} if self._change is None else self._sent()

    def unexplained(self, reason: str) -> Result:
        if self._change is None or not self._change.requests_sent:
            return self.failed("Nothing was sent, %s." % reason)
        text = "It is not known whether the run %s was %s, %s."
        if self._change.is_done:
            text = "The run %s was %s, but could not be read, %s."
        return {**self.failed(text % (self._run_id, self._state, reason)), **self._sent()}

    @classmethod
    def lost(cls, reason: str) -> Result:
        text = "It is not known whether a run was started, stopped or retried: %s." % reason
        return {"failed": True, "changed": False, **cls.NOTHING_DONE, "msg": text, "hint": _CHECK}


def _hint(hint: t.Optional[str], verb: str) -> t.Optional[str]:
    """The hint for an error, with the permission that is needed: the one for a callback is another."""
    return _PERMISSION % verb if hint == NOT_PERMITTED else hint
