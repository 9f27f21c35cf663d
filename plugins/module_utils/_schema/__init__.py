# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What is valid: arguments and responses by the service's tables.

The quick check decides where all is well. Where it finds something wrong, jsonschema is imported, which takes longer
than most of what a valid task does; then jsonschema decides, and explains what is wrong.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import (
    arguments_schema,
    execution_arguments_schema,
    response_schema,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import (
    DEPTH,
    Hide,
    Violation,
    quoted,
    sentence,
    shortened,
    suggestion,
)

CALLBACK = "callback"
EXECUTION = "execution"

_schemas: dict[t.Any, dict[str, t.Any]] = {}


def _schema_of(key: t.Any) -> dict[str, t.Any]:
    """The schema of CALLBACK's or EXECUTION's arguments or of a response's status, built once per process."""
    if key not in _schemas:
        builder = {CALLBACK: arguments_schema, EXECUTION: execution_arguments_schema}.get(key)
        _schemas[key] = builder() if builder else response_schema(key)
    return _schemas[key]


def validated_options(operation: str) -> list[str]:
    """The options of which argument_violations speaks."""
    return list(_schema_of(operation)["properties"])


def argument_violations(operation: str, arguments: t.Mapping[str, t.Any], hide: Hide = str) -> list[Violation]:
    """Everything in the arguments (by option name, absent ones left out) that the tables do not allow.

    operation is CALLBACK or EXECUTION. hide takes secrets out of values before they are quoted.
    """
    given, schema = dict(arguments), _schema_of(operation)
    found: list[Violation] = []
    if not is_valid(given, {**schema, "required": []}):
        from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators

        found.extend(validators.table_violations(schema, given, hide))
    missing = [name for name in schema["required"] if name not in given]
    found.extend(Violation(name, "required", None, "%s is required" % name) for name in missing)
    if isinstance(arguments.get("output"), dict):
        found.extend(_not_json(arguments["output"], hide))
    return found


def _not_json(output: dict[t.Any, t.Any], hide: Hide) -> t.Iterator[Violation]:
    """What JSON cannot say, although Python's json module would write it."""
    waiting: list[tuple[int, str, t.Any]] = [(1, "output", output)]
    while waiting:
        level, place, value = waiting.pop()
        if level > DEPTH and isinstance(value, (dict, list, tuple)):
            yield Violation("output", "depth", DEPTH, "output must be nested at most %d levels deep" % DEPTH)
            return
        if isinstance(value, dict):
            for key, item in value.items():
                if not isinstance(key, str):
                    text = "%s keys must be strings, got %s" % (place, quoted(key, hide))
                    yield Violation("output", "keys", None, text)
                else:
                    waiting.append((level + 1, "%s.%s" % (place, key), item))
        elif isinstance(value, (list, tuple)):
            waiting.extend((level + 1, "%s[%d]" % (place, index), item) for index, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            yield Violation("output", "number", None, "%s must be a finite number, got %s" % (place, value))
        elif not isinstance(value, (str, int, float, bool, type(None))):
            kind = type(value).__name__
            yield Violation("output", "json", None, "%s must be a JSON value, got type %s" % (place, kind))
    try:
        json.dumps(output, skipkeys=True, default=lambda value: None)
    except ValueError as error:  # an integer of too many digits
        yield Violation("output", "json", None, "output cannot be written as JSON: %s" % quoted(str(error)))


def execution_id(document: t.Any) -> t.Optional[str]:
    """The execution_id of a 200's body, None where Table 4 does not allow that body."""
    return str(document["execution_id"]) if is_valid(document, _schema_of(200)) else None


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
    "required": lambda value, limit, schema: all(name in value for name in limit),
    "properties": _are_valid_properties,
    "additionalProperties": lambda value, limit, schema: all(name in schema["properties"] for name in value),
}


def is_valid(value: t.Any, schema: Schema) -> bool:
    """Whether value meets schema, in which "type" stands before what relies on it. KeyError for an unknown keyword."""
    return all(
        _KEYWORDS[keyword](value, limit, schema) for keyword, limit in schema.items() if keyword not in _SAYS_NOTHING
    )


__all__ = (
    "CALLBACK",
    "DEPTH",
    "EXECUTION",
    "Hide",
    "Violation",
    "argument_violations",
    "arguments_schema",
    "execution_arguments_schema",
    "execution_id",
    "is_valid",
    "quoted",
    "response_schema",
    "sentence",
    "shortened",
    "suggestion",
    "validated_options",
)
