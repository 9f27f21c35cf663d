# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private action plugin of the role runbook, at each of its steps."""

from __future__ import annotations

import json
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.executor.stats import AggregateStats
from support.actions import action
from support.servers import Call, scripted
from support.tasks import CALLBACK, POST, SECRET, YES

from ansible_collections.functiongraph.workflow.plugins.action import _fgs_workflow_callback
from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _runbook
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import failures
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import reporter
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import report_plugin

IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
STATE = "workflow run state"
FAILED = {"host": "web1", "task": "break", "line": "gone", "message": "gone"}
FAILED_TASK = {"host": "web1", "task": "break", "message": "gone"}
NO_RECAP = {"check_mode": False, "hosts": {}}


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    for name in ("AWX_HOST", "JOB_ID", "HW_REGION_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the runbook has published."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(report_plugin, "published_so_far", lambda _ids: dict(found))
    return found


def facts(output: Any = None, failure: Any = None) -> dict[str, Any]:
    """What the role has left on a host."""
    state = {"state": STATE}
    seen: dict[str, Any] = {**state, "ended_well": failure is None, "failure": failure}
    return {
        "__runbook_leader": state,
        "__runbook_reached": state,
        "__runbook_outcome": seen,
        "__runbook_output": {**state, "value": {} if output is None else output},
    }


def variables(**hosts: dict[str, Any]) -> dict[str, Any]:
    """Those of a task on the first of the hosts, by facts."""
    names = list(hosts)
    return {
        "inventory_hostname": names[0],
        "hostvars": hosts,
        "playbook_dir": "/srv",
        "__runbook_hosts": names,
        "ansible_play_batch": names,
        "ansible_play_hosts": names,
        "ansible_play_hosts_all": names,
        "awx_job_template_name": "Release",
    }


def run(
    step: str,
    output: Any = None,
    failed: Any = None,
    schema: Any = None,
    check_mode: bool = False,
    task_vars: Any = None,
    role: str = "a_role",
    tasks_file: str = "",
    **options: Any,
) -> dict[str, Any]:
    given = {**CALLBACK, "confirm": "when_unknown", **options}
    arguments = {name: given.pop(name) for name in (*IDS, "workflow_state_name") if name in given}
    del given["result"]
    arguments.update(step=step, state=STATE, options=given)
    arguments.update(output_schema=schema or {}, role=role, tasks_file=tasks_file)
    result: dict[str, Any] = action(_fgs_workflow_callback, arguments, check_mode=check_mode).run(
        task_vars=task_vars or variables(web1=facts(output, failed))
    )
    assert SECRET not in json.dumps(result, default=str)
    return result


def sent(step: str, *calls: Call, **arguments: Any) -> tuple[dict[str, Any], list[Any]]:
    """The result, and the bodies of the requests."""
    with scripted(*calls) as server:
        result = run(step, endpoint=server.url, **arguments)
    return result, [json.loads(came.body) for came in server.came]


def test_at_the_start_nothing_is_asked_of_the_network() -> None:
    result, requests = sent("start", project_id="", confirm="always", use_ecs_agency=True)
    assert result == {
        "changed": False,
        "problems": [],
        "hosts": ["web1"],
        "tasks_path": "",
        "check_mode": False,
        "ids": {**{name: CALLBACK[name] for name in IDS}, "workflow_state_name": ""},
    }
    assert requests == []


@pytest.mark.parametrize("state_id", ["", "state"])
def test_name_of_the_state_is_not_looked_up_at_the_start(state_id: str) -> None:
    result, requests = sent("start", workflow_state_id=state_id, workflow_state_name="state")
    assert (result["problems"], requests) == ([], [])
    assert (result["ids"]["workflow_state_id"], result["ids"]["workflow_state_name"]) == (state_id, "state")


@pytest.mark.parametrize(
    ("role", "tasks_file", "problem"),
    [
        ("", "", "Give either runbook_tasks_file or runbook_role."),
        ("a_role", __file__, "Give either runbook_tasks_file or runbook_role."),
        ("", __file__, None),
        ("", "a.yml", "runbook_tasks_file must be a file on the controller, and there is none at /srv/a.yml."),
    ],
)
def test_what_is_to_be_run(role: str, tasks_file: str, problem: str | None) -> None:
    result = run("start", role=role, tasks_file=tasks_file)
    assert result["problems"] == ([] if problem is None else [problem])
    assert result["tasks_path"] == (tasks_file if tasks_file != "a.yml" else "/srv/a.yml")


BATCHES = "With serial the outcome of all hosts cannot be known once: use the callback plugin "
OUT_OF_STEP = "All hosts of the play must come to the role together, "
COME = {name: fact for name, fact in facts().items() if name != "__runbook_leader"}


@pytest.mark.parametrize(
    ("batches", "changes", "problem"),
    [
        (1, {}, ""),
        (2, {}, BATCHES),
        (None, {}, ""),
        (None, {"ansible_play_hosts": ["web1", "web2", "web3"]}, BATCHES),
        # A host that is lost has not come.
        (1, {"ansible_play_batch": ["web1"]}, ""),
        (1, {"hostvars": {"web1": facts(), "web2": {}}}, OUT_OF_STEP),
        (1, {"hostvars": {"web1": facts(), "web2": facts()}}, OUT_OF_STEP),
        # Facts of another run or state, from a role before this one.
        (1, {"hostvars": {"web1": facts(), "web2": {**COME, "__runbook_reached": {"state": "other"}}}}, OUT_OF_STEP),
    ],
)
def test_all_hosts_come_to_the_role_together(
    monkeypatch: pytest.MonkeyPatch, batches: int | None, changes: dict[str, Any], problem: str
) -> None:
    monkeypatch.setattr(PlaybookRun, "batches", staticmethod(lambda: batches))
    result = run("start", task_vars={**variables(web1=facts(), web2=COME), **changes})
    assert [text[: len(problem)] for text in result["problems"]] == ([problem] if problem else [])


def test_host_that_left_the_inventory_has_failed() -> None:
    task_vars = {**variables(web1=facts(), web2=facts()), "hostvars": {"web1": facts()}}
    _result, requests = sent("report", YES, task_vars=task_vars)
    assert requests[0]["output"]["ansible"]["failed_hosts"] == ["web2"]


def test_hosts_of_the_play_are_those_at_the_start() -> None:
    """Those that it has, and those that it has lost; not one that add_host has added."""
    task_vars = {
        **variables(web1=facts(), web2=COME, lost={}, added={}),
        "ansible_play_batch": ["web1", "web2"],
        "ansible_play_hosts": ["web1", "web2", "added"],
        "ansible_play_hosts_all": ["web1", "web2", "lost", "added"],
    }
    assert run("start", task_vars=task_vars)["hosts"] == ["lost", "web1", "web2"]


@pytest.mark.parametrize("is_heard", [True, False])
def test_warning_where_the_role_gets_no_events(monkeypatch: pytest.MonkeyPatch, is_heard: bool) -> None:
    monkeypatch.setattr(report_plugin, "is_listening", lambda: is_heard)
    warnings = run("watch")["warnings"]
    assert [text.rpartition(": ")[2] for text in warnings] == (
        [] if is_heard else ["the role gets no events of the playbook"]
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"retries": 1000}, "Nothing was sent: retries must be from 0 to 100, "),
        (
            {"region": "", "project_id": "", "endpoint": "http://127.0.0.1"},
            "Nothing was sent: project_id is unset and cannot be looked up without a region; ",
        ),
    ],
)
def test_what_stands_in_the_way_of_the_report(options: dict[str, Any], problem: str) -> None:
    (found,) = run("start", **options)["problems"]
    assert found.startswith(problem)


