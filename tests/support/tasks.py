# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of the collection in this process, without Ansible's machinery around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _arguments, _transport
from ansible_collections.functiongraph.workflow.plugins.module_utils._callback import CallbackTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._execution_info import ExecutionInfoTask

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


def _task(
    task_class: Any,
    specification: dict[str, Any],
    arguments: dict[str, Any],
    environ: Mapping[str, str] | None,
    **options: Any,
) -> Any:
    validation = ArgumentSpecValidator(specification).validate(_arguments.without_empty(arguments))
    environ = {**NOWHERE, **(environ or {})}
    return task_class(validation.validated_parameters, validation.errors, environ, _transport.Connections(), **options)


def callback_task(arguments: dict[str, Any], environ: Mapping[str, str] | None = None, **options: Any) -> CallbackTask:
    """A task of fgs_workflow_callback: options that are not given here stand in CALLBACK."""
    task: CallbackTask = _task(CallbackTask, _arguments.callback_spec(), {**CALLBACK, **arguments}, environ, **options)
    return task


def execution_info_task(arguments: dict[str, Any], environ: Mapping[str, str] | None = None) -> ExecutionInfoTask:
    """A task of fgs_workflow_execution_info: options that are not given here stand in EXECUTION."""
    specification = _arguments.execution_info_spec()
    task: ExecutionInfoTask = _task(ExecutionInfoTask, specification, {**EXECUTION, **arguments}, environ)
    return task
