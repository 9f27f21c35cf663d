# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What works of all that a callback needs, row by row, with the remedy where it does not: for the playbook check.

It looks at everything, even where an earlier row has a problem, as far as it can. Nothing is changed, but for a round
trip that was asked for.
"""

from __future__ import annotations

import platform
import typing as t
from collections import Counter

from ansible.module_utils.ansible_release import __version__ as _core_version

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _connections,
    _credentials,
    _libraries,
    _options,
    _reads,
    _schema,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client, Response, errors, reading
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure, unexpected
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import (
    REGIONS,
    of_ca_path,
    proxy_violations,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import quoted
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Result, Task, configuration
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.hints import network_hint

OK, WARNING, PROBLEM, SKIPPED = "ok", "warning", "problem", "skipped"
# Seconds. The service refuses signatures from 15 minutes on; a clock that is off by one is on its way there.
_CLOCK_WARNING = 60
_EXPRESS = "EXPRESS"


class Row(t.NamedTuple):
    """One line of the table: status is one of the above, remedy is empty where nothing is to be done."""

    check: str
    status: str
    found: str
    remedy: str = ""


class CheckTask(Task):
    """A task of the playbook check. Its result has rows, problems (sentences), and the findings of a round trip."""

    OPERATION = _schema.EXECUTION
    SPECIFICATION: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "workflow_id": {"type": "str"},
        "round_trip": {"type": "bool", "default": False},
        "state_name": {"type": "str"},
        "wait_timeout": {"type": "float", "default": 60.0},
        **_options.connection_spec(),
    }
    NOTHING_DONE: t.ClassVar[Result] = {}

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        self._rows: list[Row] = []

    def run(self) -> Result:
        """The result. Raises what a signal does."""
        result: Result = {"changed": False}
        try:
            self._check_libraries()
            result.update(self._check_service())
        except Exception as error:  # pylint: disable=broad-exception-caught  # the rows so far are worth showing
            self._add("check", PROBLEM, unexpected(error, False).message, "Report it to this project.")
        return self.finish({**result, **self._shown()})

    @classmethod
    def lost(cls, reason: str) -> Result:
        return {"failed": True, "changed": False, "msg": "The check was not finished, as %s." % reason}

    def _shown(self) -> Result:
        problems = ["%s: %s" % (row.check, row.found) for row in self._rows if row.status == PROBLEM]
        return {"rows": [dict(row._asdict()) for row in self._rows], "problems": problems}

    def _add(self, check: str, status: str, found: str, remedy: t.Optional[str] = None) -> None:
        self._rows.append(Row(check, status, found.rstrip("."), remedy or ""))

    def _skip(self, *checks: str) -> None:
        for check in checks:
            self._add(check, SKIPPED, "not checked, as something above has a problem")

    def _check_libraries(self) -> None:
        self._add("Python", OK, "%s, ansible-core %s" % (platform.python_version(), _core_version))
        for name, library in (("requests", _libraries.requests), ("jsonschema", _libraries.jsonschema)):
            self._add(name, OK, str(library.__version__))

    def _check_service(self) -> Result:
        credentials = self._check_credentials()
        self._check_addresses()
        if credentials is None or any(row.status == PROBLEM for row in self._rows):
            self._skip("project", "connection", "clock", "permission to read")
            return {}
        client = self.client(self.addresses.endpoint, credentials)
        project_id = self._check_project(credentials)
        if project_id is None or not self._check_reading(client, project_id):
            return {}
        workflow_id = self.params.get("workflow_id")
        if not workflow_id:
            self._add("workflow", SKIPPED, "fgs_workflow_id is unset", "Set it to see the nodes of the workflow.")
            return {}
        states = self._check_workflow(client, project_id, workflow_id)
        if states is None or not self.params["round_trip"]:
            return {}
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import round_trip

        trip = round_trip.RoundTrip(client, (project_id, workflow_id), states, self.attempts)
        findings = trip.run(self.params.get("state_name"), self.params["wait_timeout"])
        self._rows.extend(Row(*row) for row in findings.rows())
        return {"changed": True, "findings": findings.text(self.addresses.region)}

    def _check_credentials(self) -> t.Optional[_credentials.Credentials]:
        try:
            found = _credentials.find(self.params, self._environ, self.redactor)
        except _credentials.CredentialsError as error:
            self._add("credentials", PROBLEM, str(error), error.hint)
            return None
        self._add("credentials", OK, "%s from %s" % (found.kind, found.source))
        return found

    def _check_addresses(self) -> None:
        wrong = {violation.option: violation.message for violation in self._wrong_addresses}
        region = self.addresses.region
        if "region" in wrong:
            self._add("region", PROBLEM, wrong["region"])
        elif region:
            meant = self._unusual(region)
            self._add("region", WARNING if meant else OK, region, meant)
        else:
            self._add("region", WARNING, "unset", "Set region, unless project_id is set.")
        for option in ("endpoint", "iam_endpoint"):
            if option in wrong:
                self._add(option, PROBLEM, wrong[option])
        if self._wrong_addresses:
            return
        url = self.addresses.endpoint
        self._add("endpoint", OK, url)
        try:
            proxy = _connections.proxy_of(url, self._route_to(url))
        except ValueError as error:
            self._add("CA certificates", PROBLEM, of_ca_path(error).message)
            return
        broken = proxy_violations(proxy, self._environ) if proxy else []
        self._add("proxy", PROBLEM if broken else OK, broken[0].message if broken else self._without_user(proxy))

    @staticmethod
    def _unusual(region: str) -> str:
        known = ", ".join(REGIONS)
        return "" if region in REGIONS else "Workflows were known in these regions in 2025: %s." % known

    @staticmethod
    def _without_user(proxy: t.Optional[str]) -> str:
        return proxy.rpartition("@")[2] if proxy else "none"

    def _check_project(self, credentials: _credentials.Credentials) -> t.Optional[str]:
        if self.project_id:
            self._add("project", OK, "set as project_id")
            return str(self.project_id)
        try:
            found = configuration.project_of(self, credentials)
        except configuration.ConfigurationError as error:
            self._add("project", PROBLEM, str(error), error.result.get("hint"))
            self._skip("connection", "clock", "permission to read")
            return None
        self._add("project", OK, "of the credentials file" if credentials.project_id else "looked up in IAM")
        return found

    def _check_reading(self, client: Client, project_id: str) -> bool:
        """Whether workflows can be read."""
        try:
            response = _reads.read_with_retries(
                lambda: reading.list_workflows(client, project_id), self.attempts.renewed()
            )
        except Failure as failure:
            hint = failure.hint or network_hint(self.addresses.region, failure.message)
            self._add("connection", PROBLEM, failure.message, hint)
            self._skip("clock", "permission to read")
            return False
        if not self.addresses.endpoint.startswith("https:"):
            self._add("connection", OK, "without TLS, to a loopback address")
        elif self.params["validate_certs"]:
            self._add("connection", OK, "TLS, with a valid certificate")
        else:
            remedy = "Set validate_certs to true: anybody on the way can read and change what is sent."
            self._add("connection", WARNING, "TLS, and the certificate is not checked", remedy)
        self._check_clock(response)
        if response.status == 200:
            self._add("permission to read", OK, "workflows can be listed")
            return True
        self._add("permission to read", PROBLEM, errors.clause(response), errors.hint(response))
        return False

    def _check_clock(self, response: Response) -> None:
        offset = errors.clock_offset(response.headers, response.received_at)
        if offset is None:
            self._add("clock", WARNING, "the response has no Date to compare it with")
            return
        wrong = errors.clock_is_wrong(response.headers, response.received_at)
        status = PROBLEM if wrong else WARNING if abs(offset) > _CLOCK_WARNING else OK
        remedy = "" if status == OK else "Set the clock of this machine: signatures are refused from 15 minutes on."
        direction = "ahead of" if offset > 0 else "behind"
        found = "as the service's" if not offset else "%d seconds %s the service's" % (abs(offset), direction)
        self._add("clock", status, found, remedy)

    def _check_workflow(
        self, client: Client, project_id: str, workflow_id: str
    ) -> t.Optional[t.Sequence[t.Mapping[str, t.Any]]]:
        """The states of the workflow, None where it cannot be read or has no callback nodes."""
        violations = _schema.argument_violations(self.OPERATION, {"workflow_id": workflow_id}, self.redactor.known)
        wrong = [violation.message for violation in violations if violation.option == "workflow_id"]
        if wrong:
            self._add("workflow", PROBLEM, wrong[0])
            return None
        try:
            definition = _reads.read_definition(client, project_id, workflow_id, self.attempts.renewed())
        except _reads.ReadError as error:
            self._add("workflow", PROBLEM, "it cannot be read: %s" % error, error.hint)
            return None
        states = _reads.states_of(definition)
        if definition.get("mode") == _EXPRESS:
            remedy = "Make a standard workflow: only those have callback nodes."
            self._add("workflow", PROBLEM, "an express workflow", remedy)
            return None
        self._add("workflow", OK, "a standard workflow of %d nodes" % len(states))
        names = Counter(state.get("name") for state in states)
        for state in states:
            name = state.get("name")
            found = "id %s, type %s" % (state.get("id"), state.get("type"))
            label = "node %s" % quoted(name, self.redactor.known)
            if names[name] > 1:
                self._add(label, WARNING, found, "Give nodes different names: by this one none can be looked up.")
            else:
                self._add(label, OK, found)
        return states
