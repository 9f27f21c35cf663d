# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook awx_setup with the real modules of awx.awx, against the fake AWX API."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from awx.standin import PASSWORD, TOKEN, USER, serving
from awx.world import ENCRYPTED, Awx
from support.playbooks import Run

PLAYBOOK = "functiongraph.workflow.awx_setup"
KEY, SECRET = "AKOFTHESETUPTEST0001", "sk-of-the-setup-test-which-nobody-may-see"
URL = "https://git.example.com/functiongraph-runbooks.git"
NEW: dict[str, Any] = {
    "fgs_awx_image": "registry.example.com/functiongraph-workflow:1.0.0",
    "fgs_awx_project_url": URL,
}
WAITING: dict[str, Any] = {"fgs_workflow_ids": ["00123"], "fgs_callback_states": ["wait for it"]}
IDS = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "r", "fgs_workflow_state_id": "s"}
NAMED = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "r", "fgs_workflow_state_name": "等待 / wait for it"}
QUESTION = {
    "question_name": "Release",
    "question_description": "What to install",
    "variable": "release",
    "type": "text",
    "required": False,
    "default": "",
    "min": 0,
    "max": 20,
}


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
        keys = {"HUAWEICLOUD_SDK_AK": KEY, "HUAWEICLOUD_SDK_SK": SECRET, "HW_REGION_NAME": "cn-north-4"}
        env = {"CONTROLLER_OAUTH_TOKEN": TOKEN} if env is None else env
        extra_vars = {"fgs_awx_host": address, **variables}
        return ansible_playbook(PLAYBOOK, *arguments, extra_vars=extra_vars, env={**keys, **env})

    return run


def changed(run: Run) -> list[str]:
    assert run.returncode == 0, run.output
    return sorted({t.task for t in run.tasks if t.result.get("changed") and "item" not in t.outcome})


def configuration(awx: Awx) -> Any:
    """Returns a copy of everything that awx_setup may change, without the jobs that it runs."""
    jobs = ("jobs", "workflow_jobs", "notifications", "project_updates")
    objects = {place: kind for place, kind in awx.objects.items() if place not in jobs}
    return copy.deepcopy((objects, awx.links, awx.surveys))


def named(awx: Awx, place: str, name: str) -> Any:
    return awx.named(place, f"FunctionGraph{name}")


def linked(awx: Awx, place: str, name: str, links: str) -> list[str]:
    return [each["name"] for each in awx.linked(place, named(awx, place, name)["id"], links)]


def test_set_up_is_complete_and_idempotent(awx: Awx, set_up: Callable[..., Run]) -> None:
    check = set_up("--check", **NEW)
    assert check.returncode == 0, check.output
    assert awx.changes() == []

    first = set_up("-vvv", **NEW, **WAITING)
    assert first.returncode == 0, first.output
    secrets = [secret for secret in (KEY, SECRET, TOKEN, *awx.passwords.values()) if secret in first.output]
    assert secrets == []
    workflow = named(awx, "workflow_job_templates", " runbook and report")
    expected = f"AWX is ready: a function launches workflow_job_templates/{workflow['id']} "
    message = first.result("Show what to do next")["msg"]
    assert message.startswith(expected)
    assert message.endswith(' enable the schedule "FunctionGraph reconcile: answer".')
    inputs = named(awx, "credentials", "")["inputs"]
    assert inputs == {"access_key": ENCRYPTED, "secret_key": ENCRYPTED, "region": "cn-north-4"}
    assert {KEY, SECRET} <= set(awx.secrets)
    assert_launches_accept_the_ids(awx)
    assert_report_is_independent_of_the_runbook(awx)
    assert_reconcile_may_only_read(awx)

    operators_change(awx)
    before, asked = configuration(awx), len(awx.changes())
    assert changed(set_up()) == []
    assert configuration(awx) == before
    assert {path.split("/")[5] for _method, path, _body in awx.changes()[asked:]} == {"launch", "test"}

    assert_set_variables_change_objects(awx, set_up)
    assert_keys_are_rotated(awx, set_up)
    assert_password_of_reconcile_is_renewed(awx, set_up)


