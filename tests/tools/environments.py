# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the nox sessions share: pinned environments, the simulator's interpreter, and what tests see of this machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

import matrix
import nox
import pythons
import trees

ROOT = trees.ROOT
CACHE = ROOT / ".cache"
AVAILABLE = pythons.available()
# The tools need the Python of the newest ansible-core; without one they are left out.
NEWEST = matrix.choose(matrix.CORES[matrix.NEWEST_CORE], AVAILABLE)
FLOOR = matrix.choose(matrix.CORES[matrix.FLOOR_CORE], AVAILABLE)
UV = (sys.executable, "-m", "uv")

Session = Callable[[nox.Session], None]


def install(session: nox.Session, pins: str) -> None:
    """Bring the environment to exactly what is pinned."""
    session.install("--exact", "--requirement", f"tests/requirements/{pins}.txt")


def simulator_python(session: nox.Session) -> str:
    """The interpreter of the one environment that runs the simulator for everybody; made by whoever is first."""
    folder = CACHE / "simulator"
    pins = ROOT / "tests/requirements/simulator.txt"
    python, done = folder / "bin/python", folder / "pins.txt"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "simulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_bytes() != pins.read_bytes():
            base = matrix.choose(matrix.SIMULATOR, AVAILABLE) or sys.executable
            session.run(*UV, "venv", "--quiet", "--clear", "--python", base, str(folder), external=True)
            session.run(*UV, "pip", "install", "--quiet", "-p", str(python), "-r", str(pins), external=True)
            shutil.copyfile(pins, done)
    return str(python)


def clean_environment(**more: str) -> dict[str, str | None]:
    """What tests see: the collection, and neither the developer's credentials nor this machine's certificates."""
    ours = ("HUAWEICLOUD_", "HW_", "OS_", "CLOUD_SDK_", "FGS_", "ANSIBLE_")
    trust = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
    cleared: dict[str, str | None] = dict.fromkeys(
        name for name in os.environ if name.startswith(ours) or name in trust or name.lower().endswith("_proxy")
    )
    tree = str(trees.link())
    return cleared | {"PYTHONPATH": tree, "ANSIBLE_COLLECTIONS_PATH": tree} | more


def pytest(session: nox.Session, *places: str, **more: str) -> None:
    """Run what was asked for by position, else all of the places."""
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session), **more)
    session.run("python", "-m", "pytest", *(session.posargs or places), env=env)


def per_core(
    name: str, cores: dict[str, tuple[str, ...]], newest_tags: tuple[str, ...] = ()
) -> Callable[[Callable[[nox.Session, str], None]], None]:
    """Register one session for each ansible-core that has a Python here, the newest first and with tags of its own."""

    def register(run: Callable[[nox.Session, str], None]) -> None:
        here = [core for core in reversed(cores) if matrix.choose(cores[core], AVAILABLE)]
        for core in here:

            def session(session: nox.Session, core: str = core) -> None:
                run(session, core)

            session.__doc__ = f"{run.__doc__} On ansible-core {core}."
            tags = ("test", *newest_tags) if core == here[0] else ("test",)
            on(matrix.choose(cores[core], AVAILABLE), tags, name=f"{name}-{core}")(session)

    return register


def on(python: str | None, tags: tuple[str, ...] = ("test",), **options: Any) -> Callable[[Session], Session]:
    """Register a session on this interpreter, or leave it out where the machine has none."""

    def register(session: Session) -> Session:
        if python:
            nox.session(python=python, tags=list(tags), **options)(session)
        return session

    return register
