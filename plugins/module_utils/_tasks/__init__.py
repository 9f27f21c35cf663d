# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a task does, whichever face calls it: validate, connect, act, finish. The modules differ in act.

Validation finds everything that is wrong at once, before anything is sent. finish is the only way out, and redacts.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _api,
    _connections,
    _credentials,
    _delivery,
    _http,
    _libraries,
    _options,
    _redaction,
    _schema,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation

FACT = "fgs_workflow_execution_id"
_NO_PROJECT = "project_id is unset and cannot be looked up without a region; set project_id or region."
# The keys of a result that hold what others wrote, perhaps a signature.
_FOREIGN = ("error_code", "error_msg", "request_id")

Result = t.Dict[str, t.Any]


class ConfigurationError(Exception):
    """The service cannot be called with these arguments, and nothing was sent to it. result has the keys that say why.

    transient is true where it may be called later.
    """

    def __init__(self, message: str, transient: bool = False, **result: t.Any) -> None:
        super().__init__(message)
        self.transient = transient
        self.result = {name: value for name, value in result.items() if value is not None}


class Connection(t.NamedTuple):
    """What an operation needs besides its own arguments."""

    client: _api.Client
    project_id: str


class Task:
    """One task. run() gives its result; interrupted() gives the one for a run() that was interrupted.

    params are the arguments as Ansible's specification validated them, errors what it found wrong in them.
    """

    # Of a subclass: its schema, its arguments, and what a result says where nothing was done.
    OPERATION: t.ClassVar[str]
    SPECIFICATION: t.ClassVar[dict[str, dict[str, t.Any]]]
    NOTHING_DONE: t.ClassVar[Result] = {}

    def __init__(
        self,
        params: t.Mapping[str, t.Any],
        errors: t.Iterable[t.Any],
        environ: t.Mapping[str, str],
        connections: _connections.Connections,
        check_mode: bool = False,
        diff: bool = False,
    ) -> None:
        self.params = params
        self.check_mode = check_mode
        self.diff = diff or check_mode
        self.redactor = _redaction.Redactor()
        _credentials.learn(params, environ, self.redactor)
        self.attempts = Attempts(params["retries"] if isinstance(params.get("retries"), int) else 0)
        self.addresses, self._wrong_addresses = _options.find_addresses(
            _options.without_empty(params), environ, self.redactor.known
        )
        # The one that option or environment names.
        self.project_id = params.get("project_id") or _options.from_environment("project_id", environ)
        self._errors = list(errors)
        self._environ = environ
        self._connections = connections
        self._routes: dict[str, _http.Route] = {}

    def run(self) -> Result:
        """The result. Raises _libraries.Unusable, and what a signal does."""
        try:
            violations = self.validate()
            result = self._refused(violations) if violations else self.act(self.connect())
        except ConfigurationError as error:
            result = self.not_connected(error)
        except _libraries.Unusable:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the outcome is reported
            result = self.broken_off(_http.unexpected(error, True).message)
        return self.finish(result)

    def _refused(self, violations: t.Sequence[Violation]) -> Result:
        return self.failed(_schema.sentence(violations), violations=[violation._asdict() for violation in violations])

    def validate(self) -> list[Violation]:
        """Everything that is wrong with the arguments, and with credentials that need no request to be known."""
        # First, as a secret of the credentials file may be in the wrong option as well.
        wrong_credentials = _credentials.violations(self.params, self._environ, self.redactor)
        options = _options.without_empty(self.params)
        if self.project_id:
            options["project_id"] = self.project_id
        validated = _schema.validated_options(self.OPERATION)
        known = {name: value for name, value in options.items() if name in validated}
        found = _schema.argument_violations(self.OPERATION, known, self.redactor.known)
        found.extend(_options.limit_violations(options))
        found.extend(self._wrong_addresses)
        found.extend(wrong_credentials)
        url = "https://localhost" if self._wrong_addresses else self.addresses.endpoint
        proxy = None
        try:
            # Without a usable address too: a CA bundle that cannot be read is reported with everything else.
            self._route_to(url)
        except ValueError as error:
            found.append(Violation("ca_path", "readable", None, str(error)))
        else:
            proxy = _connections.proxy_of(url, self._routes[url])
        if not (found or self._errors or proxy):
            return []
        from ansible_collections.functiongraph.workflow.plugins.module_utils._options import violations

        found.extend(violations.specification_violations(self._errors, validated))
        found.extend(violations.proxy_violations(proxy, self._environ) if proxy else [])
        return [violations.named_if_empty(violation, self.params) for violation in found]

    def _route_to(self, url: str) -> _http.Route:
        if url not in self._routes:
            validate_certs, ca_path = self.params["validate_certs"], self.params.get("ca_path")
            self._routes[url] = _connections.route(url, self._environ, validate_certs, ca_path)
        return self._routes[url]

    def connect(self) -> Connection:
        """The connection to the service. The arguments must have no violations. Raises ConfigurationError."""
        try:
            credentials = _credentials.find(self.params, self._environ, self.redactor)
        except _credentials.CredentialsError as error:
            violations = None if error.violations is None else [one._asdict() for one in error.violations]
            raise ConfigurationError(str(error), hint=error.hint, violations=violations) from None
        client = self._client(self.addresses.endpoint, credentials)
        project_id = self.project_id or credentials.project_id or self._look_up_project(credentials)
        for violation in _schema.argument_violations(self.OPERATION, {"project_id": project_id}):
            if violation.option == "project_id":
                raise ConfigurationError("The project of these credentials is not valid: %s." % violation.message)
        return Connection(client, project_id)

    def project_problem(self, credentials: t.Optional[_credentials.Credentials]) -> t.Optional[str]:
        """Why the project cannot be looked up, as far as that is known without a request; None where it can be.

        credentials are None where they are not known yet, as those of an ECS.
        """
        of_file = None if credentials is None else credentials.project_id
        return None if self.project_id or of_file or self.addresses.region else _NO_PROJECT

    def _client(self, endpoint: str, credentials: _credentials.Credentials) -> _api.Client:
        return _api.Client(endpoint, credentials, self._route_to(endpoint), self.params["timeout"], self._connections)

    def _look_up_project(self, credentials: _credentials.Credentials) -> str:
        iam_endpoint = self.addresses.iam(credentials.iam_endpoint)
        if not iam_endpoint or not self.addresses.region:
            raise ConfigurationError(_NO_PROJECT)
        wrong = _options.endpoint_violation("iam_endpoint", iam_endpoint)
        if wrong is not None:
            raise ConfigurationError("The credentials file is not valid: %s." % wrong.message)
        from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads

        client = self._client(iam_endpoint, credentials)
        try:
            region = self.addresses.region
            meant = _options.region_meant(region)
            return _reads.find_project(client, region, credentials.key(), self.attempts.renewed(), meant)
        except _reads.ReadError as error:
            raise ConfigurationError(str(error), error.transient, hint=error.hint, **error.fields()) from None

    def not_connected(self, error: ConfigurationError) -> Result:
        """The result where connect() raised error."""
        return self.failed(str(error), **error.result)

    def act(self, connection: Connection) -> Result:
        """The result of what the task is for."""
        raise NotImplementedError

    def failed(self, message: str, **fields: t.Any) -> Result:
        """The result of a task that did nothing."""
        return {"failed": True, "changed": False, **self.NOTHING_DONE, "msg": message, **fields}

    def network_hint(self, reason: str) -> str:
        """What to do where reason, a clause, says why there was no connection."""
        from ansible_collections.functiongraph.workflow.plugins.module_utils._http.explanation import UNRESOLVED

        meant = _options.region_meant(self.addresses.region) if UNRESOLVED in reason else ""
        return "Check endpoint, region%s, proxy and CA certificates as seen from where the call is made." % meant

    def broken_off(self, reason: str) -> Result:
        """The result, not finished, of a run() that ended because of reason, a clause."""
        return self.lost(reason)

    @classmethod
    def lost(cls, reason: str) -> Result:
        """The result of a run() elsewhere of which nothing more is known than reason, a clause."""
        raise NotImplementedError

    def interrupted(self, reason: str) -> Result:
        """The result where run() was interrupted by reason, a clause."""
        return self.finish(self.broken_off(reason))

    def finish(self, result: Result) -> Result:
        """result as it leaves the task: without secrets, and with nothing in its sentences that a terminal obeys."""
        found: Result = self.redactor.within(result)
        found.update((name, _redaction.visible(found[name])) for name in ("msg", "hint") if name in found)
        found.update((name, self.redactor.line(found[name])) for name in _FOREIGN if name in found)
        if "warnings" in found:
            found["warnings"] = [_redaction.visible(warning) for warning in found["warnings"]]
        return found


