# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Whether a value meets one of our own schemas, without jsonschema.

To import jsonschema takes longer than most of what a good task does. So it is asked only where this check finds
something wrong, and then its word counts. Only the keywords that our schemas use are known here.
"""

from __future__ import annotations

import re
import typing as t

_TYPES: dict[str, type] = {"object": dict, "string": str}
_SAYS_NOTHING = frozenset(("$schema", "$id", "title", "description", "x-huaweicloud"))

Schema = t.Mapping[str, t.Any]


def _type(value: t.Any, limit: str, schema: Schema) -> bool:
    return isinstance(value, _TYPES[limit])


def _properties(value: t.Any, limit: t.Mapping[str, Schema], schema: Schema) -> bool:
    return all(meets(value[name], of_property) for name, of_property in limit.items() if name in value)


# Each takes the value, what the keyword says, and the schema around it.
_KEYWORDS: dict[str, t.Callable[[t.Any, t.Any, Schema], bool]] = {
    "type": _type,
    "minLength": lambda value, limit, schema: len(value) >= limit,
    "maxLength": lambda value, limit, schema: len(value) <= limit,
    "enum": lambda value, limit, schema: value in limit,
    "pattern": lambda value, limit, schema: re.search(limit, value) is not None,
    "not": lambda value, limit, schema: not meets(value, limit),
    "allOf": lambda value, limit, schema: all(meets(value, part) for part in limit),
    "required": lambda value, limit, schema: all(name in value for name in limit),
    "properties": _properties,
    "additionalProperties": lambda value, limit, schema: all(name in schema["properties"] for name in value),
}


def meets(value: t.Any, schema: Schema) -> bool:
    """Whether value meets schema, in which "type" stands before what relies on it. KeyError for an unknown keyword."""
    return all(
        _KEYWORDS[keyword](value, limit, schema) for keyword, limit in schema.items() if keyword not in _SAYS_NOTHING
    )
