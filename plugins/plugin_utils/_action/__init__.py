# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The controller side of tasks: makes the call in the Ansible process itself. Its part target runs the module there.
"""

from __future__ import annotations

import os
import typing as t

from ansible import constants as C
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _libraries, _options, _tasks
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import (
    INTERRUPTED,
    TIMED_OUT,
    TaskTimeoutError,
    alias_warnings,
    on_interruption,
    plain,
)

_ASYNC = (
    "Nothing was sent: with async the module and its arguments, secrets included, are copied to the host of the task, "
    "but run_on=controller keeps them on the controller; set run_on=target, or remove async."
)

# One set for each worker process: all items of a loop reuse the same connections.
_worker_connections = _connections.Connections()


class FunctionGraphAction(ActionBase):  # type: ignore[misc]
    """Runs a task of the collection. Subclasses set the module name and the task class."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True
    _requires_connection = False

    module_name: str
    task_class: type[_tasks.Task]

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        empty_ids = _options.empty_ids(self.task_class.SPECIFICATION, self._task.args)
        arguments = _options.without_empty(self._task.args)
        warnings = self._restore_ids(arguments, task_vars or {})
        if arguments.get("run_on") == "target":
            from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import target

            result.update(target.run(self, {**empty_ids, **arguments}, task_vars))
        elif self._task.async_val:
            result.update({"failed": True, "changed": False, **self.task_class.NOTHING_DONE, "msg": _ASYNC})
        else:
            result.update(self._run_on_controller(plain(arguments), empty_ids, task_vars))
        if warnings:
            result["warnings"] = warnings + list(result.get("warnings", []))
        return result

    @staticmethod
    def _restore_ids(arguments: dict[str, t.Any], variables: t.Mapping[str, t.Any]) -> list[str]:
        """Converts IDs that are numbers to strings in place, and returns the warnings about them."""
        warnings: list[str] = []
        for option in [name for name in _options.ID_VARIABLES if name in arguments]:
            value = arguments[option]
            variable = _options.ID_VARIABLES[option]
            # Before ansible-core 2.19 a template converts a number to a string: read the type from the variable itself.
            for original in (variables.get(variable), variables.get(variable.replace("fgs_", "runbook_"))):
                value = original if _options.is_no_string(original) and str(original) == str(value) else value
            if _options.is_no_string(value):
                # Imported on demand: Ansible compiles imports at each start, and in most tasks the IDs are strings.
                from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched

                arguments[option] = launched.written_id(option, value, warnings.append)
        return warnings

    def _run_on_controller(
        self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any
    ) -> dict[str, t.Any]:
        validation = ArgumentSpecValidator(
            _options.without_short_secrets(self.task_class.SPECIFICATION, arguments)
        ).validate(arguments)
        params = {**validation.validated_parameters, **empty_ids}
        result = _libraries.guarded(lambda: self._result(params, validation.errors), self.task_class.NOTHING_DONE)
        warnings = alias_warnings(validation)
        if warnings:
            result["warnings"] = warnings + result.get("warnings", [])
        if self._shows_invocation(task_vars):
            from ansible_collections.functiongraph.workflow.plugins.module_utils._options import invocation

            result["invocation"] = {"module_args": invocation.masked(params, self.task_class.SPECIFICATION)}
        return result

    def _result(self, params: dict[str, t.Any], errors: t.Iterable[t.Any]) -> dict[str, t.Any]:
        task = self.task_class(
            params,
            errors,
            self._environ(),
            _worker_connections,
            check_mode=self._task.check_mode,
            diff=self._task.diff,
        )
        try:
            with on_interruption(lambda: self.report_interruption(task.interrupted(INTERRUPTED))):
                result: dict[str, t.Any] = task.run()
        except TaskTimeoutError:
            result = task.interrupted(TIMED_OUT % self._task.timeout)
        return result

    def report_interruption(self, result: dict[str, t.Any]) -> None:
        """Shows what the result of an interrupted task would say."""
        # Not as a warning: since ansible-core 2.19 warnings are shown with the result, which Ansible discards here.
        self._display.display("[WARNING]: %s" % result["msg"], color=C.COLOR_WARN, stderr=True)

    def _environ(self) -> dict[str, str]:
        """Returns the environment that a module would see: the task's own overrides that of the process."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return {**os.environ, **{name: str(value) for name, value in plain(environment).items()}}

    @staticmethod
    def _shows_invocation(task_vars: t.Any) -> bool:
        """Whether the result includes the invocation: always before ansible-core 2.21, configurable since."""
        try:
            return bool(C.config.get_config_value("INJECT_INVOCATION", variables=task_vars))
        except Exception:  # pylint: disable=broad-exception-caught  # what an unknown setting raises differs by release
            return True
