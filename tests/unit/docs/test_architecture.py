# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The architecture stays small: few modules, shallow imports, no circle, no long file, and the page lists them all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.playbooks import ROOT

PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.functiongraph.workflow.plugins."
PAGE = ROOT / "docs/docsite/rst/architecture.rst"
ROOMS = {"module_utils": 12, "plugin_utils": 6}
STOREYS = 8
LINES = 400


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts).removesuffix(".__init__")


FILES = {name_of(path): path for path in sorted(PLUGINS.rglob("*.py"))}


def imports(path: Path) -> Iterator[str]:
    """The files of the collection that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            module = str(node.module).removeprefix(PACKAGE)
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield inner if inner in FILES else module


@cache
def storey(name: str) -> int:
    """1 where nothing of the collection is imported. A circle ends in a RecursionError."""
    return 1 + max((storey(below) for below in set(imports(FILES[name])) - {name}), default=0)


@pytest.mark.parametrize("folder", ROOMS)
def test_number_of_modules_is_limited(folder: str) -> None:
    rooms = [path for path in (PLUGINS / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert 1 <= len(rooms) <= ROOMS[folder]


def test_depth_of_imports_is_limited() -> None:
    assert max(map(storey, FILES)) <= STOREYS


def test_no_file_is_too_long() -> None:
    assert {name: lines for name, path in FILES.items() if (lines := len(path.read_text().splitlines())) > LINES} == {}


def test_page_lists_every_module() -> None:
    listed = set(re.findall(r"\b_\w+(?:\.py|/)", PAGE.read_text(encoding="utf-8")))
    found = [path for folder in ROOMS for path in (PLUGINS / folder).glob("_*")]
    rooms = {path.name for path in found if path.suffix == ".py"}
    assert listed == rooms | {f"{path.name}/" for path in found if (path / "__init__.py").exists()}
