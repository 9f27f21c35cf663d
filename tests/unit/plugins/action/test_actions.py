# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugins in this process, on the controller or as a module on the target."""

from __future__ import annotations

import json
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants, context
from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.collections import ImmutableDict
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from support.actions import action
from support.servers import Call, scripted
from support.tasks import CALLBACK, EXECUTION, GET, SECRET, YES

from ansible_collections.functiongraph.workflow.plugins.action import (
    _fgs_workflow_callback,
    fgs_workflow_callback,
    fgs_workflow_execution,
    fgs_workflow_execution_info,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries, _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import advice
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.check import CheckTask
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _action, _playbook

try:
    from ansible._internal._errors._task_timeout import TaskTimeoutError
except ImportError:  # ansible-core before 2.19
    from ansible.executor.task_executor import TaskTimeoutError


# By plugin, its arguments.
PLUGINS = (
    (fgs_workflow_callback, CALLBACK),
    (fgs_workflow_execution, EXECUTION),
    (fgs_workflow_execution_info, EXECUTION),
)
# What a module that has come to its end says.
DELIVERED = {"delivery": "delivered", "requests_sent": 1}


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")


def run(plugin: Any, arguments: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    result: dict[str, Any] = action(plugin, arguments, **keywords).run(task_vars={})
    assert SECRET not in json.dumps(result, default=str)
    return result


def test_completes_a_state_on_the_controller() -> None:
    with scripted(YES) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "error": ""})
    assert (result["changed"], result["delivery"], result["execution_id"]) == (True, "delivered", "run")
    assert result["ansible_facts"] == {"fgs_workflow_execution_id": "run"}


def test_numeric_id_is_sent_as_a_string_with_a_warning() -> None:
    with scripted(YES) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "workflow_state_id": 83})
    (warning,) = result["warnings"]
    assert "workflow_state_id arrived as a number and is used as 83" in warning
    assert server.came[0].headers["X-Workflow-State-Id"] == "83"


def test_numeric_extra_var_is_detected_through_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"extra_vars": ("{fgs_workflow_state_id: 00123}",)}))
    # What ansible-core before 2.19 makes of {{ fgs_workflow_state_id }}.
    arguments = {**CALLBACK, "workflow_state_id": "83"}
    with scripted(YES) as server:
        task = action(fgs_workflow_callback, {**arguments, "endpoint": server.url})
        result = task.run(task_vars={"fgs_workflow_state_id": 83})
    assert "warnings" not in result
    assert server.came[0].headers["X-Workflow-State-Id"] == "00123"


def test_numeric_role_variable_is_detected_through_a_template() -> None:
    with scripted(YES) as server:
        task = action(fgs_workflow_callback, {**CALLBACK, "workflow_state_id": "83", "endpoint": server.url})
        result = task.run(task_vars={"runbook_workflow_state_id": 83})
    (warning,) = result["warnings"]
    assert "workflow_state_id arrived as a number and is used as 83" in warning


def test_reads_a_run_on_the_controller() -> None:
    with scripted(Call(*GET, 200, {"status": "success"})) as server:
        result = run(fgs_workflow_execution_info, {**EXECUTION, "endpoint": server.url})
    assert (result["status"], result["changed"]) == ("success", False)


@pytest.mark.parametrize("no_log", [False, True])
def test_progress_of_a_wait_is_shown_unless_no_log(no_log: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(Display, "v", lambda _self, line: lines.append(line))
    monkeypatch.setattr(_reads, "FIRST_PAUSE", 0.01)
    shown = [Call(*GET, 200, {"status": status}) for status in ("running", "success")]
    definition = Call("GET", "/v2/p/fgs/workflows/w", 200, {})
    with scripted(shown[0], definition, shown[1]) as server:
        result = run(fgs_workflow_execution, {**EXECUTION, "endpoint": server.url, "wait": True}, no_log=no_log)
    assert (result["status"], len(lines)) == ("success", 0 if no_log else 1)


def test_items_of_a_loop_share_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(YES, YES, YES) as server:
        for _unused in range(3):
            run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url})
        adapters = [adapter for key, adapter in _action._worker_connections._adapters.items() if server.url in str(key)]
    assert len(adapters) == 1


