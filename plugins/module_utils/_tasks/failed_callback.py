# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a task says of a callback that was not delivered, and how it saves it.

Imported only where there is one.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes, undelivered
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.hints import network_hint

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation

_CHECK_IDS = (
    "Check the run: the state may be finished already, or the IDs may belong to another run or state: "
    "functiongraph.workflow.check shows which ID of a state the service takes."
)
_CHECK_ENDED = (
    "Check the run: somebody else completed the state, or it timed out, or the run was cancelled. "
    "If another state waits, set workflow_state_name to its name."
)
_CHECK_RUN = "Check the run before you send again; with confirm=always a second task sends only what is missing."

_SENTENCES = {
    outcomes.REJECTED: "The service refused the callback: %(reason)s.",
    outcomes.NOT_SENT: "Nothing was sent, as %(reason)s.",
    outcomes.UNKNOWN: "It is not known whether the callback arrived: %(reason)s.",
    outcomes.SUPERSEDED: "The callback did not complete the state: %(reason)s.",
}


def explained(task: t.Any, result: dict[str, t.Any], outcome: outcomes.Outcome) -> dict[str, t.Any]:
    """result, which a CallbackTask has of outcome, with what went wrong and what the user can do about it."""
    result["failed"] = True
    result["msg"] = _sentence(outcome.delivery, outcome.reason)
    hint = _hint(outcome, task.addresses.region)
    result.update({"hint": hint} if hint else {})
    return saved(task, result) if outcome.worth_saving else result


def refused(task: t.Any, result: dict[str, t.Any], violations: t.Iterable[Violation]) -> dict[str, t.Any]:
    """result of a CallbackTask with violations, after the callback was saved where only the connection has some."""
    wrong = {violation.option for violation in violations}
    if not wrong <= {*_options.connection_spec(), "proxy"}:
        return result
    task.take_callback()
    return saved(task, result, wrong)


def _sentence(delivery: str, reason: t.Optional[str]) -> str:
    return _SENTENCES[delivery] % {"reason": reason or ""}


def _hint(outcome: outcomes.Outcome, region: t.Optional[str]) -> t.Optional[str]:
    if outcome.hint:
        return str(outcome.hint)
    if outcome.delivery == outcomes.SUPERSEDED:
        return _CHECK_ENDED
    if outcome.response is not None and outcome.delivery == outcomes.REJECTED:
        of_response = errors.hint(outcome.response)
        return of_response or (_CHECK_IDS if outcome.response.status == 400 else None)
    if outcome.delivery == outcomes.UNKNOWN:
        return _CHECK_RUN
    return network_hint(region, outcome.reason or "")


def saved(task: t.Any, result: dict[str, t.Any], wrong: t.Container[str] = ()) -> dict[str, t.Any]:
    """result, after the callback was saved where the user wants that. wrong are options that are not valid."""
    path = task.params.get("undelivered_path")
    if not path or task.callback is None or task.check_mode:
        return result
    project_id = task.project_id if task.delivery is None else task.delivery.project_id
    addresses = {
        "region": task.addresses.region,
        "endpoint": task.addresses.endpoint,
        "project_id": project_id,
        "iam_endpoint": None if project_id else task.addresses.iam_endpoint,
        "workflow_state_name": task.state_name,
    }
    valid = {name: value for name, value in addresses.items() if name not in wrong}
    # Redacted here, as the file is written before the result is.
    reason = task.redactor.known(result["msg"])
    sentence, file = undelivered.save(path, task.callback, valid, reason)
    result["msg"] = "%s %s." % (result["msg"], sentence)
    result.update({} if file is None else {"undelivered_file": file})
    return result


def aborted(task: t.Any, reason: str) -> dict[str, t.Any]:
    """The result of a CallbackTask whose run() ended because of reason, a clause."""
    if task.delivery is None:
        return saved(task, task.failed("Nothing was sent, as %s." % reason))
    sent = task.delivery.requests_sent
    ended = outcomes.UNKNOWN if sent else outcomes.NOT_SENT
    outcome = outcomes.Outcome(delivery=ended, requests_sent=sent, reason=reason, worth_saving=True)
    found: dict[str, t.Any] = task.result_of(outcome)
    return found


def lost(reason: str) -> dict[str, t.Any]:
    """The result where nothing more is known than reason, a clause."""
    return {
        "failed": True,
        "changed": False,
        "delivery": outcomes.UNKNOWN,
        "requests_sent": 0,
        "msg": _sentence(outcomes.UNKNOWN, reason),
        "hint": _CHECK_RUN,
    }
