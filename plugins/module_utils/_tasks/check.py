# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Checks everything that a callback needs, a row for each, with the remedy for a problem: for the playbook check.

It checks as much as it can, even after a row with a problem. Nothing is changed, unless a round trip is asked for.
"""

from __future__ import annotations

import platform
import typing as t
from collections import Counter
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from ansible.module_utils.ansible_release import __version__ as _core_version

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _connections,
    _credentials,
    _libraries,
    _options,
    _reads,
    _redaction,
    _schema,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client, Response, errors, reading
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure, unexpected
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import (
    REGIONS,
    of_ca_path,
    of_number,
    proxy_violations,
    specification_violations,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.validators import newest_validator
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import quoted
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import EXPRESS
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Result, Task, configuration
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.hints import network_hint

OK, WARNING, PROBLEM, SKIPPED = "ok", "warning", "problem", "skipped"
# Seconds. The service refuses signatures from 15 minutes on; one minute is an early warning.
_CLOCK_WARNING = 60

# The rows that need a connection, except the project.
_CONNECTED = ("connection", "clock", "permission to read", "workflow")

_States = t.Sequence[t.Mapping[str, t.Any]]


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
        # Named after the playbook's variables, because messages quote them.
        "fgs_check_round_trip": {"type": "bool", "default": False},
        "fgs_check_state_name": {"type": "str"},
        "fgs_check_timeout": {"type": "float", "default": 60.0},
        **_options.connection_spec(),
    }
    NOTHING_DONE: t.ClassVar[Result] = {}

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        self._rows: list[Row] = []
        # Set once a round trip begins.
        self._trip: t.Any = None

    def run(self) -> Result:
        """The result. Raises _libraries.Unusable, and what a signal raises."""
        result: Result = {"changed": False}
        try:
            self._check_libraries()
            result.update(self._check_service())
        except _libraries.Unusable:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # the rows so far are worth showing
            left = self._trip.interrupted() if self._trip is not None else ""
            self._add(
                "check", PROBLEM, unexpected(error, False).message, ("Report it to this project. " + left).rstrip()
            )
        return self.finish({**result, **self._shown()})

    def aborted(self, reason: str) -> Result:
        left = self._trip.interrupted() if self._trip is not None else ""
        result = self.lost(reason)
        return {**result, "msg": ("%s %s" % (result["msg"], left)).rstrip()}

    @classmethod
    def lost(cls, reason: str) -> Result:
        return {"failed": True, "changed": False, "msg": "The check was not finished, as %s." % reason}

    def _shown(self) -> Result:
        rows = [Row(*map(_redaction.visible, row)) for row in self._rows]
        problems = ["%s: %s" % (row.check, row.found) for row in rows if row.status == PROBLEM]
        return {"rows": [dict(row._asdict()) for row in rows], "problems": problems}

    def _add(self, check: str, status: str, found: str, remedy: t.Optional[str] = None) -> None:
        self._rows.append(Row(check, status, found.rstrip("."), remedy or ""))

    def _skip(self, *checks: str) -> None:
        for check in checks:
            self._add(check, SKIPPED, "not checked, as something above has a problem")

    def _check_libraries(self) -> None:
        self._add("Python", OK, "%s, ansible-core %s" % (platform.python_version(), _core_version))
        self._add("requests", OK, str(_libraries.requests.__version__))
        # It imports jsonschema, whose __version__ is deprecated.
        newest_validator()
        found = "of unknown version"
        with suppress(PackageNotFoundError):
            found = version("jsonschema")
        self._add("jsonschema", OK, found)

    def _check_service(self) -> Result:
        for violation in specification_violations(self._errors, ()):
            self._add("variables", PROBLEM, violation.message)
        timeout = self.params["fgs_check_timeout"]
        # A value of another type is not converted, and is a violation already.
        if isinstance(timeout, float) and not 0 < timeout <= _options.TIMEOUT_LIMIT:
            text = of_number("timeout", timeout, _options.TIMEOUT_LIMIT).message
            self._add("variables", PROBLEM, "fgs_check_" + text)
        credentials = self._check_credentials()
        self._check_addresses()
        if credentials is None or any(row.status == PROBLEM for row in self._rows):
            self._skip("project", *_CONNECTED)
            return {}
        client = self.client(self.addresses.endpoint, credentials)
        project_id = self._check_project(credentials)
        if project_id is None or not self._check_reading(client, project_id):
            return {}
        workflow_id, is_round_trip = self.params.get("workflow_id"), self.params["fgs_check_round_trip"]
        if not workflow_id:
            status = PROBLEM if is_round_trip else SKIPPED
            self._add("workflow", status, "fgs_workflow_id is unset", "Set it to see the nodes of a workflow.")
            return {}
        states = self._check_workflow(client, project_id, workflow_id)
        if states is None or not is_round_trip:
            return {}
        if self.check_mode:
            self._add("round trip", SKIPPED, "not made in check mode, as it starts a run")
            return {}
        return self._make_round_trip(client, (project_id, workflow_id), states)

    def _make_round_trip(self, client: Client, names: tuple[str, str], states: _States) -> Result:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import round_trip

        state_name = self.params.get("fgs_check_state_name")
        if state_name and states and state_name not in [state.get("name") for state in states]:
            found = "no node of the workflow is named %s" % quoted(state_name, self.redactor.known)
            self._add(
                "fgs_check_state_name", PROBLEM, found, "Set it to the name of the callback node, as shown above."
            )
            return {}
        self._trip = round_trip.RoundTrip(client, names, states, self.attempts)
        findings = self._trip.run(state_name, self.params["fgs_check_timeout"])
        for row in findings.rows():
            self._add(*row)
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
        elif self.project_id:
            self._add("region", OK, "unset, and not needed with endpoint and project_id")
        else:
            self._add("region", WARNING, "unset", "Set region, as the project is looked up by it.")
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
            wrong = self._wrong("project_id", self.project_id)
            self._add("project", PROBLEM if wrong else OK, wrong or "set as project_id")
            if wrong:
                self._skip(*_CONNECTED)
            return None if wrong else str(self.project_id)
        try:
            found = configuration.project_of(self, credentials)
        except configuration.ConfigurationError as error:
            self._add("project", PROBLEM, str(error), error.result.get("hint"))
            self._skip(*_CONNECTED)
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
            self._skip(*_CONNECTED[1:])
            return False
        is_tls = self.addresses.endpoint.startswith("https:")
        self._add("connection", OK, "TLS, with a valid certificate" if is_tls else "without TLS, to a loopback address")
        self._check_clock(response)
        if response.status == 200:
            self._add("permission to read", OK, "workflows can be listed")
            return True
        self._add("permission to read", PROBLEM, errors.clause(response), errors.hint(response))
        self._skip("workflow")
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

    def _check_workflow(self, client: Client, project_id: str, workflow_id: str) -> t.Optional[_States]:
        """The states of the workflow, None where it cannot be read or has no callback nodes."""
        wrong = self._wrong("workflow_id", workflow_id)
        if wrong:
            self._add("workflow", PROBLEM, wrong)
            return None
        try:
            definition = _reads.read_definition(client, project_id, workflow_id, self.attempts.renewed())
        except _reads.ReadError as error:
            self._add("workflow", PROBLEM, "it cannot be read: %s" % error, error.hint)
            return None
        states = _reads.states_of(definition)
        if definition.get("mode") == EXPRESS:
            remedy = "Make a standard workflow: only those have callback nodes."
            self._add("workflow", PROBLEM, "an express workflow", remedy)
            return None
        if states:
            self._add("workflow", OK, "its definition has %d nodes" % len(states))
        else:
            remedy = "Set workflow_state_id: a name can be looked up only while a run shows the node."
            self._add("workflow", WARNING, "its definition shows no nodes", remedy)
        names = Counter(self._name(state) for state in states)
        for state in states:
            name = self._name(state)
            found = "id %s, type %s" % (shortened(str(state.get("id"))), shortened(str(state.get("type"))))
            if names[name] == 1:
                self._add("node %s" % name, OK, found)
            else:
                self._add("node %s" % name, WARNING, found, "Give nodes different names: this one leads to no ID.")
        return states

    def _wrong(self, option: str, value: str) -> str:
        """What is wrong with an ID; empty if it is valid."""
        violations = _schema.argument_violations(self.OPERATION, {option: value}, self.redactor.known)
        return next((violation.message for violation in violations if violation.option == option), "")

    def _name(self, state: t.Mapping[str, t.Any]) -> str:
        name = state.get("name")
        return quoted(name, self.redactor.known) if isinstance(name, str) else "without a name"
