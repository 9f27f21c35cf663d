# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What jsonschema finds: in arguments that the quick check does not take, and in an output by the user's own schema.

Imported only where it is needed, as it takes longer to import than the rest of a task.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import jsonschema
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import PRESENCE, SENTENCES
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Hide, Violation, quoted

# What people who write playbooks call the types of JSON Schema.
_KINDS = {"object": "a mapping", "string": "a string"}


def _plural(count: int) -> str:
    return "%d character%s" % (count, "" if count == 1 else "s")


def _explained(error: t.Any, hide: Hide) -> Violation:
    """A Violation of an error that the arguments' validator found."""
    rule, option = error.validator, error.path[0] if error.path else ""
    if rule == "not":
        rule = error.schema["title"]
        return Violation(option, rule, None, "%s %s, got %s" % (option, SENTENCES[rule], quoted(error.instance, hide)))
    limit = error.validator_value
    if rule == "minLength":
        message = "%s must have at least %s, got an empty string" % (option, _plural(limit))
    elif rule == "maxLength":
        message = "%s must have at most %s, got %d" % (option, _plural(limit), len(error.instance))
        if option == "error":
            message += " (set truncate_error=true to have it shortened)"
    elif rule == "enum":
        message = "%s must be one of %s, got %s" % (option, ", ".join(limit), quoted(error.instance, hide))
    else:
        message = "%s must be %s, got type %s" % (option, _KINDS[limit], type(error.instance).__name__)
    return Violation(option, rule, limit, message)


def table_violations(schema: dict[str, t.Any], arguments: t.Mapping[str, t.Any], hide: Hide = str) -> list[Violation]:
    """What jsonschema finds wrong in the arguments by the schema of an operation, but for what is missing."""
    errors = newest_validator()(schema).iter_errors(arguments)
    return [_explained(error, hide) for error in errors if error.validator not in PRESENCE]


# The newest first. An older jsonschema lacks the first of them.
_VALIDATORS = (
    "Draft202012Validator",
    "Draft201909Validator",
    "Draft7Validator",
    "Draft6Validator",
    "Draft4Validator",
    "Draft3Validator",
)


def validators_by_dialect() -> dict[str, t.Any]:
    """The validators by what $schema calls their drafts, the newest first."""
    found = [getattr(jsonschema, name) for name in _VALIDATORS if hasattr(jsonschema, name)]
    return {(draft.META_SCHEMA.get("$id") or draft.META_SCHEMA["id"]).rstrip("#"): draft for draft in found}


def newest_validator() -> t.Any:
    """The validator of the newest draft."""
    return next(iter(validators_by_dialect().values()))


def output_violations(output: dict[str, t.Any], schema: dict[str, t.Any], hide: Hide = str) -> list[Violation]:
    """Everything in output that the user's output_schema does not allow, or what is wrong with that schema itself.

    hide takes secrets out of a message before it is cut.

    The schema is read by the draft that its $schema names, the newest one where it names none. A reference out of the
    schema is never fetched.
    """
    unusable = "output_schema must be a JSON Schema that can be used here: "
    if "$schema" in schema:
        # Asked for one that it does not know, an old jsonschema takes another.
        validator = validators_by_dialect().get(str(schema["$schema"]).rstrip("#"))
        if validator is None:
            named = quoted(schema["$schema"], hide)
            message = "%sits $schema, %s, is not known to the installed jsonschema" % (unusable, named)
            return [Violation("output_schema", "schema", None, message)]
    else:
        validator = newest_validator()
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
