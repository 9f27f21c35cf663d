# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role in a playbook of one play for each case: every failure is caught, so that all of them have their turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible.release import __version__
from role_cases import CASES, EARLIER, HUSH, WEB, Case, fails, publishes, reaches, task, works
from support import reporting
from support.playbooks import Run, ansible_playbook
from support.simulators import Simulator

pytestmark = pytest.mark.core
BY_PLUGIN = pytest.mark.parametrize(
    "plugin", [False, pytest.param(True, marks=pytest.mark.test_all)], ids=["role", "role and plugin"]
)

ROLE = "functiongraph.workflow.runbook"
REPORT = "functiongraph.workflow.runbook : Report the outcome of all hosts"
CORE = tuple(int(part) for part in __version__.split(".")[:2])


class Met(NamedTuple):
    """The finished playbook, and every run by the name of its case."""

    finished: Run
    runs: dict[str, dict[str, Any]]


def ids(run: dict[str, str]) -> dict[str, str]:
    return {f"fgs_{name}": run[name] for name in reporting.NAMES}


def play(name: str, case: Case, run: dict[str, str], place: Path) -> dict[str, Any]:
    """The play of a case."""
    started = task("started", "debug", {"msg": name})
    tasks = json.dumps([{**started, "name": f"started {name}"}, *case.tasks])
    # As YAML says it.
    (place / f"{name}.inc").write_text(tasks.replace("NaN", ".nan"))
    include = {
        "name": "run",
        "ansible.builtin.include_role": {"name": ROLE},
        "vars": {"runbook_tasks_file": f"{name}.inc", **case.variables},
        **case.include,
    }
    why = task(f"refused {name}", "debug", {"msg": "{{ ansible_failed_result.msg }}"})
    return {
        "hosts": ",".join(case.hosts),
        "gather_facts": False,
        "vars": ids(run),
        "tasks": [*case.before, {"block": [include], "rescue": [why]}],
        **case.play,
    }


def role(place: Path) -> None:
    """A role beside the playbook."""
    (place / "roles/a_role/tasks").mkdir(parents=True)
    (place / "roles/a_role/tasks/main.yml").write_text(json.dumps([works("the work of a role")]))


def meet(simulator: Simulator, names: list[str], place: Path) -> Met:
    """Run the playbook of some cases."""
    runs = {name: simulator.start_run(name=name) for name in names}
    (place / "playbook.yml").write_text(json.dumps([play(name, CASES[name], runs[name], place) for name in names]))
    role(place)
    env = reporting.environment(simulator, ANSIBLE_CALLBACKS_ENABLED="fgs_test_record")
    finished = ansible_playbook(
        str(place / "playbook.yml"), home=place, hosts={host: {} for host in WEB}, env=env, timeout=900
    )
    return Met(finished, {name: simulator.run(run) for name, run in runs.items()})


@pytest.fixture(scope="module")
def met(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Met]:
    """What comes of every case, in two playbooks."""
    names = list(CASES)
    came = [meet(simulator, half, tmp_path_factory.mktemp("role")) for half in (names[::2], names[1::2])]
    for one in came:
        assert one.finished.returncode == 0, one.finished.output[-5000:]
    return {name: one for one in came for name in one.runs}


@pytest.mark.parametrize("name", CASES)
def test_case(met: dict[str, Met], name: str) -> None:
    case, finished, run = CASES[name], met[name].finished, met[name].runs[name]
    requests = int(bool(case.result))
    seen = (run["callback_requests"], run["completed_times"], run["status"])
    assert seen == (requests, requests, case.result or "running"), run
    assert reporting.matches(case.error, run["error"] or ""), run["error"]
    if case.output is not None:
        assert reporting.contains(run["output"], dict(case.output)), run["output"]
    if "no_log" in name or name == "publishes":
        assert HUSH not in json.dumps(run["output"])
    caught = [t.result["msg"] for t in finished.tasks if t.task == f"refused {name}"]
    hosts = [t.host for t in finished.tasks if t.task == f"refused {name}"]
    if case.refused:
        assert caught
        assert all(reporting.matches(case.refused, message) for message in caught), caught
        assert not [t for t in finished.tasks if t.task == f"started {name}"]
    else:
        # The play fails where the runbook did, and nowhere else.
        assert tuple(sorted(hosts)) == case.failed_hosts, caught
        assert all(message.startswith("The runbook failed on this host: ") for message in caught), caught


