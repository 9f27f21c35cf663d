# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compile tests/requirements/*.in into *.txt, all with the newest versions that fit together: make pins [ONLY=name]."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "requirements"
# The oldest Python that the file is installed on; tests.in and code.in follow what includes them.
OLDEST = {
    "core-2.16": "3.10",
    "core-2.17": "3.10",
    "core-2.18": "3.11",
    "core-2.19": "3.11",
    "core-2.22": "3.13",
    "code": "3.10",
    "awx_floor": "3.10",
    "bootstrap": "3.10",
    "simulator": "3.10",
}
# Only included by others.
PARTS = {"tests"}


def compile_pins(name: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--universal"]
    command += ["--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--prerelease=if-necessary-or-explicit"]
    command += ["--python-version", OLDEST.get(name, "3.12"), "--output-file", f"{name}.txt", f"{name}.in"]
    subprocess.run(command, cwd=FOLDER, check=True)
    print(f"tests/requirements/{name}.txt")


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.in") if path.stem not in PARTS)
    for name in names:
        compile_pins(name)
