# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contenders: the same callback with this collection, uri, the official SDK, and without Ansible."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from support import simulators

BENCH = Path(__file__).resolve().parent

NOOP = "no-op"
CONTROLLER = "this collection, on the controller"
TARGET = "this collection, on the target"
URI = "ansible.builtin.uri"
SDK = "official SDK in a command task"

REQUESTS = "bare requests, one process"
CURL = "curl, a process a call"
FLOOR = (REQUESTS, CURL)

BODY = {"result": "success", "output": {"hosts_changed": 3}}


def task(name: str, simulator: simulators.Simulator, listener: str) -> dict[str, Any]:
    """Returns a contender's task, whose run is in the variable run. All, even the no-op, use the same templates."""
    account = simulator.accounts["permanent"]
    endpoint = simulator[listener]
    ids = {key: f"{{{{ run.{key} }}}}" for key in ("workflow_id", "workflow_run_id", "workflow_state_id")}
    if name == NOOP:
        action: dict[str, Any] = {"ansible.builtin.debug": {"msg": list(ids.values())}}
    elif name in (CONTROLLER, TARGET):
        action = {
            "functiongraph.workflow.fgs_workflow_callback": {
                **{key: account[key] for key in ("access_key", "secret_key")},
                **ids,
                **BODY,
                "project_id": simulator.project_id,
                "endpoint": endpoint,
                "ca_path": simulator["ca"],
                "run_on": "controller" if name == CONTROLLER else "target",
            }
        }
    elif name == URI:
        action = {
            "ansible.builtin.uri": {
                "url": url(simulator, listener, ids["workflow_id"]),
                "method": "POST",
                "headers": headers(simulator, ids),
                "body_format": "json",
                "body": BODY,
                "ca_path": simulator["ca"],
                "return_content": True,
            }
        }
    else:
        action = {
            "ansible.builtin.command": {
                "argv": [
                    os.environ.get("FGS_SIMULATOR_PYTHON", sys.executable),
                    *(str(BENCH / "official_sdk.py"), endpoint, simulator["ca"], simulator.project_id),
                    *ids.values(),
                ]
            },
            "environment": {
                "HUAWEICLOUD_SDK_AK": account["access_key"],
                "HUAWEICLOUD_SDK_SK": account["secret_key"],
            },
        }
    return {"name": name, **action}


def url(simulator: simulators.Simulator, listener: str, workflow_id: str) -> str:
    return f"{simulator[listener]}/v2/{simulator.project_id}/fgs/workflows/{workflow_id}/callback"


def headers(simulator: simulators.Simulator, run: dict[str, str]) -> dict[str, str]:
    """Returns the headers of a request that is authenticated with a token instead of a signature."""
    return {
        "Content-Type": "application/json",
        "X-Project-Id": simulator.project_id,
        "X-Auth-Token": simulator.accounts["token"]["auth_token"],
        "X-Workflow-Run-Id": run["workflow_run_id"],
        "X-Workflow-State-Id": run["workflow_state_id"],
    }


def commands(
    name: str, simulator: simulators.Simulator, listener: str, runs: list[dict[str, str]], place: Path
) -> list[list[str]] | None:
    """Returns the sequential commands of a contender without Ansible; None if the machine lacks the program."""
    calls: list[dict[str, Any]] = [
        {
            "url": url(simulator, listener, run["workflow_id"]),
            "headers": headers(simulator, run),
            "body": BODY,
            "ca": simulator["ca"],
        }
        for run in runs
    ]
    if name == REQUESTS:
        (place / "calls.json").write_text(json.dumps(calls))
        return [[sys.executable, str(BENCH / "bare_requests.py"), str(place / "calls.json")]]
    curl = shutil.which("curl")
    if curl is None:
        return None
    return [
        [
            *(curl, "-q", "--silent", "--fail", "--noproxy", "*", "--cacert", call["ca"], "--output", "/dev/null"),
            *(part for header in call["headers"].items() for part in ("--header", ": ".join(header))),
            *("--data", json.dumps(BODY), call["url"]),
        ]
        for call in calls
    ]
