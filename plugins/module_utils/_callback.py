# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
What the module fgs_workflow_callback does, whichever face calls it: arguments in, result out.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _client,
    _contract,
    _delivery,
    _libraries,
    _network_failures,
    _output_schema,
    _task,
    _transport,
    _undelivered,
)

FACT = "fgs_workflow_execution_id"


class CallbackTask:
    """One callback task. run() gives its result; interrupted() gives the one for a run() that was broken off."""

    NOTHING_DONE: t.ClassVar[dict[str, t.Any]] = {"delivery": _delivery.NOT_SENT, "requests_sent": 0}

    def __init__(
        self,
        params: t.Mapping[str, t.Any],
        errors: t.Iterable[t.Any],
        environ: t.Mapping[str, str],
        connections: _transport.Connections,
        check_mode: bool = False,
        diff: bool = False,
    ) -> None:
        params = dict(params, output=params.get("output") or {})
        if params.get("truncate_error") is True and isinstance(params.get("error"), str):
            params["error"] = _contract.shortened(params["error"])
        self._params = params
        self._task = _task.Task(_contract.CALLBACK, params, errors, environ, connections)
        self._check_mode = check_mode
        self._diff = diff or check_mode
        # Set once the arguments are known to be valid, and once there is a way to the service.
        self._callback: t.Optional[_client.Callback] = None
        self._delivery: t.Optional[_delivery.Delivery] = None

    def run(self) -> dict[str, t.Any]:
        try:
            return self._run()
        except _libraries.Unusable:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the outcome is reported
            return self.interrupted(_network_failures.unexpected(error, True).message)

    def _run(self) -> dict[str, t.Any]:
        violations = self._task.violations()
        schema = self._params.get("output_schema")
        if isinstance(schema, dict) and isinstance(self._params["output"], dict):
            violations.extend(_output_schema.violations(self._params["output"], schema, hide=self._task.redactor.known))
        path = self._params.get("undelivered_path")
        wrong_path = _undelivered.violation(path) if path else None
        if wrong_path is not None:
            violations.append(wrong_path)
        if violations:
            listed = self._task.redactor.within([violation._asdict() for violation in violations])
            return self._unsent(_contract.sentence(violations), violations=listed)
        self._callback = callback = _client.Callback(
            self._params["workflow_id"],
            self._params["workflow_run_id"],
            self._params["workflow_state_id"],
            self._params["result"],
            self._params["output"],
            self._params.get("error") or None,
        )
        try:
            way = self._task.way()
        except _task.Unreachable as unreachable:
            result = self._unsent(str(unreachable), **unreachable.result)
            if unreachable.passing:
                self._keep(result)
            return result
        confirm = self._params["confirm"]
        self._delivery = _delivery.Delivery(way.client, way.project_id, callback, confirm, self._task.attempts)
        result = (
            self._previewed(self._delivery) if self._check_mode else self._result(self._delivery, self._delivery.run())
        )
        if self._diff:
            text = self._task.redactor.known(way.client.describe_callback(way.project_id, callback))
            result["diff"] = {"before": "", "after": text, "after_header": "callback request"}
        return result

    def _unsent(self, message: str, **fields: t.Any) -> dict[str, t.Any]:
        return {
            "failed": True,
            "changed": False,
            **self.NOTHING_DONE,
            "msg": self._task.redactor.known(message),
            **fields,
        }

    def _previewed(self, delivery: _delivery.Delivery) -> dict[str, t.Any]:
        """The result in check mode."""
        outcome = delivery.preview()
        if outcome is not None:
            return self._result(delivery, outcome)
        would = {"changed": True, **self.NOTHING_DONE}
        return self._with_warnings(would, delivery.warnings)

    def _with_warnings(self, result: dict[str, t.Any], warnings: t.Sequence[str]) -> dict[str, t.Any]:
        if warnings:
            result["warnings"] = [self._task.redactor.line(warning) for warning in warnings]
        return result

    def _result(self, delivery: _delivery.Delivery, outcome: _delivery.Outcome) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {
            "changed": outcome.delivery == _delivery.DELIVERED,
            "delivery": outcome.delivery,
            "requests_sent": outcome.requests_sent,
        }
        self._with_warnings(result, outcome.warnings)
        result.update(_task.service_fields(outcome.answer, self._task.redactor))
        if outcome.execution_id is not None:
            result["execution_id"] = outcome.execution_id
            result["ansible_facts"] = {FACT: outcome.execution_id}
            return result
        result["failed"] = True
        reason = self._task.redactor.line(outcome.reason or "")
        result["msg"] = _SENTENCES[outcome.delivery] % {"reason": reason}
        hint = self._hint(outcome)
        if hint:
            result["hint"] = hint
        if outcome.passing:
            self._keep(result)
        return result

    def _hint(self, outcome: _delivery.Outcome) -> t.Optional[str]:
        if outcome.hint:
            return outcome.hint
        if outcome.delivery == _delivery.SUPERSEDED:
            return "Look at the run: the state was completed by somebody else, or has timed out, or was cancelled."
        if outcome.answer is not None and outcome.delivery == _delivery.REJECTED:
            return outcome.answer.hint() or (_ENDED if outcome.answer.status == 400 else None)
        if outcome.delivery == _delivery.UNKNOWN:
            return _LOOK
        return self._task.hint_of_network(outcome.reason or "")

    def _keep(self, result: dict[str, t.Any]) -> None:
        """Keeps what could not be delivered, where the user wants it kept."""
        path = self._params.get("undelivered_path")
        if not path or self._callback is None or self._check_mode:
            return
        addresses = self._task.addresses
        project_id = self._task.project_id if self._delivery is None else self._delivery.project_id
        saved = {
            "region": addresses.region,
            "endpoint": addresses.endpoint,
            "project_id": project_id,
            "iam_endpoint": None if project_id else addresses.iam_endpoint,
        }
        try:
            variables = _undelivered.variables(self._callback, saved)
            result["undelivered_file"] = _undelivered.write(path, variables)
            kept = "The answer was kept in %s to be sent later" % result["undelivered_file"]
        except Exception as error:  # pylint: disable=broad-exception-caught  # the outcome must not be lost with it
            why = (getattr(error, "strerror", None) or type(error).__name__).lower()
            kept = "The answer could not be kept in undelivered_path %s either: %s" % (path, why)
        result["msg"] = "%s %s." % (result["msg"], self._task.redactor.known(kept))

    def interrupted(self, what: str) -> dict[str, t.Any]:
        """The result where run() was broken off by what, a clause."""
        if self._delivery is None:
            result = self._unsent("Nothing was sent, as %s." % what)
            self._keep(result)
            return result
        sent = self._delivery.requests_sent
        outcome = _delivery.Outcome(_delivery.UNKNOWN if sent else _delivery.NOT_SENT, sent, reason=what, passing=True)
        return self._result(self._delivery, outcome)

    @staticmethod
    def broken_off(what: str) -> dict[str, t.Any]:
        """The result where a run() elsewhere was broken off by what, a clause. What it had sent is not known."""
        message = _SENTENCES[_delivery.UNKNOWN] % {"reason": what}
        result = {"failed": True, "changed": False, "delivery": _delivery.UNKNOWN, "requests_sent": 0, "msg": message}
        return dict(result, hint=_LOOK)


_ENDED = "Look at the run: the state may have ended before, or the IDs may be those of another run."
_LOOK = "Look at the run before sending again; with confirm=always a second task sends only what is missing."

_SENTENCES = {
    _delivery.REJECTED: "The service refused the callback: %(reason)s.",
    _delivery.NOT_SENT: "Nothing was sent, as %(reason)s.",
    _delivery.UNKNOWN: "It is not known whether the callback arrived: %(reason)s.",
    _delivery.SUPERSEDED: "The callback did not complete the state: %(reason)s.",
}
