# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that start, stop, retry and list runs, against a script of expected calls."""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from support.servers import Call, Came, scripted
from support.tasks import GET, SECRET, execution_task

RUNS = "/v2/p/fgs/workflows/w/executions"
START, STOP, RETRY = (("POST", RUNS + end) for end in ("", "/run/terminate", "/run/retry"))
DEFINITION = ("GET", "/v2/p/fgs/workflows/w")
ACCEPTED = Call(*START, 200, {"execution_id": "run"}, {"X-Request-Id": "r"})
CUT = Call(*START, cut=True)
NOT_FOUND = Call(*GET, 404, {"error_code": "FGS.5002", "error_msg": "Not found."})
NORMAL, EXPRESS = (Call(*DEFINITION, 200, {"definition": {"mode": mode}}) for mode in ("NORMAL", "EXPRESS"))
NOT_READABLE = Call(*GET, 403, {"error_code": "APIG.0302", "error_msg": "No permission."})
NO_PERMISSION = "the run could not be read: status 403 (APIG.0302: No permission), with AK/SK from the options "


def run_of(status: str, **more: Any) -> dict[str, Any]:
    return {"execution_id": "run", "workflow_id": "w", "status": status, "node_execution_details": [], **more}


def shows(status: str, **more: Any) -> Call:
    return Call(*GET, 200, run_of(status, **more))


RUNNING, CANCELLED, FAILED = shows("running"), shows("cancel"), shows("fail")


def task(arguments: dict[str, Any], retries: int = 0, **options: Any) -> Any:
    found = execution_task({"execution_id": "run", "retries": retries, **arguments}, **options)
    found.attempts = Attempts(retries, lambda _seconds: None)
    return found


def run_task(*calls: Call, retries: int = 0, check_mode: bool = False, **arguments: Any) -> tuple[Any, list[Came]]:
    """The result, after checking that exactly these calls were received, and the calls."""
    with scripted(*calls) as server:
        result = task({"endpoint": server.url, **arguments}, retries, check_mode=check_mode).run()
    assert SECRET not in json.dumps(result)
    return result, server.came


def outcome(result: dict[str, Any]) -> tuple[Any, ...]:
    return bool(result.get("failed")), result["changed"], result["requests_sent"]


def matches(pattern: str, text: str) -> bool:
    """Whether text is pattern, where … stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), text) is not None
