# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user's own schema for output: which drafts, which mistakes, and that nothing is ever fetched."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from support.servers import Sockets, raw

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators

OBJECT = {"type": "object", "required": ["address"], "properties": {"address": {"type": "string"}}}
NEW = hasattr(jsonschema, "Draft202012Validator")


@pytest.fixture(params=["registry", "resolver"] if NEW else ["resolver"])
def _each_way_to_resolve(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """jsonschema 4.18 and later look references up in a registry; before, a resolver fetched them."""
    if request.param == "resolver":
        monkeypatch.setitem(sys.modules, "jsonschema_specifications", None)


pytestmark = [
    pytest.mark.usefixtures("_each_way_to_resolve"),
    pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning"),
]


def messages(output: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    return [violation.message for violation in validators.output_violations(output, schema)]


def test_all_violations_are_reported_at_once() -> None:
    schema = {
        "type": "object",
        "properties": {"hosts": {"items": {"properties": {"name": {"type": "string"}}}}, "count": {"maximum": 3}},
    }
    found = validators.output_violations({"hosts": [{"name": "a"}, {"name": 5}], "count": 7}, schema)
    assert sorted(found) == [
        ("output", "maximum", 3, f"output.count does not meet output_schema: {message_of(7, {'maximum': 3})}"),
        ("output", "type", "string", "output.hosts[1].name does not meet output_schema: 5 is not of type 'string'"),
    ]
    assert validators.output_violations({"hosts": [], "count": 3}, schema) == []


def message_of(instance: Any, schema: dict[str, Any]) -> str:
    message: str = next(jsonschema.Draft7Validator(schema).iter_errors(instance)).message
    return message


def test_long_message_is_truncated() -> None:
    (found,) = validators.output_violations({"a": "x" * 1000}, {"properties": {"a": {"type": "integer"}}})
    assert len(found.message) < 260
    assert found.message.endswith("…")


def test_limit_of_another_type_is_omitted() -> None:
    (found,) = validators.output_violations({"a": 1}, {"properties": {"a": {"not": {"type": "integer"}}}})
    assert (found.rule, found.limit) == ("not", None)


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12"])
def test_schema_is_read_by_its_own_draft(draft: str) -> None:
    scheme = "https" if "/" in draft else "http"
    schema = {**OBJECT, "$schema": f"{scheme}://json-schema.org/{draft}/schema" + ("" if "/" in draft else "#")}
    if "/" in draft and not NEW:
        (message,) = messages({"address": "x"}, schema)
        assert "is not known to the installed jsonschema" in message
        return
    assert messages({"address": "x"}, schema) == []
    assert messages({}, schema) == ["output does not meet output_schema: 'address' is a required property"]
    # A keyword whose meaning differs: a number in draft-06 and later, a yes or no in draft-04.
    exclusive = {"$schema": schema["$schema"], "properties": {"n": {"minimum": 3, "exclusiveMinimum": True}}}
    if draft == "draft-04":
        (message,) = messages({"n": 3}, exclusive)
        assert message.startswith("output.n does not meet output_schema: 3 is less than or equal to the minimum")
    else:
        assert messages({"n": 3}, exclusive)[0].startswith("output_schema must be a JSON Schema that can be used here")


def test_unknown_draft_is_named() -> None:
    (found,) = validators.output_violations({}, {"$schema": "https://example.com/mine"})
    assert (found.option, found.rule) == ("output_schema", "schema")
    assert "its $schema, 'https://example.com/mine', is not known to the installed jsonschema" in found.message


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strange"},
        {"type": 7},
        {"required": "address"},
        {"properties": {"a": {"pattern": "("}}},
        {"patternProperties": {"(": {}}},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"properties": {"a": {"$ref": "unknown.json"}}},
        {"$schema": 7},
        {"$schema": ["http://json-schema.org/draft-07/schema#"]},
        {"properties": {"a": {"$ref": 7}}},
        {"properties": {"a": {"$ref": "#/properties/a"}}},
    ],
    ids=str,
)
def test_invalid_schema_is_explained(schema: dict[str, Any]) -> None:
    (found,) = validators.output_violations({"a": "x"}, schema)
    assert (found.option, found.rule, found.limit) == ("output_schema", "schema", None)
    assert found.message.startswith("output_schema must be a JSON Schema that can be used here: ")
    assert "\n" not in found.message
    assert len(found.message) < 300


def test_references_within_the_schema_resolve() -> None:
    schema = {"definitions": {"text": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/text"}}}
    assert messages({"a": "x"}, schema) == []
    assert messages({"a": 1}, schema) == ["output.a does not meet output_schema: 1 is not of type 'string'"]


def test_references_to_the_drafts_themselves_resolve() -> None:
    schema = {"properties": {"a": {"$ref": "http://json-schema.org/draft-07/schema#"}}}
    assert messages({"a": {"type": "object"}}, schema) == []
    assert len(messages({"a": {"type": 7}}, schema)) == 1


@pytest.mark.parametrize("named", [{}, {"$schema": "http://json-schema.org/draft-07/schema#"}])
def test_no_reference_is_fetched_from_the_network(named: dict[str, str]) -> None:
    def handle(connection: socket.socket, sockets: Sockets) -> None:
        raise AssertionError

    with raw(handle) as server:
        for schema in (
            {"properties": {"a": {"$ref": f"{server.url}/schema.json"}}},
            {"$id": f"{server.url}/base.json", "properties": {"a": {"$ref": "other.json"}}},
        ):
            (message,) = messages({"a": 1}, {**named, **schema})
            assert message.startswith("output_schema must be a JSON Schema that can be used here: ")
        assert server.connections == 0


def test_no_reference_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "string"}')
    (message,) = messages({"a": "x"}, {"properties": {"a": {"$ref": f"file://{tmp_path}/schema.json"}}})
    assert message.startswith("output_schema must be a JSON Schema that can be used here: ")


def test_deeply_nested_schema_is_a_violation() -> None:
    schema: dict[str, Any] = {}
    for _unused in range(20_000):
        schema = {"not": schema}
    (found,) = validators.output_violations({"a": 1}, schema)
    assert (found.option, found.rule) == ("output_schema", "schema")
    assert "nested too deeply" in found.message
    while schema:
        schema = schema.pop("not")


@pytest.mark.skipif(not NEW, reason="needs the newest jsonschema to be without it")
def test_newest_draft_is_the_default() -> None:
    assert validators.newest_validator() is jsonschema.Draft202012Validator
    # prefixItems is new in 2020-12.
    assert len(messages({"a": [1]}, {"properties": {"a": {"prefixItems": [{"type": "string"}]}}})) == 1


def test_older_jsonschema_knows_fewer_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    older = SimpleNamespace(Draft7Validator=jsonschema.Draft7Validator, Draft4Validator=jsonschema.Draft4Validator)
    monkeypatch.setattr(f"{validators.__name__}.jsonschema", older)
    assert validators.newest_validator() is jsonschema.Draft7Validator
    (message,) = messages({}, {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    assert message.endswith("is not known to the installed jsonschema")
