# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does ansible-builder find what the collection needs, and nothing else? execution_environment.py FOLDER.

Images cannot be built everywhere, but what would go into one can be looked at everywhere: what the collection asks
for, and what our execution-environment.yml, with a pin for each of it, would install.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trees
import yaml

WANTED = {"python": ["requests>=2.25", "jsonschema>=3.2"], "system": []}
RECIPE = trees.ROOT / "execution-environment.yml"
# The pins that the tests of AWX run with.
TESTED = trees.ROOT / "tests/requirements/awx.txt"


def asked_for(collections: Path) -> dict[str, list[str]]:
    """What ansible-builder finds in the collections, without the comments that tell who asked."""
    command = ["ansible-builder", "introspect", "--sanitize", str(collections)]
    found = yaml.safe_load(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {kind: [line.partition("#")[0].strip() for line in lines] for kind, lines in found.items()}


def pins(lines: list[str]) -> dict[str, str]:
    """Versions by name, of lines that pin."""
    found = (re.match(r"([A-Za-z0-9_.-]+)==([^\s;]+)", line) for line in lines)
    return {match[1].lower(): match[2] for match in found if match}


def faults_of_recipe(recipe: dict[str, Any], version: str) -> Iterator[str]:
    """Where the recipe differs from what is tested, from this release, or from what the collection asks for."""
    dependencies = recipe["dependencies"]
    python = pins(dependencies["python"])
    for line in dependencies["python"]:
        if not pins([line]):
            yield f"{line} is not pinned"
    runs = [dependencies[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    tested = pins(TESTED.read_text(encoding="utf-8").splitlines())
    for name, pinned in (python | pins(runs)).items():
        if tested.get(name) != pinned:
            yield f"{name} is pinned to {pinned}, tested with {tested.get(name)}"
    for line in WANTED["python"]:
        if line.partition(">")[0] not in python:
            yield f"{line} is asked for by the collection and has no pin"
    wanted = [{"name": "functiongraph.workflow", "version": version}]
    if dependencies["galaxy"]["collections"] != wanted:
        yield f"the collections are {dependencies['galaxy']['collections']}, not {wanted}"


def faults_of_context(context: Path, recipe: dict[str, Any]) -> Iterator[str]:
    """Where the context of a build does not hold what the recipe names."""
    for name, kind in (("requirements.txt", "python"), ("bindep.txt", "system")):
        written = (context / "_build" / name).read_text(encoding="utf-8").split("\n")
        if [line for line in written if line] != recipe["dependencies"][kind]:
            yield f"{name} of the context is {written}"
    (container,) = [path for path in context.iterdir() if path.name in ("Containerfile", "Dockerfile")]
    text = container.read_text(encoding="utf-8")
    for name in ("ansible_core", "ansible_runner"):
        if recipe["dependencies"][name]["package_pip"] not in text:
            yield f"{container.name} does not install {name}"


def main() -> int:
    place = Path(sys.argv[1]).resolve()
    shutil.rmtree(place, ignore_errors=True)
    trees.copy(place)
    found = asked_for(place)
    faults = [] if found == WANTED else [f"the collection asks for {found}, not for {WANTED}"]

    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    galaxy = yaml.safe_load((trees.ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    faults += faults_of_recipe(recipe, galaxy["version"])
    context = place / "context"
    subprocess.run(["ansible-builder", "create", "-f", str(RECIPE), "-c", str(context)], check=True)
    faults += faults_of_context(context, recipe)
    for fault in faults:
        print(f"{RECIPE.name}: {fault}.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
