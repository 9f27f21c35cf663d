# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments that the faces share: what is unset, what is redacted, and Ansible's own findings."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import invocation, violations
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field

SPECIFICATIONS = [_options.callback_spec(), _options.execution_info_spec()]


def test_empty_is_unset() -> None:
    arguments: dict[str, Any] = {"a": "", "b": None, "c": 0, "d": False, "e": {}, "f": " "}
    assert _options.without_empty(arguments) == {"c": 0, "d": False, "e": {}, "f": " "}


@pytest.mark.parametrize("name", ["access_key", "ak", "secret_key", "sk", "security_token", "auth_token"])
def test_secret_is_redacted_under_every_alias(name: str) -> None:
    assert invocation.masked({name: "hunter2-secret", "region": "r"}) == {name: invocation.MASKED, "region": "r"}
    assert invocation.masked({name: None}) == {name: None}


def test_secret_is_redacted_in_other_options() -> None:
    arguments: dict[str, Any] = {"sk": "hunter2-secret", "output": {"a": ["x hunter2-secret"]}, "timeout": 3.0}
    shown = {"sk": invocation.MASKED, "output": {"a": ["x ********"]}, "timeout": 3.0}
    assert invocation.masked(arguments) == shown
    assert arguments["output"] == {"a": ["x hunter2-secret"]}


def test_choices_equal_the_tables() -> None:
    (callback, _info) = SPECIFICATIONS
    assert callback["result"]["choices"] == list(field("result").enum)
    for option in ("workflow_id", "workflow_run_id", "result"):
        assert callback[option]["required"] is field(option).mandatory
    # Mandatory too, but its name will do: the schema requires one of them.
    assert "required" not in callback["workflow_state_id"]
    # Mandatory in the table, and always sent: so it has a default.
    assert callback["output"]["default"] == {}
    assert callback["confirm"]["choices"] == list(_options.CONFIRM)
    assert callback["confirm"]["default"] == "when_unknown"


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_secret_has_no_log(specification: dict[str, Any]) -> None:
    marked = {name for name, option in specification.items() if option.get("no_log")}
    assert marked == set(_options.SECRET_OPTIONS)


@pytest.mark.parametrize(
    ("params", "rules"),
    [
        ({"timeout": 0.001, "retries": 0}, []),
        ({"timeout": 86400, "retries": 100}, []),
        ({"timeout": 0.0}, ["timeout"]),
        ({"timeout": float("nan")}, ["timeout"]),
        ({"timeout": float("inf"), "retries": 101}, ["timeout", "retries"]),
        # Not what it should be: Ansible's own validation says so.
        ({"timeout": "soon", "retries": "often"}, []),
        ({}, []),
    ],
)
def test_limits_of_numbers(params: dict[str, Any], rules: list[str]) -> None:
    assert [violation.option for violation in _options.limit_violations(params)] == rules


def found(arguments: dict[str, Any]) -> list[tuple[str, str]]:
    errors = ArgumentSpecValidator(_options.connection_spec()).validate(arguments).errors
    return [
        (violation.option, violation.rule) for violation in violations.specification_violations(errors, ["covered"])
    ]


@pytest.mark.parametrize(
    ("arguments", "violations"),
    [
        ({"timeout": "soon"}, [("timeout", "type")]),
        ({"run_on": "moon"}, [("run_on", "enum")]),
        ({"strange": 1}, [("strange", "unsupported")]),
        ({"validate_certs": "perhaps", "retries": "x"}, [("retries", "type"), ("validate_certs", "type")]),
        ({}, []),
    ],
)
def test_violations_found_by_ansible(arguments: dict[str, Any], violations: list[tuple[str, str]]) -> None:
    assert sorted(found(arguments)) == violations


def test_misspelled_option_gets_a_suggestion() -> None:
    arguments = {"secret_kee": 1, "tiemout": 3, "nothing_like_it": 1}
    errors = ArgumentSpecValidator(_options.connection_spec()).validate(arguments).errors
    assert sorted(violation.message for violation in violations.specification_violations(errors, [])) == [
        "nothing_like_it is not an option of this module",
        "secret_kee is not an option of this module (did you mean secret_key?)",
        "tiemout is not an option of this module (did you mean timeout?)",
    ]


@pytest.mark.parametrize(
    ("arguments", "empty"),
    [
        ({"workflow_id": "", "run_id": "", "workflow_state_id": "s"}, ["workflow_id", "workflow_run_id"]),
        ({"workflow_run_id": "r", "run_id": "", "state_id": "", "result": ""}, ["workflow_state_id"]),
        ({"workflow_id": None, "workflow_run_id": 0, "access_key": ""}, []),
    ],
)
def test_empty_ids_are_named(arguments: dict[str, Any], empty: list[str]) -> None:
    assert _options.empty_ids(_options.callback_spec(), arguments) == dict.fromkeys(empty, "")


def test_empty_ids_are_known_by_their_own_names() -> None:
    arguments = {"workflow_id": "", "run_id": "", "state_id": "", "workflow_state_name": "a"}
    found = _options.empty_ids(_options.execution_info_spec(), arguments)
    assert found == {"workflow_id": "", "execution_id": "", "workflow_state_id": ""}


def test_rules_of_the_tables_are_left_to_the_schema() -> None:
    class RequiredError:
        msg = "missing required arguments: workflow_id"

    class ArgumentTypeError:
        msg = "argument 'covered' is of type str and we were unable to convert to int"

    class SomethingNewError:
        msg = "Something that a later release finds."

    errors = [RequiredError(), ArgumentTypeError(), SomethingNewError()]
    (violation,) = violations.specification_violations(errors, ["covered"])
    assert violation == ("", "specification", None, "Something that a later release finds")


def test_short_secret_is_not_redacted_by_ansible() -> None:
    """It would be cut out of every text."""
    specification = _options.connection_spec()
    found = _options.without_short_secrets(specification, {"sk": "abc", "access_key": "x" * 8, "region": "x"})
    assert [name for name, rules in found.items() if rules != specification[name]] == ["secret_key"]
    assert found["secret_key"]["no_log"] is False
    assert specification["secret_key"]["no_log"] is True
