# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's own tables, read from the collection as plain data, and the validation of a request by them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

SPEC_FILE = Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "_spec.py"


class Row(Protocol):
    """The fields of a table row that the simulator uses."""

    name: str
    mandatory: bool
    type: str
    min_length: int | None
    max_length: int | None
    enum: tuple[str, ...]


def _load() -> ModuleType:
    # By path: as a package it would need ansible, and make the collection's code importable.
    spec = importlib.util.spec_from_file_location("simulator_spec", SPEC_FILE)
    if spec is None or spec.loader is None:
        raise ImportError(f"no specification tables at {SPEC_FILE}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_SPEC = _load()
TABLES: Mapping[str, tuple[Row, ...]] = _SPEC.TABLES
RUN_STATUSES: tuple[str, ...] = tuple(_SPEC.RUN_STATUSES)


def violations(table: str, values: Mapping[str, Any]) -> list[str]:
    """Every violation of that table by values, one sentence each. Names of headers match in any case."""
    present = {name.lower() if table == "header" else name: value for name, value in values.items()}
    found: list[str] = []
    for row in TABLES[table]:
        name = row.name.lower() if table == "header" else row.name
        if name in present:
            found.extend(_broken_rules(row, present[name]))
        elif row.mandatory:
            found.append(f"{row.name} is missing")
    return found


def _broken_rules(row: Row, value: Any) -> Iterable[str]:
    if row.type == "Object":
        if not isinstance(value, dict):
            yield f"{row.name} is not an object"
        return
    if not isinstance(value, str):
        yield f"{row.name} is not a string"
        return
    # A mandatory string without a limit on the page must still not be empty.
    least = row.min_length if row.min_length is not None else int(row.mandatory)
    if len(value) < least:
        yield f"{row.name} is shorter than {least}"
    if row.max_length is not None and len(value) > row.max_length:
        yield f"{row.name} is longer than {row.max_length}"
    if row.enum and value not in row.enum:
        yield f"{row.name} is not one of {', '.join(row.enum)}"


def longest(table: str, name: str) -> int:
    """The greatest length that a table allows for a field."""
    return next(row.max_length or 0 for row in TABLES[table] if row.name == name)
