# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contents of an execution environment that ansible-builder creates for this collection.

Building an image is not possible everywhere, but checking its contents is: the requirements of the collection, and the
pinned versions in execution-environment.yml.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import trees
import yaml
from support.playbooks import BIN, ROOT, run_to_end

DEFINITION_FILE = ROOT / "execution-environment.yml"
DEFINITION: dict[str, Any] = yaml.safe_load(DEFINITION_FILE.read_text(encoding="utf-8"))
DEPENDENCIES = DEFINITION["dependencies"]
REQUIRED = ["requests>=2.25", "jsonschema>=3.2"]


def pins(lines: Iterable[object]) -> dict[str, str]:
    """Returns the pinned versions by name."""
    found = (re.match(r"([A-Za-z0-9_.-]+)==([^\s;]+)", str(line)) for line in lines)
    return {match[1].lower(): match[2] for match in found if match}


def version_of(name: str) -> str:
    """The version that the tests in this folder run with, or on an older Python would run with."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return pins((ROOT / "tests/constraints.txt").read_text(encoding="utf-8").splitlines())[name]


def builder(place: Path, *arguments: str) -> str:
    done = run_to_end([str(BIN / "ansible-builder"), *arguments], place, {"PATH": str(BIN), "HOME": str(place)})
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_collection_requires_two_libraries_and_no_system_package(tmp_path: Path) -> None:
    trees.copy(tmp_path)
    found = yaml.safe_load(builder(tmp_path, "introspect", "--sanitize", str(tmp_path)))
    # A comment names the collection that requires a line.
    assert {kind: [line.partition("#")[0].strip() for line in lines] for kind, lines in found.items()} == {
        "python": REQUIRED,
        "system": [],
    }


def test_pinned_versions_are_those_of_the_awx_tests() -> None:
    programs = [DEPENDENCIES[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    pinned = pins([*DEPENDENCIES["python"], *programs])
    assert len(pinned) == len(DEPENDENCIES["python"]) + 2
    assert pinned == {name: version_of(name) for name in pinned}
    assert {line.partition(">")[0] for line in REQUIRED} <= pinned.keys()


def test_definition_installs_this_release() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert DEPENDENCIES["galaxy"]["collections"] == [{"name": "functiongraph.workflow", "version": version}]


@pytest.mark.parametrize(("name", "kind"), [("requirements.txt", "python"), ("bindep.txt", "system")])
def test_build_context_contains_the_dependencies(tmp_path: Path, name: str, kind: str) -> None:
    builder(tmp_path, "create", "-f", str(DEFINITION_FILE), "-c", str(tmp_path / "context"))
    written = (tmp_path / "context/_build" / name).read_text(encoding="utf-8").split("\n")
    assert [line for line in written if line] == DEPENDENCIES[kind]
    container = next(path for path in (tmp_path / "context").iterdir() if path.name in ("Containerfile", "Dockerfile"))
    text = container.read_text(encoding="utf-8")
    assert all(DEPENDENCIES[program]["package_pip"] in text for program in ("ansible_core", "ansible_runner"))
