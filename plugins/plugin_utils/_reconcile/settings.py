# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The variables of the playbook reconcile, and what may be wrong with them.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import (
    Hide,
    Violation,
    quoted,
)

REPORT, ANSWER = "report", "answer"
# Named after the playbook's variables, because messages quote them.
SPECIFICATION: dict[str, dict[str, t.Any]] = {
    "fgs_workflow_ids": {"type": "list", "elements": "str", "default": []},
    "fgs_callback_states": {"type": "list", "elements": "str", "default": []},
    "fgs_reconcile": {"type": "str", "choices": [REPORT, ANSWER], "default": REPORT},
    "fgs_reconcile_grace": {"type": "str", "default": "15m"},
    "fgs_reconcile_alarm": {"type": "str", "default": "2h"},
    "fgs_reconcile_since": {"type": "str", "default": "31d"},
    "fgs_reconcile_cancel": {"type": "bool", "default": False},
    "undelivered_path": {"type": "path"},
    "fgs_awx_host": {"type": "str"},
    "fgs_awx_token": {"type": "str", "no_log": True},
    "fgs_awx_username": {"type": "str"},
    "fgs_awx_password": {"type": "str", "no_log": True},
    "fgs_awx_validate_certs": {"type": "bool", "default": True},
    **_options.connection_spec(),
}
_DURATIONS = ("fgs_reconcile_grace", "fgs_reconcile_alarm", "fgs_reconcile_since")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: t.Any) -> t.Optional[int]:
    """Seconds, which are what a number without a unit is. None if that is no duration."""
    match = re.match(r"(\d{1,9})(?:\.0)? ?([smhd]?)\Z", str(text))
    if match is None:
        return None
    found = int(match.group(1)) * _UNITS[match.group(2)]
    return found if found <= lists.DAYS_LIMIT * _UNITS["d"] else None


def host_of(params: t.Mapping[str, t.Any]) -> str:
    """The address of AWX. As in the modules of AWX, it may lack the scheme."""
    host = (params.get("fgs_awx_host") or "").rstrip("/")
    return host if "://" in host or not host else "https://" + host


def violations(params: t.Mapping[str, t.Any], hide: Hide) -> list[Violation]:
    """Everything that is wrong with the variables that no module has."""
    found: list[Violation] = []
    ids = params.get("fgs_workflow_ids") or []
    if not ids:
        text = "fgs_workflow_ids is required: the IDs of the workflows whose states AWX answers"
        found.append(Violation("fgs_workflow_ids", "required", None, text))
    for workflow_id in ids:
        for violation in _schema.argument_violations(_schema.EXECUTION, {"workflow_id": workflow_id}, hide):
            found.append(
                violation._replace(option="fgs_workflow_ids", message="fgs_workflow_ids: " + violation.message)
            )
    for option in _DURATIONS:
        if duration(params.get(option)) is None:
            text = "%s must be a time of at most %d days such as 900, 15m, 2h or 31d, got %s"
            got = quoted(params.get(option), hide)
            found.append(Violation(option, "duration", lists.DAYS_LIMIT, text % (option, lists.DAYS_LIMIT, got)))
    host = host_of(params)
    if not host:
        text = "fgs_awx_host is required, or CONTROLLER_HOST in the environment: the address of AWX"
        found.append(Violation("fgs_awx_host", "required", None, text))
    else:
        wrong = _options.endpoint_violation("fgs_awx_host", host, hide)
        found.extend([wrong] if wrong else [])
    if not params.get("fgs_awx_token") and not (params.get("fgs_awx_username") and params.get("fgs_awx_password")):
        text = "fgs_awx_token, or fgs_awx_username and fgs_awx_password, are required, or the same in the environment"
        found.append(Violation("fgs_awx_token", "required", None, text))
    return found
