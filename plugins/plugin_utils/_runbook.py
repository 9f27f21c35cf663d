# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What the role runbook says of a task that failed in it: the same as the report plugin says.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _failure, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import plain

_CENSORED = {"censored": True}


def failure(
    result: t.Any, host: str, task: t.Any = None, options: t.Optional[t.Mapping[str, t.Any]] = None
) -> dict[str, t.Any]:
    """error and failed_task of a failure, from what Ansible hands to a rescue, where nothing is hidden yet.

    result and task are empty where Ansible hands on nothing, as of a host that any_errors_fatal drags along.
    """
    result = plain(result) or {}
    report = _report.Report({}, {}, os.environ)
    report.learn_secrets(options or {})
    name = str(_field(task, "name") or _field(task, "action") or "")
    if not result:
        found = _failure.Failure(host, name, _failure.UNTOLD, None)
    else:
        found = _failure.of_result(host, name, _CENSORED if _is_hidden(result, task) else result)
    found = report.redacted(found)
    told = found.line != _failure.UNTOLD
    return {"error": _failure.error(found), "failed_task": _report.failed_task(found), "told": told}


def _field(task: t.Any, name: str) -> t.Any:
    """A field of a task; None where it is a template that cannot be rendered any more.

    Only what is needed is asked for, as ansible-core 2.19 and later render what is asked for.
    """
    try:
        return task[name]
    except Exception:  # pylint: disable=broad-exception-caught  # whatever a template may raise
        return None


def _is_hidden(result: t.Mapping[str, t.Any], task: t.Any) -> bool:
    """Whether no_log is on, for the task or an item of its loop. It is, unless Ansible says plainly that it is not."""
    items = result.get("results")
    parts = [result, *(item for item in items if isinstance(item, dict))] if isinstance(items, list) else [result]
    return _field(task, "no_log") is not False or any(part.get("_ansible_no_log") for part in parts)
