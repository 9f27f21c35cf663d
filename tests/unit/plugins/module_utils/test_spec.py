# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables equal the service's documentation, of which this file has a copy made by hand."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _spec

ROOT = Path(__file__).resolve().parents[4]

# name, mandatory, type, least, most, enumeration
PAGE: dict[str, list[Any]] = {
    "path": [
        ("project_id", True, "String", 1, 64, ()),
        ("workflow_id", True, "String", 1, 512, ()),
    ],
    "header": [
        ("X-Workflow-Run-Id", True, "String", None, None, ()),
        ("X-Workflow-State-Id", True, "String", None, None, ()),
    ],
    "body": [
        ("result", True, "String", 1, 64, ("success", "fail")),
        ("error", False, "String", 1, 64, ()),
        ("output", True, "Object", None, None, ()),
    ],
    "response_200": [("execution_id", True, "String", 1, 64, ())],
    "response_400": [
        ("error_code", False, "String", 1, 36, ()),
        ("error_msg", False, "String", 2, 512, ()),
        ("request_id", False, "String", 2, 512, ()),
    ],
    "response_404": [
        ("error_code", False, "String", 1, 36, ()),
        ("error_msg", False, "String", 2, 512, ()),
    ],
    "response_500": [
        ("error_code", False, "String", 1, 36, ()),
        ("error_msg", False, "String", 2, 512, ()),
        ("request_id", False, "String", 2, 512, ()),
    ],
}


def test_tables_equal_the_service_documentation() -> None:
    assert {name: [tuple(vars(row).values())[:6] for row in rows] for name, rows in _spec.TABLES.items()} == PAGE


def test_every_row_has_a_description() -> None:
    for table, rows in _spec.TABLES.items():
        for row in rows:
            assert row.meaning
            assert (row.option is None) == table.startswith("response_")


def test_run_statuses() -> None:
    assert _spec.RUN_STATUSES == ("success", "fail", "running", "timeout", "cancel")
    assert _spec.RUNNING in _spec.RUN_STATUSES
    assert set(_spec.field("result").enum) < set(_spec.RUN_STATUSES)


def test_field_by_name_or_option() -> None:
    assert _spec.field("X-Workflow-Run-Id") is _spec.field("workflow_run_id")
    assert _spec.field("error").max_length == 64
    with pytest.raises(KeyError):
        _spec.field("execution_id")


def numbers_and_texts(path: Path) -> set[Any]:
    """The constants in the code of a file: neither documentation nor comments."""
    tree = ast.parse(path.read_text())
    documentation: set[ast.expr] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documentation.add(node.value)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
            "DOCUMENTATION",
            "EXAMPLES",
            "RETURN",
        ):
            documentation.add(node.value)
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in documentation}


# Numbers of ours that happen to be one of the service's.
OURS = {
    "_http/__init__.py": {64},  # KiB read at once
    "_http/failures.py": {64},  # OpenSSL's number of a certificate for another address
    "_redaction/texts.py": {512},  # characters of a foreign text that are shown
    "_report/awx_job.py": {512},  # characters of a name in a report
}
# These choose one of the two results, and the tables refuse any other.
CHOOSERS = {"_fgs_workflow_callback.py", "_report/__init__.py", "_report/reporter.py", "_runbook/__init__.py"}


def test_limits_names_and_enumerations_are_defined_once() -> None:
    rows = [row for table in PAGE.values() for row in table]
    limits = {limit for row in rows for limit in row[3:5] if limit is not None and limit > 2}
    # But for "timeout", "running", "result", "error" and "output", which are words of ours as well.
    names = {"X-Workflow-Run-Id", "X-Workflow-State-Id", "success", "cancel", "fail"}
    found = {}
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        constants = numbers_and_texts(path)
        numbers = {value for value in constants if isinstance(value, int) and not isinstance(value, bool)} & limits
        texts = {value for value in constants if isinstance(value, str)} & names
        name = "/".join(path.relative_to(ROOT / "plugins").parts[1:])
        texts -= {"success", "fail"} if name in CHOOSERS else set()
        if name != "_spec.py" and (numbers - OURS.get(name, set()) or texts):
            found[name] = (numbers, texts)
    assert not found


def _values(tables: Mapping[str, Iterable[Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [vars(row) for row in rows] for name, rows in tables.items()}


def test_simulator_reads_these_tables() -> None:
    path = ROOT / "tests/simulator/tables.py"
    spec = importlib.util.spec_from_file_location("simulator_tables", path)
    assert spec
    assert spec.loader
    tables = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = tables
    try:
        spec.loader.exec_module(tables)
    finally:
        del sys.modules[spec.name]
    assert Path(_spec.__file__).resolve() == tables.SPEC_FILE
    assert _values(tables.TABLES) == _values(_spec.TABLES)
    assert tables.RUN_STATUSES == _spec.RUN_STATUSES
    assert tables.violations("body", {"result": "success", "error": "e" * 65, "output": {}}) == [
        "error is longer than 64"
    ]
    assert tables.longest("path", "workflow_id") == 512
