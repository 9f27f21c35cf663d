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
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import UNKNOWN
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation
    from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.configuration import ConfigurationError

FACT = "fgs_workflow_execution_id"
# The keys of a result that hold what others wrote, perhaps a signature.
_FOREIGN = ("error_code", "error_msg", "request_id")

# With the type of the error that kept it from saying more, as where a file of the collection was removed.
_CANNOT_SAY_WHY = "and the collection cannot say why (%s); install it again"

Result = t.Dict[str, t.Any]
# What an operation needs besides its own arguments: the client and the project.
Connection = t.Tuple[_api.Client, str]


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
        except _libraries.Unusable:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the outcome is reported
            ended_by = error
            result = self._explained(lambda: self._ended_by(ended_by))
        return self.finish(result)

    def _ended_by(self, error: Exception) -> Result:
        # Here, and wherever else a function imports: Ansible compiles what is imported at each start, and most tasks do
        # without this.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import unexpected
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.configuration import (
            ConfigurationError,
        )

        if isinstance(error, ConfigurationError):
            return self.not_connected(error)
        return self.aborted(unexpected(error, True).message)

    def _explained(self, explain: t.Callable[[], Result]) -> Result:
        """What explain gives, or else the result without an explanation: it imports, and a file may be gone by now."""
        try:
            return explain()
        except Exception as error:  # pylint: disable=broad-exception-caught  # the outcome must not be lost with it
            return self.unexplained(_CANNOT_SAY_WHY % type(error).__name__)

    def unexplained(self, reason: str) -> Result:
        """The result of a run() that ended, where reason, a clause, is all that can be said."""
        return self.failed("Nothing was read, %s." % reason)

    def _refused(self, violations: t.Sequence[Violation]) -> Result:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import sentence

        return self.failed(sentence(violations), violations=[violation._asdict() for violation in violations])

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
        if self._errors:
            from ansible_collections.functiongraph.workflow.plugins.module_utils._options import violations

            found.extend(violations.specification_violations(self._errors, validated))
        found.extend(_options.limit_violations(options))
        found.extend(self._wrong_addresses)
        found.extend(wrong_credentials)
        url = "https://localhost" if self._wrong_addresses else self.addresses.endpoint
        proxy = None
        try:
            # Without a usable address too: a CA bundle that cannot be read is reported with everything else.
            self._route_to(url)
        except ValueError as error:
            from ansible_collections.functiongraph.workflow.plugins.module_utils._options import violations

            found.append(violations.of_ca_path(error))
        else:
            proxy = _connections.proxy_of(url, self._routes[url])
        if not (found or proxy):
            return []
        from ansible_collections.functiongraph.workflow.plugins.module_utils._options import violations

        found.extend(violations.proxy_violations(proxy, self._environ) if proxy else [])
        return [violations.named_if_empty(violation, self.params, _options.EXTRA_VARS) for violation in found]

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
            from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import configuration

            raise configuration.without_credentials(error) from None
        client = self.client(self.addresses.endpoint, credentials)
        if self.project_id:
            return client, self.project_id
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import configuration

        return client, configuration.project_of(self, credentials)

    def client(self, endpoint: str, credentials: _credentials.Credentials) -> _api.Client:
        """A client of the endpoint, by the route and the connections of the task."""
        return _api.Client(endpoint, credentials, self._route_to(endpoint), self.params["timeout"], self._connections)

    def act(self, connection: Connection) -> Result:
        """The result of what the task is for."""
        raise NotImplementedError

    def failed(self, message: str, **fields: t.Any) -> Result:
        """The result of a task that did nothing."""
        return {"failed": True, "changed": False, **self.NOTHING_DONE, "msg": message, **fields}

    def not_connected(self, error: ConfigurationError) -> Result:
        """The result where connect() raised error."""
        return self.failed(str(error), **error.result)

    def aborted(self, reason: str) -> Result:
        """The result, not finished, of a run() that ended because of reason, a clause."""
        return self.lost(reason)

    @classmethod
    def lost(cls, reason: str) -> Result:
        """The result of a run() elsewhere of which nothing more is known than reason, a clause."""
        raise NotImplementedError

    def interrupted(self, reason: str) -> Result:
        """The result where run() was interrupted by reason, a clause."""
        return self.finish(self._explained(lambda: self.aborted(reason)))

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
            from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened

            params["error"] = shortened(params["error"])
        super().__init__(params, *arguments, **options)
        # Set once the arguments are known to be valid, and once there is a connection.
        self.callback: t.Optional[_api.Callback] = None
        self.delivery: t.Optional[_delivery.Delivery] = None
        # The name of the state, until its ID is looked up.
        self.state_name: t.Optional[str] = params.get("workflow_state_name")

    def validate(self) -> list[Violation]:
        found = super().validate()
        schema = self.params.get("output_schema")
        if isinstance(schema, dict) and isinstance(self.params["output"], dict):
            from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators

            found.extend(validators.output_violations(self.params["output"], schema, hide=self.redactor.known))
        path = self.params.get("undelivered_path")
        if path:
            from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered

            found.extend(filter(None, [undelivered.violation(path)]))
        return found

    def connect(self) -> Connection:
        self.take_callback()
        return super().connect()

    def take_callback(self) -> None:
        """Sets the callback, of valid arguments."""
        given = {name: self.params[name] for name in ("workflow_id", "workflow_run_id", "result", "output")}
        state_id, error = self.params.get("workflow_state_id") or "", self.params.get("error") or None
        self.callback = _api.Callback(**given, workflow_state_id=state_id, error=error)

    def act(self, connection: Connection) -> Result:
        if not self.state_name:
            return self.deliver(connection)
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import state_name

        return state_name.delivered(self, connection)

    def deliver(self, connection: Connection) -> Result:
        """The result of the callback, when the ID of its state is known."""
        callback = t.cast("_api.Callback", self.callback)
        self.delivery = delivery = _delivery.Delivery(*connection, callback, self.params["confirm"], self.attempts)
        if not self.diff:
            return self.result_of(delivery.run())
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import preview

        return preview.result(self, delivery)

    def result_of(self, outcome: _delivery.Outcome) -> Result:
        """The result of a delivery that ended with outcome."""
        result: Result = {
            "changed": outcome.delivery == _delivery.DELIVERED,
            "delivery": outcome.delivery,
            "requests_sent": outcome.requests_sent,
        }
        result.update({"warnings": list(outcome.warnings)} if outcome.warnings else {})
        result.update(outcome.response.fields() if outcome.response is not None else {})
        if outcome.execution_id is None:
            from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

            return failed_callback.explained(self, result, outcome)
        result["execution_id"] = outcome.execution_id
        result["ansible_facts"] = {FACT: outcome.execution_id}
        return result

    def _refused(self, violations: t.Sequence[Violation]) -> Result:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

        return failed_callback.refused(self, super()._refused(violations), violations)

    def not_connected(self, error: ConfigurationError) -> Result:
        return self.saved(super().not_connected(error))

    def saved(self, result: Result) -> Result:
        """result, after the callback was saved if the user wants that."""
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

        return failed_callback.saved(self, result)

    def aborted(self, reason: str) -> Result:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

        return failed_callback.aborted(self, reason)

    def unexplained(self, reason: str) -> Result:
        sent = 0 if self.delivery is None else self.delivery.requests_sent
        if not sent:
            return self.failed("Nothing was sent, %s." % reason)
        message = "It is not known whether the callback arrived, %s." % reason
        return self.failed(message, delivery=UNKNOWN, requests_sent=sent)

    @classmethod
    def lost(cls, reason: str) -> Result:
        from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import failed_callback

        return failed_callback.lost(reason)