def assert_launches_accept_the_ids(awx: Awx) -> None:
    """The templates can be launched, and ignore no variable of a launch or a node."""
    for place, name in (("job_templates", " runbook"), ("workflow_job_templates", " runbook and report")):
        for ids in (IDS, NAMED):
            job = awx.launch(place, named(awx, place, name)["id"], ids)
            assert job["ignored_fields"] == {}
            assert json.loads(job["extra_vars"]) == {"fgs_workflow_state_id": "", "fgs_workflow_state_name": "", **ids}
    for identifier, result in (("report-success", "success"), ("report-fail", "fail")):
        node = awx.named("workflow_job_template_nodes", identifier)
        assert node["extra_data"]["fgs_workflow_result"] == result
        output = {"fgs_workflow_output": {"hosts_done": 3}}
        for ids in (IDS, NAMED):
            report = awx.launch("job_templates", node["unified_job_template"], {**ids, **output, **node["extra_data"]})
            assert report["ignored_fields"] == {}
    # Without an error the report names the workflow job itself.
    expected = {"fgs_workflow_result": "fail", "fgs_report_fails": True}
    assert awx.named("workflow_job_template_nodes", "report-fail")["extra_data"] == expected
    edges = awx.named("workflow_job_template_nodes", "runbook")["id"]
    for edge, target in (("success_nodes", "report-success"), ("failure_nodes", "report-fail")):
        (found,) = awx.linked("workflow_job_template_nodes", edges, edge)
        assert found["identifier"] == target


def assert_report_is_independent_of_the_runbook(awx: Awx) -> None:
    """It has its own project and execution environment. The error notification may launch only one job template."""
    runbook, report = named(awx, "job_templates", " runbook"), named(awx, "job_templates", " report")
    assert runbook["project"] != report["project"]
    assert runbook["execution_environment"] != report["execution_environment"]
    assert not awx.objects["projects"][report["project"]].get("scm_update_on_launch")
    assert linked(awx, "workflow_job_templates", " runbook and report", "notification_templates_error") == [
        "FunctionGraph error"
    ]
    notification = named(awx, "notification_templates", " error")
    launched = named(awx, "job_templates", " report of a notification")
    assert notification["notification_configuration"]["url"].endswith(f"/job_templates/{launched['id']}/launch/")
    assert notification["messages"]["error"]["body"] == '{"extra_vars": {"awx_note": {{ job_metadata }} }}'
    assert rights(awx, "notification") == [launched["id"]]
    note = {"awx_note": {"id": 1, "status": "canceled", "extra_vars": json.dumps(IDS)}}
    assert awx.launch("job_templates", launched["id"], note)["ignored_fields"] == {}


def rights(awx: Awx, purpose: str) -> list[int]:
    """Returns the objects on which a user of the setup has a role. A role has the ID of its object."""
    (user,) = (u["id"] for u in awx.objects["users"].values() if u["username"] == f"FunctionGraph-Default-{purpose}")
    return [number for (_place, number, name), users in awx.links.items() if name == "users" and user in users]


def assert_reconcile_may_only_read(awx: Awx) -> None:
    """Its user is an auditor of the organization. It answers only where somebody enables the schedule."""
    assert rights(awx, "reconcile") == [awx.named("organizations", "Default")["id"]]
    template = named(awx, "job_templates", " reconcile")
    assert (template["playbook"], json.loads(template["extra_vars"])) == ("reconcile.yml", WAITING)
    assert not template["ask_variables_on_launch"]
    attached = sorted(linked(awx, "job_templates", " reconcile", "credentials"))
    assert attached == ["FunctionGraph", "FunctionGraph reconcile"]
    inputs = named(awx, "credentials", " reconcile")["inputs"]
    assert (inputs["username"], inputs["password"]) == ("FunctionGraph-Default-reconcile", ENCRYPTED)
    assert awx.passwords["FunctionGraph-Default-reconcile"] in awx.secrets
    for reconcile, enabled in (("report", True), ("answer", False)):
        schedule = named(awx, "schedules", f" reconcile: {reconcile}")
        assert (schedule["extra_data"], schedule["enabled"]) == ({"fgs_reconcile": reconcile}, enabled)


