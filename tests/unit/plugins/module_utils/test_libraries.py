# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Without requests or jsonschema everything can be imported, and the task says what is missing where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries

ROOT = Path(__file__).resolve().parents[4]

# Run in a process of its own: what is imported here is imported.
PROGRAM = """
import importlib, json, sys
for name in MISSING:
    sys.modules[name] = None
for name in MODULES:
    importlib.import_module("ansible_collections.functiongraph.workflow.plugins." + name)
from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries
print(json.dumps([_libraries.missing(), _libraries.missing_result(), sys.executable]))
"""


def importable() -> list[str]:
    folders = ("action", "doc_fragments", "module_utils", "modules", "plugin_utils")
    files = [path for folder in folders for path in sorted((ROOT / "plugins" / folder).glob("*.py"))]
    assert len(files) > 25
    return [f"{path.parent.name}.{path.stem}" for path in files]


@pytest.mark.parametrize("missing", [["requests"], ["jsonschema"], ["requests", "jsonschema"]], ids=" and ".join)
def test_missing(missing: list[str], tmp_path: Path) -> None:
    program = PROGRAM.replace("MISSING", repr(missing)).replace("MODULES", repr(importable()))
    paths = [str(ROOT / ".collections"), str(ROOT / "tests")]
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (names, tracebacks), result, interpreter = json.loads(finished.stdout)
    assert names == missing
    assert tracebacks.count("Traceback") == len(missing)
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"Failed to import the required Python library ({' and '.join(missing)})" in result["msg"]
    assert interpreter in result["msg"]
    assert "execution environment" in result["hint"]
    assert "project updates never install Python packages" in result["hint"]


def test_nothing_is_missing_here() -> None:
    assert _libraries.missing() == ([], "")
    assert _libraries.missing_result() is None


def test_the_hint_comes_with_ansibles_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "JSONSCHEMA_IMPORT_ERROR", "Traceback")
    result = _libraries.missing_result()
    assert result is not None
    assert result["msg"].startswith("Failed to import the required Python library (jsonschema) on ")
    assert sys.executable in result["msg"]
    assert result["hint"] == _libraries.HINT
