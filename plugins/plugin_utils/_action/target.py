# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
Runs the module of a task on the target.

Imported only for tasks with run_on=target.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import (
    INTERRUPTED,
    TIMED_OUT,
    TaskTimeoutError,
    on_interruption,
)

_LOST = "the module on the host of the task returned no result"


def run(action: t.Any, arguments: dict[str, t.Any], task_vars: t.Any) -> dict[str, t.Any]:
    """Returns the module's result. After an interruption the outcome is unknown: the module may still run."""
    lost, nothing_done = action.task_class.lost, action.task_class.NOTHING_DONE

    def interrupted() -> None:
        action.report_interruption(lost(INTERRUPTED))
        # When interrupted, Ansible leaves the module's arguments, including secrets, in its temporary directory.
        action.cleanup(force=True)

    try:
        with on_interruption(interrupted):
            found: dict[str, t.Any] = action._execute_module(
                module_name=action.module_name,
                module_args=arguments,
                task_vars=task_vars,
                wrap_async=bool(action._task.async_val),
            )
    except TaskTimeoutError:
        timed_out: dict[str, t.Any] = lost(TIMED_OUT % action._task.timeout)
        return timed_out
    except AnsibleConnectionFailure as error:
        if not nothing_done:
            raise
        found = {"unreachable": True, "msg": str(error)}
    if "ansible_job_id" not in found and not nothing_done.keys() <= found.keys():
        # The module was killed, printed something other than its result, or the connection was lost.
        lost_result = lost(_LOST)
        message = ("%s %s" % (lost_result["msg"], found.get("msg", ""))).strip()
        found = {**found, **lost_result, "msg": message, "failed": not found.get("unreachable", False)}
    return found
