# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write extensions/awx/import.json, which `awx import` takes, from its parts, or with --check tell whether it is fresh.

The form is that of `awx export`: objects name each other by natural keys, which hold no number of any one AWX.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import survey
import trees
import yaml

FOLDER = trees.ROOT / "extensions/awx"
TYPE: dict[str, Any] = yaml.safe_load((FOLDER / "credential_type.yml").read_text(encoding="utf-8"))

Json = dict[str, Any]

ORGANIZATION: Json = {"name": "Default", "type": "organization"}
CREDENTIAL_TYPE: Json = {"name": TYPE["name"], "kind": TYPE["kind"], "type": "credential_type"}
ENVIRONMENT: Json = {"name": "FunctionGraph", "type": "execution_environment"}
# What AWX gives up on after an hour takes the failure edge, as everything that fails does.
RUNBOOK_SECONDS = 3600
STOPPED = "The AWX job failed, timed out or was canceled"


def owned(kind: str, name: str) -> Json:
    """The natural key of what belongs to an organization."""
    return {"organization": ORGANIZATION, "name": name, "type": kind}


CREDENTIAL: Json = {**owned("credential", "FunctionGraph"), "credential_type": CREDENTIAL_TYPE}
PROJECT = owned("project", "FunctionGraph runbooks")
INVENTORY = owned("inventory", "FunctionGraph")
RUNBOOK = owned("job_template", "FunctionGraph runbook")
REPORT = owned("job_template", "FunctionGraph report")
WORKFLOW = owned("workflow_job_template", "FunctionGraph runbook and report")


def job_template(key: Json, description: str, playbook: str, timeout: int, asked: Json, any_variable: bool) -> Json:
    return {
        "name": key["name"],
        "description": description,
        "job_type": "run",
        "inventory": INVENTORY,
        "project": PROJECT,
        "playbook": playbook,
        "execution_environment": ENVIRONMENT,
        "timeout": timeout,
        "survey_enabled": True,
        "ask_variables_on_launch": any_variable,
        # Two runs of a workflow may wait at the same time: neither is to wait for the other's job.
        "allow_simultaneous": True,
        "job_slice_count": 1,
        "related": {"credentials": [CREDENTIAL], "survey_spec": asked},
        "natural_key": key,
    }


def node(identifier: str, template: Json, extra_data: Json, **edges: str) -> Json:
    """A node of the workflow; edges leads from an outcome to the identifier of the node that follows."""
    return {
        "identifier": identifier,
        "unified_job_template": template,
        "extra_data": extra_data,
        "related": {edge: [node_key(target)] for edge, target in edges.items()},
        "natural_key": node_key(identifier),
    }


def node_key(identifier: str) -> Json:
    return {"workflow_job_template": WORKFLOW, "identifier": identifier, "type": "workflow_job_template_node"}


def assets(surveys: dict[str, Json]) -> Json:
    """Everything, in the form of `awx export`. surveys holds the surveys by the name of their file."""
    return {
        "credential_types": [{**TYPE, "natural_key": CREDENTIAL_TYPE}],
        "execution_environments": [
            {
                "name": ENVIRONMENT["name"],
                "description": "Built from execution-environment.yml of functiongraph.workflow",
                "organization": ORGANIZATION,
                "image": "registry.example.com/functiongraph-workflow:1.0.0",
                "pull": "missing",
                "natural_key": ENVIRONMENT,
            }
        ],
        "projects": [
            {
                "name": PROJECT["name"],
                "description": "Begins as a copy of extensions/awx/project of functiongraph.workflow",
                "organization": ORGANIZATION,
                "scm_type": "git",
                "scm_url": "https://git.example.com/functiongraph-runbooks.git",
                "natural_key": PROJECT,
            }
        ],
        "inventory": [
            {
                "name": INVENTORY["name"],
                "description": "The execution environment itself, from which FunctionGraph is called",
                "organization": ORGANIZATION,
                "variables": "",
                "related": {
                    "hosts": [
                        {
                            "name": "localhost",
                            "variables": json.dumps(json.loads((FOLDER / "localhost.json").read_text())),
                            "natural_key": {"name": "localhost", "inventory": INVENTORY, "type": "host"},
                        }
                    ]
                },
                "natural_key": INVENTORY,
            }
        ],
        "job_templates": [
            job_template(
                RUNBOOK,
                "The work that a state of a workflow waits for",
                "runbook.yml",
                RUNBOOK_SECONDS,
                surveys["survey_ids.json"],
                False,
            ),
            job_template(
                REPORT,
                "Tells the workflow how the job before it ended",
                "report.yml",
                0,
                surveys["survey.json"],
                True,
            ),
        ],
        "workflow_job_templates": [
            {
                "name": WORKFLOW["name"],
                "description": "Runs the runbook, and reports its end whatever it is",
                "organization": ORGANIZATION,
                "survey_enabled": True,
                "ask_variables_on_launch": False,
                "allow_simultaneous": True,
                "related": {
                    "survey_spec": surveys["survey_ids.json"],
                    "workflow_nodes": [
                        node("runbook", RUNBOOK, {}, success_nodes="report-success", failure_nodes="report-fail"),
                        node("report-success", REPORT, {"fgs_workflow_result": "success"}),
                        node("report-fail", REPORT, {"fgs_workflow_result": "fail", "fgs_workflow_error": STOPPED}),
                    ],
                },
                "natural_key": WORKFLOW,
            }
        ],
    }


def files() -> dict[Path, str]:
    surveys = {path.name: json.loads(text) for path, text in survey.surveys().items()}
    return {FOLDER / "import.json": json.dumps(assets(surveys), indent=2) + "\n"}


if __name__ == "__main__":
    sys.exit(survey.main(files(), "--check" in sys.argv[1:]))
