# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook awx_setup with the real modules of awx.awx, and `awx import`, against the stand-in for AWX's API."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from awx.standin import PASSWORD, TOKEN, USER, serving
from awx.world import ENCRYPTED, Awx
from support.playbooks import BIN, ROOT, Run, environment

PLAYBOOK = "functiongraph.workflow.awx_setup"
KEY, SECRET = "AKOFTHESETUPTEST0001", "sk-of-the-setup-test-which-nobody-may-see"
IMPORT = ROOT / "extensions/awx/import.json"


@pytest.fixture
def awx() -> Awx:
    return Awx()


@pytest.fixture
def address(awx: Awx) -> Iterator[str]:
    with serving(awx) as address:
        yield address


@pytest.fixture
def set_up(ansible_playbook: Callable[..., Run], address: str) -> Callable[..., Run]:
    def run(*arguments: str, env: dict[str, str] | None = None, **variables: Any) -> Run:
        given = {
            "fgs_awx_host": address,
            "fgs_awx_image": "registry.example.com/functiongraph-workflow:1.0.0",
            "fgs_awx_project_url": "https://git.example.com/functiongraph-runbooks.git",
        }
        keys = {"HUAWEICLOUD_SDK_AK": KEY, "HUAWEICLOUD_SDK_SK": SECRET, "HW_REGION_NAME": "cn-north-4"}
        env = {"CONTROLLER_OAUTH_TOKEN": TOKEN} if env is None else env
        return ansible_playbook(PLAYBOOK, *arguments, extra_vars={**given, **variables}, env={**keys, **env})

    return run


def changed(run: Run) -> list[str]:
    return sorted({t.task for t in run.tasks if t.result.get("changed") and "item" not in t.outcome})


def made(awx: Awx) -> Any:
    """All objects without their numbers: what they are, and whom they name."""
    names = {number: o.get("name") or o["identifier"] for kind in awx.objects.values() for number, o in kind.items()}

    def shown(item: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in item.items() if name not in ("id", "url", "related", "created")}
        return {name: names.get(value, value) if type(value) is int else value for name, value in kept.items()}

    found: dict[str, Any] = {
        place: sorted((shown(item) for item in kind.values()), key=lambda item: str(item.get("name") or item))
        for place, kind in awx.objects.items()
        if place not in ("credentials",)
    }
    found["links"] = {
        (place, names[number], name): [names[target] for target in targets]
        for (place, number, name), targets in awx.links.items()
    }
    found["surveys"] = {(place, names[number]): survey for (place, number), survey in awx.surveys.items()}
    return found


def test_from_nothing_twice_and_in_check_mode(awx: Awx, set_up: Callable[..., Run], home: Path) -> None:
    first_look = set_up("--check")
    assert first_look.returncode == 0, first_look.output
    assert awx.changes() == []

    first = set_up("-vvv")
    assert first.returncode == 0, first.output
    assert SECRET not in first.output
    assert KEY not in first.output
    workflow = awx.named("workflow_job_templates", "FunctionGraph runbook and report")
    assert f"workflow_job_templates/{workflow['id']} " in first.result("What comes next")["msg"]
    stored = awx.named("credentials", "FunctionGraph")["inputs"]
    assert stored["secret_key"] == stored["access_key"] == ENCRYPTED
    assert stored["region"] == "cn-north-4"
    assert {KEY, SECRET} <= set(awx.secrets)
    launches_take_the_ids(awx)

    before, asked = made(awx), len(awx.changes())
    second = set_up()
    assert second.returncode == 0, second.output
    assert changed(second) == ["Credential"]
    assert made(awx) == before
    assert {(method, path.split("/")[3]) for method, path, _body in awx.changes()[asked:]} == {("PATCH", "credentials")}

    # With a user instead of a token, and an inventory that is there: only the module's own token is made and released.
    asked = len(awx.changes())
    login = {"fgs_awx_username": USER, "fgs_awx_password": PASSWORD, "fgs_awx_inventory": "FunctionGraph"}
    second_look = set_up("--check", "-vvv", env={}, **login)
    assert second_look.returncode == 0, second_look.output
    assert PASSWORD not in second_look.output
    assert changed(second_look) == ["Credential"]
    assert [task.outcome for task in second_look.tasks if task.task == "Inventory"] == ["skipped"]
    assert {path.split("/")[3] for _method, path, _body in awx.changes()[asked:]} == {"tokens"}

    import_makes_the_same(before, home)


def launches_take_the_ids(awx: Awx) -> None:
    """What was made can be launched, and nothing that a launch or a node gives is ignored."""
    ids = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "r", "fgs_workflow_state_id": "s"}
    launched = (("job_templates", " runbook"), ("workflow_job_templates", " runbook and report"))
    for place, name in launched:
        job = awx.launch(place, awx.named(place, f"FunctionGraph{name}")["id"], ids)
        assert job["ignored_fields"] == {}
        assert json.loads(job["extra_vars"]) == ids
    for identifier in ("report-success", "report-fail"):
        node = awx.named("workflow_job_template_nodes", identifier)
        output = {"fgs_workflow_output": {"hosts_done": 3}}
        report = awx.launch("job_templates", node["unified_job_template"], {**ids, **output, **node["extra_data"]})
        assert report["ignored_fields"] == {}
    for place in ("jobs", "workflow_jobs"):
        awx.objects[place].clear()


def awx_import(home: Path, address: str) -> str:
    finished = subprocess.run(
        [str(BIN / "awx"), "import"],
        input=IMPORT.read_text(),
        env=environment(home, CONTROLLER_HOST=address, CONTROLLER_OAUTH_TOKEN=TOKEN),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return finished.stdout


def import_makes_the_same(made_by_playbook: Any, home: Path) -> None:
    """The file makes what the playbook makes, once the credential, which no file can hold, is there."""
    awx = Awx()
    with serving(awx) as address:
        assert "Could not find matching object" in awx_import(home, address)
        credential_type = awx.named("credential_types", "FunctionGraph")["id"]
        credential = {"name": "FunctionGraph", "organization": 1, "credential_type": credential_type, "inputs": {}}
        awx.create("credentials", credential)
        said = awx_import(home, address)
    assert "Could not find" not in said, said
    assert made(awx) == made_by_playbook
