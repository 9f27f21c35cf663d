# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What is valid: JSON Schemas built from the service's tables, the user's own schema, and what a value violates in them.

Our schemas use only keywords that mean the same in draft-07 and in draft 2020-12, and the newest validator that the
installed jsonschema has is taken. To import jsonschema takes longer than most of what a valid task does: it is
imported only where is_valid() finds something wrong, and then decides.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import jsonschema
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import TABLES, Field, field

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
_SENTENCES = {rule: sentence for rule, _schema_of, sentence in _ID_RULES + _SEGMENT_RULES}

CALLBACK = "callback"
EXECUTION = "execution"

# How deep output may be nested. With some factor more, Ansible fails: on the arguments, or on the result of a callback
# that was sent.
DEPTH = 200

# What people who write playbooks call the types of JSON Schema.
_KINDS = {"object": "a mapping", "string": "a string"}

# A value that is quoted in a message is cut to this many characters.
_QUOTED = 60


class Violation(t.NamedTuple):
    """One rule that one option breaks. limit is what the rule allows, None where the rule has no number or list."""

    option: str
    rule: str
    limit: t.Any
    message: str


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


_validators: dict[t.Any, t.Any] = {}
_schemas: dict[t.Any, dict[str, t.Any]] = {}


def _schema_of(key: t.Any) -> dict[str, t.Any]:
    """The schema of CALLBACK's or EXECUTION's arguments or of a response's status, built once per process."""
    if key not in _schemas:
        builder = {CALLBACK: arguments_schema, EXECUTION: execution_arguments_schema}.get(key)
        _schemas[key] = builder() if builder else response_schema(key)
    return _schemas[key]


def _validator(key: t.Any) -> t.Any:
    """The validator of such a schema, built once per process."""
    if key not in _validators:
        _validators[key] = newest_validator()(_schema_of(key))
    return _validators[key]


# Takes secrets out of a text. By default it leaves the text as it is.
Hide = t.Callable[[str], str]


def quoted(value: t.Any, hide: Hide = str) -> str:
    """value as it may stand in a message: on one line, cut after hide took the secrets out."""
    text = hide(repr(value))
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def suggestion(word: str, known: t.Sequence[str]) -> str:
    """ " (did you mean …?)" with the known word that is most like word, empty where none is like it."""
    # Only here, as it is needed where something is wrong.
    from difflib import get_close_matches

    found = get_close_matches(word.lower(), known, 1)
    return " (did you mean %s?)" % found[0] if found else ""


def _plural(count: int) -> str:
    return "%d character%s" % (count, "" if count == 1 else "s")


def _explained(error: t.Any, hide: Hide) -> Violation:
    """A Violation of an error that the arguments' validator found."""
    rule, option = error.validator, error.path[0] if error.path else ""
    if rule == "not":
        rule = error.schema["title"]
        return Violation(option, rule, None, "%s %s, got %s" % (option, _SENTENCES[rule], quoted(error.instance, hide)))
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
        errors = _validator(operation).iter_errors(given)
        found.extend(_explained(error, hide) for error in errors if error.validator != "required")
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


def sentence(violations: t.Sequence[Violation]) -> str:
    """All violations as the one sentence that a user reads."""
    return "Nothing was sent: %s." % "; ".join(violation.message for violation in violations)


def execution_id(document: t.Any) -> t.Optional[str]:
    """The execution_id of a 200's body, None where Table 4 does not allow that body."""
    return str(document["execution_id"]) if is_valid(document, _schema_of(200)) else None


def shortened(error: str, limit: t.Optional[int] = None) -> str:
    """error within limit, by default Table 3's. A longer one comes on one line, cut between words, "…" at its end."""
    if limit is None:
        limit = field("error").max_length
    if limit is None or len(error) <= limit:
        return error
    text = " ".join(error.split())
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if text[limit - 1] != " ":
        words = head.rsplit(" ", 1)[0]
        # A last word that fills half of the limit is worth more cut than dropped.
        head = words if len(words) >= limit // 2 else head
    return head.rstrip() + "…"


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