def operators_change(awx: Awx) -> None:
    answers = named(awx, "schedules", " reconcile: answer")
    awx.update("schedules", answers["id"], {"enabled": True})
    variables = json.dumps({**WAITING, "fgs_reconcile_alarm": "1d"})
    awx.update("job_templates", named(awx, "job_templates", " reconcile")["id"], {"extra_vars": variables})
    runbook = named(awx, "job_templates", " runbook")
    awx.playbooks.add("patch.yml")
    inventory = awx.create("inventories", {"name": "all servers", "organization": 1})
    machine = awx.create("credential_types", {"name": "Machine", "kind": "net", "inputs": {}, "injectors": {}})
    login = {"name": "servers", "organization": 1, "credential_type": machine["id"]}
    credential = awx.create("credentials", login)
    changes = {"inventory": inventory["id"], "timeout": 60, "playbook": "patch.yml"}
    awx.update("job_templates", runbook["id"], changes)
    awx.links["job_templates", runbook["id"], "credentials"].append(credential["id"])
    survey = awx.surveys["job_templates", runbook["id"]]
    awx.set_survey("job_templates", runbook["id"], {**survey, "spec": [*survey["spec"], QUESTION]})
    environment = named(awx, "execution_environments", " (Default)")
    awx.update("execution_environments", environment["id"], {"image": "registry.example.com/own:2", "pull": "always"})


def assert_set_variables_change_objects(awx: Awx, set_up: Callable[..., Run]) -> None:
    """Nothing else changes. Logs in with user and password instead of a token."""
    login = {"fgs_awx_username": USER, "fgs_awx_password": PASSWORD}
    variables = {"fgs_awx_image": "registry.example.com/own:3", "fgs_awx_timeout": 90, "fgs_awx_labels": ["nightly"]}
    lists = {"fgs_awx_credentials": ["servers"], "fgs_awx_survey": [QUESTION], "fgs_workflow_ids": ["00123", "w"]}
    run = set_up("-vvv", env={}, **login, **variables, **lists, fgs_awx_smoke=False)
    assert changed(run) == [
        "Create the labels",
        "Update the images of the execution environments",
        "Update the job template of reconcile",
        "Update the job template of the runbook",
        "Update the workflow template",
    ]
    assert PASSWORD not in run.output
    environment = named(awx, "execution_environments", " (Default)")
    assert (environment["image"], environment["pull"]) == ("registry.example.com/own:3", "always")
    runbook = named(awx, "job_templates", " runbook")
    assert (runbook["timeout"], runbook["playbook"]) == (90, "patch.yml")
    assert awx.objects["inventories"][runbook["inventory"]]["name"] == "all servers"
    assert linked(awx, "job_templates", " runbook", "credentials") == ["FunctionGraph", "servers"]
    assert linked(awx, "job_templates", " runbook", "labels") == ["nightly"]
    variables = json.loads(named(awx, "job_templates", " reconcile")["extra_vars"])
    assert variables == {**WAITING, "fgs_workflow_ids": ["00123", "w"], "fgs_reconcile_alarm": "1d"}
    for place, name in (("job_templates", " runbook"), ("workflow_job_templates", " runbook and report")):
        answers = {**IDS, "release": "1.2"}
        assert awx.launch(place, named(awx, place, name)["id"], answers)["ignored_fields"] == {}


