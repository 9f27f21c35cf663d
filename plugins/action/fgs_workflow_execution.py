# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution import ExecutionTask
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import FunctionGraphAction


class _ShownTask(ExecutionTask):
    """Shows people who run Ansible with -v how far a run is that is waited for."""

    def progress(self, line: str) -> None:
        Display().v(line)


class ActionModule(FunctionGraphAction):
    module_name = "functiongraph.workflow.fgs_workflow_execution"
    task_class: type[ExecutionTask] = _ShownTask

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        if self._task.no_log:
            # Progress is no result, so Ansible does not censor it.
            self.task_class = ExecutionTask
        return super().run(tmp, task_vars)
