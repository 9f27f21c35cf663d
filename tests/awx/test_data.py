# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surveys and the file for `awx import`: fresh, consistent, and such that a launch takes what it gets."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from awx.rules import EXTENSIONS, ROOT, credential_type_faults, survey_faults

from ansible_collections.functiongraph.workflow.plugins.module_utils import _contract

AWX = EXTENSIONS / "awx"
LIMITS = _contract.arguments_schema()["properties"]
# What awxkit 24.6.1 takes for an object of each kind, to find the same one on another AWX.
NATURAL_KEYS = {
    "organization": {"name"},
    "credential_type": {"name", "kind"},
    "execution_environment": {"name"},
    "credential": {"organization", "name", "credential_type"},
    "project": {"organization", "name"},
    "inventory": {"organization", "name"},
    "host": {"name", "inventory"},
    "job_template": {"organization", "name"},
    "workflow_job_template": {"organization", "name"},
    "workflow_job_template_node": {"workflow_job_template", "identifier"},
}


def document(name: str) -> Any:
    return json.loads((AWX / name).read_text())


@pytest.mark.parametrize("command", ["survey.py", "awx_import.py"])
def test_generated_files_are_fresh(command: str) -> None:
    tool = ROOT / "tests/tools" / command
    checked = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_stale_file_is_noticed(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(ROOT / "tests/tools"))
    import survey

    stale = ROOT / "extensions/awx/survey.json"
    assert survey.main({stale: "{}\n"}, check=True) == 1
    assert "survey.json is not what its source says" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["survey.json", "survey_ids.json"])
def test_a_survey_has_the_limits_of_the_contract(name: str) -> None:
    survey = document(name)
    assert survey_faults(survey) == []
    for question in survey["spec"]:
        variable = question["variable"]
        option = variable[4:] if variable[4:] in LIMITS else variable[len("fgs_workflow_") :]
        limits = LIMITS[option]
        assert question["required"] == (option in _contract.arguments_schema()["required"])
        assert question.get("choices") == limits.get("enum")
        if "choices" not in question:
            assert question.get("max") == limits.get("maxLength")
            # An empty error counts as not given, so it is a fine answer; an empty id is none.
            assert question["min"] == (limits["minLength"] if question["required"] else 0)


SURVEY_BREAKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no spec": (lambda survey: survey.pop("spec"), "'spec'"),
    "no name": (lambda survey: survey.pop("name"), "'name'"),
    "empty": (lambda survey: survey.update(spec=[]), "non-empty"),
    "unknown type": (lambda survey: survey["spec"][0].update(type="string"), "'string'"),
    "no variable": (lambda survey: survey["spec"][0].pop("variable"), "'variable'"),
    "variable with a blank": (lambda survey: survey["spec"][0].update(variable="a b"), "'a b'"),
    "limit as a text": (lambda survey: survey["spec"][0].update(max="512"), "'512'"),
    "choices without any": (lambda survey: survey["spec"][3].pop("choices"), "'choices'"),
    "limit of choices": (lambda survey: survey["spec"][3].update(max=3), "should not be valid"),
    "default that is no choice": (lambda survey: survey["spec"][3].update(default="maybe"), "default"),
    "asked twice": (lambda survey: survey["spec"].append(survey["spec"][0]), "2 times"),
    "contradiction": (lambda survey: survey["spec"][0].update(min=600), "min is above max"),
}


@pytest.mark.parametrize("rule", SURVEY_BREAKS)
def test_a_wrong_survey_is_refused(rule: str) -> None:
    survey = copy.deepcopy(document("survey.json"))
    broken, expected = SURVEY_BREAKS[rule]
    broken(survey)
    faults = survey_faults(survey)
    assert len(faults) == 1, faults
    assert expected in faults[0]


def keys(value: Any) -> Iterator[dict[str, Any]]:
    """Every natural key in the file: what an object is called by, and what it names."""
    if isinstance(value, dict):
        if value.get("type") in NATURAL_KEYS:
            yield value
        for item in value.values():
            yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def test_natural_keys_are_whole_and_lead_somewhere() -> None:
    found = document("import.json")
    for key in keys(found):
        assert set(key) == NATURAL_KEYS[key["type"]] | {"type"}
    defined = {json.dumps(key, sort_keys=True) for key in owned(found)}
    # An organization is assumed, and a credential is made by hand: a file cannot hold its secrets.
    named = {
        json.dumps(key, sort_keys=True) for key in keys(found) if key["type"] not in ("organization", "credential")
    }
    assert named == defined


def owned(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "natural_key" in value:
            yield value["natural_key"]
        for item in value.values():
            yield from owned(item)
    elif isinstance(value, list):
        for item in value:
            yield from owned(item)


def test_import_holds_no_number_and_no_secret() -> None:
    found = document("import.json")
    assert "credentials" not in found
    text = json.dumps(found)
    assert '"id":' not in text.replace('"id": "', "")
    assert credential_type_faults({n: v for n, v in found["credential_types"][0].items() if n != "natural_key"}) == []


def test_every_playbook_of_the_file_is_in_the_sample_project() -> None:
    project = AWX / "project"
    for template in document("import.json")["job_templates"]:
        plays = yaml.safe_load((project / template["playbook"]).read_text())
        assert all("hosts" in play or "ansible.builtin.import_playbook" in play for play in plays)
    assert (project / "ansible.cfg").is_file()
    assert (project / "collections/requirements.yml").is_file()


def test_both_edges_report_and_each_its_own_outcome() -> None:
    (workflow,) = document("import.json")["workflow_job_templates"]
    nodes = {node["identifier"]: node for node in workflow["related"]["workflow_nodes"]}
    runbook = nodes["runbook"]
    assert runbook["unified_job_template"]["name"] == "FunctionGraph runbook"
    for edge, result in (("success_nodes", "success"), ("failure_nodes", "fail")):
        (target,) = runbook["related"][edge]
        report = nodes[target["identifier"]]
        assert report["unified_job_template"]["name"] == "FunctionGraph report"
        assert report["extra_data"]["fgs_workflow_result"] == result
        error = report["extra_data"].get("fgs_workflow_error", "x")
        assert LIMITS["error"]["minLength"] <= len(error) <= LIMITS["error"]["maxLength"]
    # What a workflow template asks for wins over what its nodes say: so it must not ask for the outcome.
    asked = {question["variable"] for question in workflow["related"]["survey_spec"]["spec"]}
    assert asked == {"fgs_workflow_id", "fgs_workflow_run_id", "fgs_workflow_state_id"}