def test_check_mode_and_diff() -> None:
    with scripted() as server:
        options = {**CALLBACK, "endpoint": server.url}
        assert run(fgs_workflow_callback, options, check_mode=True)["delivery"] == "not_sent"
    with scripted(YES) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url}, diff=True)
    assert "POST " in result["diff"]["after"]


def test_all_violations_are_reported_at_once() -> None:
    result = run(
        fgs_workflow_callback, {**CALLBACK, "result": "maybe", "timeout": "soon", "strange": 1, "workflow_id": ""}
    )
    options = sorted(violation["option"] for violation in result["violations"])
    assert options == ["result", "strange", "timeout", "workflow_id"]


def test_empty_id_names_the_missing_extra_var(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(fgs_workflow_callback, {**CALLBACK, "workflow_id": "", "workflow_state_id": ""})
    assert [violation["message"] for violation in result["violations"]] == [
        f"{name} is empty; the extra var fgs_{name} is probably missing"
        for name in ("workflow_id", "workflow_state_id")
    ]
    handed_on: dict[str, Any] = {}
    monkeypatch.setattr(ActionBase, "_execute_module", lambda _self, **options: handed_on.update(options) or {})
    run(fgs_workflow_callback, {**CALLBACK, "workflow_run_id": "", "run_on": "target"})
    assert handed_on["module_args"]["workflow_run_id"] == ""


def test_option_and_its_alias_together_are_a_violation() -> None:
    with scripted(YES) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "run_id": "run"})
    assert result["warnings"] == ["Both option workflow_run_id and its alias run_id are set."]


def test_environment_of_the_task_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HW_ACCESS_KEY", "AKPROCESS")
    monkeypatch.setenv("HW_SECRET_KEY", SECRET)
    environment = [{"HW_ACCESS_KEY": "AKTASK", "FGS_TEST_NUMBER": 7}]
    arguments = {**CALLBACK, "access_key": "", "secret_key": ""}
    with scripted(YES, YES) as server:
        run(fgs_workflow_callback, {**arguments, "endpoint": server.url})
        run(fgs_workflow_callback, {**arguments, "endpoint": server.url}, environment=environment)
    keys = [came.headers["Authorization"].partition("Access=")[2].partition(",")[0] for came in server.came]
    assert keys == ["AKPROCESS", "AKTASK"]


