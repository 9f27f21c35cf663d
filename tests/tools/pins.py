# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write tests/constraints.txt anew, with the newest versions that fit the groups of pyproject.toml: make pins."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from nox.project import load_toml

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "tests/constraints.txt"
# The oldest Python of a group where it is not that of the newest ansible-core. The oldest choose first: what they can
# have suits the others too.
OLDEST = dict.fromkeys(("bootstrap", "code", "core-2.16", "core-2.17", "awx_floor", "simulator"), "3.10")
OLDEST |= {"core-2.18": "3.11", "core-2.19": "3.11", "core-2.22": "3.13"}
OTHERS = "3.12"


def compiled(group: str) -> dict[str, str]:
    """Versions by name of all that a group installs, within the constraints that there are by now."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python-version", OLDEST.get(group, OTHERS), "--constraint", str(CONSTRAINTS)]
    command += ["--prerelease=if-necessary-or-explicit", "--group", f"pyproject.toml:{group}"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return dict(line.split("==") for line in lines)


def main() -> None:
    groups = load_toml(ROOT / "pyproject.toml")["dependency-groups"]
    in_groups = re.compile(r"([\w.-]+)==")
    chosen = {match[1] for group in groups.values() for line in group if (match := in_groups.match(str(line)))}
    found: dict[str, str] = {}
    CONSTRAINTS.write_text("", encoding="utf-8")
    for group in sorted(groups, key=lambda group: OLDEST.get(group, OTHERS)):
        found |= {name: version for name, version in compiled(group).items() if name not in chosen}
        text = "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
        CONSTRAINTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
