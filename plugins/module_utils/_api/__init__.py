# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
One operation of the service is one signed request and one response.
"""

from __future__ import annotations

import json
import time
import typing as t
from contextlib import nullcontext
from types import SimpleNamespace
from urllib.parse import quote

from ansible.module_utils.ansible_release import __version__ as _core_version

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import refusals
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import no_outcome_lost
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction.texts import short
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import TABLES

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._api.protocols import Caller, Connections

# A managed host has no galaxy.yml to read it from.
VERSION = "1.0.0"
_RUN_HEADER, _STATE_HEADER = (row.name for row in TABLES["header"])
_USER_AGENT = "functiongraph.workflow/%s ansible-core/%s" % (VERSION, _core_version)
# A body with no other fields has no error.
_NO_ERROR = frozenset(row.name for row in TABLES["response_200"])


class Callback(SimpleNamespace):
    """What is said of which state: the ids, result, output and error of Tables 1 to 3."""

    workflow_id: str
    workflow_run_id: str
    workflow_state_id: str
    result: str
    output: dict[str, t.Any]
    error: t.Optional[str] = None

    def body(self) -> bytes:
        """The body of the request. output is always in it; error only where there is one."""
        fields: dict[str, t.Any] = {"result": self.result, "output": self.output}
        if self.error:
            fields["error"] = self.error
        return json.dumps(fields, allow_nan=False).encode("ascii")


class Response:
    """A response of the service or of what stands before it.

    document is the body as JSON, None where it is none. problem says in a few words what is wrong with such a body.
    received_at is in seconds since the epoch. credentials are those that the request was sent with; where the status
    is no success, no secret of theirs is in headers and document.
    """

    def __init__(
        self,
        status: int,
        headers: t.Mapping[str, str],
        document: t.Any,
        problem: t.Optional[str],
        received_at: float,
        credentials: Caller,
    ) -> None:
        self.status = status
        self.headers = headers
        self.document = document
        self.problem = problem
        self.received_at = received_at
        self.credentials = credentials

    def fields(self) -> dict[str, t.Any]:
        """The keys of a task's result that come from the service or the gateway."""
        texts = {"request_id": request_id(self.headers, self.document)}
        if self.status != 200 or not isinstance(self.document, dict) or not self.document.keys() <= _NO_ERROR:
            # Here, and below: Ansible compiles what is imported at each start, and most responses have no error.
            from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors

            error = errors.service_error(self.document)
            texts.update(error_code=error.code, error_msg=error.message)
        return {"http_status": self.status, **{name: text for name, text in texts.items() if text}}


def _segment(text: str) -> str:
    return quote(text, safe="")


def request_id(headers: t.Mapping[str, str], document: t.Any) -> t.Optional[str]:
    """The id by which the service's support finds the request."""
    of_body = document.get("request_id") if isinstance(document, dict) else None
    values = (headers.get("X-Request-Id"), headers.get("X-IAM-Trace-Id"), of_body)
    return next(filter(None, map(short, values)), None)


def _document(response: _http.RawResponse, limit: int) -> tuple[t.Any, t.Optional[str]]:
    if not response.complete:
        return None, "is larger than %d MiB or compressed in an unknown way" % (limit // 1024**2)
    if not response.body:
        return None, "is empty"
    try:
        return json.loads(response.body.decode("utf-8")), None
    except (ValueError, RecursionError) as error:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors

        return None, errors.unreadable(error, response.headers)


class Client:
    """Makes requests with one set of credentials, over one route, each bounded by timeout seconds.

    Every method sends exactly one request and raises Failure where no response came. body_limit is the largest body of
    a response that is read, in bytes.
    """

    body_limit = _http.BODY_LIMIT

    def __init__(
        self,
        endpoint: str,
        credentials: Caller,
        route: _http.Route,
        timeout: float,
        connections: Connections,
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

    def _send(self, request: t.Any, own_connection: bool = False) -> Response:
        key = self._credentials.key()
        with no_outcome_lost(sent=False):
            hint = refusals.refused_keys.hint(key)
            if hint is not None:
                message = "the service refused the keys from %s before, with status 401" % self._credentials.source
                from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure

                raise Failure("refused", message, sent=False, permanent=True, hint=hint)
            request.auth = self._credentials.auth()
            prepared = request.prepare()
            # A compressed response costs more than it saves, and can unpack to any size.
            prepared.headers["Accept-Encoding"] = "identity"
        with self._connections.own() if own_connection else nullcontext(self._adapter) as adapter:
            raw = _http.exchange(adapter, prepared, self._route, self._timeout, self.body_limit)
        with no_outcome_lost(sent=True):
            response = self._parsed(raw)
            if response.status == 401 and self._credentials.is_key:
                from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors

                refusals.refused_keys.add(key, errors.hint(response) or "")
            return response

    def _parsed(self, raw: _http.RawResponse) -> Response:
        redactor = self._credentials.redactor
        document, problem = _document(raw, self.body_limit)
        headers = requests.structures.CaseInsensitiveDict(
            (name, redactor.text(value)) for name, value in raw.headers.items()
        )
        if raw.status >= 300:
            # Before anything of it is cut: a part of a secret is harder to find.
            document = redactor.within(document, hide=redactor.text)
        return Response(raw.status, headers, document, problem, time.time(), self._credentials)

    def callback_request(self, project_id: str, callback: Callback) -> t.Any:
        """The request of complete_state, not signed."""
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

    def complete_state(self, project_id: str, callback: Callback, own_connection: bool = False) -> Response:
        """CreateCallbackWorkflow. own_connection keeps it off a connection that the server may be closing."""
        with no_outcome_lost(sent=False):
            request = self.callback_request(project_id, callback)
        return self._send(request, own_connection)

    def get(self, path: str, **headers: str) -> Response:
        """An operation that reads."""
        return self._send(self._request("GET", path, {"Content-Type": "application/json", **headers}))

    def post(self, path: str, body: bytes, **headers: str) -> Response:
        """An operation that changes something."""
        return self._send(self._request("POST", path, {"Content-Type": "application/json", **headers}, body))