@pytest.fixture
def launched(simulator: Simulator, home: Path) -> Callable[..., tuple[Run, dict[str, Any]]]:
    """Run plays with the ids of a run that waits, and give both as they became."""

    def launch(tasks: list[Any], *plays: Any, hosts: Any = None, plugin: bool = False, **options: Any) -> Any:
        run = simulator.start_run()
        (home / "runbook.inc").write_text(json.dumps(tasks))
        (home / "playbook.yml").write_text(json.dumps(list(plays)))
        env = reporting.environment(simulator, **options.pop("env", {}))
        if not plugin:
            env["ANSIBLE_CALLBACKS_ENABLED"] = "fgs_test_record"
        finished = ansible_playbook(
            str(home / "playbook.yml"),
            *options.pop("arguments", ()),
            home=home,
            hosts=hosts or {host: {} for host in WEB},
            extra_vars={**ids(run), "runbook_tasks_file": "runbook.inc", **options.pop("extra_vars", {})},
            env=env,
        )
        return finished, simulator.run(run)

    return launch


def by_roles(**keywords: Any) -> dict[str, Any]:
    return {"hosts": "all", "gather_facts": False, "roles": [{"role": ROLE}], **keywords}


def by_import() -> dict[str, Any]:
    return {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.import_role": {"name": ROLE}}]}


@pytest.mark.parametrize(
    ("play", "result"),
    [
        (by_roles(), "success"),
        pytest.param(by_roles(), "fail", marks=pytest.mark.test_all),
        pytest.param(by_import(), "success", marks=pytest.mark.test_all),
        (by_import(), "fail"),
    ],
    ids=["roles", "roles fail", "import_role", "import_role fail"],
)
def test_other_ways_in(launched: Any, play: Any, result: str) -> None:
    finished, run = launched([works()] if result == "success" else [fails("web2")], play)
    assert finished.returncode == (0 if result == "success" else 2), finished.output
    assert (run["status"], run["callback_requests"]) == (result, 1)


def gone(home: Path) -> dict[str, dict[str, Any]]:
    """Two hosts, of which the first goes away when there is a sign."""
    away = {"ansible_connection": "fgs_test_gone", "fgs_test_gone_when": str(home / "sign")}
    return {"web1": away, "web2": {}}


@BY_PLUGIN
def test_host_goes_away_in_the_middle(launched: Any, home: Path, plugin: bool) -> None:
    sign = task("sign", "raw", f"touch {home}/sign", delegate_to="web2", run_once=True)
    finished, run = launched([works(), sign, reaches()], by_roles(), hosts=gone(home), plugin=plugin)
    assert finished.returncode == 4, finished.output
    assert (run["status"], run["callback_requests"]) == ("fail", 1)
    assert run["error"] == "web1: unreachable, or gone before the end of the runbook"
    recap = run["output"].pop("ansible")
    assert run["output"] == {}
    hosts = recap.pop("hosts")
    assert (hosts["web1"]["unreachable"], hosts["web2"]["failed"]) == (1, 0)
    assert recap == {
        "check_mode": False,
        "failed_task": {"host": "web1", "task": "", "message": None},
        "failed_hosts": ["web1"],
    }


def test_host_that_is_gone_before_the_role_counts(launched: Any, home: Path) -> None:
    (home / "sign").touch()
    finished, run = launched([works()], by_roles(pre_tasks=[reaches()]), hosts=gone(home))
    assert finished.returncode == 4, finished.output
    assert (run["status"], run["callback_requests"]) == ("fail", 1)


@pytest.mark.parametrize(
    ("tasks", "keywords"),
    [([fails("web2")], {"any_errors_fatal": True}), ([fails(run_once=True)], {})],
    ids=["any_errors_fatal", "run_once"],
)
def test_one_failure_fails_all_hosts(launched: Any, tasks: Any, keywords: Any) -> None:
    # A failure that was rescued before the role is none of its own, whatever Ansible still knows of it.
    finished, run = launched(tasks, by_roles(pre_tasks=[EARLIER], **keywords))
    assert finished.returncode == 2, finished.output
    assert (run["status"], run["callback_requests"]) == ("fail", 1)
    assert reporting.matches(f"web…: break: {HUSH}", run["error"]), run["error"]
    # Whether any_errors_fatal reaches into a rescue differs between releases of ansible-core.
    assert run["output"]["ansible"]["failed_hosts"] in (list(WEB), ["web2"] if keywords else None)


def test_missing_role_fails_the_runbook(launched: Any) -> None:
    variables = {"runbook_tasks_file": "", "runbook_role": "nowhere"}
    finished, run = launched([], by_roles(), extra_vars=variables)
    assert finished.returncode == 2, finished.output
    assert (run["status"], run["callback_requests"]) == ("fail", 1)


@pytest.mark.parametrize(
    ("tasks", "code", "result", "error"),
    [
        ([task("reach", "nowhere")], 4, "fail", "aborted: couldn't resolve module/action…"),
        ([{"name": "two", "ansible.builtin.raw": "true", "ansible.builtin.fail": {}}], 4, "fail", "aborted: …"),
        ([{"ansible.builtin.meta": "end_play"}], 0, "success", ""),
        ([{"ansible.builtin.meta": "end_host"}], 0, "success", ""),
    ],
    ids=["unknown module", "cannot be parsed", "end_play", "end_host"],
)
@BY_PLUGIN
def test_end_before_the_report_is_reported(
    launched: Any, tasks: Any, code: int, result: str, error: str, plugin: bool
) -> None:
    finished, run = launched([publishes({"release": "1.4"}), *tasks], by_roles(), plugin=plugin)
    assert (finished.returncode != 0) == (code != 0), finished.output
    assert (run["status"], run["callback_requests"]) == (result, 1), finished.output
    assert reporting.matches(error, run["error"] or ""), run["error"]
    assert run["output"]["ansible"]["hosts"].keys() == set(WEB)


def test_last_host_goes_away(launched: Any, home: Path) -> None:
    sign = task("sign", "raw", f"touch {home}/sign", delegate_to="localhost", run_once=True)
    finished, run = launched([sign, reaches()], by_roles(hosts="web1"), hosts=gone(home))
    assert finished.returncode == 4, finished.output
    assert (run["status"], run["callback_requests"]) == ("fail", 1)
    assert reporting.matches("web1: reach: …", run["error"]), run["error"]


def test_end_of_the_playbook_is_not_reported_where_it_was_only_a_check(launched: Any) -> None:
    finished, run = launched([{"ansible.builtin.meta": "end_play"}], by_roles(check_mode=True))
    assert finished.returncode == 0, finished.output
    assert (run["status"], run["callback_requests"]) == ("running", 0)


@pytest.mark.skipif(CORE < (2, 18), reason="end_role comes with ansible-core 2.18")
def test_end_role_ends_the_runbook_and_not_the_report(launched: Any) -> None:
    tasks = [works(), {"ansible.builtin.meta": "end_role"}, fails()]
    finished, run = launched(tasks, by_roles(), extra_vars={"runbook_output": {"made": "{{ made | default('') }}"}})
    assert finished.returncode == 0, finished.output
    assert (run["status"], run["callback_requests"]) == ("success", 1)
    assert (run["output"]["made"], run["output"].keys()) == ("made", {"made", "ansible"})


@pytest.mark.parametrize("tasks", [[works()], [fails()]], ids=["success", "fail"])
def test_job_in_awx(launched: Any, tasks: Any) -> None:
    _finished, run = launched(
        tasks,
        by_roles(),
        env={"AWX_HOST": "https://awx.example", "JOB_ID": "7"},
        extra_vars={"awx_job_template_name": "Release"},
    )
    job = {"job": "https://awx.example/#/jobs/playbook/7", "job_id": 7, "job_name": "Release"}
    assert reporting.contains(run["output"], {"ansible": job}), run["output"]


def test_refused_report_is_red_with_its_hint(simulator: Simulator, launched: Any) -> None:
    variables = {
        "runbook_access_key": simulator.accounts["permanent"]["access_key"],
        "runbook_secret_key": "wrong-0001",
    }
    finished, run = launched([works()], by_roles(), extra_vars=variables)
    assert finished.returncode == 2, finished.output
    assert run["status"] == "running"
    result = finished.result(REPORT)
    assert result["msg"].endswith(result["hint"])
    assert result["msg"] in reporting.unwrapped(finished.output)
    assert "failed_when" not in finished.output


def test_check_mode_sends_nothing(launched: Any) -> None:
    finished, run = launched([works()], by_roles(), arguments=["--check"])
    assert finished.returncode == 0, finished.output
    assert (run["status"], run["callback_requests"]) == ("running", 0)
    assert finished.result(REPORT)["changed"] is True
    assert "X-Workflow-Run-Id" in finished.result(REPORT)["diff"]["after"]
    published = finished.result("functiongraph.workflow.runbook : Publish that check mode is on")["ansible_stats"]
    assert published["data"] == {"fgs_workflow_check_mode": True}


@BY_PLUGIN
def test_undelivered_outcome_is_saved_and_the_play_fails(
    simulator: Simulator, launched: Any, home: Path, plugin: bool
) -> None:
    variables = {
        "runbook_undelivered_path": str(home / "kept.yml"),
        "runbook_endpoint": simulator["refused"],
        "runbook_project_id": simulator.project_id,
        "runbook_retries": 0,
    }
    env = {"FGS_REPORT_UNDELIVERED_PATH": str(home / "kept.yml")}
    finished, run = launched([works()], by_roles(), extra_vars=variables, env=env, plugin=plugin)
    assert finished.returncode == 2, finished.output
    # The end of the playbook, which failed, is not the outcome: the role alone reports it.
    assert (run["status"], run["callback_requests"]) == ("running", 0)
    assert "to be sent later" in finished.result(REPORT)["msg"]
    assert 'fgs_workflow_result: "success"' in (home / "kept.yml").read_text()
    assert "could not be reported to the workflow" not in finished.output


def test_all_by_variables(simulator: Simulator, launched: Any) -> None:
    account = simulator.accounts["permanent"]
    names = (
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "FGS_ENDPOINT",
        "HUAWEICLOUD_SDK_IAM_ENDPOINT",
        "HW_REGION_NAME",
    )
    nobody = dict.fromkeys(names, "")
    keys = {
        "runbook_access_key": account["access_key"],
        "runbook_secret_key": account["secret_key"],
        "fgs_endpoint": simulator["http"],
        "fgs_iam_endpoint": simulator["http"],
        "fgs_region": simulator.region,
    }
    words = task("show", "fail", {"msg": f"{account['secret_key']} is wrong"})
    finished, run = launched([words], by_roles(), env=nobody, extra_vars=keys)
    assert (run["status"], run["callback_requests"]) == ("fail", 1), finished.output
    assert run["error"] == f"web1: show: {reporting.MASK} is wrong"


def test_one_play_can_answer_two_states(simulator: Simulator, launched: Any) -> None:
    second = simulator.start_run()
    again = {"role": ROLE, "vars": {f"runbook_{name}": second[name] for name in reporting.NAMES}}
    finished, run = launched([works()], by_roles(roles=[{"role": ROLE}, again]))
    assert finished.returncode == 0, finished.output
    assert [simulator.run(run)["status"] for run in (run, second)] == ["success", "success"]


@pytest.mark.parametrize("what", ["run", "state"])
def test_hosts_of_an_earlier_use_do_not_count(simulator: Simulator, launched: Any, what: str) -> None:
    names = {"first": "second", "second": None}
    states = [{"id": name, "name": name, "type": "Callback", "transition": then} for name, then in names.items()]
    earlier = simulator.start_run(definition={"states": states})
    # Every run of a workflow has the same states.
    later = {**simulator.start_run(workflow_id=earlier["workflow_id"]), "workflow_state_id": "first"}
    if what == "state":
        later = {**earlier, "workflow_state_id": "second"}

    def of(run: dict[str, str]) -> dict[str, str]:
        return {f"runbook_{name}": run[name] for name in reporting.NAMES}

    include = {
        "ansible.builtin.include_role": {"name": ROLE},
        "vars": of(later),
        "when": "inventory_hostname != 'web2'",
    }
    plays = (by_roles(roles=[{"role": ROLE, "vars": of(earlier)}]), {**by_roles(), "roles": [], "tasks": [include]})
    finished, _run = launched([works()], *plays)
    assert finished.returncode == 2, finished.output
    assert "All hosts of the play must come to the role together" in reporting.unwrapped(finished.output)
    assert simulator.run(earlier)["completed_times"] == 1
    assert simulator.run(later)["status"] == "running"
