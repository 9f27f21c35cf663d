# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports that fail: in the connection, in the options, in the plugin itself; and what strict makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from situation import WEB, fails, play, task, works
from support import reporting
from support.playbooks import Run
from support.simulators import Simulator

Playbook = Callable[..., Run]


@pytest.fixture
def reported(simulator: Simulator, ansible_playbook: Playbook) -> Callable[..., tuple[Run, dict[str, Any]]]:
    """Run a playbook for a run that waits, and give both as they became."""

    def report(*tasks: Any, run: dict[str, str] | None = None, **options: Any) -> tuple[Run, dict[str, Any]]:
        run = run or simulator.start_run()
        env = reporting.environment(simulator, **options.pop("env", {}))
        variables = {**reporting.extra_vars(run), **options.pop("extra_vars", {})}
        finished = ansible_playbook(
            [play(*(tasks or [works()]))], extra_vars=variables, env=env, **{"hosts": {"web1": {}}, **options}
        )
        return finished, simulator.run(run)

    return report


def warning(finished: Run) -> str:
    """The last thing that the plugin says."""
    said = reporting.unwrapped(finished.output).rpartition("fgs_workflow_report: ")
    assert said[1], finished.output
    return said[2]


@pytest.mark.parametrize(("tasks", "strict"), [([works()], False), ([fails()], True)], ids=["success", "fail"])
def test_undelivered_report_is_saved_and_sent_later(
    simulator: Simulator, ansible_playbook: Playbook, reported: Any, home: Path, tasks: Any, strict: bool
) -> None:
    run = simulator.start_run()
    kept = home / "kept"
    kept.mkdir()
    env = {
        "FGS_REPORT_ENDPOINT": simulator["refused"],
        "FGS_REPORT_RETRIES": "0",
        "FGS_REPORT_UNDELIVERED_PATH": str(kept),
        "FGS_REPORT_STRICT": str(strict),
        "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
    }
    finished, became = reported(*tasks, run=run, env=env)
    result = "fail" if tasks == [fails()] else "success"
    assert finished.returncode == (2 if result == "fail" else int(strict)), finished.output
    assert (became["status"], became["callback_requests"]) == ("running", 0)
    (file,) = kept.iterdir()
    said = f"the result {result} could not be reported to the workflow. Nothing was sent, as"
    assert said in reporting.unwrapped(finished.output), finished.output
    command = f"send it later with: ansible-playbook functiongraph.workflow.callback -e @{file}\n"
    assert f"fgs_workflow_report: {command}" in finished.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert not [secret for secret in simulator.secrets() if secret in file.read_text()]
    sent = ansible_playbook(
        "functiongraph.workflow.callback",
        "-e",
        f"@{file}",
        extra_vars={"fgs_endpoint": simulator["http"]},
        env=reporting.environment(simulator),
    )
    assert sent.returncode == 0, sent.output
    became = simulator.run(run)
    assert (became["status"], became["callback_requests"]) == (result, 1)
    assert became["error"] == ("web1: break: disk full" if result == "fail" else None)
    assert became["output"]["ansible"]["hosts"]["web1"]["failed"] == int(result == "fail")


OBSTACLES: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "unset": ({}, {"fgs_workflow_run_id": ""}, "fgs_workflow_run_id is unset"),
    "invalid": ({}, {"fgs_workflow_run_id": "a\tb"}, "workflow_run_id must not contain control characters"),
    "undefined": ({}, {"fgs_workflow_run_id": "{{ nobody_knows }}"}, "fgs_workflow_run_id cannot be evaluated: "),
    "no_credentials": ({"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": ""}, {}, "No credentials are set"),
    "half_credentials": ({"HUAWEICLOUD_SDK_SK": ""}, {}, "HUAWEICLOUD_SDK_SK is not"),
    "no_address": ({"HW_REGION_NAME": "", "FGS_ENDPOINT": ""}, {}, "region or endpoint is required"),
    "no_project": ({"HW_REGION_NAME": ""}, {}, "project_id is unset and cannot be looked up without a region"),
    "limit": ({"HUAWEICLOUD_SDK_PROJECT_ID": "p" * 65}, {}, "project_id must have at most 64 characters, got 65"),
    "no_requests": ({"PYTHONPATH": "WITHOUT"}, {}, "requests cannot be imported on "),
}
# Refused as other invalid options are.
FURTHER = ("half_credentials", "no_address", "no_project", "limit")


@pytest.fixture
def without_requests(home: Path) -> str:
    """A folder that takes requests from a Python that looks there."""
    (home / "requests.py").write_text("raise ImportError('not here')\n")
    return str(home)


