# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The user's own JSON Schema for output: what output violates in it, or what is wrong with the schema itself.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _drafts
from ansible_collections.functiongraph.workflow.plugins.module_utils._contract import Hide, Violation, quoted
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import jsonschema


def violations(output: dict[str, t.Any], schema: dict[str, t.Any], hide: Hide = str) -> list[Violation]:
    """Everything in output that the user's output_schema does not allow, or what is wrong with that schema itself.

    hide takes secrets out of a message before it is cut.

    The schema is read by the draft that its $schema names, the newest one where it names none. A reference out of the
    schema is never fetched.
    """
    unusable = "output_schema must be a JSON Schema that can be used here: "
    if "$schema" in schema:
        # Asked for one that it does not know, an old jsonschema takes another.
        validator = _drafts.by_name().get(str(schema["$schema"]).rstrip("#"))
        if validator is None:
            named = quoted(schema["$schema"], hide)
            message = "%sits $schema, %s, is not known to the installed jsonschema" % (unusable, named)
            return [Violation("output_schema", "schema", None, message)]
    else:
        validator = _drafts.newest()
    try:
        validator.check_schema(schema)
        errors = list(_confined(validator, schema).iter_errors(output))
    except RecursionError:
        return [Violation("output_schema", "schema", None, unusable + "it or output is nested too deeply")]
    except Exception as error:  # pylint: disable=broad-exception-caught  # re.error, and its releases' own types
        text = hide(str(error)).strip() or type(error).__name__
        return [Violation("output_schema", "schema", None, unusable + text.splitlines()[0][:200])]
    return [_of_output(error, hide) for error in errors]


def _confined(validator: t.Any, schema: dict[str, t.Any]) -> t.Any:
    """A validator that resolves references within the schema and nowhere else.

    Left alone, jsonschema fetches what a reference names, from the network or from a file.
    """
    try:
        from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped, unused-ignore]
    except ImportError:

        class Confined(jsonschema.RefResolver):  # type: ignore[misc, name-defined, unused-ignore]
            def resolve_remote(self, uri: str) -> t.Any:
                raise ValueError("%s is outside the schema, and references are not fetched" % uri)

        return validator(schema, resolver=Confined.from_schema(schema))
    return validator(schema, registry=REGISTRY)


def _of_output(error: t.Any, hide: Hide) -> Violation:
    place = "output" + "".join("[%d]" % part if isinstance(part, int) else ".%s" % part for part in error.path)
    limit = error.validator_value if isinstance(error.validator_value, (str, int, float, list)) else None
    text = hide(error.message)
    text = text if len(text) <= 200 else text[:199] + "…"
    return Violation("output", error.validator, limit, "%s does not meet output_schema: %s" % (place, text))
