# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every test may use: the simulator, started once, and real playbooks."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# ansible-test does not read pyproject.toml, which says the same.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import playbooks, simulators

# Every playbook of a test inherits what is ignored: SIGINT by `&` in a script, SIGHUP by nohup.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def simulator() -> Iterator[simulators.Simulator]:
    if simulators.python() is None:
        pytest.skip("no aiohttp: set FGS_SIMULATOR_PYTHON to a Python that can run the simulator")
    with simulators.running() as simulator:
        yield simulator


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder: no credentials file of the developer is found."""
    place = tmp_path / "home"
    place.mkdir()
    return place


@pytest.fixture
def ansible_playbook(home: Path) -> Callable[..., playbooks.Run]:
    def run(playbook: str | list[Any], *arguments: str, **options: Any) -> playbooks.Run:
        return playbooks.ansible_playbook(playbook, *arguments, home=home, **options)

    return run
