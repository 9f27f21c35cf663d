# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive that is released: what is in it, that its versions agree, and that it works where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import archive
import pytest
import yaml
from support.playbooks import BIN, ROOT, run_to_end

BUILT = Path(os.environ["FGS_ARCHIVE"])
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
# Everything at the top of the archive is here, so a new file is in it because somebody meant it.
FOR_USERS = {
    *("CHANGELOG.md", "COPYING", "LICENSES", "README.md", "README.zh-CN.md", "SECURITY.md", "changelogs", "docs"),
    *("execution-environment.yml", "extensions", "meta", "playbooks", "plugins", "roles"),
    # Galaxy's importer starts ansible-lint, which reads it.
    ".ansible-lint",
    # Made by ansible-galaxy.
    *("FILES.json", "MANIFEST.json"),
}


@pytest.fixture(scope="module")
def names() -> list[str]:
    with tarfile.open(BUILT) as packed:
        return [member.name for member in packed if not member.isdir()]


def test_only_files_for_users_are_in_the_archive(names: list[str]) -> None:
    parts = [Path(name).parts for name in names]
    assert {one[0] for one in parts} == FOR_USERS
    assert [one for one in parts if any(part.startswith(".") for part in one[1:]) or "__pycache__" in one] == []


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    assert archive.build(tmp_path).read_bytes() == BUILT.read_bytes()


def test_galaxy_yml_and_changelog_name_one_version() -> None:
    assert BUILT.name == f"functiongraph-workflow-{VERSION}.tar.gz"
    assert VERSION in yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    # In Markdown the changelog escapes every dot.
    assert f"\n## v{VERSION}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", "")


def test_a_tag_of_this_commit_names_the_version() -> None:
    command = ["git", "tag", "--points-at", "HEAD"]
    tags = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    # A commit that carries no tag is not a release yet.
    assert not tags or f"v{VERSION}" in tags or VERSION in tags


def test_the_archive_works_where_it_is_installed(tmp_path: Path) -> None:
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "PYTHONPATH": "", "HOME": str(tmp_path)}
    install = ["collection", "install", "--offline", "--collections-path", str(tmp_path), str(BUILT)]
    for command in (
        ["ansible-galaxy", *install],
        ["ansible-galaxy", "collection", "verify", "--offline", "functiongraph.workflow"],
        ["ansible-doc", "functiongraph.workflow.fgs_workflow_callback"],
    ):
        done = run_to_end([str(BIN / command[0]), *command[1:]], tmp_path, env)
        assert done.returncode == 0, done.stdout
    done = run_to_end([sys.executable, str(ROOT / "tests/demo/demo.py")], tmp_path, env)
    assert done.returncode == 0, done.stdout
