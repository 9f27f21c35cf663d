# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
A round trip with a workflow that is made for it: start a run, read the waiting node, call it back, and call back again.

It shows what the service does not document (callback-workflow, "Not documented anywhere"). The findings contain neither
secrets nor IDs of the account, so that people may publish them.
"""

from __future__ import annotations

import time
import typing as t
import uuid
from functools import partial

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import (
    VERSION,
    Callback,
    Client,
    Response,
    errors,
    running,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import (
    accepted_execution_id,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field as field_of

SUCCESS = field_of("result").enum[0]
NODE_ID, EXECUTION_ID = "node_id", "execution_id"
OUTPUT = {"functiongraph.workflow.check": "round trip"}
# After so many equal reads in a row the run has reached the node that waits, or one that takes long.
_SAME_READS = 3
# Seconds between two reads, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_OK, _WARNING, _PROBLEM = "ok", "warning", "problem"
_STOP = "Stop the run %s in the console of FunctionGraph."

_SHOWN = "Does a run show a callback node that waits?"
_TAKEN = "Which ID does the service take as X-Workflow-State-Id?"
_REFUSED = "Which other IDs of that node does it refuse?"
_AGAIN = "Which response does a second callback get?"
_SOON = "How soon does a run show that the state has finished?"

States = t.Sequence[t.Mapping[str, t.Any]]


class _Stopped(Exception):
    """The round trip cannot go on. The message, a clause, is for the user.

    brief is for the findings, as the message may quote the service. remedy is a sentence.
    """

    def __init__(self, what: str, detail: str = "", brief: str = "", remedy: t.Optional[str] = None) -> None:
        super().__init__("%s: %s" % (what, detail) if detail else what)
        self.brief = "%s (%s)" % (what, brief) if brief else what
        self.remedy = remedy or ""


def _refused(what: str, response: Response) -> _Stopped:
    return _Stopped(what, errors.clause(response), _brief(response), errors.hint(response))


def _brief(response: Response) -> str:
    code = errors.service_error(response.document).code
    return "status %d%s" % (response.status, " %s" % code if code else "")


class Findings:
    """What a round trip found: answers by question, rows for the table, and problems as lines."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.problems: list[str] = []
        self._rows: list[tuple[str, str, str, str]] = []

    def add_problem(self, check: str, status: str, stopped: _Stopped) -> None:
        """Records what the user should know: a row, and a line of the findings."""
        self._rows.append((check, status, str(stopped), stopped.remedy))
        self.problems.append("%s: %s" % (check, stopped.brief))

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Rows of check, status, what was found, and remedy."""
        return [*(("round trip", _OK, "%s %s" % pair, "") for pair in self.answers.items()), *self._rows]

    def text(self, region: t.Optional[str]) -> str:
        """The findings in Markdown."""
        head = "functiongraph.workflow %s, %s, region %s" % (VERSION, time.strftime("%Y-%m-%d"), region or "unknown")
        table = ["| question | what this account says |", "|---|---|"]
        table.extend("| %s | %s |" % (question, _cell(answer)) for question, answer in self.answers.items())
        problems = ["- %s" % _cell(problem) for problem in self.problems]
        parts = ["# Findings about FunctionGraph workflows", head, "\n".join(table), "\n".join(problems)]
        return "\n\n".join(part for part in parts if part) + "\n"


def _cell(text: str) -> str:
    """text as a cell of a table in Markdown."""
    return " ".join(text.split()).replace("|", "\\|")


class RoundTrip:
    """One round trip. names are the project and the workflow, states those of its definition."""

    def __init__(self, client: Client, names: tuple[str, str], states: States, attempts: Attempts) -> None:
        self._client = client
        self._project_id, self._workflow_id = names
        self._states = states
        self._attempts = attempts
        self._run_id = ""
        # Pairs of a kind of ID and the response that refused it.
        self._refusals: list[tuple[str, str]] = []
        self.findings = Findings()

    def run(self, state_name: t.Optional[str], wait_timeout: float) -> Findings:
        """Makes the round trip. The callback node is the one with state_name, if that is set."""
        try:
            self._start()
            taken = self._complete(state_name, wait_timeout)
            self._call_back_again(taken)
            self._read_end(taken, wait_timeout)
        except _Stopped as stopped:
            self.findings.add_problem("callback", _PROBLEM, stopped)
        self._clean_up()
        return self.findings

    def interrupted(self) -> str:
        """Stops the run after a signal. A sentence on it: it was stopped, or the user must stop it."""
        if not self._run_id:
            return ""
        try:
            response = running.stop_execution(self._client, *self._ids())
        except Failure:
            response = None
        if response is not None and response.status < 300:
            return "The run %s was stopped." % self._run_id
        return _STOP % self._run_id

    def _ids(self) -> tuple[str, str, str]:
        return self._project_id, self._workflow_id, self._run_id

    @staticmethod
    def _sent(what: str, request: t.Callable[[], Response]) -> Response:
        try:
            return request()
        except Failure as failure:
            raise _Stopped(what, failure.message, failure.kind, failure.hint) from None

    def _start(self) -> None:
        what, chosen = "the run could not be started", str(uuid.uuid4())
        ids = (self._project_id, self._workflow_id)
        # Set before the request: without a response, the run may have started nevertheless.
        self._run_id = chosen
        response = self._sent(what, lambda: running.start_execution(self._client, *ids, chosen, {}))
        document = response.document if isinstance(response.document, dict) else {}
        run_id = document.get("execution_id")
        if response.status != 200 or not isinstance(run_id, str) or not run_id:
            if 300 <= response.status < 500:
                self._run_id = ""
            raise _refused(what, response)
        self._run_id = run_id
        kept = "yes" if run_id == chosen else "no, it has another one"
        self.findings.answers["Does a run have the ID that is sent as X-WorkflowRun-ID?"] = kept

    def _read(self) -> _reads.Run:
        try:
            return _reads.read_run(self._client, *self._ids(), self._attempts.renewed())
        except _reads.ReadError as error:
            brief = "" if error.response is None else _brief(error.response)
            raise _Stopped("the run could not be read", str(error), brief, error.hint) from None

    def _complete(self, state_name: t.Optional[str], wait_timeout: float) -> str:
        """Waits for the callback node, and completes its state. The ID that the service took. Raises _Stopped.

        As a waiting node may not be shown, IDs are tried once the run shows the same for a while, and again whenever it
        shows something else.
        """
        end, pause = time.monotonic() + wait_timeout, _FIRST_PAUSE
        before: t.Any = None
        tried: t.Any = None
        same = 0
        while True:
            run = self._read()
            if run.status != RUNNING:
                text = "the run ended with status %s before a node of it could be called back" % run.status
                raise _Stopped(text, remedy="Use a workflow that waits at a callback node.")
            nodes = _reads.nodes_of(run)
            waiting = [node for node in nodes if _reads.latest([node])["status"] == RUNNING]
            named = [node for node in waiting if node.get("node_name") == state_name]
            shown = [(node.get("node_id"), _reads.latest([node])["status"]) for node in nodes]
            same, before = (same + 1 if shown == before else 1), shown
            if shown != tried and (named or same >= _SAME_READS):
                tried = shown
                taken = self._try(named if state_name else waiting, nodes, state_name)
                if taken is not None:
                    return taken
                if not waiting:
                    raise self._none_taken("no")
            if time.monotonic() + pause > end:
                if tried is None:
                    text = "no node waited for a callback within %g seconds" % wait_timeout
                    raise _Stopped(text, remedy="Set fgs_check_timeout higher, or use a workflow that waits sooner.")
                raise self._none_taken("not known, as none of the nodes that it shows could be called back")
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    def _try(self, waiting: States, nodes: States, state_name: t.Optional[str]) -> t.Optional[str]:
        """Calls back by each ID that is a candidate, until the service takes one. That one, or None."""
        shown = {node.get("node_id") for node in nodes}
        hidden = [state for state in self._states if state_name in (None, "", state.get("name"))]
        candidates = [(field, node.get(field), node) for field in (NODE_ID, EXECUTION_ID) for node in waiting]
        candidates.extend((NODE_ID, state.get("id"), {}) for state in hidden if state.get("id") not in shown)
        for field, state_id, node in candidates:
            if not isinstance(state_id, str) or not state_id:
                continue
            response = self._sent("the callback got no response", partial(self._callback, state_id))
            if accepted_execution_id(response) is not None:
                self._record(field, state_id, node, response)
                return state_id
            if response.status not in (400, 404):
                raise _refused("the callback was refused", response)
            self._refusals.append((field, _brief(response)))
        return None

    def _none_taken(self, shown: str) -> _Stopped:
        self.findings.answers[_SHOWN] = shown
        self.findings.answers[_TAKEN] = "none that can be read"
        refused = dict.fromkeys("%s: %s" % pair for pair in self._refusals)
        self.findings.answers[_REFUSED] = ", ".join(refused) or "there is none to try"
        return _Stopped(
            "no ID that a run or a definition shows is that of the state that waits",
            remedy="Launch the work from the function of the callback node itself, and pass on the state ID of its "
            "context; work that a function before the node launches cannot call back.",
        )

    def _record(self, field: str, state_id: str, node: t.Mapping[str, t.Any], response: Response) -> None:
        """Records the answers that an accepted callback gives."""
        answers = self.findings.answers
        answers[_SHOWN] = "yes, with status %s" % RUNNING if node else "no"
        answers[_TAKEN] = field
        # A refused ID of the same kind was that of another node.
        refused = dict.fromkeys("%s: %s" % pair for pair in self._refusals if pair[0] != field)
        answers[_REFUSED] = ", ".join(refused) or "none was tried"
        same = "yes" if accepted_execution_id(response) == self._run_id else "no"
        answers["Is the execution_id of the response the ID of the run?"] = same
        types = {str(each.get("type")) for each in self._states if each.get("id") in (state_id, node.get(NODE_ID))}
        answers["Type of the callback node in the definition"] = ", ".join(sorted(map(shortened, types))) or "not shown"
        if field == EXECUTION_ID:
            remedy = "Set workflow_state_id to the execution_id of the node: workflow_state_name leads to its node_id."
            text = "the service takes the execution_id of a node as its ID"
            self.findings.add_problem("callback", _WARNING, _Stopped(text, remedy=remedy))

    def _callback(self, state_id: str) -> Response:
        callback = Callback(
            workflow_id=self._workflow_id,
            workflow_run_id=self._run_id,
            workflow_state_id=state_id,
            result=SUCCESS,
            output=OUTPUT,
            error=None,
        )
        return self._client.complete_state(self._project_id, callback)

    def _call_back_again(self, state_id: str) -> None:
        response = self._sent("the second callback got no response", lambda: self._callback(state_id))
        self.findings.answers[_AGAIN] = _brief(response)

    def _read_end(self, state_id: str, wait_timeout: float) -> None:
        """How soon the run shows that the state has finished, and what the next node gets."""
        begin, pause = time.monotonic(), _FIRST_PAUSE
        answers = self.findings.answers
        answers[_SOON] = "not within %g seconds" % wait_timeout
        is_finished = False
        while True:
            run = self._read()
            state = _reads.state_of(run, state_id)
            took = time.monotonic() - begin
            if not is_finished and state is not None and state["status"] not in (None, RUNNING):
                answers[_SOON] = "within %.1f seconds, as %s" % (max(took, 0.1), state["status"])
                is_finished = True
            if (is_finished and run.status != RUNNING) or took + pause > wait_timeout:
                break
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)
        inputs = [_reads.latest([node]).get("input") for node in _reads.nodes_of(run)]
        answers["Does the next node get output as its input?"] = "yes" if OUTPUT in inputs else "not seen"
        answers["Status of the run after the callback"] = run.status

    def _clean_up(self) -> None:
        """Stops the run if it still waits, so that a check leaves no run behind."""
        if not self._run_id:
            return
        what = "the run could not be stopped"
        try:
            waits = self._still_runs()
            if waits is False:
                return
            response = self._sent(what, lambda: running.stop_execution(self._client, *self._ids()))
            if response.status >= 300:
                raise _refused(what, response)
        except _Stopped as stopped:
            stopped.remedy = _STOP % self._run_id
            self.findings.add_problem("clean-up", _WARNING, stopped)
        else:
            if waits:
                self.findings.answers["Can a run that waits be stopped?"] = "yes"

    def _still_runs(self) -> t.Optional[bool]:
        """Whether the run has not ended; None if it cannot be read, as it may still be possible to stop it."""
        try:
            return self._read().status == RUNNING
        except _Stopped:
            return None
