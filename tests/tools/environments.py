# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the nox sessions share: pinned environments, the simulator's interpreter, and what tests see of this machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Callable
from typing import Any

import matrix
import nox
import trees

CACHE = trees.ROOT / ".cache"
AVAILABLE = matrix.available()
# The tools need the Python of the newest ansible-core; without one they are not run.
NEWEST = matrix.choose(matrix.CORES[matrix.NEWEST_CORE], AVAILABLE)
FLOOR = matrix.choose(matrix.CORES[matrix.FLOOR_CORE], AVAILABLE)
PINS = ("pyproject.toml", "tests/constraints.txt")

Session = Callable[[nox.Session], None]


def _group(name: str) -> tuple[str, ...]:
    return ("--exact", "--group", f"{PINS[0]}:{name}", "--constraint", PINS[1])


def install(session: nox.Session, group: str) -> None:
    """Bring the environment to exactly what is pinned for a group of pyproject.toml."""
    session.install(*_group(group))


def simulator_python(session: nox.Session) -> str:
    """The interpreter of the one environment that runs the simulator for everybody; made by whoever is first."""
    folder = CACHE / "simulator"
    python, done = folder / "bin/python", folder / "pins.txt"
    pins = hashlib.sha256(b"".join((trees.ROOT / name).read_bytes() for name in PINS)).hexdigest()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "simulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != pins:
            base = matrix.choose(matrix.SIMULATOR, AVAILABLE) or sys.executable
            uv = (sys.executable, "-m", "uv")
            session.run(*uv, "venv", "--quiet", "--clear", "--python", base, str(folder), external=True)
            session.run(*uv, "pip", "install", "--quiet", "-p", str(python), *_group("simulator"), external=True)
            done.write_text(pins)
    return str(python)


def archive(session: nox.Session) -> str:
    """The path of the archive that all sessions share."""
    built = session.run("python", "tests/tools/archive.py", str(CACHE / "archive"), silent=True)
    return str(built).strip()


def clean_environment(**more: str) -> dict[str, str | None]:
    """What tests see: the collection, and neither the developer's credentials nor this machine's certificates."""
    ours = ("HUAWEICLOUD_", "HW_", "OS_", "CLOUD_SDK_", "FGS_", "ANSIBLE_")
    trust = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
    cleared: dict[str, str | None] = dict.fromkeys(
        name for name in os.environ if name.startswith(ours) or name in trust or name.lower().endswith("_proxy")
    )
    tree = str(trees.link())
    return cleared | {"PYTHONPATH": tree, "ANSIBLE_COLLECTIONS_PATH": tree} | more


def pytest(session: nox.Session, *arguments: str, success_codes: tuple[int, ...] = (0,), **more: str) -> None:
    """Run what was asked for by position, else what the arguments say."""
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session), **more)
    command = ("python", "-m", "pytest", *(session.posargs or arguments))
    session.run(*command, env=env, success_codes=success_codes)


def per_core(
    name: str, cores: dict[str, tuple[str, ...]], newest: str = "test-all"
) -> Callable[[Callable[[nox.Session, str], None]], None]:
    """Register one session for each ansible-core that has a Python here; the tag of the newest one is given."""

    def register(run: Callable[[nox.Session, str], None]) -> None:
        for core in reversed(cores):

            def session(session: nox.Session, core: str = core) -> None:
                run(session, core)

            session.__doc__ = f"{run.__doc__} On ansible-core {core}."
            tag = newest if core == matrix.NEWEST_CORE else "test-all"
            on(matrix.choose(cores[core], AVAILABLE), tag, name=f"{name}-{core}")(session)

    return register


def on(python: str | None, *tags: str, **options: Any) -> Callable[[Session], Session]:
    """Register a session on this interpreter, unless the machine has none."""

    def register(session: Session) -> Session:
        if python:
            nox.session(python=python, tags=list(tags), **options)(session)
        return session

    return register
