# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is what would be released what we mean to release? release_check.py FOLDER, with ansible-core on PATH.

Builds the archive twice, lists it, checks that version, changelog and tag agree, installs it into an empty folder and
uses it from there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import archive
import yaml

ROOT = Path(__file__).resolve().parents[2]

# Everything at the top of the archive is here, so a new file is in it because somebody meant it.
FOR_USERS = {
    "CHANGELOG.md",
    "COPYING",
    "FILES.json",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "execution-environment.yml",
    "extensions",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}
NEEDED = {"CHANGELOG.md", "COPYING", "README.md", "meta/runtime.yml", "plugins/modules/fgs_workflow_callback.py"}


def strangers(names: list[str]) -> Iterator[str]:
    """What is in the archive and should not be, or the other way round."""
    for name in names:
        parts = Path(name).parts
        if parts[0] not in FOR_USERS or any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield f"{name} is in the archive but is not for users"
    for name in sorted(NEEDED - set(names)):
        yield f"{name} is missing in the archive"


def disagreements(version: str) -> Iterator[str]:
    """galaxy.yml, the changelog's data, the changelog's text and the tags of this commit name one version."""
    releases = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    if version not in releases:
        yield f"galaxy.yml says {version}, changelogs/changelog.yaml knows {', '.join(releases) or 'no release'}"
    # In Markdown the changelog escapes every dot.
    if f"\n## v{version}\n" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", ""):
        yield f"galaxy.yml says {version}, CHANGELOG.md has no such section"
    tags = subprocess.run(
        ["git", "tag", "--points-at", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    # A commit that carries no tag is not a release yet, and has nothing to disagree with.
    if tags and version not in tags and f"v{version}" not in tags:
        yield f"galaxy.yml says {version}, this commit's tag says {', '.join(tags)}"


def use(built: Path, place: Path) -> None:
    """Install into an empty folder, read the documentation from there, and run the demonstration's playbooks."""
    shutil.rmtree(place, ignore_errors=True)
    env = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(place), "PYTHONPATH": ""}
    run = [["ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(place), str(built)]]
    run += [["ansible-galaxy", "collection", "verify", "--offline", "functiongraph.workflow"]]
    run += [["ansible-doc", "functiongraph.workflow.fgs_workflow_callback"]]
    run += [[sys.executable, str(ROOT / "tests/demo/demo.py")]]
    for command in run:
        subprocess.run(command, check=True, env=env, cwd=place.parent, stdout=subprocess.DEVNULL)


def main() -> int:
    place = Path(sys.argv[1]).resolve()
    first, second = archive.build(place / "first"), archive.build(place / "second")
    with tarfile.open(first) as packed:
        names = [member.name for member in packed if not member.isdir()]
    print("\n".join(sorted(names)))
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    problems = [*strangers(names), *disagreements(version)]
    if first.read_bytes() != second.read_bytes():
        problems.append("two builds of the same files differ")
    if not problems:
        use(first, place / "installed")
    for problem in problems:
        print(f"Not ready: {problem}.")
    if not problems:
        print(f"Ready: {first.name}, {len(names)} files, {first.stat().st_size // 1024} KiB.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
