# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every value of Ansible's templates and YAML reaches the service as the same JSON from both faces."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import FACES
from support.playbooks import Run
from support.simulators import Simulator
from tasks_vault import PASSWORD, vaulted

pytestmark = pytest.mark.core


def nested(levels: int) -> str:
    """JSON of so many levels."""
    return '{"a": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


DEEP = json.loads("[" * 100 + "]" * 100)

# What stands in YAML, and the JSON that the service gets: all of it in one output.
WITHIN: dict[str, tuple[str, Any]] = {
    "template": ('["{{ number }}", "{{ text }} {{ number }}"]', [7, "täxt 7"]),
    "unsafe": ('[!unsafe "{{ never_defined }}", !unsafe "{% raw %}"]', ["{{ never_defined }}", "{% raw %}"]),
    "unsafe by variable": ('["{{ unsafe }}", {a: "{{ unsafe }}"}]', ["{{ never }}", {"a": "{{ never }}"}]),
    "vault": ('[!vault VAULTED, "{{ vaulted }}"]', ["from the vault", "from the vault"]),
    "dates": ("[2026-01-02, 2026-01-02T03:04:05]", ["2026-01-02", "2026-01-02T03:04:05"]),
    "integers": (f"[{2**64}, -{10**40}, '{{{{ huge }}}}']", [2**64, -(10**40), 2**70]),
    "floats": ("[0.1, 1.0e+100, -0.0]", [0.1, 1e100, -0.0]),
    "null": ('[null, ""]', [None, ""]),
    "booleans": ('[true, "{{ 1 == 2 }}", "yes"]', [True, False, "yes"]),
    "keys": ("{2: a, true: b, ünï: c, '': d}", {"2": "a", "true": "b", "ünï": "c", "": "d"}),
    "text": (r'["\u0000\u001f\U0001f600", "€"]', ["\x00\x1f😀", "€"]),
    "lists": (
        '["{{ [3, 1, 3] | unique }}", "{{ mapping | dict2items }}", "{{ mapping.keys() | list }}"]',
        [[3, 1], [{"key": "k", "value": "v"}], ["k"]],
    ),
    "lazy mapping": ('"{{ lazy }}"', {"inner": {"text": "täxt", "list": [7, {"k": "v"}]}}),
    "hostvars": ("\"{{ hostvars['controller'].shared }}\"", {"k": "v"}),
    "deep": ('"{{ deep }}"', DEEP),
}

# The same for an output as a whole.
WHOLE: dict[str, tuple[str, Any]] = {
    "many": (
        "{" + ", ".join(f'"{name}": {text}' for name, (text, _unused) in WITHIN.items()) + "}",
        {name: value for name, (_unused, value) in WITHIN.items()},
    ),
    "whole mapping": ('"{{ mapping }}"', {"k": "v"}),
    "JSON text": ("""'{"a": {"b": [1]}}'""", {"a": {"b": [1]}}),
    "pairs": ("'a=1 b=two'", {"a": "1", "b": "two"}),
    "as deep as may be": (f"!unsafe '{nested(200)}'", json.loads(nested(200))),
    "omit": ('"{{ omit }}"', {}),
    "nothing": ("null", {}),
    "empty": ('""', {}),
}

# What stands in YAML, and the rule that it breaks.
REFUSED = {
    "list": ("[1, 2]", "type"),
    "not a mapping": ("just a text", "type"),
    "not a number": ("{a: .nan}", "number"),
    "too deep": (f"!unsafe '{nested(201)}'", "depth"),
    "far too deep": (f"!unsafe '{nested(700)}'", "depth"),
    "infinity": ("{a: [-.inf]}", "number"),
}

PLAYBOOK = """
- hosts: all
  gather_facts: false
  module_defaults:
    group/functiongraph.workflow.fgs: %(defaults)s
  vars:
    number: 7
    huge: 1180591620717411303424
    text: täxt
    unsafe: !unsafe "{{ never }}"
    vaulted: !vault %(vaulted)s
    mapping: {k: v}
    lazy:
      inner:
        text: "{{ text }}"
        list: ["{{ number }}", "{{ mapping }}"]
    deep: %(deep)s
  tasks:
    - name: undefined
      functiongraph.workflow.fgs_workflow_callback:
        output: {a: "{{ never_defined }}"}
        result: success
      ignore_errors: true
%(tasks)s
"""
TASK = """
    - name: %s
      functiongraph.workflow.fgs_workflow_callback:
        workflow_id: "{{ runs[case].workflow_id }}"
        workflow_run_id: "{{ runs[case].workflow_run_id }}"
        workflow_state_id: "{{ runs[case].workflow_state_id }}"
        result: success
        output: %s
      vars: {case: %s}
      ignore_errors: true
"""


class Values(NamedTuple):
    run: Run
    hosts: dict[str, dict[str, Any]]
    simulator: Simulator


@pytest.fixture(scope="module")
def values(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Values:
    home = tmp_path_factory.mktemp("home")
    (home / "password").write_text(PASSWORD)
    texts = {case: text for case, (text, _unused) in (*WHOLE.items(), *REFUSED.items())}
    tasks = "".join(TASK % (json.dumps(case), text, json.dumps(case)) for case, text in texts.items())
    hosts = faces.hosts(simulator, list(texts), shared={"k": "v"})
    playbook = PLAYBOOK % {
        "defaults": json.dumps(faces.connection(simulator)),
        "vaulted": vaulted("from the vault"),
        "deep": json.dumps(DEEP),
        "tasks": tasks.replace("VAULTED", vaulted("from the vault")),
    }
    run = playbooks.ansible_playbook(playbook, "--vault-password-file", str(home / "password"), home=home, hosts=hosts)
    return Values(run, hosts, simulator)


@pytest.mark.parametrize("case", WHOLE)
def test_output_arrives_as_the_same_json(values: Values, case: str) -> None:
    assert faces.same(values.run, values.hosts, case)["delivery"] == "delivered"
    for face in FACES:
        assert values.simulator.run(values.hosts[face]["runs"][case])["output"] == WHOLE[case][1]


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_output_is_refused_by_both_faces(values: Values, case: str) -> None:
    result = faces.same(values.run, values.hosts, case)
    assert result["delivery"] == "not_sent"
    assert [(v["option"], v["rule"]) for v in result["violations"]] == [("output", REFUSED[case][1])]


def test_undefined_variable_is_an_error_of_ansible(values: Values) -> None:
    messages = {values.run.result("undefined", face)["msg"] for face in FACES}
    assert len(messages) == 1
    assert "never_defined" in messages.pop()
