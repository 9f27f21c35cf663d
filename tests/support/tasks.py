# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of the collection in this process, without Ansible's machinery around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.check import CheckTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution import ExecutionTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution_info import ExecutionInfoTask
from support.servers import Call

SECRET = "SKEXAMPLE-secret-0001"
CONNECTION: dict[str, Any] = {
    "access_key": "AKEXAMPLE0001",
    "secret_key": SECRET,
    "region": "cn-north-4",
    "project_id": "p",
    "retries": 0,
}
CALLBACK: dict[str, Any] = {
    **CONNECTION,
    "workflow_id": "w",
    "workflow_run_id": "run",
    "workflow_state_id": "state",
    "result": "success",
}
EXECUTION: dict[str, Any] = {**CONNECTION, "workflow_id": "w", "execution_id": "run"}
NOWHERE = {"HOME": "/nonexistent"}

# What comes of them at the service, and its response to a callback.
POST = ("POST", "/v2/p/fgs/workflows/w/callback")
GET = ("GET", "/v2/p/fgs/workflows/w/executions/run")
YES = Call(*POST, 200, {"execution_id": "run"}, {"X-Request-Id": "request-1"})


def _task(
    task_class: Any,
    specification: dict[str, Any],
    arguments: dict[str, Any],
    environ: Mapping[str, str] | None,
    **options: Any,
) -> Any:
    validation = ArgumentSpecValidator(specification).validate(_options.without_empty(arguments))
    environ = {**NOWHERE, **(environ or {})}
    return task_class(
        validation.validated_parameters, validation.errors, environ, _connections.Connections(), **options
    )


def callback_task(arguments: dict[str, Any], environ: Mapping[str, str] | None = None, **options: Any) -> CallbackTask:
    """A task of fgs_workflow_callback: options that are unset come from CALLBACK."""
    task: CallbackTask = _task(CallbackTask, _options.callback_spec(), {**CALLBACK, **arguments}, environ, **options)
    return task


def execution_info_task(arguments: dict[str, Any], environ: Mapping[str, str] | None = None) -> ExecutionInfoTask:
    """A task of fgs_workflow_execution_info: options that are unset come from EXECUTION."""
    specification = ExecutionInfoTask.SPECIFICATION
    task: ExecutionInfoTask = _task(ExecutionInfoTask, specification, {**EXECUTION, **arguments}, environ)
    return task


def execution_task(arguments: dict[str, Any], environ: Mapping[str, str] | None = None, **options: Any) -> Any:
    """A task of fgs_workflow_execution: options that are unset come from CONNECTION, but for workflow_id."""
    given = {**CONNECTION, "workflow_id": "w", **arguments}
    return _task(ExecutionTask, ExecutionTask.SPECIFICATION, given, environ, **options)


def check_task(arguments: dict[str, Any], environ: Mapping[str, str] | None = None, **options: Any) -> CheckTask:
    """A task of the playbook check: options that are unset come from CONNECTION."""
    task: CheckTask = _task(CheckTask, CheckTask.SPECIFICATION, {**CONNECTION, **arguments}, environ, **options)
    return task


def shows(status: str) -> Call:
    """A reading that shows the state so."""
    node = {"node_id": "state", "executions": [{"status": status}]}
    return Call(*GET, 200, {"status": "running", "execution_id": "run", "node_execution_details": [node]})


def failed_callback(arguments: dict[str, Any], environ: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    """The result of a callback task, after checking that it failed and that nothing secret is in it."""
    result = callback_task(arguments, environ, **options).run()
    assert result["failed"]
    assert SECRET not in json.dumps(result)
    assert not result["msg"].endswith("..")
    return result


def violations(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Options and rules of a result, after checking that nothing was sent."""
    assert result["msg"].startswith("Nothing was sent: ")
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (False, "not_sent", 0)
    return [(violation["option"], violation["rule"]) for violation in result["violations"]]
