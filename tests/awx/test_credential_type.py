# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWX accepts the shipped credential type. Each rule of AWX has a case that violates it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from awx.rules import DATA, credential_type_faults

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options

SHIPPED = DATA / "credential_type.yml"


def shipped() -> Any:
    return yaml.safe_load(SHIPPED.read_text())


def small() -> Any:
    """Returns a credential type that uses every feature that AWX accepts."""
    return {
        "name": "Small",
        "kind": "net",
        "inputs": {
            "fields": [
                {"id": "key", "label": "Key", "type": "string", "secret": True, "multiline": True},
                {"id": "place", "label": "Place", "type": "string", "choices": ["a", "b"], "default": "a"},
                {"id": "address", "label": "Address", "format": "url", "help_text": "Where"},
                {"id": "strict", "label": "Strict", "type": "boolean", "default": False},
            ],
            "required": ["key"],
        },
        "injectors": {
            "env": {
                "SMALL_KEY": "{{ key }}",
                "SMALL_PLACE": "{% if strict %}{{ place | upper }}{% endif %}",
                "SMALL_FILE": "{{ tower.filename.one }}",
            },
            "extra_vars": {"small_address": "{{ address | default('') }}"},
            "file": {"template.one": "{{ key }}", "template.two": "{{ place }}"},
        },
    }


def test_shipped_type_is_accepted() -> None:
    assert credential_type_faults(shipped()) == []


def test_every_feature_of_awx_is_accepted() -> None:
    assert credential_type_faults(small()) == []
    one_file = small()
    one_file["injectors"]["file"] = {"template": "{{ key }}"}
    one_file["injectors"]["env"]["SMALL_FILE"] = "{{ tower.filename }}"
    assert credential_type_faults(one_file) == []


def env(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda document: document["injectors"]["env"].update({name: value})


def field(**changes: Any) -> Callable[[Any], Any]:
    return lambda document: document["inputs"]["fields"][0].update(changes)


def files(**templates: str) -> Callable[[Any], Any]:
    def change(document: Any) -> None:
        del document["injectors"]["env"]["SMALL_FILE"]
        document["injectors"]["file"] = {name.replace("__", "."): text for name, text in templates.items()}

    return change


BREAKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "environment of Ansible": (env("ANSIBLE_CALLBACKS_ENABLED", "x"), "ANSIBLE_CALLBACKS_ENABLED"),
    "PATH": (env("PATH", "x"), "'PATH'"),
    "PYTHONPATH": (env("PYTHONPATH", "x"), "'PYTHONPATH'"),
    "JOB_ID, which AWX sets": (env("JOB_ID", "x"), "'JOB_ID'"),
    "AWX_HOST, which AWX sets": (env("AWX_HOST", "x"), "'AWX_HOST'"),
    "invalid variable name": (env("SMALL-KEY", "x"), "SMALL-KEY"),
    "number as value": (env("SMALL_PORT", 8), "is not of type 'string'"),
    "null as value": (env("SMALL_PORT", None), "is not of type 'string'"),
    "not ASCII": (env("SMALL_NAME", "schlüssel"), "does not match"),
    "unknown field in a template": (env("SMALL_NAME", "{{ kee }}"), "awx-template"),
    "unknown field in a branch not taken": (env("A", "{% if not strict %}{{ kee }}{% endif %}"), "awx-template"),
    "unknown filter": (env("SMALL_NAME", "{{ key | nonesuch }}"), "awx-template"),
    "template that does not parse": (env("SMALL_NAME", "{{ key"), "awx-template"),
    "file that is not written": (env("SMALL_FILE", "{{ tower.filename.three }}"), "awx-template"),
    "file with another name": (files(content="x"), "valid under any"),
    "both forms of file": (files(template="x", template__one="y"), "valid under any"),
    "unknown injector": (lambda document: document["injectors"].update(ini={}), "'ini'"),
    "unknown field in extra_vars": (
        lambda document: document["injectors"]["extra_vars"].update(a="{{ kee }}"),
        "awx-template",
    ),
    "field of type integer": (field(type="integer"), "'integer' is not one of"),
    "unknown key of a field": (field(placeholder="x"), "'placeholder'"),
    "unknown format": (field(format="email"), "'email'"),
    "empty choices": (field(choices=[]), "choices"),
    "field without label": (lambda document: document["inputs"]["fields"][0].pop("label"), "'label'"),
    "field without id": (lambda document: document["inputs"]["fields"].append({"label": "x"}), "'id'"),
    "secret boolean": (
        lambda document: document["inputs"]["fields"][3].update(secret=True),
        "False was expected",
    ),
    "unknown key of inputs": (lambda document: document["inputs"].update(optional=[]), "'optional'"),
    "kind other than cloud and net": (lambda document: document.update(kind="scm"), "'scm'"),
    "unknown key of the type": (lambda document: document.update(managed=True), "'managed'"),
    # AWX itself does not detect these two.
    "required names no field": (lambda document: document["inputs"].update(required=["kee"]), "is not a field"),
    "duplicate field": (
        lambda document: document["inputs"]["fields"].append({"id": "key", "label": "x"}),
        "2 times",
    ),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_violation_is_refused(rule: str) -> None:
    document = small()
    broken, expected = BREAKS[rule]
    broken(document)
    faults = credential_type_faults(document)
    assert len(faults) == 1, faults
    assert expected in faults[0]


def test_every_field_sets_a_variable_of_the_collection() -> None:
    """Each input sets the first environment variable of the option with the same name."""
    document = shipped()
    injected = {value: name for name, value in document["injectors"]["env"].items()}
    fields = [entry["id"] for entry in document["inputs"]["fields"]]
    assert list(injected) == [f"{{{{ {name} }}}}" for name in fields]
    for name in fields:
        assert injected[f"{{{{ {name} }}}}"] == _options.ENVIRONMENT[name][0]


def test_every_secret_option_is_a_secret_field() -> None:
    secret = {entry["id"] for entry in shipped()["inputs"]["fields"] if entry.get("secret")}
    assert secret == set(_options.SECRET_OPTIONS)