class CallbackTask(Task):
    """A task of fgs_workflow_callback."""

    OPERATION = _schema.CALLBACK
    SPECIFICATION = _options.callback_spec()
    NOTHING_DONE: t.ClassVar[Result] = {"delivery": _delivery.NOT_SENT, "requests_sent": 0}

    def __init__(self, params: t.Mapping[str, t.Any], *arguments: t.Any, **options: t.Any) -> None:
        params = dict(params, output=params.get("output") or {})
        if params.get("truncate_error") is True and isinstance(params.get("error"), str):
            params["error"] = _schema.shortened(params["error"])
        super().__init__(params, *arguments, **options)
        # Set once the arguments are known to be valid, and once there is a connection.
        self._callback: t.Optional[_api.Callback] = None
        self._delivery: t.Optional[_delivery.Delivery] = None

    def validate(self) -> list[Violation]:
        found = super().validate()
        schema = self.params.get("output_schema")
        if isinstance(schema, dict) and isinstance(self.params["output"], dict):
            from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators

            found.extend(validators.output_violations(self.params["output"], schema, hide=self.redactor.known))
        path = self.params.get("undelivered_path")
        if path:
            # Here and in _save(): Ansible compiles what is imported at each start, and most tasks do without this.
            from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered

            found.extend(filter(None, [undelivered.violation(path)]))
        return found

    def connect(self) -> Connection:
        names = ("workflow_id", "workflow_run_id", "workflow_state_id", "result", "output")
        self._callback = _api.Callback(
            **{name: self.params[name] for name in names}, error=self.params.get("error") or None
        )
        return super().connect()

    def not_connected(self, error: ConfigurationError) -> Result:
        result = super().not_connected(error)
        if error.transient:
            self._save(result)
        return result

    def act(self, connection: Connection) -> Result:
        callback = t.cast(_api.Callback, self._callback)
        self._delivery = delivery = _delivery.Delivery(*connection, callback, self.params["confirm"], self.attempts)
        if not self.check_mode:
            result = self._result(delivery, delivery.run())
        else:
            finished = delivery.already_finished()
            result = {"changed": True, **self.NOTHING_DONE} if finished is None else self._result(delivery, finished)
            result.update({"warnings": list(delivery.warnings)} if delivery.warnings else {})
        if self.diff:
            request = connection.client.describe_callback(connection.project_id, callback)
            result["diff"] = {"before": "", "after": request, "after_header": "callback request"}
        return result

    def _result(self, delivery: _delivery.Delivery, outcome: _delivery.Outcome) -> Result:
        result: Result = {
            "changed": outcome.delivery == _delivery.DELIVERED,
            "delivery": outcome.delivery,
            "requests_sent": outcome.requests_sent,
        }
        result.update({"warnings": list(outcome.warnings)} if outcome.warnings else {})
        result.update(outcome.response.fields() if outcome.response is not None else {})
        if outcome.execution_id is not None:
            result["execution_id"] = outcome.execution_id
            result["ansible_facts"] = {FACT: outcome.execution_id}
            return result
        # Here, as Ansible compiles what is imported at each start, and most callbacks are delivered.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

        result["failed"] = True
        result["msg"] = failed_callback.sentence(outcome.delivery, outcome.reason)
        hint = failed_callback.hint(outcome, self.network_hint)
        result.update({"hint": hint} if hint else {})
        if outcome.transient:
            self._save(result)
        return result

    def _save(self, result: Result) -> None:
        """Saves what could not be delivered, where the user wants it saved."""
        path = self.params.get("undelivered_path")
        if not path or self._callback is None or self.check_mode:
            return
        from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered

        project_id = self.project_id if self._delivery is None else self._delivery.project_id
        addresses = {
            "region": self.addresses.region,
            "endpoint": self.addresses.endpoint,
            "project_id": project_id,
            "iam_endpoint": None if project_id else self.addresses.iam_endpoint,
        }
        sentence, file = undelivered.save(path, self._callback, addresses)
        result["msg"] = "%s %s." % (result["msg"], sentence)
        result.update({} if file is None else {"undelivered_file": file})

    def broken_off(self, reason: str) -> Result:
        delivery = self._delivery
        if delivery is None:
            result = self.failed("Nothing was sent, as %s." % reason)
            self._save(result)
            return result
        sent = delivery.requests_sent
        ended = _delivery.UNKNOWN if sent else _delivery.NOT_SENT
        return self._result(
            delivery, _delivery.Outcome(delivery=ended, requests_sent=sent, reason=reason, transient=True)
        )

    @classmethod
    def lost(cls, reason: str) -> Result:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

        return failed_callback.lost(reason)
