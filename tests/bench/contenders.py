# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is measured: the same callback as a task of this collection, of uri, of the official SDK, and without Ansible."""

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
    """The task of a contender. Its run is in the variable run. All of them, the no-op too, use the same templates."""
    account = simulator.accounts["permanent"]
    endpoint = simulator[listener]
    ids = {key: f"{{{{ run.{key} }}}}" for key in ("workflow_id", "workflow_run_id", "workflow_state_id")}
    if name == NOOP:
        given: dict[str, Any] = {"ansible.builtin.debug": {"msg": list(ids.values())}}
    elif name in (CONTROLLER, TARGET):
        given = {
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
        given = {
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
        given = {
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
    return {"name": name, **given}


def url(simulator: simulators.Simulator, listener: str, workflow_id: str) -> str:
    return f"{simulator[listener]}/v2/{simulator.project_id}/fgs/workflows/{workflow_id}/callback"


def headers(simulator: simulators.Simulator, run: dict[str, str]) -> dict[str, str]:
    """What a request needs that is not signed: a token proves who calls."""
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
    """The processes of a contender without Ansible, one after the other; None where the machine cannot."""
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
