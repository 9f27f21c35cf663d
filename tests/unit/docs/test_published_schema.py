# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema that we publish is the one by which we validate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _schema

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "docs/schema/arguments.json"
COMMAND = "python tests/docs/schema.py"


def test_schema_is_up_to_date() -> None:
    published = json.loads(FILE.read_text(encoding="utf-8"))
    assert published == _schema.arguments_schema(), f"write it with: {COMMAND}"


def test_command_writes_the_schema(tmp_path: Path) -> None:
    """In its own process: the command puts the working tree onto the path."""
    program = (
        "import sys; sys.path.insert(0, 'tests/docs'); import pathlib, schema;"
        "sys.stdout.buffer.write(schema.text().encode())"
    )
    written = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True).stdout
    assert written == FILE.read_bytes()


@pytest.mark.parametrize("name", ["Draft7Validator", "Draft202012Validator"])
def test_schema_is_self_contained(name: str) -> None:
    if not hasattr(jsonschema, name):
        pytest.skip(f"this jsonschema has no {name}")
    validator = getattr(jsonschema, name)(json.loads(FILE.read_text(encoding="utf-8")))
    good = {"workflow_id": "w", "workflow_run_id": "r", "workflow_state_id": "s", "result": "success", "output": {}}
    assert validator.is_valid(good)
    assert validator.is_valid({**good, "error": "e" * 64, "project_id": "p"})
    broken: tuple[dict[str, Any], ...] = (
        {"workflow_id": "w" * 513},
        {"workflow_id": ".."},
        {"workflow_run_id": "a\nb"},
        {"workflow_state_id": " s"},
        {"error": "e" * 65},
        {"result": "done"},
        {"output": []},
        {"more": 1},
    )
    for wrong in broken:
        assert not validator.is_valid({**good, **wrong}), wrong
    for name_ in good:
        assert not validator.is_valid({key: value for key, value in good.items() if key != name_}), name_