@pytest.mark.core
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.test_all if each in FURTHER else ()) for each in OBSTACLES]
)
def test_obstacle_is_reported_at_start_and_end(reported: Any, without_requests: str, name: str) -> None:
    env, extra_vars, says = OBSTACLES[name]
    env = {key: value.replace("WITHOUT", without_requests) for key, value in env.items()}
    finished, became = reported(env=env, extra_vars=extra_vars)
    assert finished.returncode == 0, finished.output
    assert became["callback_requests"] == 0
    text = reporting.unwrapped(finished.output)
    start, end = (
        text.index("the end of this playbook cannot be reported: "),
        text.index("could not be reported to the workflow"),
    )
    assert start < text.index("PLAY [all]") < end, text
    assert says in text[start:end]
    assert says in text[end:]
    assert ".." not in text.replace("...", "")
    assert "failed for plugin" not in text
    assert "Failure using method" not in text


@pytest.mark.test_all
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.test_all if each in FURTHER else ()) for each in OBSTACLES]
)
def test_strict_runs_nothing_whose_end_cannot_be_reported(reported: Any, without_requests: str, name: str) -> None:
    env, extra_vars, says = OBSTACLES[name]
    env = {key: value.replace("WITHOUT", without_requests) for key, value in env.items()}
    finished, became = reported(env={**env, "FGS_REPORT_STRICT": "true"}, extra_vars=extra_vars)
    assert finished.returncode == 1, finished.output
    assert became["callback_requests"] == 0
    assert says in warning(finished)
    assert warning(finished).rstrip().endswith("It was not run, as strict is on.")
    assert "PLAY [all]" not in finished.output


def test_second_report_of_the_same_outcome_is_a_success(simulator: Simulator, reported: Any) -> None:
    run = simulator.start_run()
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": "success"})
    finished, became = reported(run=run, env={"FGS_REPORT_STRICT": "true"})
    assert finished.returncode == 0, finished.output
    assert warning(finished).startswith(f"run {run['workflow_run_id']} already has the result success")
    assert became["callback_requests"] == 0


def test_run_finished_with_another_status_is_left_alone(simulator: Simulator, reported: Any) -> None:
    run = simulator.start_run()
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": "timeout"})
    finished, became = reported(run=run)
    assert finished.returncode == 0, finished.output
    assert "the state was already finished with status timeout" in warning(finished)
    assert became["callback_requests"] == 0


def test_unreadable_run_is_reported_with_a_warning(simulator: Simulator, reported: Any) -> None:
    finished, became = reported(run=simulator.start_run(read_fault="read_404"))
    assert finished.returncode == 0, finished.output
    assert "The run could not be read before sending" in reporting.unwrapped(finished.output)
    assert (became["status"], became["callback_requests"]) == ("success", 1)


def test_without_confirm_nothing_is_read(reported: Any) -> None:
    finished, became = reported(env={"FGS_REPORT_CONFIRM": "when_unknown"})
    assert finished.returncode == 0, finished.output
    assert (became["status"], became["callback_requests"], became["read_requests"]) == ("success", 1, 0)


@pytest.mark.core
def test_options_are_read_from_ansible_cfg(simulator: Simulator, reported: Any, home: Path) -> None:
    config = home / "ansible.cfg"
    config.write_text(
        f"[fgs_workflow_report]\nendpoint = {simulator['refused']}\nretries = 0\n"
        "strict = yes\nundelivered_path = kept.yml\n"
    )
    finished, became = reported(env={"ANSIBLE_CONFIG": str(config), "HUAWEICLOUD_SDK_PROJECT_ID": "p"})
    assert finished.returncode == 1, finished.output
    assert became["callback_requests"] == 0
    kept = yaml.safe_load((home / "kept.yml").read_text().replace("!unsafe ", ""))
    assert kept["fgs_endpoint"] == simulator["refused"]


def test_empty_option_counts_as_unset(reported: Any) -> None:
    names = ("STRICT", "NO_HOSTS", "CONFIRM", "UNDELIVERED_PATH", "REGION", "TIMEOUT", "RETRIES", "VALIDATE_CERTS")
    finished, became = reported(env={f"FGS_REPORT_{name}": "" for name in names})
    assert (finished.returncode, became["status"]) == (0, "success"), finished.output


# Options that are wrong, of one playbook each.
WRONG = (
    {"TIMEOUT": "abc", "RETRIES": "many", "CONFIRM": "sometimes", "NO_HOSTS": "no", "UNDELIVERED_PATH": "/dev/null"},
    {"TIMEOUT": "-1", "RETRIES": "1000"},
)


