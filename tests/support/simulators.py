# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as tests use it: started once, controlled by its control API."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]

# Loopback only: whatever proxy the environment names must not come between.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Simulator:
    """A running simulator. addresses is what it printed when it was ready."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        self.addresses = addresses
        self.accounts: dict[str, Any] = self.ask("GET", "/_simulator/accounts")
        self.region: str = self.accounts["region"]
        self.project_id: str = self.accounts["project_id"]

    def __getitem__(self, name: str) -> str:
        return str(self.addresses[name])

    def ask(self, method: str, path: str, body: Any = None, timeout: float = 60) -> Any:
        """One request to the control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self["http"] + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with _opener.open(request, timeout=timeout) as response:
            text = response.read()
        return json.loads(text) if text else None

    def start_run(self, **options: Any) -> dict[str, str]:
        """A run that waits at its callback node: project_id, workflow_id, workflow_run_id, workflow_state_id.

        Also workflow_state_name, and launcher_state_id: what the function before that node takes for its state.
        """
        run: dict[str, str] = self.ask("POST", "/_simulator/runs", options)
        return run

    def run(self, run: dict[str, str] | str) -> dict[str, Any]:
        """The current state of a run."""
        run_id = run if isinstance(run, str) else run["workflow_run_id"]
        found: dict[str, Any] = self.ask("GET", f"/_simulator/runs/{run_id}")
        return found

    def secrets(self) -> list[str]:
        """Every secret that a test may have used; none of them may appear anywhere."""
        accounts = [account for account in self.accounts.values() if isinstance(account, dict)]
        return sorted({value for account in accounts for value in account.values() if isinstance(value, str)})


def python() -> str | None:
    """The Python that runs the simulator: the one that FGS_SIMULATOR_PYTHON names, or this one, if it can."""
    this = sys.executable if importlib.util.find_spec("aiohttp") else None
    return os.environ.get("FGS_SIMULATOR_PYTHON", this)


@contextmanager
def running(*options: str) -> Iterator[Simulator]:
    """A simulator that stops with the block, or with this process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment["PYTHONPATH"] = str(TESTS)
    process = subprocess.Popen(
        [python() or sys.executable, "-m", "simulator", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the simulator did not start (exit {process.wait()})"
        yield Simulator(json.loads(line))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)
