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
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import (
    CALLBACK,
    DEPTH,
    EXECUTION,
    PRESENCE,
    arguments_schema,
    execution_arguments_schema,
    execution_id,
    is_valid,
    response_schema,
    schema_of,
)

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation


def validated_options(operation: str) -> list[str]:
    """The options of which argument_violations speaks."""
    return list(schema_of(operation)["properties"])


def argument_violations(
    operation: str, arguments: t.Mapping[str, t.Any], hide: t.Callable[[str], str] = str
) -> list[Violation]:
    """Everything in the arguments (by option name, absent ones left out) that the tables do not allow.

    operation is CALLBACK or EXECUTION. hide takes secrets out of values before they are quoted.
    """
    given, schema = dict(arguments), schema_of(operation)
    objects = [name for name in ("output", "input") if isinstance(given.get(name), dict)]
    if is_valid(given, schema) and all(_is_json(given[name]) for name in objects):
        return []
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators, violations

    found: list[Violation] = []
    structure = {keyword: limit for keyword, limit in schema.items() if keyword not in PRESENCE}
    if not is_valid(given, structure):
        found.extend(validators.table_violations(schema, given, hide))
    found.extend(violations.missing(name) for name in schema["required"] if name not in given)
    one_of = [part["required"][0] for part in schema.get("anyOf", ())]
    if one_of and not any(name in given for name in one_of):
        found.append(violations.missing(*one_of))
    for name in objects:
        found.extend(violations.not_json(name, given[name], hide, DEPTH))
    return found


def _is_json(value: dict[t.Any, t.Any]) -> bool:
    """Whether JSON can say value. Python's json module would write more than that, such as keys that are numbers."""
    if not _has_strings_as_keys(value, DEPTH):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _has_strings_as_keys(value: t.Any, levels: int) -> bool:
    """Whether all keys in value are strings, and value is nested at most so many levels deep."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return False
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return True
    return levels > 0 and all(_has_strings_as_keys(item, levels - 1) for item in value)


__all__ = (
    "CALLBACK",
    "DEPTH",
    "EXECUTION",
    "argument_violations",
    "arguments_schema",
    "execution_arguments_schema",
    "execution_id",
    "is_valid",
    "response_schema",
    "validated_options",
)
