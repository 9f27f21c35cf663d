# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules by which AWX accepts credential types and surveys, derived from measurements of AWX 24.6.1."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import jinja2.meta
import jinja2.sandbox
import jsonschema

ROOT = Path(__file__).resolve().parents[2]
EXTENSIONS = ROOT / "extensions"
# The data files of the playbook awx_setup.
DATA = ROOT / "playbooks/files/awx"
_SCHEMAS = Path(__file__).resolve().parent / "schemas"
_TEMPLATES = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def _names(document: Any) -> dict[str, Any]:
    """Returns the names that a template in this credential type may use: its fields, and the files that it writes."""
    try:
        names: dict[str, Any] = {
            field["id"]: "a value" for field in document["inputs"].get("fields", []) if "id" in field
        }
        files = document["injectors"].get("file", {})
    except (KeyError, TypeError, AttributeError):
        return {}
    if "template" in files:
        names["tower"] = SimpleNamespace(filename="/a/file")
    elif files:
        written = {name.partition(".")[2]: "/a/file" for name in files}
        names["tower"] = SimpleNamespace(filename=SimpleNamespace(**written))
    return names


def credential_type_faults(document: Any) -> list[str]:
    """Returns all errors for which AWX refuses a credential type, and two errors that it does not detect."""
    names = _names(document)
    checker = jsonschema.FormatChecker()

    @checker.checks("awx-template", raises=(jinja2.TemplateError, ValueError))
    def template(value: Any) -> bool:
        if not isinstance(value, str):
            return True
        unknown = jinja2.meta.find_undeclared_variables(_TEMPLATES.parse(value)) - set(names)
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}")
        _TEMPLATES.from_string(value).render(names)
        return True

    validator = jsonschema.Draft202012Validator(_schema("credential_type"), format_checker=checker)
    faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    return faults or _undetected_faults(document["inputs"])


def _undetected_faults(inputs: dict[str, Any]) -> list[str]:
    """Returns errors that AWX accepts: a required field that does not exist, and a duplicate field."""
    ids = Counter(field["id"] for field in inputs.get("fields", []))
    faults = [f"required names {name}, which is not a field" for name in inputs.get("required", []) if name not in ids]
    return faults + [f"field {name} is defined {count} times" for name, count in ids.items() if count > 1]


def survey_faults(document: Any) -> list[str]:
    """Returns all errors for which AWX refuses a survey, and limits that contradict each other."""
    validator = jsonschema.Draft202012Validator(_schema("survey"))
    faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    if faults:
        return faults
    variables = Counter(question["variable"] for question in document["spec"])
    faults = [f"{name} is asked for {count} times" for name, count in variables.items() if count > 1]
    for question in document["spec"]:
        if question.get("min", 0) > question.get("max", float("inf")):
            faults.append(f"{question['variable']}: min is above max")
        if question["default"] and question["default"] not in question.get("choices", [question["default"]]):
            faults.append(f"{question['variable']}: default is not a choice")
    return faults
