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
from typing import NamedTuple

import matrix
import pythons

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "tests/output/sessions"
TAIL = 60


class Result(NamedTuple):
    name: str
    passed: bool
    seconds: float


def sessions(nox: list[str], tag: str) -> list[str]:
    """All sessions with this tag in the order of noxfile.py, where the long ones stand first."""
    command = [*nox, "--list", "--json", "--tags", tag]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [entry["session"] for entry in json.loads(listed)]


def run(nox: list[str], name: str) -> Result:
    started = time.monotonic()
    log = LOGS / f"{name}.log"
    with log.open("w", encoding="utf-8") as out:
        code = subprocess.run(
            [*nox, "--session", name],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        ).returncode
    result = Result(name, code == 0, time.monotonic() - started)
    # One write, so that two sessions that end together do not mix their lines.
    sys.stdout.write("\n".join(_lines(result, log)) + "\n")
    sys.stdout.flush()
    return result


def _lines(result: Result, log: Path) -> Iterator[str]:
    yield f"{'ok    ' if result.passed else 'FAILED'} {result.name:<24} {result.seconds:6.1f} s"
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if not result.passed:
        yield from (f"       | {line}" for line in text[-TAIL:])
        yield f"       (all of it: {log.relative_to(ROOT)})"
    else:
        # In a session that passed, tests on an ansible-core that is not released may have failed.
        yield from (f"       not gating: {line}" for line in text if line.startswith("FAILED "))


def untested() -> Iterator[str]:
    """What nobody should believe was tested on this machine."""
    have = pythons.available()
    for core, wanted in (matrix.CORES | matrix.SMOKE_CORES).items():
        if not matrix.choose(wanted, have):
            yield f"ansible-core {core}: none of Python {', '.join(wanted)} is here"
    if not matrix.choose(matrix.CORES[matrix.NEWEST_CORE], have):
        yield "lint, docs, release_check, galaxy_importer, execution_environment: they need Python 3.12 or later"
    for version in matrix.TARGET_PYTHONS:
        if version not in have:
            yield f"plugins on Python {version}: it is not here"


def main() -> int:
    os.environ.update(FGS_PYTHONS=json.dumps(pythons.available()), NO_COLOR="1")
    nox = [sys.executable, "-m", "nox", "--no-error-on-external-run", "--noxfile", str(ROOT / "noxfile.py")]
    LOGS.mkdir(parents=True, exist_ok=True)
    names = sessions(nox, sys.argv[1])
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda name: run(nox, name), names))
    failed = [result.name for result in results if not result.passed]
    print(f"\n{len(results)} sessions in {(time.monotonic() - started) / 60:.1f} minutes.")
    for line in untested():
        print(f"Not tested here: {line}.")
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
