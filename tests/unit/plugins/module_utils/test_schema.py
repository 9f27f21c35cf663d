# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments against the tables: every rule of every option, everything at once, with old and new jsonschema."""

from __future__ import annotations

import json
import sys
from copy import copy
from typing import Any

import jsonschema
import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _schema, _spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators, violations

IDS = {"workflow_id": "w", "workflow_run_id": "r", "workflow_state_id": "s"}
GOOD: dict[str, Any] = {**IDS, "result": "success", "output": {}}
VALIDATORS = ["Draft7Validator"] + ["Draft202012Validator"] * hasattr(jsonschema, "Draft202012Validator")


def broken(**arguments: Any) -> list[tuple[str, str]]:
    found = _schema.argument_violations(_schema.CALLBACK, {**GOOD, **arguments})
    return [(violation.option, violation.rule) for violation in found]


def keywords(schema: Any) -> set[str]:
    """Every keyword in a schema of ours."""
    found = set(schema)
    for name in ("properties", "$defs"):
        for part in schema.get(name, {}).values():
            found |= keywords(part)
    for part in [*schema.get("allOf", []), *schema.get("anyOf", []), *([schema["not"]] if "not" in schema else [])]:
        found |= keywords(part)
    return found


@pytest.fixture(params=VALIDATORS)
def _each_validator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest validator that is there, and that of the oldest jsonschema that we promise to work with."""
    monkeypatch.setattr(validators, "newest_validator", lambda: getattr(jsonschema, request.param))


pytestmark = pytest.mark.usefixtures("_each_validator")


def schemas() -> list[dict[str, Any]]:
    responses = [_schema.response_schema(status) for status in (200, 400, 404, 500)]
    return [_schema.arguments_schema(), _schema.execution_arguments_schema(), *responses]


@pytest.mark.parametrize("name", VALIDATORS)
def test_schemas_are_valid_in_both_drafts(name: str) -> None:
    for schema in schemas():
        getattr(jsonschema, name).check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_schemas_use_only_keywords_that_mean_the_same_in_both_drafts() -> None:
    same = {"type", "properties", "required", "additionalProperties", "allOf", "anyOf", "not", "enum", "pattern"}
    same |= {"minLength", "maxLength", "$schema", "$id", "title", "description", "x-huaweicloud"}
    for schema in schemas():
        assert keywords(schema) <= same


def test_accepts_valid_arguments() -> None:
    assert broken() == []
    assert broken(result="fail", error="e" * 64, output={"a": [1, 2.5, None, True, {"b": "ü"}]}) == []
    assert broken(workflow_id="w" * 512, project_id="p" * 64, workflow_run_id="ü/%&?# x" + "r" * 9999) == []
    assert broken(output={"big": 10**400}) == []


def test_integer_with_too_many_digits_is_a_violation() -> None:
    # Python 3.11 and later write no more digits, older ones write all.
    limit = getattr(sys, "get_int_max_str_digits", lambda: 0)()
    found = broken(output={"big": 10 ** (limit or 5000)})
    assert found == ([("output", "json")] if limit else [])


@pytest.mark.parametrize("option", ["workflow_id", "workflow_run_id", "workflow_state_id", "result", "output"])
def test_missing_option_is_named(option: str) -> None:
    arguments = {name: value for name, value in GOOD.items() if name != option}
    found = _schema.argument_violations(_schema.CALLBACK, arguments)
    name = "workflow_state_name or workflow_state_id" if option == "workflow_state_id" else option
    assert found == [(option, "required", None, f"{name} is required")]


def test_name_of_the_state_replaces_its_id() -> None:
    arguments: dict[str, Any] = {name: value for name, value in GOOD.items() if name != "workflow_state_id"}
    for name in ("x", " 等待 AWX / 1\n", "n" * 9999):
        assert _schema.argument_violations(_schema.CALLBACK, {**arguments, "workflow_state_name": name}) == []
        assert broken(workflow_state_name=name) == []
    assert broken(workflow_state_name="") == [("workflow_state_name", "minLength")]
    assert broken(workflow_state_name=7) == [("workflow_state_name", "type")]


def test_all_missing_options_are_named_once() -> None:
    found = _schema.argument_violations(_schema.CALLBACK, {})
    assert sorted(violation.option for violation in found) == sorted([*IDS, "result", "output"])


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("", "minLength"),
        (" x", "blanks"),
        ("x ", "blanks"),
        ("\u3000x", "blanks"),
        ("a\tb", "control_characters"),
        ("a\x00b", "control_characters"),
        ("a\x7fb", "control_characters"),
        ("a\x9fb", "control_characters"),
        ("a\ud800b", "surrogates"),
        (7, "type"),
        (None, "type"),
        (["x"], "type"),
    ],
)
@pytest.mark.parametrize("option", [*IDS, "project_id"])
def test_rules_of_ids(option: str, value: Any, rule: str) -> None:
    assert broken(**{option: value}) == [(option, rule)]


@pytest.mark.parametrize("value", ["x\n", "\nx", "\r\nX-Injected: 1"])
@pytest.mark.parametrize("option", IDS)
def test_control_character_in_a_header_is_a_violation(option: str, value: str) -> None:
    assert (option, "control_characters") in broken(**{option: value})


@pytest.mark.parametrize("value", [".", ".."])
def test_dot_segment_is_a_violation(value: str) -> None:
    for option in ("workflow_id", "project_id", "workflow_run_id"):
        assert broken(**{option: value}) == [(option, "path_segment")]
    # Only ever a header.
    assert broken(workflow_state_id=value) == []
    found = _schema.argument_violations(_schema.EXECUTION, {"workflow_id": "w", "execution_id": value})
    assert [(violation.option, violation.rule) for violation in found] == [("execution_id", "path_segment")]


@pytest.mark.parametrize(
    ("option", "value", "rule", "limit", "message"),
    [
        ("workflow_id", "w" * 513, "maxLength", 512, "workflow_id must have at most 512 characters, got 513"),
        ("project_id", "p" * 65, "maxLength", 64, "project_id must have at most 64 characters, got 65"),
        ("workflow_id", "", "minLength", 1, "workflow_id must have at least 1 character, got an empty string"),
        (
            *("error", "e" * 65, "maxLength", 64),
            "error must have at most 64 characters, got 65 (set truncate_error=true to have it shortened)",
        ),
        ("error", "", "minLength", 1, "error must have at least 1 character, got an empty string"),
        ("result", "done", "enum", ["success", "fail"], "result must be one of success, fail, got 'done'"),
        ("output", "[1]", "type", "object", "output must be a mapping, got type str"),
        ("error", 5, "type", "string", "error must be a string, got type int"),
        (
            *("workflow_run_id", " r", "blanks", None),
            "workflow_run_id must not have leading or trailing whitespace, got ' r'",
        ),
    ],
)
def test_violation_has_option_rule_limit_and_value(
    option: str, value: Any, rule: str, limit: Any, message: str
) -> None:
    found = _schema.argument_violations(_schema.CALLBACK, {**GOOD, option: value})
    assert found == [(option, rule, limit, message)]


def test_length_is_counted_in_characters() -> None:
    assert broken(error="中" * 64) == []
    assert broken(error="🙂" * 64) == []
    assert broken(error="🙂" * 65) == [("error", "maxLength")]


def test_all_violations_are_reported_at_once() -> None:
    arguments = {
        "project_id": "p" * 65,
        "workflow_id": "..",
        "workflow_run_id": " \x00",
        "result": "maybe",
        "error": "e" * 65,
        "output": {"a": float("nan"), 1: "x"},
    }
    found = _schema.argument_violations(_schema.CALLBACK, arguments)
    assert sorted((violation.option, violation.rule) for violation in found) == [
        ("error", "maxLength"),
        ("output", "keys"),
        ("output", "number"),
        ("project_id", "maxLength"),
        ("result", "enum"),
        ("workflow_id", "path_segment"),
        ("workflow_run_id", "blanks"),
        ("workflow_run_id", "control_characters"),
        ("workflow_state_id", "required"),
    ]
    sentence = violations.sentence(found)
    assert sentence.startswith("Nothing was sent: ")
    assert all(violation.message in sentence for violation in found)
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("output", "rule", "message"),
    [
        ({"a": float("nan")}, "number", "output.a must be a finite number, got nan"),
        ({"a": [1, {"b": float("-inf")}]}, "number", "output.a[1].b must be a finite number, got -inf"),
        ({"a": {2: "x"}}, "keys", "output.a keys must be strings, got 2"),
        ({None: "x"}, "keys", "output keys must be strings, got None"),
        ({"a": {1, 2}}, "json", "output.a must be a JSON value, got type set"),
        ({"a": (b"x",)}, "json", "output.a[0] must be a JSON value, got type bytes"),
    ],
)
def test_output_must_be_valid_json(output: dict[Any, Any], rule: str, message: str) -> None:
    found = _schema.argument_violations(_schema.CALLBACK, {**GOOD, "output": output})
    assert found == [("output", rule, None, message)]


def nested(levels: int) -> dict[str, Any]:
    output: dict[str, Any] = {}
    for _unused in range(levels - 1):
        output = {"a": output}
    return output


def test_output_nesting_is_limited() -> None:
    assert not _schema.argument_violations(_schema.CALLBACK, {**GOOD, "output": nested(_schema.DEPTH)})
    wrong = [("output", "depth", 200, "output must be nested at most 200 levels deep")]
    assert _schema.argument_violations(_schema.CALLBACK, {**GOOD, "output": nested(_schema.DEPTH + 1)}) == wrong
    output = nested(100_000)
    assert _schema.argument_violations(_schema.CALLBACK, {**GOOD, "output": output}) == wrong
    # Taken apart by hand: the interpreter would do it by recursion.
    while output:
        output = output.pop("a")


def test_schema_has_the_options_of_its_tables() -> None:
    assert set(_schema.validated_options(_schema.CALLBACK)) == {*GOOD, "error", "project_id", "workflow_state_name"}
    of_run = {"workflow_id", "execution_id", "workflow_state_id", "workflow_state_name", "project_id", "input"}
    assert set(_schema.validated_options(_schema.EXECUTION)) == of_run
    missing = _schema.argument_violations(_schema.EXECUTION, {})
    assert {violation.option for violation in missing} == {"workflow_id"}


def test_row_without_an_option_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    row = copy(_spec.TABLES["path"][0])
    row.option = None
    monkeypatch.setitem(_spec.TABLES, "path", (row,))
    with pytest.raises(ValueError, match="project_id has no option"):
        _schema.arguments_schema()


@pytest.mark.parametrize(
    ("document", "execution_id"),
    [
        ({"execution_id": "e"}, "e"),
        ({"execution_id": "e" * 64, "more": 1}, "e" * 64),
        ({"execution_id": "e" * 65}, None),
        ({"execution_id": ""}, None),
        ({"execution_id": 7}, None),
        ({}, None),
        ([], None),
        (None, None),
        ("e", None),
    ],
)
def test_only_a_valid_execution_id_is_read(document: Any, execution_id: str | None) -> None:
    assert _schema.execution_id(document) == execution_id


def test_published_schema_documents_where_each_option_is_sent() -> None:
    schema = json.loads(json.dumps(_schema.arguments_schema()))
    places = {name: part.get("x-huaweicloud") for name, part in schema["properties"].items()}
    # It is looked up, and not sent.
    assert [name for name, place in places.items() if place is None] == ["workflow_state_name"]
    assert places["workflow_run_id"] == {"in": "header", "name": "X-Workflow-Run-Id"}
    assert places["project_id"] == {"in": "path", "name": "project_id"}
    assert places["output"] == {"in": "body", "name": "output"}
    assert schema["required"] == ["workflow_id", "workflow_run_id", "result", "output"]
    assert schema["anyOf"] == [{"required": ["workflow_state_id"]}, {"required": ["workflow_state_name"]}]
