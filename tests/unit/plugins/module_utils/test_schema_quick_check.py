# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quick check says the same as jsonschema, so that nothing is sent that jsonschema would have refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import validators

SCHEMAS = {
    "callback": _schema.arguments_schema(),
    "execution": _schema.execution_arguments_schema(),
    "200": _schema.response_schema(200),
    "400": _schema.response_schema(400),
}
GOOD = {"project_id": "p", "workflow_id": "w", "workflow_run_id": "r", "workflow_state_id": "s"}

TEXTS = st.one_of(
    st.text(max_size=70),
    st.integers(0, 600).map(lambda length: "x" * length),
    st.sampled_from(["success", "fail", ".", "..", " a", "a ", "a\n", "\x7f", "\ud800", "a b", "ünï"]),
)
VALUES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(TEXTS, max_size=2))
DICTS = st.dictionaries(TEXTS, VALUES, max_size=2)


@pytest.mark.parametrize("name", SCHEMAS)
def test_agrees_with_jsonschema(name: str) -> None:
    schema = SCHEMAS[name]
    validator = validators.newest_validator()(schema)
    names = st.sampled_from([*schema["properties"], "unknown"])
    near = st.fixed_dictionaries({}, optional=dict.fromkeys(schema["properties"], VALUES | DICTS))
    whole = st.fixed_dictionaries({"result": st.just("success"), "output": DICTS}).map(lambda some: {**GOOD, **some})
    changed = st.tuples(whole, names, VALUES | DICTS).map(lambda parts: {**parts[0], parts[1]: parts[2]})

    @given(st.one_of(near, whole, changed, VALUES))
    def agrees(value: Any) -> None:
        assert _schema.is_valid(value, schema) == validator.is_valid(value)

    agrees()


def test_knows_every_keyword_of_our_schemas_and_no_other() -> None:
    with pytest.raises(KeyError):
        _schema.is_valid("a", {"type": "string", "format": "uri"})


def test_good_arguments_do_without_jsonschema() -> None:
    program = (
        "import sys\n"
        "from ansible_collections.functiongraph.workflow.plugins.module_utils import _schema, _tasks\n"
        f"arguments = dict({GOOD!r}, result='success', output={{'a': 1}})\n"
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
