# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IDs that YAML has read as numbers become strings, as they were written if that is known."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A command line with these extra vars."""

    def launch(*extra_vars: str) -> None:
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"extra_vars": extra_vars}))

    return launch


def read(value: Any, option: str = "workflow_id") -> tuple[Any, list[str]]:
    warnings: list[str] = []
    return launched.written_id(option, value, warnings.append), warnings


@pytest.mark.parametrize("value", ["00123", "", None, ["a"], {"a": 1}])
def test_strings_are_unchanged(value: Any) -> None:
    assert read(value) == (value, [])


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("00123", 83, "00123"),
        ("!unsafe '00123'", 83, "00123"),
        # What AWX marks was a string, whatever it spells.
        ("!unsafe '83'", 83, "83"),
        ("1_000", 1000, "1_000"),
        ("2026.10", 2026.1, "2026.10"),
        ("yes", True, "yes"),
        ("!unsafe '2026-11-01'", datetime.date(2026, 11, 1), "2026-11-01"),
    ],
)
def test_number_is_restored_as_it_was_written(
    launch: Callable[..., None], tmp_path: Path, written: str, value: Any, expected: str
) -> None:
    (tmp_path / "vars.yml").write_text(f"!unsafe 'other': 1\n!unsafe 'fgs_workflow_id': {written}\n")
    launch(f"@{tmp_path}/vars.yml", "a=b")
    assert read(value) == (expected, [])


@pytest.mark.parametrize("option", ["workflow_run_id", "run_id", "execution_id"])
def test_last_extra_vars_source_wins(launch: Callable[..., None], option: str) -> None:
    launch("{fgs_workflow_run_id: 001}", "{fgs_workflow_run_id: 1, fgs_workflow_run_id: 01}", "{fgs_workflow_id: 1}")
    assert read(1, option) == ("01", [])


@pytest.mark.parametrize(
    "extra_vars",
    [
        (),
        ('{"fgs_workflow_id": 83}',),
        # The option does not come from the extra var, or the extra var is a template.
        ("{fgs_workflow_id: 00007}",),
        ("{fgs_workflow_id: '{{ 83 }}'}",),
        ("{fgs_workflow_id: [83]}",),
        ("{fgs_workflow_id: '2026-13-45'}",),
        ("fgs_workflow_id=83",),
        ("@nowhere/vars.yml",),
        ("{fgs_workflow_id",),
    ],
)
def test_other_number_is_decimal_with_a_warning(launch: Callable[..., None], extra_vars: tuple[str, ...]) -> None:
    launch(*extra_vars)
    found, (warning,) = read(83)
    assert found == "83"
    assert warning.startswith(
        "workflow_id arrived as a number and is used as 83: leading zeros, if it had any, are lost."
    )
    assert """-e '{"fgs_workflow_id": "00123"}'""" in warning


@pytest.mark.parametrize(
    ("value", "message"),
    [(True, "a boolean and is used as True"), (datetime.date(2026, 11, 1), "a date and is used as 2026")],
)
def test_other_types_are_violations(value: Any, message: str) -> None:
    assert message in read(value)[1][0]


def test_command_line_without_extra_vars() -> None:
    assert read(83)[0] == "83"


def test_pipe_is_not_read_twice(launch: Callable[..., None], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    launch(f"@{tmp_path}/pipe")
    assert read(83)[0] == "83"


def test_invalid_utf8_is_ignored(launch: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "vars.yml").write_bytes(b"\xff")
    launch(f"@{tmp_path}/vars.yml")
    assert read(83)[0] == "83"
