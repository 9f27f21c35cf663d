# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surveys and the sample project are valid and consistent with the collection."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from awx.rules import DATA, EXTENSIONS, survey_faults
from awx.world import Awx, Refused

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.settings import SPECIFICATION
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched

# The job template of the report also asks for the result. It does not ask for fgs_workflow_output, an artifact of the
# previous job, because a survey cannot ask for a dictionary.
SURVEYS = {"survey_ids.json": launched.IDS, "survey.json": (*launched.IDS, "result", "error")}


# Of the state, its ID or its name is required, which a survey cannot express: both questions are optional. They have no
# limits, because AWX applies a minimum to an empty answer too.
STATE = {
    "workflow_state_id": "Id of the waiting state, unless its name is set",
    "workflow_state_name": "Name of the waiting callback node, in place of the id",
}


def document(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def question(option: str) -> dict[str, Any]:
    """Returns the survey question for an option of the module, from the service's specification of its field."""
    asked: dict[str, Any] = {
        "question_name": re.sub(r"\bid\b", "ID", option.replace("_", " ").capitalize()),
        "variable": f"fgs_{option}" if option.startswith("workflow_") else f"fgs_workflow_{option}",
        "type": "text",
        "required": False,
        "default": "",
    }
    if option in STATE:
        return {**asked, "question_description": STATE[option]}
    row = field(option)
    asked.update(question_description=row.meaning[0].upper() + row.meaning[1:], required=row.mandatory)
    if row.enum:
        return {**asked, "type": "multiplechoice", "choices": list(row.enum)}
    # An empty error is treated as unset, so it is valid; an empty ID is not.
    limits = {"min": (row.min_length or 1) if row.mandatory else 0, "max": row.max_length}
    return {**asked, **{name: limit for name, limit in limits.items() if limit is not None}}


@pytest.mark.parametrize(("name", "options"), SURVEYS.items())
def test_survey_asks_what_the_service_expects(name: str, options: tuple[str, ...]) -> None:
    survey = document(name)
    assert survey_faults(survey) == []
    assert survey["spec"] == [question(option) for option in options]


def test_survey_of_reconcile_asks_what_it_does() -> None:
    survey = document("survey_reconcile.json")
    assert survey_faults(survey) == []
    (asked,) = survey["spec"]
    rules = SPECIFICATION[asked["variable"]]
    assert (asked["choices"], asked["default"]) == (rules["choices"], rules["default"])


RUN = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "r"}
ID, NAME = {"fgs_workflow_state_id": "s"}, {"fgs_workflow_state_name": "等待 / wait for it"}
UNSET = {"fgs_workflow_state_id": "", "fgs_workflow_state_name": ""}


def templates(awx: Awx) -> list[tuple[str, int]]:
    """Creates a job template and a workflow template with the survey of the IDs."""
    awx.create("projects", {"name": "p", "organization": 1})
    awx.create("inventories", {"name": "i", "organization": 1})
    job = {"name": "job", "project": 2, "inventory": 3, "playbook": "runbook.yml", "survey_enabled": True}
    workflow = {"name": "workflow", "organization": 1, "survey_enabled": True}
    made = [("job_templates", job), ("workflow_job_templates", workflow)]
    numbers = [(place, awx.create(place, template)["id"]) for place, template in made]
    for place, number in numbers:
        awx.set_survey(place, number, document("survey_ids.json"))
    return numbers


@pytest.mark.parametrize("state", [ID, NAME, {**ID, **NAME}, {**UNSET, **ID}, {**UNSET, **NAME}, {}, UNSET])
def test_survey_takes_the_state_by_id_or_by_name(state: dict[str, str]) -> None:
    """A job gets what is missing as an empty variable. A launch with neither is for the playbook to refuse."""
    awx = Awx()
    for place, number in templates(awx):
        job = awx.launch(place, number, {**RUN, **state})
        assert job["ignored_fields"] == {}
        assert json.loads(job["extra_vars"]) == {**RUN, **UNSET, **state}


@pytest.mark.parametrize(
    ("launch", "fault"),
    [
        (NAME, "'fgs_workflow_id' value missing"),
        ({"fgs_workflow_id": "w", **ID}, "'fgs_workflow_run_id' value missing"),
        ({**RUN, "fgs_workflow_run_id": "", **NAME}, "fgs_workflow_run_id has an invalid length"),
        ({**RUN, "fgs_workflow_id": "w" * 513, **NAME}, "fgs_workflow_id has an invalid length"),
        ({**RUN, "fgs_workflow_state_name": 7}, "fgs_workflow_state_name must be a string"),
    ],
)
def test_survey_refuses_invalid_ids(launch: dict[str, Any], fault: str) -> None:
    awx = Awx()
    for place, number in templates(awx):
        with pytest.raises(Refused) as refused:
            awx.launch(place, number, launch)
        assert fault in refused.value.body["variables_needed_to_start"]
    assert not awx.objects["jobs"]
    assert not awx.objects["workflow_jobs"]


SURVEY_BREAKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no spec": (lambda survey: survey.pop("spec"), "'spec'"),
    "no name": (lambda survey: survey.pop("name"), "'name'"),
    "empty": (lambda survey: survey.update(spec=[]), "non-empty"),
    "unknown type": (lambda survey: survey["spec"][0].update(type="string"), "'string'"),
    "no variable": (lambda survey: survey["spec"][0].pop("variable"), "'variable'"),
    "variable with a space": (lambda survey: survey["spec"][0].update(variable="a b"), "'a b'"),
    "limit as a string": (lambda survey: survey["spec"][0].update(max="512"), "'512'"),
    "choices without any": (lambda survey: survey["spec"][4].pop("choices"), "'choices'"),
    "limit of choices": (lambda survey: survey["spec"][4].update(max=3), "should not be valid"),
    "default that is not a choice": (lambda survey: survey["spec"][4].update(default="maybe"), "default"),
    "asked twice": (lambda survey: survey["spec"].append(survey["spec"][0]), "2 times"),
    "contradiction": (lambda survey: survey["spec"][0].update(min=600), "min is above max"),
}


@pytest.mark.parametrize("rule", SURVEY_BREAKS)
def test_invalid_survey_is_refused(rule: str) -> None:
    survey = copy.deepcopy(document("survey.json"))
    broken, expected = SURVEY_BREAKS[rule]
    broken(survey)
    faults = survey_faults(survey)
    assert len(faults) == 1, faults
    assert expected in faults[0]


def test_sample_project_contains_the_playbooks_of_awx_setup() -> None:
    """It has no requirements file, which could make a project update fail."""
    project = EXTENSIONS / "awx/project"
    for name in ("runbook.yml", "report.yml", "reconcile.yml"):
        plays = yaml.safe_load((project / name).read_text())
        assert all("hosts" in play or "ansible.builtin.import_playbook" in play for play in plays)
    assert (project / "ansible.cfg").is_file()
    assert not list(project.glob("**/requirements.yml"))
