# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Pythons this machine has, by version: those on PATH, and after them those that pyenv has installed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from matrix import TARGET_PYTHONS


@functools.cache
def available() -> dict[str, str]:
    """Interpreter by version. The one that starts many sessions looks once and hands it down in FGS_PYTHONS."""
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
