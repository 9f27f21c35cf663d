# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surveys and the sample project: fresh, consistent, and such that a launch takes what it gets."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from awx.rules import EXTENSIONS, ROOT, survey_faults

from ansible_collections.functiongraph.workflow.plugins.module_utils import _schema

AWX = EXTENSIONS / "awx"
LIMITS = _schema.arguments_schema()["properties"]


def document(name: str) -> Any:
    return json.loads((AWX / name).read_text())


def test_generated_files_are_fresh() -> None:
    tool = ROOT / "tests/tools/survey.py"
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
        assert question["required"] == (option in _schema.arguments_schema()["required"])
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


def test_every_playbook_that_the_set_up_names_is_in_the_sample_project() -> None:
    """And nothing that a project update would have to fetch: then it could fail."""
    project = AWX / "project"
    for name in ("runbook.yml", "report.yml"):
        plays = yaml.safe_load((project / name).read_text())
        assert all("hosts" in play or "ansible.builtin.import_playbook" in play for play in plays)
    assert (project / "ansible.cfg").is_file()
    assert not list(project.glob("**/requirements.yml"))
