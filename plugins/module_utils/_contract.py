# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The contract of the callback: JSON Schemas built from the tables, and what an argument or an answer violates in them.

The schemas use only keywords that mean the same in draft-07 and in draft 2020-12, and the newest validator that the
installed jsonschema has is taken.
"""

from __future__ import annotations

import json
import math
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _drafts, _quick_check
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import TABLES, Field, field

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
        "must consist of characters that UTF-8 can write",
    ),
    ("blanks", {"type": "string", "pattern": "^\\s|\\s$"}, "must not begin or end with a blank"),
)
_SEGMENT_RULES: tuple[tuple[str, dict[str, t.Any], str], ...] = (
    ("path_segment", {"enum": [".", ".."]}, "must not be a path segment with a meaning of its own"),
)
_SENTENCES = {rule: sentence for rule, _schema, sentence in _ID_RULES + _SEGMENT_RULES}

CALLBACK = "callback"
EXECUTION = "execution"

# How deep output may be nested. With some factor more, Ansible fails: on the arguments, or on the result of a callback
# that was sent.
DEPTH = 200

# What people who write playbooks call the types of JSON Schema.
_KINDS = {"object": "a mapping", "string": "a text"}

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
        "title": "Body of a %d answer to a FunctionGraph workflow callback" % status,
        "type": "object",
        "properties": {row.name: _field_schema(row) for row in rows},
        "required": [row.name for row in rows if row.mandatory],
    }


_validators: dict[t.Any, t.Any] = {}
_schemas: dict[t.Any, dict[str, t.Any]] = {}


def _schema(key: t.Any) -> dict[str, t.Any]:
    """The schema of CALLBACK's or EXECUTION's arguments or of a response's status, built once per process."""
    if key not in _schemas:
        builder = {CALLBACK: arguments_schema, EXECUTION: execution_arguments_schema}.get(key)
        _schemas[key] = builder() if builder else response_schema(key)
    return _schemas[key]


def _validator(key: t.Any) -> t.Any:
    """The validator of such a schema, built once per process."""
    if key not in _validators:
        _validators[key] = _drafts.newest()(_schema(key))
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
        return Violation(option, rule, None, "%s %s, was %s" % (option, _SENTENCES[rule], quoted(error.instance, hide)))
    limit = error.validator_value
    if rule == "minLength":
        message = "%s must have at least %s, was empty" % (option, _plural(limit))
    elif rule == "maxLength":
        message = "%s must have at most %s, has %d" % (option, _plural(limit), len(error.instance))
        if option == "error":
            message += " (set truncate_error=true to have it shortened)"
    elif rule == "enum":
        message = "%s must be one of %s, was %s" % (option, ", ".join(limit), quoted(error.instance, hide))
    else:
        message = "%s must be %s, was of type %s" % (option, _KINDS[limit], type(error.instance).__name__)
    return Violation(option, rule, limit, message)


def covered(operation: str) -> list[str]:
    """The options of which argument_violations speaks."""
    return list(_schema(operation)["properties"])


def argument_violations(operation: str, arguments: t.Mapping[str, t.Any], hide: Hide = str) -> list[Violation]:
    """Everything in the arguments (by option name, absent ones left out) that the tables do not allow.

    operation is CALLBACK or EXECUTION. hide takes secrets out of values before they are quoted.
    """
    given, schema = dict(arguments), _schema(operation)
    found: list[Violation] = []
    if not _quick_check.meets(given, {**schema, "required": []}):
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
                    text = "%s must have text as keys, has %s" % (place, quoted(key, hide))
                    yield Violation("output", "keys", None, text)
                else:
                    waiting.append((level + 1, "%s.%s" % (place, key), item))
        elif isinstance(value, (list, tuple)):
            waiting.extend((level + 1, "%s[%d]" % (place, index), item) for index, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            yield Violation("output", "number", None, "%s must be a number that JSON has, was %s" % (place, value))
        elif not isinstance(value, (str, int, float, bool, type(None))):
            kind = type(value).__name__
            yield Violation("output", "json", None, "%s must be a value that JSON has, was of type %s" % (place, kind))
    try:
        json.dumps(output, skipkeys=True, default=lambda value: None)
    except ValueError as error:  # an integer of too many digits
        yield Violation("output", "json", None, "output cannot be written as JSON: %s" % quoted(str(error)))


def sentence(violations: t.Sequence[Violation]) -> str:
    """All violations as the one sentence that a user reads."""
    return "Nothing was sent: %s." % "; ".join(violation.message for violation in violations)


def execution_id(document: t.Any) -> t.Optional[str]:
    """The execution_id of a 200's body, None where Table 4 does not allow that body."""
    return str(document["execution_id"]) if _quick_check.meets(document, _schema(200)) else None


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
