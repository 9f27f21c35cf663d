# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of extensions/, which are no modules of the collection."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "extensions"


def load(path: Path) -> Any:
    """Returns the module in a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imported(path: Path) -> set[str]:
    """Returns the packages that a file imports, which must be valid for Python 3.6."""
    nodes = list(ast.walk(ast.parse(path.read_text(), feature_version=(3, 6))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names.extend(node.module or "." for node in nodes if isinstance(node, ast.ImportFrom))
    return {name.split(".")[0] for name in names}
