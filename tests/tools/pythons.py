# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the Pythons that this machine really has.

Version managers put shims on PATH that answer to every name and then fail, so each candidate has to run and tell its
version. Nothing here fails because a Python is missing.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from matrix import TARGET_PYTHONS

# Says which interpreter is behind a link, a shim or a virtual environment.
_PROBE = "import sys; print('%d.%d %s' % (*sys.version_info[:2], getattr(sys, '_base_executable', sys.executable)))"


def _folders() -> Iterator[Path]:
    """Where to look: PATH without shims first, so that a person can choose, then everything pyenv has."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and Path(folder).name != "shims":
            yield Path(folder)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob("versions/*/bin"), reverse=True)


def _prove(candidate: Path, version: str) -> str | None:
    try:
        answer = subprocess.run(
            [candidate, "-c", _PROBE], capture_output=True, text=True, timeout=20, check=True
        ).stdout.split(maxsplit=1)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer[1].strip() if answer[:1] == [version] else None


def _find(version: str) -> str | None:
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return getattr(sys, "_base_executable", sys.executable)
    for folder in _folders():
        candidate = folder / f"python{version}"
        if candidate.exists():
            real = _prove(candidate, version)
            if real:
                return real
    return None


@functools.cache
def available() -> dict[str, str]:
    """Version to interpreter. Whoever starts many sessions looks once, and hands the answer down in FGS_PYTHONS."""
    known = os.environ.get("FGS_PYTHONS")
    if known:
        return dict(json.loads(known))
    # A matrix job tests one Python, and must not fall back on another without a word.
    only = os.environ.get("FGS_ONLY_PYTHON")
    found = {version: _find(version) for version in TARGET_PYTHONS if only in (None, "", version)}
    return {version: path for version, path in found.items() if path}


def link_all(folder: Path) -> str:
    """Give every Python a plain name in one folder, for tools that look for python3.x on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for version, path in available().items():
        link = folder / f"python{version}"
        if not link.is_symlink() or os.readlink(link) != path:
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    return str(folder)


if __name__ == "__main__":
    for _version, _path in available().items():
        print(_version, _path)
