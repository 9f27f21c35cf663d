# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes of reconcile, between the simulator and a stand-in for AWX."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from awx.standin import PASSWORD, TOKEN
from awx.world import ACTIVE, Awx

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.task import ReconcileTask
from support.simulators import Simulator

IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
STATE_NAME = "callback"
HOUR = 3600


class Place:
    """A workflow of its own at the simulator, and an AWX. run is its first run, which has waited for an hour.

    options are those of the workflow.
    """

    def __init__(self, simulator: Simulator, awx: Awx, url: str, **options: Any) -> None:
        self.simulator, self.awx, self.url = simulator, awx, url
        self.workflow_id = str(uuid.uuid4())
        simulator.ask("POST", "/_simulator/workflows", {"workflow_id": self.workflow_id, **options})
        self.run = self.start()

    def start(self, age: float = HOUR, **options: Any) -> dict[str, str]:
        """Starts a run that waits."""
        return self.simulator.start_run(**{"workflow_id": self.workflow_id, "age": age, **options})

    def ids(self, run: dict[str, str] | None = None, **variables: str) -> dict[str, str]:
        """Returns the extra variables of a job for a run."""
        return {**{f"fgs_{name}": value for name, value in (run or self.run).items() if name in IDS}, **variables}

    def connection(self) -> dict[str, Any]:
        """Returns the options to reach the simulator."""
        keys = {name: self.simulator.accounts["permanent"][name] for name in ("access_key", "secret_key")}
        return {**keys, "endpoint": self.simulator["http"], "project_id": self.simulator.project_id}

    def job(self, status: str, run: dict[str, str] | None = None, ago: float = HOUR / 2, **fields: Any) -> Any:
        """Adds a job for a run that was launched an hour ago, and ended that many seconds ago unless it is active."""
        now = time.time()
        times = {"created": now - HOUR + 1, "finished": None if status in ACTIVE else now - ago}
        return self.awx.add_job(self.ids(run, **fields.pop("variables", {})), status, **{**times, **fields})

    def reconcile(self, check_mode: bool = False, **variables: Any) -> dict[str, Any]:
        """Returns the result of a pass, in which no secret is."""
        params = {
            **{name: rules.get("default") for name, rules in ReconcileTask.SPECIFICATION.items()},
            **self.connection(),
            "fgs_awx_host": self.url,
            "fgs_awx_token": TOKEN,
            "fgs_workflow_ids": [self.workflow_id],
            "fgs_callback_states": [STATE_NAME],
            "retries": 0,
            **variables,
        }
        connections = _connections.Connections()
        result: dict[str, Any] = ReconcileTask(params, [], {}, connections, check_mode=check_mode).run()
        connections.close()
        assert not any(secret in json.dumps(result) for secret in (*self.simulator.secrets(), TOKEN, PASSWORD))
        return result

    def answer(self, **variables: Any) -> dict[str, Any]:
        """Returns the result of a pass that answers."""
        return self.reconcile(fgs_reconcile="answer", **variables)

    def row(self, result: dict[str, Any], run: dict[str, str] | None = None) -> dict[str, Any]:
        """Returns the only row of a run."""
        wanted = (run or self.run)["workflow_run_id"]
        (found,) = (row for row in result["rows"] if row["workflow_run_id"] == wanted)
        return dict(found)

    def state(self, run: dict[str, str] | None = None) -> dict[str, Any]:
        """Returns everything that the simulator knows of a run."""
        return self.simulator.run(run or self.run)

    def asked(self, path: str) -> int:
        """Returns how many requests for a path AWX got."""
        return sum(asked == path for _method, asked, _body in self.awx.requests)