@pytest.mark.core
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("options", WRONG, ids=["types and choices", "ranges"])
def test_wrong_option_counts_as_unset(reported: Any, options: dict[str, str], strict: bool) -> None:
    env = {f"FGS_REPORT_{option}": value for option, value in options.items()}
    finished, became = reported(env={**env, "FGS_REPORT_STRICT": str(strict)})
    assert (became["status"], became["callback_requests"]) == ("success", 1), finished.output
    assert finished.returncode == int(strict), finished.output
    text = reporting.unwrapped(finished.output)
    for option in options:
        assert f"fgs_workflow_report: option {option.lower()} is invalid and treated as unset: " in text
    assert ("the exit code is not 0, as strict is on" in text) is strict


def test_strict_counts_where_options_of_ansible_cfg_are_wrong(reported: Any, home: Path) -> None:
    config = home / "ansible.cfg"
    config.write_text("[fgs_workflow_report]\nretries = many\nstrict = yes\n")
    finished, became = reported(env={"ANSIBLE_CONFIG": str(config)})
    assert (finished.returncode, became["status"]) == (1, "success"), finished.output
    assert "option retries is invalid and treated as unset: " in reporting.unwrapped(finished.output)


@pytest.mark.core
def test_ids_may_be_templates_and_unsafe_ones_are_none(
    simulator: Simulator, ansible_playbook: Playbook, home: Path
) -> None:
    file = home / "launch.yml"
    file.write_text(
        'fgs_workflow_id: "{{ launched.workflow }}"\n'
        'fgs_workflow_run_id: !unsafe "literally {{ 7 * 7 }}"\n'
        "fgs_workflow_state_id: 17\n"
        "launched: {workflow: from-a-template}\n"
    )
    env = reporting.environment(simulator, FGS_REPORT_CONFIRM="never")
    finished = ansible_playbook([play(works())], "-e", f"@{file}", "--check", hosts=WEB, env=env)
    assert finished.returncode == 0, finished.output
    assert "/workflows/from-a-template/callback\n" in finished.output
    assert "X-Workflow-Run-Id: literally {{ 7 * 7 }}\n" in finished.output
    assert "X-Workflow-State-Id: 17\n" in finished.output


def test_job_of_awx_is_linked(reported: Any) -> None:
    _finished, became = reported(env={"AWX_HOST": "https://awx.example.com/", "JOB_ID": "42"})
    assert became["output"]["ansible"]["job"] == "https://awx.example.com/#/jobs/playbook/42"


@pytest.mark.core
def test_secrets_and_no_log_results_are_not_reported(simulator: Simulator, reported: Any) -> None:
    secret = simulator.accounts["permanent"]["secret_key"]
    finished, became = reported(
        task("publish", "set_stats", {"data": {"leak": f"key {secret}", secret: ["x", secret]}}),
        task("publish here", "set_stats", {"data": {"leak": f"key {secret}"}, "per_host": True}),
        task("hidden", "command", "sh -c 'echo hush-hush >&2; exit 1'", no_log=True, ignore_errors=True),
        task("hidden item", "command", "sh -c 'echo hush-hush >&2; exit 1'", no_log=True, loop=["hush-hush"]),
        hosts={"web1": {}},
    )
    text = json.dumps([became["output"], became["error"]])
    assert secret not in text
    assert "hush-hush" not in text + finished.output
    assert became["output"]["leak"] == "key ********"
    assert became["output"]["ansible"]["hosts"]["web1"]["published"] == {"leak": "key ********"}
    assert became["output"]["ansible"]["failed_task"] == {"host": "web1", "task": "hidden item", "message": None}
    assert became["error"] == "web1: hidden item: failed, and no_log hides why"


@pytest.mark.core
def test_secret_in_a_failure_message_is_redacted(simulator: Simulator, reported: Any) -> None:
    secret = simulator.accounts["permanent"]["secret_key"]
    _finished, became = reported(task("show", "command", f"sh -c 'echo {secret} is wrong >&2; exit 1'"))
    assert became["error"] == f"web1: show: {reporting.MASK} is wrong"
    assert secret not in json.dumps(became["output"])


@pytest.mark.core
@pytest.mark.parametrize("where", ["recap", "send"])
def test_exception_in_the_plugin_fails_a_strict_playbook(reported: Any, where: str) -> None:
    callbacks = "fgs_test_record,fgs_test_break,functiongraph.workflow.fgs_workflow_report"
    finished, became = reported(
        fails(),
        env={"ANSIBLE_CALLBACKS_ENABLED": callbacks, "FGS_TEST_BREAK": where, "FGS_REPORT_STRICT": "true"},
    )
    assert finished.returncode == 2, finished.output
    assert "RuntimeError: broken for a test" in warning(finished) + reporting.unwrapped(finished.output)
    if where == "recap":
        # The outcome is worth more than its words.
        assert (became["status"], became["error"]) == ("fail", "failed, see the log of the playbook")
    else:
        assert became["callback_requests"] == 0
        assert warning(finished).startswith("the result fail could not be reported to the workflow: RuntimeError")
