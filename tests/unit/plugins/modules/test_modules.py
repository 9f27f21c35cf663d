# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules from end to end in this process: arguments in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.parameters import PASS_VARS
from support.modules import patch_module_args
from support.servers import Call, scripted
from support.tasks import CALLBACK, EXECUTION, GET, POST, SECRET

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import advice
from ansible_collections.functiongraph.workflow.plugins.modules import (
    fgs_workflow_callback,
    fgs_workflow_execution,
    fgs_workflow_execution_info,
)

# From ansible-core 2.21 on, arguments are only shown where the user wants it.
SHOWN = {"inject_invocation": True} if "inject_invocation" in PASS_VARS else {}
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("HOME", "/nonexistent")

    def run(module: Any, arguments: dict[str, Any], *, fails: bool = False, **control: Any) -> dict[str, Any]:
        module_args = {**arguments, **{f"_ansible_{name}": value for name, value in control.items()}}
        with patch_module_args(module_args), pytest.raises(SystemExit) as raised:
            module.main()
        output = capsys.readouterr()
        assert raised.value.code == int(fails)
        result: dict[str, Any] = json.loads(output.out)
        # How a module registers secrets with ansible-core since 2.22, which then redacts the result.
        result.pop("_ansible_new_secrets", None)
        assert SECRET not in json.dumps(result) + output.err
        assert result.get("failed", False) is fails
        return result

    return run


def test_completes_a_state(run: Run) -> None:
    with scripted(Call(*POST, 200, {"execution_id": "run"})) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "error": ""}, **SHOWN)
    assert (result["changed"], result["delivery"], result["execution_id"]) == (True, "delivered", "run")
    assert result["ansible_facts"] == {"fgs_workflow_execution_id": "run"}
    shown = result["invocation"]["module_args"]
    assert (shown["secret_key"], shown["workflow_id"]) == ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "w")


def test_short_secret_corrupts_no_result(run: Run) -> None:
    """Ansible would cut it out of every id."""
    with scripted(Call(*POST, 200, {"execution_id": "run-42"})) as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "access_key": "un"})
    assert result["execution_id"] == "run-42"


def test_short_secret_is_not_in_the_log_of_the_system(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible masks there only what the specification marks as secret, and a short secret corrupts no line of it."""
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _self, _text, log_args=None: logged.append(log_args))
    with scripted(Call(*POST, 200, {"execution_id": "run"})) as server:
        run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "access_key": "un"})
    (arguments,) = logged
    assert arguments["workflow_id"] == "w"
    # Since ansible-core 2.22 the second one.
    assert arguments["access_key"] in ("NOT_LOGGING_PARAMETER", "$REDACTED$")


def test_check_mode_and_diff(run: Run) -> None:
    with scripted() as server:
        result = run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url}, check_mode=True, diff=True)
    assert (result["changed"], result["delivery"]) == (True, "not_sent")
    assert "POST " in result["diff"]["after"]


def test_all_violations_are_reported_at_once(run: Run) -> None:
    arguments = {**CALLBACK, "result": "maybe", "timeout": "soon", "strange": 1, "workflow_id": ""}
    result = run(fgs_workflow_callback, arguments, fails=True)
    assert sorted(violation["option"] for violation in result["violations"]) == [
        "result",
        "strange",
        "timeout",
        "workflow_id",
    ]
    assert result["msg"].startswith("Nothing was sent: ")
    assert "workflow_id is empty; the extra var fgs_workflow_id is probably missing" in result["msg"]


def test_warnings_reach_ansible(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    # Where Ansible's controller is in the same process, it takes them out of the result.
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _self, warning: warned.append(warning))
    node = {"node_id": "state", "executions": [{"status": "success"}]}
    shown = {"status": "running", "node_execution_details": [node]}
    with scripted(Call(*GET, 404), Call(*POST, 200, {"execution_id": "run"}), Call(*GET, 200, shown)) as server:
        run(fgs_workflow_callback, {**CALLBACK, "endpoint": server.url, "confirm": "always"})
    (warning,) = warned
    assert warning.startswith("The run could not be read before sending ")


def test_reads_a_run(run: Run) -> None:
    with scripted(Call(*GET, 200, {"status": "success"})) as server:
        result = run(fgs_workflow_execution_info, {**EXECUTION, "endpoint": server.url})
    assert (result["status"], result["changed"]) == ("success", False)


def test_starts_a_run(run: Run) -> None:
    new = {name: value for name, value in EXECUTION.items() if name != "execution_id"}
    start = Call("POST", "/v2/p/fgs/workflows/w/executions", 200, {"execution_id": "run"})
    with scripted(start, Call(*GET, 200, {"status": "running"})) as server:
        result = run(fgs_workflow_execution, {**new, "endpoint": server.url, "input": {"a": 1}})
    assert (result["status"], result["changed"], result["execution_id"]) == ("running", True, "run")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (fgs_workflow_callback, CALLBACK),
        (fgs_workflow_execution, EXECUTION),
        (fgs_workflow_execution_info, EXECUTION),
    ],
)
def test_missing_library_fails_with_a_hint(
    run: Run, module: Any, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_libraries, "REQUESTS_IMPORT_ERROR", "Traceback")
    result = run(module, arguments, fails=True)
    assert "requests" in result["msg"]
    assert result["hint"] == advice.HINT
