# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pass of reconcile, between the simulator and a stand-in for AWX."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from awx.standin import TOKEN, serving
from awx.world import Awx
from support.simulators import Simulator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import ReconcileTask

NAMES = ("workflow_id", "workflow_run_id", "workflow_state_id")


class Place:
    """A workflow of its own at the simulator, and an AWX."""

    def __init__(self, simulator: Simulator, awx: Awx, url: str) -> None:
        self.simulator, self.awx, self.url = simulator, awx, url
        self.run = simulator.start_run()

    def ids(self, run: dict[str, str] | None = None) -> dict[str, str]:
        return {f"fgs_{name}": value for name, value in (run or self.run).items() if name in NAMES}

    def reconcile(self, check_mode: bool = False, **variables: Any) -> dict[str, Any]:
        account = self.simulator.accounts["permanent"]
        params = {
            **{name: rules.get("default") for name, rules in ReconcileTask.SPECIFICATION.items()},
            **{name: account[name] for name in ("access_key", "secret_key")},
            "endpoint": self.simulator["http"],
            "project_id": self.simulator.project_id,
            "fgs_awx_host": self.url,
            "fgs_awx_token": TOKEN,
            "fgs_workflow_ids": [self.run["workflow_id"]],
            "fgs_callback_states": [self.run["workflow_state_name"]],
            "fgs_reconcile_grace": "0",
            "retries": 0,
            **variables,
        }
        connections = _connections.Connections()
        result: dict[str, Any] = ReconcileTask(params, [], {}, connections, check_mode=check_mode).run()
        assert not any(secret in json.dumps(result) for secret in (*self.simulator.secrets(), TOKEN))
        return result

    def row(self, result: dict[str, Any], run: dict[str, str] | None = None) -> dict[str, Any]:
        wanted = (run or self.run)["workflow_run_id"]
        (found,) = (row for row in result["rows"] if row["workflow_run_id"] == wanted)
        return dict(found)

    def state(self, run: dict[str, str] | None = None) -> dict[str, Any]:
        return self.simulator.run(run or self.run)


@pytest.fixture
def place(simulator: Simulator) -> Iterator[Place]:
    awx = Awx()
    with serving(awx) as url:
        yield Place(simulator, awx, url)


def test_state_of_a_failed_job_is_answered(place: Place) -> None:
    job = place.awx.add_job(place.ids(), "failed", created=time.time() - 10, finished=time.time() - 5)
    reported = place.reconcile()
    assert (reported["changed"], reported["problems"], place.state()["waits"]) == (False, [], True)
    found = place.reconcile(fgs_reconcile="answer")
    assert (found["changed"], found["problems"]) == (True, [])
    row = place.row(found)
    assert (row["verdict"], row["result"], row["delivery"]) == ("ended_without_answer", "fail", "delivered")
    state = place.state()
    assert (state["result"], state["error"]) == ("fail", f"AWX job {job['id']} failed: deploy")
    assert state["output"]["ansible"]["job_id"] == job["id"]
    assert place.reconcile(fgs_reconcile="answer")["rows"] == []