@pytest.mark.parametrize(("region", "is_known"), [("cn-north-4", True), (None, False)])
def test_project_without_credentials_yet(region: str | None, is_known: bool) -> None:
    """As those of an agency."""
    options = {"use_ecs_agency": True, "region": region, "endpoint": "http://127.0.0.1"}
    assert (_runbook.project_problem(options, {"HOME": "/nonexistent"}) is None) is is_known


def test_output_is_checked_with_what_was_published(published: dict[str, Any]) -> None:
    schema = {
        "required": ["address", "release"],
        "additionalProperties": False,
        "properties": {"address": {}, "release": {}},
    }
    published["release"] = "1.4"
    result, requests = sent("output", output={"address": "x"}, schema=schema)
    assert ("failed" in result, "diff" in result, requests) == (False, False, [])
    result, requests = sent("output", output={"street": "x"}, schema=schema)
    assert result["failed"]
    assert requests == []


def test_output_given_wins_over_what_was_published(published: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWX_HOST", "https://awx.example")
    monkeypatch.setenv("JOB_ID", "7")
    published.update(release="1.4", address="published", text=f"{SECRET} is in it", size=float("nan"))
    result, (request,) = sent("report", YES, output={"address": "own"})
    assert result["delivery"] == "delivered"
    assert request["result"] == "success"
    assert request["output"] == {
        "release": "1.4",
        "address": "own",
        "text": "******** is in it",
        "ansible": {
            **NO_RECAP,
            "job": "https://awx.example/#/jobs/playbook/7",
            "job_id": 7,
            "job_name": "Release",
            "published_left_out": ["size"],
        },
    }
    assert "size" in result["warnings"][0]


TOO_LARGE = Call(*POST, 413, {"error_code": "APIG.0201", "error_msg": "Request entity too large"})


@pytest.mark.parametrize("failed", [None, FAILED], ids=["success", "fail"])
def test_output_that_is_refused_as_too_large_is_sent_without_what_was_published(
    published: dict[str, Any], failed: Any
) -> None:
    published.update(ticket=7, **({} if failed else {"address": "published"}))
    # On failure no schema counts, and on success one that is met without it.
    schema = {"required": ["ticket"]} if failed else {"required": ["address"], "maxProperties": 1}
    result, requests = sent("report", TOO_LARGE, YES, output={"address": "own"}, failed=failed, schema=schema)
    assert [request["output"].get("ticket") for request in requests] == [7, None]
    assert requests[1]["output"].get("address") == (None if failed else "own")
    assert requests[1]["output"]["ansible"]["published_left_out"] == ["ticket"]
    assert (result["delivery"], result["requests_sent"]) == ("delivered", 2)
    (warning,) = result["warnings"]
    assert warning == "output does not include what cannot be sent: ticket (too large, 13 bytes)."


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> reporter.Notes:
    """Where the process that runs the playbook reads what becomes of the report."""
    made = reporter.Notes()
    monkeypatch.setattr(report_plugin, "notes_of_report", lambda _arguments: made)
    return made


def test_report_is_noted(notes: reporter.Notes, published: dict[str, Any]) -> None:
    run("start")
    run("output")
    assert notes.read() == []
    published["ticket"] = 7
    result, _requests = sent("report", TOO_LARGE, YES, failed=FAILED)
    outcome, came = notes.read()
    assert (outcome["result"], outcome["error"]) == ("fail", "web1: break: gone")
    assert list(outcome["output"]) == ["ansible"]
    assert came["delivery"] == "delivered"
    assert result["delivery"] == "delivered"


def test_check_is_not_noted(notes: reporter.Notes) -> None:
    sent("report", check_mode=True)
    assert notes.read() == []


@pytest.mark.parametrize("is_read", [True, False])
def test_report_that_is_interrupted_is_noted(
    notes: reporter.Notes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], is_read: bool
) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(_http, "exchange", interrupted)
    if not is_read:
        monkeypatch.setattr(report_plugin, "notes_of_report", lambda _arguments: None)
    with pytest.raises(KeyboardInterrupt):
        run("report", output={"made": "it"}, endpoint="http://127.0.0.1:9")
    told = "It is not known whether the callback arrived: the run of the playbook was interrupted."
    assert (told in capfd.readouterr().err) is not is_read
    expected = [{"result": "success", "error": None, "output": {"made": "it", "ansible": NO_RECAP}}]
    assert notes.read()[:1] == (expected if is_read else [])
    assert [note["msg"] for note in notes.read()[1:]] == ([told] if is_read else [])


