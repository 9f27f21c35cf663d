# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
One operation of the service is one signed request, and its answer.
"""

from __future__ import annotations

import json
import time
import typing as t
from contextlib import nullcontext
from urllib.parse import quote, urlsplit

from ansible.module_utils.ansible_release import __version__ as _core_version

from ansible_collections.functiongraph.workflow.plugins.module_utils import _service_errors, _transport
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._network_failures import Failure, no_outcome_lost
from ansible_collections.functiongraph.workflow.plugins.module_utils._refused_keys import refused_keys
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import TABLES
from ansible_collections.functiongraph.workflow.plugins.module_utils._version import VERSION

_RUN_HEADER, _STATE_HEADER = (row.name for row in TABLES["header"])
_USER_AGENT = "functiongraph.workflow/%s ansible-core/%s" % (VERSION, _core_version)
_SECRET_HEADERS = ("authorization", "x-auth-token", "x-security-token")


class Callback(t.NamedTuple):
    """What is said of which state: the ids, result, output and error of Tables 1 to 3."""

    workflow_id: str
    workflow_run_id: str
    workflow_state_id: str
    result: str
    output: dict[str, t.Any]
    error: t.Optional[str]

    def body(self) -> bytes:
        """The body of the request. output is always in it; error only where there is one."""
        fields: dict[str, t.Any] = {"result": self.result, "output": self.output}
        if self.error:
            fields["error"] = self.error
        return json.dumps(fields, allow_nan=False).encode("ascii")


class Answer(t.NamedTuple):
    """An answer of the service or of what stands before it.

    document is the body as JSON, None where it is none. problem says in a few words what is wrong with such a body.
    credentials are those that the request was sent with. Where it is no success, no secret of theirs is in it.
    """

    status: int
    headers: t.Mapping[str, str]
    document: t.Any
    problem: t.Optional[str]
    at: float
    credentials: Credentials

    def clause(self) -> str:
        """What a message says of an answer that is no success. A 401 or 403 names the source of the credentials."""
        if 300 <= self.status < 400:
            return "status %d, a redirect to %s, which is not followed" % (self.status, self.redirected_to())
        error = _service_errors.read(self.headers, self.document)
        if self.status == 401:
            # Without the message, which may be a whole canonical request.
            said = "status 401" if error.code in (None, "401") else "status 401, %s" % error.code
            return self.credentials.refused(said, _service_errors.clock_is_wrong(self.headers, self.at))
        said = ": ".join(text for text in (error.code, error.message) if text).rstrip(".")
        if not said and self.problem:
            said = "the body %s" % self.problem
        clause = "status %d%s" % (self.status, " (%s)" % said if said else "")
        # A proxy that refuses has not seen them.
        if self.status == 403 and self.problem is None:
            clause += ", with %s from %s" % (self.credentials.kind, self.credentials.source)
        return clause

    def hint(self) -> t.Optional[str]:
        """What the user can do about an answer that is no success, None where nothing is known."""
        error = _service_errors.read(self.headers, self.document)
        return _service_errors.hint(self.status, error, self.headers, self.at)

    def redirected_to(self) -> t.Optional[str]:
        """The host that a 3xx names. Only the host: the rest of a location may hold secrets."""
        location = self.headers.get("Location")
        try:
            return (urlsplit(location).hostname if location else None) or "the same host"
        except ValueError:
            return "an invalid address"


def _segment(text: str) -> str:
    return quote(text, safe="")


def _document(response: _transport.Response) -> tuple[t.Any, t.Optional[str]]:
    if not response.complete:
        return None, "is larger than 1 MiB or compressed in an unknown way"
    if not response.body:
        return None, "is empty"
    try:
        return json.loads(response.body.decode("utf-8")), None
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except (ValueError, RecursionError):
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return None, "is HTML, from a proxy or another server" if kind == "text/html" else "is not JSON"


class Client:
    """Makes requests with one set of credentials, over one route, each bounded by timeout seconds.

    Every method sends exactly one request and raises _transport.Failure where no answer came.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        route: _transport.Route,
        timeout: float,
        connections: _transport.Connections,
    ) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._route = route
        self._timeout = timeout
        self._connections = connections
        self._adapter = connections.adapter((endpoint, credentials.key(), route))

    def _request(self, method: str, path: str, headers: dict[str, str], body: t.Optional[bytes] = None) -> t.Any:
        # Set before the signature, which covers it: the official signer signs every header that the caller sets.
        return requests.Request(method, self.endpoint + path, headers={"User-Agent": _USER_AGENT, **headers}, data=body)

    def _send(self, request: t.Any, own_connection: bool = False) -> Answer:
        key = self._credentials.key()
        with no_outcome_lost(sent=False):
            hint = refused_keys.hint(key)
            if hint is not None:
                message = "the service refused the keys from %s before, with status 401" % self._credentials.source
                raise Failure("refused", message, sent=False, lasting=True, hint=hint)
            request.auth = self._credentials.auth()
            prepared = request.prepare()
            # A compressed answer costs more than it saves here, and can be a bomb.
            prepared.headers["Accept-Encoding"] = "identity"
        with self._connections.own() if own_connection else nullcontext(self._adapter) as adapter:
            response = _transport.exchange(adapter, prepared, self._route, self._timeout)
        with no_outcome_lost(sent=True):
            answer = self._answer(response)
            if answer.status == 401 and self._credentials.is_key:
                refused_keys.add(key, answer.hint() or "")
            return answer

    def _answer(self, response: _transport.Response) -> Answer:
        redactor = self._credentials.redactor
        document, problem = _document(response)
        headers = requests.structures.CaseInsensitiveDict(
            (name, redactor.text(value)) for name, value in response.headers.items()
        )
        if response.status >= 300:
            # Before anything of it is cut: a part of a secret is harder to find.
            document = redactor.within(document, hide=redactor.text)
        return Answer(response.status, headers, document, problem, time.time(), self._credentials)

    def _callback(self, project_id: str, callback: Callback) -> t.Any:
        return self._request(
            "POST",
            "/v2/%s/fgs/workflows/%s/callback" % (_segment(project_id), _segment(callback.workflow_id)),
            {
                "Content-Type": "application/json",
                "X-Project-Id": project_id,
                _RUN_HEADER: callback.workflow_run_id,
                _STATE_HEADER: callback.workflow_state_id,
            },
            callback.body(),
        )

    def complete_state(self, project_id: str, callback: Callback, own_connection: bool = False) -> Answer:
        """CreateCallbackWorkflow. own_connection keeps it off a connection that the server may be closing."""
        with no_outcome_lost(sent=False):
            request = self._callback(project_id, callback)
        return self._send(request, own_connection)

    def describe_callback(self, project_id: str, callback: Callback) -> str:
        """The request that complete_state sends, for people: no secret and no signature in it."""
        request = self._callback(project_id, callback)
        lines = ["%s %s" % (request.method, request.url)]
        lines.extend("%s: %s" % item for item in request.headers.items() if item[0].lower() not in _SECRET_HEADERS)
        body = json.dumps(json.loads(request.data), indent=2, ensure_ascii=False)
        return "\n".join(lines) + "\n\n" + body + "\n"

    def show_execution(self, project_id: str, workflow_id: str, execution_id: str) -> Answer:
        """ShowWorkflowExecution."""
        segments = tuple(_segment(text) for text in (project_id, workflow_id, execution_id))
        path = "/v2/%s/fgs/workflows/%s/executions/%s" % segments
        return self._send(self._request("GET", path, {"Content-Type": "application/json", "X-Project-Id": project_id}))

    def list_projects(self, region: str) -> Answer:
        """IAM's list of the projects of a region."""
        path = "/v3/projects?name=%s" % _segment(region)
        return self._send(self._request("GET", path, {"Content-Type": "application/json"}))