@pytest.mark.parametrize(("keywords", "wrapped"), [({}, False), ({"async_val": 30}, True)])
def test_runs_the_module_on_the_target(
    keywords: dict[str, Any], wrapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[dict[str, Any]] = []

    def execute(_self: Any, **options: Any) -> dict[str, Any]:
        handed.append(options)
        return {"changed": True, "msg": "from the module", **({"ansible_job_id": "j1"} if wrapped else DELIVERED)}

    monkeypatch.setattr(ActionBase, "_execute_module", execute)
    for plugin, given_arguments in PLUGINS:
        result = run(plugin, {**given_arguments, "run_on": "target", "error": ""}, **keywords)
        assert (result["msg"], result["changed"]) == ("from the module", True)
    assert [options["module_name"] for options in handed] == [
        "functiongraph.workflow.fgs_workflow_callback",
        "functiongraph.workflow.fgs_workflow_execution",
        "functiongraph.workflow.fgs_workflow_execution_info",
    ]
    assert all(options["wrap_async"] is wrapped for options in handed)
    assert handed[0]["module_args"] == {**CALLBACK, "run_on": "target"}


@pytest.mark.parametrize("given_arguments", [{}, {"run_on": "controller"}])
def test_async_with_secrets_is_refused(given_arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(_self: Any, **_options: Any) -> dict[str, Any]:
        raise AssertionError("the module was handed on")

    monkeypatch.setattr(ActionBase, "_execute_module", execute)
    for plugin, arguments in PLUGINS:
        result = run(plugin, {**arguments, **given_arguments}, async_val=30)
        assert (result["failed"], result["changed"]) == (True, False)
        assert result["msg"].endswith("set run_on=target, or remove async.")
    assert run(fgs_workflow_callback, CALLBACK, async_val=30)["delivery"] == "not_sent"


LOST = "It is not known whether the callback arrived: the module on the host of the task returned no result."


@pytest.mark.parametrize(
    "found",
    [
        {"failed": True, "msg": "MODULE FAILURE", "rc": -9},
        {"changed": True},
        {},
    ],
)
def test_lost_module_result_is_unknown(found: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionBase, "_execute_module", lambda _self, **_options: dict(found))
    result = run(fgs_workflow_callback, {**CALLBACK, "run_on": "target"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert (result["delivery"], result["requests_sent"]) == ("unknown", 0)
    assert result["msg"] == f"{LOST} {found.get('msg', '')}".strip()
    assert "Check the run before you send again" in result["hint"]
    assert result.get("rc") == found.get("rc")


def test_lost_connection_to_the_target_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_self: Any, **_options: Any) -> dict[str, Any]:
        raise AnsibleConnectionFailure("the host is gone")

    monkeypatch.setattr(ActionBase, "_execute_module", gone)
    result = run(fgs_workflow_callback, {**CALLBACK, "run_on": "target"})
    assert (result["unreachable"], result["failed"], result["delivery"]) == (True, False, "unknown")
    assert result["msg"] == f"{LOST} the host is gone"
    with pytest.raises(AnsibleConnectionFailure):
        run(fgs_workflow_execution_info, {**EXECUTION, "run_on": "target"})


@pytest.mark.parametrize(("plugin", "arguments"), PLUGINS)
def test_missing_library_fails_with_a_hint(
    plugin: Any, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_libraries, "REQUESTS_IMPORT_ERROR", "Traceback")
    result = run(plugin, arguments)
    assert result["failed"]
    assert "requests" in result["msg"]
    assert result["hint"] == advice.HINT
    nothing_done = plugin.ActionModule.task_class.NOTHING_DONE
    assert {name: result[name] for name in ("delivery", "requests_sent") if name in result} == nothing_done


def test_task_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_arguments: Any, **_options: Any) -> Any:
        raise TaskTimeoutError.__new__(TaskTimeoutError)

    path = "ansible_collections.functiongraph.workflow.plugins.module_utils._http.exchange"
    monkeypatch.setattr(path, late)
    result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": "http://127.0.0.1:1"}, timeout=5)
    # The controller does not know whether anything was sent, so it counts as sent.
    assert (result["failed"], result["delivery"]) == (True, "unknown")
    assert "the task timed out after 5 seconds" in result["msg"]
    result = run(fgs_workflow_execution_info, {**EXECUTION, "endpoint": "http://127.0.0.1:1"}, timeout=5)
    assert result["msg"] == "The run was not read, as the task timed out after 5 seconds."
    new = {name: value for name, value in EXECUTION.items() if name != "execution_id"}
    result = run(fgs_workflow_execution, {**new, "endpoint": "http://127.0.0.1:1"}, timeout=5)
    assert result["msg"] == (
        f"It is not known whether the run {result['execution_id']} was started: the task timed out after 5 seconds."
    )


def test_people_see_how_far_a_run_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(_reads, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(fgs_workflow_execution, "Display", lambda: SimpleNamespace(v=shown.append))
    workflow = Call("GET", "/v2/p/fgs/workflows/w", 403)
    runs = [Call(*GET, 200, {"status": status}) for status in ("running", "success")]
    with scripted(runs[0], workflow, runs[1]) as server:
        result = run(fgs_workflow_execution, {**EXECUTION, "endpoint": server.url, "wait": True})
    assert (result["status"], result["changed"]) == ("success", False)
    assert [line.rpartition(" after ")[0] for line in shown] == ["Run run: it shows status running,"]


@pytest.mark.parametrize(
    ("plugin", "arguments", "delivery"),
    [
        (fgs_workflow_callback, CALLBACK, "unknown"),
        (fgs_workflow_execution, EXECUTION, None),
        (fgs_workflow_execution_info, EXECUTION, None),
    ],
)
def test_task_timeout_on_the_target(
    plugin: Any, arguments: dict[str, Any], delivery: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_arguments: Any, **_options: Any) -> Any:
        raise TaskTimeoutError.__new__(TaskTimeoutError)

    monkeypatch.setattr(ActionBase, "_execute_module", late)
    result = run(plugin, {**arguments, "run_on": "target"}, timeout=5)
    assert (result["failed"], result["changed"], result.get("delivery")) == (True, False, delivery)
    assert "the task timed out after 5 seconds" in result["msg"]


@pytest.mark.parametrize("run_on", ["controller", "target"])
def test_interruption_is_reported(run_on: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)

    module_utils = "ansible_collections.functiongraph.workflow.plugins.module_utils"
    monkeypatch.setattr(f"{module_utils}._http.exchange", interrupted)
    monkeypatch.setattr(ActionBase, "_execute_module", interrupted)
    warned: list[str] = []
    made = action(fgs_workflow_callback, {**CALLBACK, "endpoint": "http://127.0.0.1:1", "run_on": run_on})
    monkeypatch.setattr(made, "_display", SimpleNamespace(display=lambda text, **_unused: warned.append(text)))
    with pytest.raises(KeyboardInterrupt):
        made.run(task_vars={})
    (warning,) = warned
    expected = "It is not known whether the callback arrived: the run of the playbook was interrupted."
    assert warning == f"[WARNING]: {expected}"


@pytest.mark.parametrize("shown", [True, False])
def test_invocation_follows_the_setting_of_ansible(shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def value(name: str, **_options: Any) -> bool:
        asked.append(name)
        return shown

    monkeypatch.setattr(constants.config, "get_config_value", value)
    action_module = action(fgs_workflow_callback, {})
    assert action_module._shows_invocation({}) is shown
    assert asked == ["INJECT_INVOCATION"]


def test_invocation_without_the_setting_of_newer_ansible_core(monkeypatch: pytest.MonkeyPatch) -> None:
    get = constants.config.get_config_value

    def get_known(name: str, **options: Any) -> Any:
        if name == "INJECT_INVOCATION":
            raise KeyError(name)
        return get(name, **options)

    monkeypatch.setattr(constants.config, "get_config_value", get_known)
    with scripted(YES) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url})
    shown = result["invocation"]["module_args"]
    assert (shown["secret_key"], shown["workflow_id"]) == ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "w")


def test_declares_what_it_supports() -> None:
    for plugin, _arguments in PLUGINS:
        face = plugin.ActionModule
        assert (face._supports_check_mode, face._supports_async, face._supports_diff) == (True, True, True)
        assert face._requires_connection is False


def test_values_are_untagged() -> None:
    """No tags and no lazy templates reach what is sent."""
    arguments = {"a": [1, 2.5, None, True, {"b": "ü"}]}
    found = _playbook.plain(arguments)
    assert found == arguments
    assert [type(value) for value in (found, found["a"], found["a"][4]["b"])] == [dict, list, str]


def test_check_shows_its_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(constants, "ANSIBLE_NOCOLOR", True)
    result = run(_fgs_workflow_callback, {"step": "check", "region": "cn north 4", "workflow_id": ""})
    assert "failed" not in result
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(result["rows"]) + sum(bool(row["remedy"]) for row in result["rows"])
    assert lines[3].startswith("problem  credentials         No credentials are set")
    assert lines[4].startswith(" " * 27 + "-> ")


def test_check_without_a_library_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "JSONSCHEMA_IMPORT_ERROR", "Traceback")
    result = run(_fgs_workflow_callback, {"step": "check"})
    assert (result["failed"], result["problems"]) == (False, [result["msg"]])
    (row,) = result["rows"]
    assert (row["check"], row["status"], "jsonschema" in row["found"]) == ("check", "problem", True)


def test_check_that_is_interrupted_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(CheckTask, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(_fgs_workflow_callback, {"step": "check"})
    assert "The check was not finished, as " in " ".join(capsys.readouterr().err.split())