def test_output_given_is_never_left_out(published: dict[str, Any]) -> None:
    result, requests = sent("report", TOO_LARGE, output={"ticket": 7})
    assert (result["delivery"], result["http_status"], len(requests)) == ("rejected", 413, 1)
    published["ticket"] = 6
    result, requests = sent("report", TOO_LARGE, output={"ticket": 7})
    assert (result["delivery"], result["http_status"], len(requests)) == ("rejected", 413, 1)
    published["size"] = 5
    result, requests = sent("report", TOO_LARGE, TOO_LARGE, output={"ticket": 7})
    assert [request["output"]["ticket"] for request in requests] == [7, 7]
    assert (result["delivery"], result["requests_sent"]) == ("rejected", 2)


def test_output_that_needs_what_was_published_is_not_sent_without_it(published: dict[str, Any]) -> None:
    published["ticket"] = 7
    result, requests = sent("report", TOO_LARGE, output={"address": "own"}, schema={"required": ["ticket"]})
    assert (result["delivery"], result["http_status"], len(requests)) == ("rejected", 413, 1)
    assert result["msg"].endswith(result["hint"])


def test_report_that_is_refused_for_another_reason_is_not_sent_again(published: dict[str, Any]) -> None:
    published["ticket"] = 7
    result, requests = sent("report", Call(*POST, 403, {"error_code": "FSS.0403", "error_msg": "no"}))
    assert (result["delivery"], len(requests)) == ("rejected", 1)


