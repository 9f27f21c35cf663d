# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the nox sessions that carry a tag, two at a time: run_sessions.py TAG.

At the end it says what passed, what failed, and what this machine could not test. A session's output goes to
tests/output/sessions/NAME.log; the end of it is shown where the session failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matrix

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "tests/output/sessions"
NOX = [sys.executable, "-m", "nox", "--no-error-on-external-run", "--noxfile", str(ROOT / "noxfile.py")]
TAIL = 60


def sessions(tag: str) -> list[str]:
    """All sessions with this tag in the order of noxfile.py, where the long ones stand first."""
    command = [*NOX, "--list", "--json", "--tags", tag]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [entry["session"] for entry in json.loads(listed)]


def passed(name: str) -> bool:
    """Run a session and say how it ended."""
    started = time.monotonic()
    log = LOGS / f"{name}.log"
    with log.open("w", encoding="utf-8") as out:
        command = [*NOX, "--session", name]
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)
    lines = [f"{'FAILED' if ended.returncode else 'ok    '} {name:<24} {time.monotonic() - started:6.1f} s"]
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if ended.returncode:
        lines += [*(f"       | {line}" for line in text[-TAIL:]), f"       (all of it: {log.relative_to(ROOT)})"]
    else:
        # In a session that passed, tests on an ansible-core that is not released may have failed.
        lines += [f"       not gating: {line}" for line in text if line.startswith("FAILED ")]
    # One write, so that two sessions that end together do not mix their lines.
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return ended.returncode == 0


def untested() -> Iterator[str]:
    """What nobody should believe was tested on this machine."""
    have = matrix.available()
    for core, wanted in (matrix.CORES | matrix.SMOKE_CORES).items():
        if not matrix.choose(wanted, have):
            yield f"ansible-core {core}: none of Python {', '.join(wanted)} is here"
    if not matrix.choose(matrix.CORES[matrix.NEWEST_CORE], have):
        yield "lint, docs, awx, release_check, galaxy_importer: they need Python 3.12 or later"
    for version in matrix.TARGET_PYTHONS:
        if version not in have:
            yield f"plugins on Python {version}: it is not here"


def main() -> int:
    os.environ.update(FGS_PYTHONS=json.dumps(matrix.available()), NO_COLOR="1")
    LOGS.mkdir(parents=True, exist_ok=True)
    names = sessions(sys.argv[1])
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = dict(zip(names, pool.map(passed, names), strict=True))
    failed = [name for name, good in results.items() if not good]
    print(f"\n{len(results)} sessions in {(time.monotonic() - started) / 60:.1f} minutes.")
    for line in untested():
        print(f"Not tested here: {line}.")
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