def assert_keys_are_rotated(awx: Awx, set_up: Callable[..., Run]) -> None:
    """The secrets are one set. Other inputs of the credential and all other objects do not change."""
    before = configuration(awx)
    credential = named(awx, "credentials", "")
    awx.update("credentials", credential["id"], {"inputs": {**credential["inputs"], "security_token": "old"}})
    new = {"fgs_access_key": "AKNEW", "fgs_secret_key": "sk-new", "fgs_region": "", "fgs_awx_only": "credential"}
    assert changed(set_up(**new)) == ["Rotate the keys of the credential"]
    inputs = {"access_key": ENCRYPTED, "secret_key": ENCRYPTED, "region": "cn-north-4"}
    assert named(awx, "credentials", "")["inputs"] == inputs
    assert {"AKNEW", "sk-new"} <= set(awx.secrets)
    assert configuration(awx) == before


def assert_password_of_reconcile_is_renewed(awx: Awx, set_up: Callable[..., Run]) -> None:
    before, old = configuration(awx), awx.passwords["FunctionGraph-Default-reconcile"]
    run = set_up(fgs_awx_only="reconcile", fgs_awx_smoke=False)
    assert changed(run) == ["Create the credential of reconcile", "Create the user who may read all jobs"]
    new = awx.passwords["FunctionGraph-Default-reconcile"]
    assert (new != old, awx.secrets[-1]) == (True, new)
    assert configuration(awx) == before


def test_each_organization_has_its_own_set_up(awx: Awx, set_up: Callable[..., Run]) -> None:
    quick = {**NEW, "fgs_awx_smoke": False}
    first = set_up(**quick)
    assert first.returncode == 0
    unknown = " set fgs_workflow_ids to the IDs of your workflows, and run awx_setup again."
    assert first.result("Show what to do next")["msg"].endswith(unknown)
    assert set_up(fgs_awx_only="reconcile").result("Check that all required variables are set")["msg"] == (
        "awx_setup cannot begin. AWX has no password of reconcile to renew yet; "
        "run awx_setup with fgs_workflow_ids and without fgs_awx_only first."
    )
    before = configuration(awx)
    assert set_up(**quick, fgs_awx_organization="Second").result("Check that the organization exists")["msg"] == (
        "AWX has no organization Second; set fgs_awx_organization to one that exists."
    )
    second = awx.create("organizations", {"name": "Second"})
    assert set_up(**quick, **WAITING, fgs_awx_organization="Second").returncode == 0
    assert changed(set_up(fgs_awx_smoke=False)) == []
    objects, links, surveys = before
    for place, kind in objects.items():
        for number, each in kind.items():
            assert awx.objects[place][number] == each
    assert {key: awx.links[key] for key in links} == links
    assert {key: awx.surveys[key] for key in surveys} == surveys
    owned = ("execution_environments", "projects", "inventories", "credentials", "workflow_job_templates")
    for place in owned:
        owners = [each["organization"] for each in awx.objects[place].values()]
        # Only the second one got a credential of the user that reconciles.
        assert owners.count(second["id"]) - (place == "credentials") == owners.count(1) > 0
    for template in awx.objects["job_templates"].values():
        if template["organization"] == second["id"]:
            for field, place in (("project", "projects"), ("inventory", "inventories")):
                assert awx.objects[place][template[field]]["organization"] == second["id"]


