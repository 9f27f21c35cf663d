# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
JSON Schemas built from the service's tables: of a callback's arguments, of what names a run, and of responses.

They use only keywords that mean the same in draft-07 and in draft 2020-12.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import TABLES, Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "https://functiongraph.github.io/ansible-workflow/schema/arguments.json"

# What the service's page leaves open for an id and what HTTP demands of it: an id is a path segment or a header value.
_ID_RULES: tuple[tuple[str, dict[str, t.Any], str], ...] = (
    (
        "control_characters",
        {"type": "string", "pattern": "[\\u0000-\\u001f\\u007f-\\u009f]"},
        "must not contain control characters",
    ),
    (
        "surrogates",
        {"type": "string", "pattern": "[\\ud800-\\udfff]"},
        "must only have characters that UTF-8 can encode",
    ),
    ("blanks", {"type": "string", "pattern": "^\\s|\\s$"}, "must not have leading or trailing whitespace"),
)
_SEGMENT_RULES: tuple[tuple[str, dict[str, t.Any], str], ...] = (
    ("path_segment", {"enum": [".", ".."]}, "must not be a path segment that URLs treat specially"),
)
SENTENCES = {rule: sentence for rule, _schema_of, sentence in _ID_RULES + _SEGMENT_RULES}


def _field_schema(row: Field) -> dict[str, t.Any]:
    schema: dict[str, t.Any] = {
        "type": "object" if row.type == "Object" else "string",
        "description": row.meaning,
    }
    if row.min_length is not None:
        schema["minLength"] = row.min_length
    if row.max_length is not None:
        schema["maxLength"] = row.max_length
    if row.enum:
        schema["enum"] = list(row.enum)
    return schema


def _id_schema(row: Field, in_path: bool) -> dict[str, t.Any]:
    schema = _field_schema(row)
    schema.setdefault("minLength", 1)
    rules = _ID_RULES + (_SEGMENT_RULES if in_path else ())
    schema["allOf"] = [{"title": rule, "not": forbidden} for rule, forbidden, _sentence in rules]
    return schema


def arguments_schema() -> dict[str, t.Any]:
    """The JSON Schema of a callback's arguments: Tables 1, 2 and 3 together, by option name.

    project_id is not required, as it is looked up in IAM when it is absent. output is required although the page says
    that it has a value only on success, because the page marks it mandatory.
    """
    properties: dict[str, t.Any] = {}
    required: list[str] = []
    for table in ("path", "header", "body"):
        for row in TABLES[table]:
            if row.option is None:
                raise ValueError("Table %s: %s has no option" % (table, row.name))
            # The run's id is a path segment too, where the run is read back.
            in_path = table == "path" or row.option == "workflow_run_id"
            schema = _field_schema(row) if table == "body" else _id_schema(row, in_path)
            schema["x-huaweicloud"] = {"in": table, "name": row.name}
            properties[row.option] = schema
            if row.mandatory and row.option != "project_id":
                required.append(row.option)
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "Arguments of a FunctionGraph workflow callback",
        "description": "Built from Tables 1 to 3 of CreateCallbackWorkflow. project_id is looked up in IAM if absent.",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def execution_arguments_schema() -> dict[str, t.Any]:
    """The JSON Schema of what names a run to be read: the same ids, with the run's in the path."""
    arguments = arguments_schema()["properties"]
    properties = {name: arguments[name] for name in ("project_id", "workflow_id", "workflow_state_id")}
    properties["execution_id"] = arguments["workflow_run_id"]
    return {"$schema": DIALECT, "type": "object", "properties": properties, "required": ["workflow_id", "execution_id"]}


def response_schema(status: int) -> dict[str, t.Any]:
    """The JSON Schema of the body that the service documents for a status: 200, 400, 404 or 500 (Tables 4 to 7)."""
    rows = TABLES["response_%d" % status]
    return {
        "$schema": DIALECT,
        "title": "Body of a %d response to a FunctionGraph workflow callback" % status,
        "type": "object",
        "properties": {row.name: _field_schema(row) for row in rows},
        "required": [row.name for row in rows if row.mandatory],
    }
