# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command now, and again whenever a file of ours changes: watch.py COMMAND…"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A run writes there itself.
OUTPUT = ROOT / "tests/output"
FOLDERS = ("docs", "extensions", "playbooks", "plugins", "roles", "tests")
KINDS = {".json", ".md", ".py", ".rst", ".yml"}


def state() -> dict[Path, int]:
    """Every file with the time of its last change; a file that vanishes while we look is no error."""
    seen: dict[Path, int] = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in KINDS or path.is_relative_to(OUTPUT):
                continue
            with suppress(FileNotFoundError):
                seen[path] = path.stat().st_mtime_ns
    return seen


def main() -> None:
    before: dict[Path, int] = {}
    while True:
        now = state()
        if now != before:
            before = now
            subprocess.run(sys.argv[1:], check=False)
            print("Watching; end with Ctrl-C.", flush=True)
        time.sleep(0.3)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
