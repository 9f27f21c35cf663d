# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this action plugin is private to the role runbook: breaking changes can come with any release.

from __future__ import annotations

from ansible_collections.functiongraph.workflow.plugins.module_utils._arguments import callback_spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._callback import CallbackTask
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import RunbookAction


class ActionModule(RunbookAction):
    module_name = "functiongraph.workflow.fgs_workflow_callback"
    task_class = CallbackTask
    specification = callback_spec()