def test_recap_of_the_hosts_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by the report plugin, of what ansible-core has counted until now."""
    monkeypatch.setattr(PlaybookRun, "current", classmethod(lambda _cls: SimpleNamespace(stats=stats)))
    stats = AggregateStats()
    stats.increment("ok", "web1")
    counts = {"changed": 0, "unreachable": 0, "skipped": 0, "rescued": 0, "ignored": 0}
    output = sent("report", YES, output={"a": 1})[1][0]["output"]
    assert output == {"a": 1, "ansible": {"check_mode": False, "hosts": {"web1": {"ok": 1, "failed": 0, **counts}}}}
    output = sent("report", YES, failed=FAILED)[1][0]["output"]
    assert output["ansible"]["hosts"] == {"web1": {"ok": 1, "failed": 1, **counts}}
    # Where all of it is too large, the hosts are left out with what was published, and counted.
    _result, requests = sent("report", TOO_LARGE, YES, output={"a": 1})
    recap = requests[1]["output"]["ansible"]
    assert recap == {**NO_RECAP, "hosts_left_out": {"hosts": 1, "failed_or_unreachable": 0}}


def test_output_with_the_key_of_the_recap_is_sent_as_it_is(published: dict[str, Any]) -> None:
    assert sent("report", YES, output={"ansible": 1})[1][0]["output"] == {"ansible": 1}
    published["ansible"] = 2
    assert sent("report", YES, failed=FAILED)[1][0]["output"] == {"ansible": 2}


def test_failed_runbook_is_reported(published: dict[str, Any]) -> None:
    published["step"] = 2
    _result, (request,) = sent("report", YES, failed=FAILED)
    assert (request["result"], request["error"]) == ("fail", "web1: break: gone")
    assert request["output"] == {
        "step": 2,
        "ansible": {**NO_RECAP, "failed_task": FAILED_TASK, "failed_hosts": ["web1"]},
    }


UNKNOWN_REASON = {"host": "web1", "task": "", "line": failures.UNKNOWN_REASON, "message": None}


@pytest.mark.parametrize(
    ("hosts", "error"),
    [
        # Ansible does not tell of a host that fails because others do, and a host that is gone has left nothing.
        (
            {"web1": facts(failure=UNKNOWN_REASON), "web2": facts(failure={**FAILED, "host": "web2"})},
            "web2: break: gone",
        ),
        ({"web1": facts(failure=UNKNOWN_REASON), "web2": {}}, f"web1: {failures.UNKNOWN_REASON}"),
        ({"web1": {}, "web2": facts()}, "web1: unreachable, or gone before the end of the runbook"),
    ],
)
def test_failure_that_is_reported(hosts: dict[str, Any], error: str) -> None:
    _result, (request,) = sent("report", YES, task_vars=variables(**hosts))
    assert request["error"] == error


def test_at_most_a_hundred_failed_hosts_are_listed() -> None:
    hosts: dict[str, Any] = {f"web{number:03}": {} for number in range(101)}
    _result, (request,) = sent("report", YES, task_vars=variables(**hosts))
    assert request["output"]["ansible"]["failed_hosts"] == sorted(hosts)[:100]


def test_output_that_is_no_mapping_is_a_violation() -> None:
    result, _requests = sent("output", output=["a"])
    assert [violation["option"] for violation in result["violations"]] == ["output"]


def test_message_of_a_failed_report_has_its_hint() -> None:
    result, _requests = sent("report", Call(*POST, 403, {"error_code": "FSS.0403", "error_msg": "no"}))
    assert result["failed"]
    assert result["msg"].endswith(result["hint"])