def test_failed_project_update_is_retried(awx: Awx, set_up: Callable[..., Run], address: str) -> None:
    awx.broken.add(URL)
    message = set_up(**NEW).result("Check that the project was updated")["msg"]
    update = max(awx.objects["project_updates"])
    assert message == (
        "The update of project FunctionGraph runbooks failed: the repository is not there See "
        f"{address}/#/jobs/project/{update}/output, and run awx_setup again, which updates it again."
    )
    awx.broken.clear()

    # The repository may be a copy of an earlier release.
    awx.playbooks.remove("reconcile.yml")
    old = set_up(**NEW, **WAITING, fgs_awx_smoke=False).result("Check that the project contains reconcile.yml")["msg"]
    assert old == (
        "Project FunctionGraph report has no reconcile.yml. Copy it from extensions/awx/project of the collection to "
        "the repository, update the project in AWX, and run awx_setup again; or set fgs_awx_reconcile to false."
    )

    # The reasons of failed smoke jobs and of an unreachable notification target are reported.
    awx.objects["projects"][named(awx, "job_templates", " smoke")["project"]]["status"] = "failed"
    awx.passwords.clear()
    smoke = set_up(fgs_awx_only="smoke").result("Check that the smoke jobs were successful")["msg"]
    jobs = [
        f"Job {job} has the status failed: Missing a revision to run due to failed project update. "
        f"See {address}/#/jobs/playbook/{job}/output."
        for job in awx.objects["jobs"]
    ]
    unsent = f"The notification could not be sent to {address}: Error sending webhook notification: 401"
    # One in each of the two execution environments.
    assert len(jobs) == 2
    assert smoke == " ".join(["AWX is set up, but a smoke job failed.", *jobs, unsent])

    # Created without the rest, it would not be attached to a workflow template.
    awx.objects["notification_templates"].clear()
    assert set_up(fgs_awx_only="notification").result("Check that all required variables are set")["msg"] == (
        "awx_setup cannot begin. AWX has no notification to renew yet; run awx_setup without fgs_awx_only first."
    )


def test_interrupted_run_is_completed(awx: Awx, set_up: Callable[..., Run]) -> None:
    """Else the workflow could wait for ever, without a report of a cancellation, without IDs, or without keys."""
    quick = {**NEW, **WAITING, "fgs_awx_smoke": False}
    for refused in ("credentials", "survey_spec", "notification_templates_error"):
        awx.refused = {refused}
        assert set_up(**quick).returncode == 2
    awx.refused.clear()
    assert set_up(**quick).returncode == 0
    assert linked(awx, "job_templates", " runbook", "credentials") == ["FunctionGraph"]
    assert_launches_accept_the_ids(awx)
    assert_report_is_independent_of_the_runbook(awx)

    # A detached notification cannot be distinguished from an interrupted run: a variable disables it.
    workflow = named(awx, "workflow_job_templates", " runbook and report")
    report = named(awx, "job_templates", " report")
    awx.links["workflow_job_templates", workflow["id"], "notification_templates_error"].clear()
    awx.links["job_templates", report["id"], "credentials"].clear()
    # A runbook without its survey keeps its own credential.
    runbook = named(awx, "job_templates", " runbook")
    credential_type = awx.named("credentials", "FunctionGraph")["credential_type"]
    own = awx.create("credentials", {"name": "own", "organization": 1, "credential_type": credential_type})
    awx.links["job_templates", runbook["id"], "credentials"][:] = [own["id"]]
    del awx.surveys["job_templates", runbook["id"]]
    # The schedules cannot be created before the survey of their template.
    reconcile = named(awx, "job_templates", " reconcile")
    awx.links["job_templates", reconcile["id"], "credentials"].clear()
    del awx.surveys["job_templates", reconcile["id"]]
    awx.objects["schedules"].clear()
    completed = [
        "Create the schedules of reconcile",
        "Update the job template of reconcile",
        "Update the job template of the runbook",
        "Update the job templates of the report",
    ]
    assert changed(set_up(**quick, fgs_awx_notification=False)) == completed
    assert linked(awx, "job_templates", " report", "credentials") == ["FunctionGraph"]
    assert linked(awx, "job_templates", " runbook", "credentials") == ["own"]
    assert_launches_accept_the_ids(awx)
    assert_reconcile_may_only_read(awx)
    assert changed(set_up(**quick)) == ["Attach the error notification to the workflow template"]
    assert_report_is_independent_of_the_runbook(awx)
