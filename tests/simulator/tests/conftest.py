# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator for all tests of a session, started as everybody starts it, and ways to talk to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

# The official SDK writes below HOME when it is imported, and its HTTP library reads these.
os.environ["HOME"] = tempfile.mkdtemp(prefix="fgs-simulator-home-")
for _name in list(os.environ):
    if _name.lower().endswith("_proxy") or _name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        del os.environ[_name]

TESTS = Path(__file__).resolve().parents[2]


def start_simulator(*options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A simulator process, ready, and its addresses."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *options],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


class Control:
    """The control API, as a test uses it."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        self.addresses = addresses
        self.session = requests.Session()
        self.accounts = self.call("GET", "accounts")

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One call, which has to go well."""
        url = f"{self.addresses['http']}/_simulator/{path}"
        answer = self.session.request(method, url, json=body if method != "GET" else None, timeout=30)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def run(self, **options: Any) -> dict[str, Any]:
        """Start a run."""
        return self.call("POST", "runs", **options)

    def seen(self, run: dict[str, Any]) -> dict[str, Any]:
        """What the simulator knows about a run."""
        return self.call("GET", f"runs/{run['workflow_run_id']}")


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, Any]]:
    """The addresses of the simulator of this session, which stops when its standard input ends."""
    process, found = start_simulator()
    yield found
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0
    assert not Path(found["ca"]).exists()


@pytest.fixture(scope="session")
def control(addresses: dict[str, Any]) -> Control:
    """Its control API."""
    return Control(addresses)
