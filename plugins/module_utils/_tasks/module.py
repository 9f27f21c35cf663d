# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The face of a task on the host: an ordinary module. Only modules import it.
"""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _libraries, _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import invocation
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Task


class _Module(AnsibleModule):  # type: ignore[misc]
    """Leaves what Ansible's specification finds wrong to the task, which reports it with everything else."""

    def __init__(self, **kwargs: t.Any) -> None:
        self._ready = False
        self.specification_errors: list[t.Any] = []
        super().__init__(**kwargs)
        self._ready = True

    def _load_params(self) -> None:
        super()._load_params()
        self.params: dict[str, t.Any]
        self.argument_spec: dict[str, dict[str, t.Any]]
        self.empty_ids = _options.empty_ids(self.argument_spec, self.params)
        self.params = _options.without_empty(self.params)
        self._specification = self.argument_spec
        self.argument_spec = _options.without_short_secrets(self.argument_spec, self.params)

    def _log_invocation(self) -> None:
        # What goes to the system's log is masked by the names of the options.
        self.argument_spec = self._specification
        super()._log_invocation()

    def fail_json(self, msg: str, **kwargs: t.Any) -> None:
        if self._ready:
            super().fail_json(msg, **kwargs)
        self.specification_errors = list(self.validation_result.errors)


def run_module(task_class: type[Task]) -> None:
    """The main() of a module: its arguments to task_class, its result to Ansible."""
    module = _Module(argument_spec=task_class.SPECIFICATION, supports_check_mode=True)
    module.params.update(module.empty_ids)
    modes = {"check_mode": module.check_mode, "diff": module._diff}

    def work() -> dict[str, t.Any]:
        errors = module.specification_errors
        return task_class(module.params, errors, dict(os.environ), _connections.Connections(), **modes).run()

    result = _libraries.guarded(work, task_class.NOTHING_DONE)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    result["invocation"] = {"module_args": invocation.masked(module.params)}
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
