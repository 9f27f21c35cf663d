# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Without requests or jsonschema everything can be imported, and the task says what is missing where."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import advice

ROOT = Path(__file__).resolve().parents[4]
# The folder of ansible_collections, as this process found it.
COLLECTIONS = Path(_libraries.__file__).parents[6]

# In a process of its own: this one has already imported everything.
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
    files = [path for folder in folders for path in sorted((ROOT / "plugins" / folder).rglob("*.py"))]
    assert len(files) > 25
    return [".".join(path.relative_to(ROOT / "plugins").with_suffix("").parts) for path in files]


@pytest.mark.parametrize("missing", [["requests"], ["jsonschema"], ["requests", "jsonschema"]], ids=" and ".join)
def test_missing_library_is_reported(missing: list[str], tmp_path: Path) -> None:
    program = PROGRAM.replace("MISSING", repr(missing)).replace("MODULES", repr(importable()))
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (names, tracebacks), result, interpreter = json.loads(finished.stdout)
    assert names == missing
    assert tracebacks.count("Traceback") == len(missing)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"] == (
        f"{' and '.join(missing)} cannot be imported on {platform.node()}; "
        f"run {interpreter} -m pip install 'requests>=2.25' 'jsonschema>=3.2'."
    )
    assert "dependencies: {python: ['requests>=2.25', 'jsonschema>=3.2']}" in result["hint"]
    assert "project updates never install Python packages" in result["hint"]


def test_nothing_is_missing_in_this_process() -> None:
    assert _libraries.missing() == ([], "")
    assert _libraries.missing_result() is None


def test_requirements_equal_the_metadata() -> None:
    lines = (ROOT / "meta/requirements.txt").read_text().splitlines()
    assert tuple(line for line in lines if line and not line.startswith("#")) == advice.REQUIREMENTS


def test_interpreter_is_quoted_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "JSONSCHEMA_IMPORT_ERROR", "Traceback")
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python3")
    result = _libraries.missing_result()
    assert result is not None
    assert "; run '/opt/my python/bin/python3' -m pip install " in result["msg"]
    assert result["hint"] == advice.HINT
