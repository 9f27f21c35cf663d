# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
From a task's arguments to a way to the service: validation of all of it at once, credentials, route, project.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _addresses,
    _arguments,
    _attempts,
    _client,
    _contract,
    _credentials,
    _projects,
    _service_errors,
    _transport,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._contract import Violation
from ansible_collections.functiongraph.workflow.plugins.module_utils._network_failures import UNRESOLVED
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

_NO_PROJECT = "project_id is unset and cannot be looked up without a region; set project_id or region."


class Unreachable(Exception):
    """No way to the service, and nothing was sent to it. result has the keys that say why.

    passing is true where there may be one later.
    """

    def __init__(self, message: str, passing: bool = False, **result: t.Any) -> None:
        super().__init__(message)
        self.passing = passing
        self.result = {name: value for name, value in result.items() if value is not None}


class Way(t.NamedTuple):
    """Everything that an operation needs besides its own arguments."""

    client: _client.Client
    project_id: str


def service_fields(answer: t.Optional[_client.Answer], redactor: Redactor) -> dict[str, t.Any]:
    """The keys of a result that come from the service or the gateway."""
    if answer is None:
        return {}
    error = _service_errors.read(answer.headers, answer.document)
    found: dict[str, t.Any] = {"http_status": answer.status}
    texts = (("error_code", error.code), ("error_msg", error.message), ("request_id", error.request_id))
    found.update((name, redactor.line(text)) for name, text in texts if text)
    return found


class Task:
    """One task's arguments on their way to the service.

    params are the arguments as Ansible's specification validated them, errors what it found wrong in them. operation
    is _contract.CALLBACK or EXECUTION. project_id is the one that option or environment names.
    """

    def __init__(
        self,
        operation: str,
        params: t.Mapping[str, t.Any],
        errors: t.Iterable[t.Any],
        environ: t.Mapping[str, str],
        connections: _transport.Connections,
    ) -> None:
        self.operation = operation
        self.params = params
        self.redactor = Redactor()
        _credentials.learn(params, environ, self.redactor)
        self.attempts = _attempts.Attempts(params["retries"] if isinstance(params.get("retries"), int) else 0)
        self.addresses, self._wrong_addresses = _addresses.find(
            _arguments.without_empty(params), environ, self.redactor.known
        )
        self._errors = errors
        self._environ = environ
        self._connections = connections
        self._routes: dict[str, _transport.Route] = {}
        self.project_id = params.get("project_id") or _credentials.from_environment("project_id", environ)

    def violations(self) -> list[Violation]:
        """Everything that is wrong with the arguments, and with credentials that need no request to be known."""
        # First, as a secret of the credentials file may be in the wrong option as well.
        wrong_credentials = _credentials.violations(self.params, self._environ, self.redactor)
        given = _arguments.without_empty(self.params)
        if self.project_id:
            given["project_id"] = self.project_id
        covered = _contract.covered(self.operation)
        known = {name: value for name, value in given.items() if name in covered}
        found = _contract.argument_violations(self.operation, known, self.redactor.known)
        found.extend(_arguments.specification_violations(self._errors, covered))
        found.extend(_arguments.limit_violations(given))
        found.extend(self._wrong_addresses)
        found.extend(wrong_credentials)
        url = "https://localhost" if self._wrong_addresses else self.addresses.endpoint
        try:
            # Without a usable address too: a CA bundle that cannot be read is told with everything else.
            self._route_to(url)
        except ValueError as error:
            found.append(Violation("ca_path", "readable", None, str(error)))
        else:
            proxy = _transport.proxy_of(url, self._routes[url])
            found.extend(_addresses.proxy_violations(proxy, self._environ) if proxy else [])
        found = [_arguments.named_if_empty(violation, self.params) for violation in found]
        return [violation._replace(message=self.redactor.known(violation.message)) for violation in found]

    def _route_to(self, url: str) -> _transport.Route:
        if url not in self._routes:
            validate_certs, ca_path = self.params["validate_certs"], self.params.get("ca_path")
            self._routes[url] = _transport.route(url, self._environ, validate_certs, ca_path)
        return self._routes[url]

    def way(self) -> Way:
        """The way to the service. The arguments must have no violations. Raises Unreachable."""
        try:
            credentials = _credentials.find(self.params, self._environ, self.redactor)
        except _credentials.CredentialsError as error:
            broken = None if error.violations is None else [one._asdict() for one in error.violations]
            raise Unreachable(str(error), hint=error.hint, violations=broken) from None
        client = self._client(self.addresses.endpoint, credentials)
        project_id = self.project_id or credentials.project_id or self._look_up(credentials)
        for violation in _contract.argument_violations(self.operation, {"project_id": project_id}):
            if violation.option == "project_id":
                raise Unreachable("The project of these credentials is not valid: %s." % violation.message)
        return Way(client, project_id)

    def project_problem(self, credentials: t.Optional[_credentials.Credentials]) -> t.Optional[str]:
        """Why the project cannot be looked up, as far as that is known without a request; None where it can be.

        credentials are None where they are not known yet, as those of an ECS.
        """
        of_file = None if credentials is None else credentials.project_id
        return None if self.project_id or of_file or self.addresses.region else _NO_PROJECT

    def _client(self, endpoint: str, credentials: _credentials.Credentials) -> _client.Client:
        return _client.Client(
            endpoint, credentials, self._route_to(endpoint), self.params["timeout"], self._connections
        )

    def hint_of_network(self, reason: str) -> str:
        """What to do where reason, a clause, says why there was no connection."""
        meant = _addresses.region_meant(self.addresses.region) if UNRESOLVED in reason else ""
        return "Check endpoint, region%s, proxy and CA certificates as seen from where the call is made." % meant

    def _look_up(self, credentials: _credentials.Credentials) -> str:
        iam_endpoint = self.addresses.iam(credentials.iam_endpoint)
        if not iam_endpoint or not self.addresses.region:
            raise Unreachable(_NO_PROJECT)
        wrong = _addresses.endpoint_violation("iam_endpoint", iam_endpoint)
        if wrong is not None:
            raise Unreachable("The credentials file is not valid: %s." % wrong.message)
        client = self._client(iam_endpoint, credentials)
        try:
            return _projects.find(client, self.addresses.region, credentials.key(), self.attempts.anew())
        except _projects.ProjectError as error:
            answered = service_fields(error.answer, self.redactor)
            message = self.redactor.line(str(error))
            raise Unreachable(message, passing=error.passing, hint=error.hint, **answered) from None
