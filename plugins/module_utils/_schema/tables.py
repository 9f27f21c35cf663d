# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
JSON Schemas built from the service's tables: of a callback's arguments, of what names a run, and of responses. And the
quick check of a value by one of them.

They use only keywords that mean the same in draft-07 and in draft 2020-12.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import TABLES, Field

# How deep output may be nested. With some factor more, Ansible fails: on the arguments, or on the result of a callback
# that was sent.
DEPTH = 200

CALLBACK = "callback"
EXECUTION = "execution"

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
# re caches what it compiles, and the processes that Ansible forks for hosts inherit the cache.
for _rule, _forbidden, _sentence in _ID_RULES:
    re.compile(_forbidden["pattern"])
_SEGMENT_RULES: tuple[tuple[str, dict[str, t.Any], str], ...] = (
    ("path_segment", {"enum": [".", ".."]}, "must not be a path segment that URLs treat specially"),
)
# One of them is required; if both are set, they must belong to the same state.
STATE_OPTIONS = ("workflow_state_id", "workflow_state_name")
# The keywords that say which arguments are required.
PRESENCE = ("required", "anyOf")
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


def _name_schema() -> dict[str, t.Any]:
    """A name is compared and never sent, so it may be any string."""
    return {"type": "string", "description": "name of the waiting state, whose id is looked up", "minLength": 1}


def arguments_schema() -> dict[str, t.Any]:
    """The JSON Schema of a callback's arguments: Tables 1, 2 and 3 together, by option name.

    project_id is not required, as it is looked up in IAM when it is absent. output is required although the page says
    that it has a value only on success, because the page marks it mandatory. The name of a state is not sent: its id is
    looked up in the run and in the definition (executions).
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
            if row.mandatory and row.option not in ("project_id", *STATE_OPTIONS):
                required.append(row.option)
    properties[STATE_OPTIONS[1]] = _name_schema()
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "Arguments of a FunctionGraph workflow callback",
        "description": "Built from Tables 1 to 3 of CreateCallbackWorkflow. project_id is looked up in IAM if absent.",
        "type": "object",
        "properties": properties,
        "required": required,
        "anyOf": [{"required": [option]} for option in STATE_OPTIONS],
        "additionalProperties": False,
    }


def execution_arguments_schema() -> dict[str, t.Any]:
    """The JSON Schema of what names a run that is read or changed: the same ids, with the run's in the path."""
    arguments = arguments_schema()["properties"]
    properties = {name: arguments[name] for name in ("project_id", "workflow_id", *STATE_OPTIONS)}
    properties["execution_id"] = arguments["workflow_run_id"]
    properties["input"] = {"type": "object", "description": "input of a run that is started"}
    return {"$schema": DIALECT, "type": "object", "properties": properties, "required": ["workflow_id"]}


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


_schemas: dict[t.Any, dict[str, t.Any]] = {}


def schema_of(key: t.Any) -> dict[str, t.Any]:
    """The schema of CALLBACK's or EXECUTION's arguments or of a response's status, built once per process."""
    if key not in _schemas:
        builder = {CALLBACK: arguments_schema, EXECUTION: execution_arguments_schema}.get(key)
        _schemas[key] = builder() if builder else response_schema(key)
    return _schemas[key]


def execution_id(document: t.Any) -> t.Optional[str]:
    """The execution_id of a 200's body, None where Table 4 does not allow that body."""
    return str(document["execution_id"]) if is_valid(document, schema_of(200)) else None


_TYPES: dict[str, type] = {"object": dict, "string": str}
_SAYS_NOTHING = frozenset(("$schema", "$id", "title", "description", "x-huaweicloud"))

Schema = t.Mapping[str, t.Any]


def _is_of_type(value: t.Any, limit: str, schema: Schema) -> bool:
    return isinstance(value, _TYPES[limit])


def _are_valid_properties(value: t.Any, limit: t.Mapping[str, Schema], schema: Schema) -> bool:
    return all(is_valid(value[name], of_property) for name, of_property in limit.items() if name in value)


# Each takes the value, what the keyword says, and the schema around it.
_KEYWORDS: dict[str, t.Callable[[t.Any, t.Any, Schema], bool]] = {
    "type": _is_of_type,
    "minLength": lambda value, limit, schema: len(value) >= limit,
    "maxLength": lambda value, limit, schema: len(value) <= limit,
    "enum": lambda value, limit, schema: value in limit,
    "pattern": lambda value, limit, schema: re.search(limit, value) is not None,
    "not": lambda value, limit, schema: not is_valid(value, limit),
    "allOf": lambda value, limit, schema: all(is_valid(value, part) for part in limit),
    "anyOf": lambda value, limit, schema: any(is_valid(value, part) for part in limit),
    "required": lambda value, limit, schema: all(name in value for name in limit),
    "properties": _are_valid_properties,
    "additionalProperties": lambda value, limit, schema: all(name in schema["properties"] for name in value),
}


def is_valid(value: t.Any, schema: Schema) -> bool:
    """Whether value meets schema, in which "type" stands before what relies on it. KeyError for an unknown keyword."""
    return all(
        _KEYWORDS[keyword](value, limit, schema) for keyword, limit in schema.items() if keyword not in _SAYS_NOTHING
    )
