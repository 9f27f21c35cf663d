# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ansible-core is tested on which Python, and which Pythons this machine has.

The first Python of a row that is there is used.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

CORES: dict[str, tuple[str, ...]] = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}
CANDIDATE = "2.22"
# Between the rows above, and the candidate for the next one: units, sanity and a few playbooks run on them.
SMOKE_CORES: dict[str, tuple[str, ...]] = {
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.22": ("3.13", "3.14"),
}
# 2.16 came with rules of its day that contradict today's.
SANITY_CORES = {core: pythons for core, pythons in (CORES | SMOKE_CORES).items() if core != "2.16"}
# What the cores before and after the newest one check; that one checks everything.
SANITY_TESTS = ("validate-modules", "import", "compile")
# The official SDK, which the simulator's tests use, is slower in following new Pythons.
SIMULATOR = ("3.12", "3.13", "3.11", "3.10")
FLOOR_CORE = "2.16"
NEWEST_CORE = "2.21"

# What a managed host may have: sanity compiles and imports the plugins on each that the machine has.
TARGET_PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def choose(pythons: tuple[str, ...], available: dict[str, str]) -> str | None:
    """The interpreter to take for a row, or None where the machine has none of them."""
    return next((available[python] for python in pythons if python in available), None)


@functools.cache
def available() -> dict[str, str]:
    """Interpreter by version, of PATH or of pyenv. run_sessions.py looks once and hands it down in FGS_PYTHONS."""
    known = os.environ.get("FGS_PYTHONS")
    if known:
        return dict(json.loads(known))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, pyenv.glob("versions/*/bin"))])
    command = [sys.executable, "-m", "uv", "python", "list", "--only-installed", "--output-format", "json"]
    listed = subprocess.run(command, env={**os.environ, "PATH": path}, check=True, capture_output=True).stdout
    found: dict[str, str] = {}
    for entry in json.loads(listed):
        # A shim fails where the version that it stands for is not selected.
        if entry["implementation"] == "cpython" and entry["variant"] == "default" and "/shims/" not in entry["path"]:
            found.setdefault("{major}.{minor}".format(**entry["version_parts"]), entry["path"])
    # A job of the matrix tests one Python, and must not fall back on another silently.
    only = os.environ.get("FGS_ONLY_PYTHON")
    return {version: found[version] for version in TARGET_PYTHONS if version in found and only in (None, "", version)}


def link_all(folder: Path) -> str:
    """One folder with a plain name for each Python, for tools that look for python3.x on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for version, path in available().items():
        link = folder / f"python{version}"
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    return str(folder)
