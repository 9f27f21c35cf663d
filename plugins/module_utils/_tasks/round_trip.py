# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
A round trip with a workflow that is made for it: start a run, look at the node that waits, call it back, once more.

What is found is what the service does not document (callback-workflow, "Not documented anywhere"). The findings have
neither secrets nor IDs of the account, so that people may publish them.
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
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import RUNNING
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field as field_of

SUCCESS = field_of("result").enum[0]
NODE_ID, EXECUTION_ID = "node_id", "execution_id"
OUTPUT = {"functiongraph.workflow.check": "round trip"}
# A run that shows the same so often in a row has come to the node that waits, or to one that works for long.
_SAME_READS = 3
# Seconds between two reads, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_OK, _WARNING, _PROBLEM = "ok", "warning", "problem"

States = t.Sequence[t.Mapping[str, t.Any]]


class _Stopped(Exception):
    """The round trip cannot go on. The message is a clause, remedy a sentence."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class Findings:
    """What a round trip found: answers by question, and rows for the table."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self._rows: list[tuple[str, str, str, str]] = []

    def answer(self, question: str, text: str) -> None:
        self.answers[question] = text

    def row(self, check: str, status: str, found: str, remedy: str = "") -> None:
        self._rows.append((check, status, found, remedy))

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Rows of check, status, what was found, and remedy."""
        return [*self._rows, *(("round trip", _OK, "%s %s" % pair, "") for pair in self.answers.items())]

    def text(self, region: t.Optional[str]) -> str:
        """The findings in Markdown."""
        head = "functiongraph.workflow %s, %s, region %s" % (VERSION, time.strftime("%Y-%m-%d"), region or "unknown")
        table = ["| question | what this account says |", "|---|---|"]
        table.extend("| %s | %s |" % pair for pair in self.answers.items())
        trouble = ["- %s: %s. %s" % (row[0], row[2], row[3]) for row in self._rows if row[1] != _OK]
        parts = ["# Findings about FunctionGraph workflows", head, "\n".join(table), "\n".join(trouble)]
        return "\n\n".join(part for part in parts if part) + "\n"


class RoundTrip:
    """One round trip. names are the project and the workflow, states those of its definition."""

    def __init__(self, client: Client, names: tuple[str, str], states: States, attempts: Attempts) -> None:
        self._client = client
        self._project_id, self._workflow_id = names
        self._states = states
        self._attempts = attempts
        self._run_id = ""
        self.findings = Findings()

    def run(self, state_name: t.Optional[str], wait_timeout: float) -> Findings:
        """Makes the round trip. The callback node is the one with state_name, if that is given."""
        try:
            self._start()
            nodes = self._wait_for_node(state_name, wait_timeout)
            taken = self._call_back(nodes, state_name)
            if taken is not None:
                self._call_back_again(taken)
                self._read_end(taken, wait_timeout)
        except _Stopped as stopped:
            self.findings.row("round trip", _PROBLEM, str(stopped), stopped.remedy)
        self._clean_up()
        return self.findings

    def _sent(self, what: str, request: t.Callable[[], Response]) -> Response:
        try:
            return request()
        except Failure as failure:
            raise _Stopped("%s: %s" % (what, failure.message), failure.hint or "Try again later.") from None

    def _start(self) -> None:
        chosen, ids = str(uuid.uuid4()), (self._project_id, self._workflow_id)
        response = self._sent(
            "the run could not be started", lambda: running.start_execution(self._client, *ids, chosen, {})
        )
        document = response.document if isinstance(response.document, dict) else {}
        run_id = document.get("execution_id")
        if response.status != 200 or not isinstance(run_id, str) or not run_id:
            raise _Stopped("the run could not be started: %s" % errors.clause(response), errors.hint(response) or "")
        self._run_id = run_id
        kept = "yes" if run_id == chosen else "no, it has another one"
        self.findings.answer("Does a run have the ID that is sent as X-WorkflowRun-ID?", kept)

    def _read(self) -> _reads.Run:
        ids = (self._project_id, self._workflow_id, self._run_id)
        try:
            return _reads.read_run(self._client, *ids, self._attempts.renewed())
        except _reads.ReadError as error:
            raise _Stopped("the run cannot be read: %s" % error, error.hint or "") from None

    def _wait_for_node(self, state_name: t.Optional[str], wait_timeout: float) -> list[dict[str, t.Any]]:
        """The nodes that the run shows as running once it waits; none where it does not show the node that waits."""
        end, pause = time.monotonic() + wait_timeout, _FIRST_PAUSE
        before: t.Any = None
        same = 0
        while True:
            run = self._read()
            if run.status != RUNNING:
                text = "the run ended with status %s before it waited for a callback" % run.status
                raise _Stopped(text, "Use a workflow that has a callback node on its way.")
            nodes = _reads.nodes_of(run)
            waiting = [node for node in nodes if _reads.latest([node])["status"] == RUNNING]
            if state_name and any(node.get("node_name") == state_name for node in waiting):
                return [node for node in waiting if node.get("node_name") == state_name]
            shown = [(node.get("node_id"), _reads.latest([node])["status"]) for node in nodes]
            same = same + 1 if shown == before else 1
            before = shown
            # A named node that is not running yet may still come; hidden ones never do, so it is the time that decides.
            if same >= _SAME_READS and not (state_name and waiting):
                return [] if state_name else waiting
            if time.monotonic() + pause > end:
                text = "no node waited for a callback within %g seconds" % wait_timeout
                raise _Stopped(text, "Set fgs_check_timeout higher, or use a workflow that waits sooner.")
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    def _candidates(self, nodes: States, state_name: t.Optional[str]) -> list[tuple[str, str, t.Any]]:
        """What the service may take as the ID of the state: what it is, the ID, and the name of its node."""
        if nodes:
            question = "Does a run show a callback node that waits?"
            self.findings.answer(question, "yes, with status %s" % RUNNING)
            return [(field, node[field], node.get("node_name")) for field in (NODE_ID, EXECUTION_ID) for node in nodes]
        self.findings.answer("Does a run show a callback node that waits?", "no")
        ended = {node.get("node_id") for node in _reads.nodes_of(self._read())}
        return [
            (NODE_ID, state["id"], state.get("name"))
            for state in self._states
            if state.get("id") not in ended and state_name in (None, "", state.get("name"))
        ]

    def _call_back(self, nodes: States, state_name: t.Optional[str]) -> t.Optional[str]:
        """The ID that the service took, None where it took none."""
        refused: list[str] = []
        for field, state_id, name in self._candidates(nodes, state_name):
            if not isinstance(state_id, str) or not state_id:
                continue
            response = self._sent("the callback got no response", partial(self._callback, state_id))
            if accepted_execution_id(response) is not None:
                self._taken(field, name, refused, response)
                return str(state_id)
            if response.status not in (400, 404):
                raise _Stopped("the callback was refused: %s" % errors.clause(response), errors.hint(response) or "")
            refused.append("%s: %s" % (field, _brief(response)))
        self.findings.answer("Which ID does the service take as X-Workflow-State-Id?", "none that can be read")
        self.findings.answer("Which IDs does it refuse?", ", ".join(dict.fromkeys(refused)) or "none was tried")
        remedy = (
            "Launch the work from the function of the callback node itself, and pass on the state ID of its context; "
            "if a function before the node launches it, nothing of it can be called back."
        )
        text = "no ID that a run or a definition shows is that of the state that waits"
        self.findings.row("callback", _PROBLEM, text, remedy)
        return None

    def _taken(self, field: str, name: t.Any, refused: list[str], response: Response) -> None:
        self.findings.answer("Which ID does the service take as X-Workflow-State-Id?", field)
        self.findings.answer("Which IDs does it refuse?", ", ".join(dict.fromkeys(refused)) or "none was tried")
        same = "yes" if accepted_execution_id(response) == self._run_id else "no"
        self.findings.answer("Is the execution_id of the response the ID of the run?", same)
        types = {str(state.get("type")) for state in self._states if state.get("name") == name}
        self.findings.answer("Type of the callback node in the definition", ", ".join(sorted(types)) or "not shown")
        if field == EXECUTION_ID:
            remedy = "Set workflow_state_id to the execution_id of the node: workflow_state_name leads to its node_id."
            self.findings.row("callback", _WARNING, "the service takes the execution_id of a node as its ID", remedy)

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
        self.findings.answer("Which response does a second callback get?", _brief(response))

    def _read_end(self, state_id: str, wait_timeout: float) -> None:
        """How soon the run shows that the state has finished, and what the next node gets."""
        begin, pause = time.monotonic(), _FIRST_PAUSE
        question = "How soon does a run show that the state has finished?"
        while True:
            run = self._read()
            state = _reads.state_of(run, state_id)
            took = time.monotonic() - begin
            if state is not None and state["status"] not in (None, RUNNING) and (run.status != RUNNING or took > pause):
                self.findings.answer(question, "within %.1f seconds, as %s" % (max(took, 0.1), state["status"]))
                break
            if took + pause > wait_timeout:
                self.findings.answer(question, "not within %g seconds" % wait_timeout)
                break
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)
        inputs = [_reads.latest([node]).get("input") for node in _reads.nodes_of(run)]
        gets = "yes" if OUTPUT in inputs else "not seen"
        self.findings.answer("Does the next node get output as its input?", gets)
        self.findings.answer("Status of the run after the callback", run.status)

    def _clean_up(self) -> None:
        """Stops the run where it still waits: nothing is to hang because of a check."""
        if not self._run_id:
            return
        ids = (self._project_id, self._workflow_id, self._run_id)
        try:
            if self._read().status != RUNNING:
                return
            response = self._sent("the run could not be stopped", lambda: running.stop_execution(self._client, *ids))
            if response.status >= 300:
                raise _Stopped("the run could not be stopped: %s" % errors.clause(response))
        except _Stopped as stopped:
            self.findings.row("clean-up", _WARNING, str(stopped), "Stop the run in the console of FunctionGraph.")
        else:
            self.findings.answer("Can a run that waits be stopped?", "yes")


def _brief(response: Response) -> str:
    code = errors.service_error(response.document).code
    return "status %d%s" % (response.status, " %s" % code if code else "")
