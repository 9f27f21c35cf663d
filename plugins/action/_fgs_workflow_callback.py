# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this action plugin is private to the role runbook: breaking changes can come with any release.

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import CallbackTask
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import FunctionGraphAction
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import Steps


class ActionModule(FunctionGraphAction):
    module_name = "functiongraph.workflow.fgs_workflow_callback"
    task_class = CallbackTask

    _steps: Steps

    def _called(self, arguments: dict[str, t.Any], empty_ids: dict[str, str], task_vars: t.Any) -> dict[str, t.Any]:
        self._steps = Steps(self._task, self._environ(), super()._called)
        return self._steps.run(arguments, empty_ids, task_vars)

    def _tell(self, result: dict[str, t.Any]) -> None:
        if not self._steps.noted(result):
            super()._tell(result)
