# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quick check says the same as jsonschema, so that nothing is sent that jsonschema would have refused."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Sequence
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators

SCHEMAS = {
    "callback": _schema.arguments_schema(),
    "execution": _schema.execution_arguments_schema(),
    "200": _schema.response_schema(200),
    "400": _schema.response_schema(400),
}
GOOD: dict[str, dict[str, Any]] = {
    "callback": {
        "project_id": "p",
        "workflow_id": "w",
        "workflow_run_id": "r",
        "workflow_state_id": "s",
        "result": "success",
        "output": {"a": 1},
    },
    "execution": {"project_id": "p", "workflow_id": "w", "execution_id": "e"},
    "200": {"execution_id": "e"},
    "400": {"error_code": "FSS.0400", "error_msg": "error"},
}


class Text(str):
    """As ansible-core since 2.19 hands over strings that carry tags."""


# At each limit of a length, around what patterns and enumerations name, and what only looks alike.
STRINGS: list[str] = [
    *(character * length for character in "xü🙂" for length in (0, 1, 2, 36, 37, 64, 65, 512, 513)),
    *("success", "fail", "Success", "success\n", ".", "..", "...", ". ", Text("fail"), Text("a ")),
    *(
        f"{space}a{other}"
        for space in ("", " ", "\t", "\xa0", "\u2003", "\u200b")
        for other in ("", "\n", "\x85", "\u2028")
    ),
    *("\x00", "\x1f", "\x7f", "\x9f", "\ud7ff", "\ud800", "\udfff", "\ue000", "a\x00b", "a\udc80b"),
]
CHARACTERS = "ab.-/ \t\n\x00\x7f\x85\xa0ßü\u2028\ud800🙂"
OTHERS: list[Any] = [
    *(None, True, False, 0, 1, -1, 64, 10**400, 0.0, -0.0, 0.5, 1e308, math.nan, math.inf, -math.inf),
    *(
        [],
        {},
        (),
        [""],
        ["success"],
        [[[]]],
        {"": {}},
        {"result": "fail"},
        {"a": math.nan},
        {"a": [{"b": [None, 10**400]}]},
    ),
    *(b"fail", {"fail"}, {1: 2}, OrderedDict(a=1)),
]
# Random documents are made in batches: what hypothesis draws by itself takes longer than both checks.
BATCH, BATCHES = 25, 60
batches = settings(max_examples=BATCHES, deadline=None, database=None)
RANDOM = st.randoms(use_true_random=True)


def document(name: str, random: Random, more_names: Sequence[str] = ()) -> dict[str, Any]:
    """A good document with a few values put in the place of its own, added or taken away."""
    names = [*SCHEMAS[name]["properties"], *more_names]
    found = dict(GOOD[name])
    for _change in range(random.randrange(4)):
        text = "".join(random.choices(CHARACTERS, k=random.randrange(70)))
        found[random.choice(names)] = random.choice((random.choice(STRINGS), random.choice(OTHERS), text))
    for _removal in range(random.randrange(3)):
        found.pop(random.choice(names), None)
    return found


@pytest.mark.parametrize("name", SCHEMAS)
@batches
@given(random=RANDOM)
def test_agrees_with_jsonschema(name: str, random: Random) -> None:
    schema = SCHEMAS[name]
    validator = validators.newest_validator()(schema)
    for value in (document(name, random, ("unknown", "", "Result")) for _number in range(BATCH)):
        assert _schema.is_valid(value, schema) == validator.is_valid(value), value


@pytest.mark.parametrize("name", SCHEMAS)
def test_agrees_with_jsonschema_about_what_is_no_document(name: str) -> None:
    schema = SCHEMAS[name]
    validator = validators.newest_validator()(schema)
    for value in [*STRINGS, *OTHERS]:
        assert _schema.is_valid(value, schema) == validator.is_valid(value), value


@pytest.mark.parametrize("operation", [_schema.CALLBACK, _schema.EXECUTION])
@batches
@given(random=RANDOM)
def test_where_the_quick_check_finds_something_wrong_jsonschema_decides(operation: str, random: Random) -> None:
    schema = SCHEMAS[operation]
    for arguments in (document(operation, random) for _number in range(BATCH)):
        found = validators.table_violations(schema, arguments)
        assert _schema.is_valid(arguments, {**schema, "required": [], "anyOf": [{}]}) == (not found), arguments
        assert _schema.argument_violations(operation, arguments)[: len(found)] == found, arguments


def test_knows_every_keyword_of_our_schemas_and_no_other() -> None:
    with pytest.raises(KeyError):
        _schema.is_valid("a", {"type": "string", "format": "uri"})


def test_good_arguments_do_without_jsonschema() -> None:
    program = (
        "import sys\n"
        "from ansible_collections.functiongraph.workflow.plugins.module_utils import _schema, _tasks\n"
        f"arguments = {GOOD['callback']!r}\n"
        "assert _schema.argument_violations('callback', arguments) == []\n"
        "assert _schema.argument_violations('callback', {'project_id': 'p'})\n"
        "assert _schema.execution_id({'execution_id': 'e'}) == 'e'\n"
        "assert 'jsonschema' not in sys.modules\n"
        "assert _schema.argument_violations('callback', dict(arguments, result='maybe'))\n"
        "assert 'jsonschema' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_a_library_that_is_there_and_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    monkeypatch.setattr(_libraries, "JSONSCHEMA_IMPORT_ERROR", None)
    assert _libraries.missing_result() is None

    def work() -> dict[str, Any]:
        return {"drafts": validators.output_violations({}, {"type": "object"})}

    result = _libraries.guarded(work, {"requests_sent": 0})
    assert (result["failed"], result["requests_sent"]) == (True, 0)
    assert "jsonschema cannot be imported on " in result["msg"]
    assert _libraries.guarded(work, {"requests_sent": 0}) == result


def test_jsonschema_is_itself_where_it_is_needed() -> None:
    assert _libraries.jsonschema.Draft7Validator is jsonschema.Draft7Validator
    assert not hasattr(_libraries.jsonschema, "nothing_of_that_name")
