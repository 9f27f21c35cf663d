# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says of a failure, from a result in which nothing is hidden yet."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest
from support.reporting import MASK
from support.tasks import SECRET

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _runbook
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import HIDDEN, UNKNOWN_REASON

TASK = {"name": "do it", "action": "ansible.builtin.command", "no_log": False}
GONE = {"failed": True, "msg": "gone"}


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")


def rendered(value: Any) -> Any:
    """What a templar gives after a loop has ended."""
    if value == "install {{ item }}":
        raise RuntimeError("'item' is undefined")
    if value is GONE:
        raise RuntimeError("an error's own text is no template")
    return GONE if isinstance(value, dict) and isinstance(value.get("exception"), Exception) else value


def failure(result: Any, task: Any, **options: Any) -> dict[str, Any]:
    """What the step of the role says in a rescue."""
    of_step = SimpleNamespace(check_mode=False)
    steps = _runbook.Steps(of_step, dict(os.environ), lambda *_arguments: {}, rendered)
    variables = {"inventory_hostname": "web1", "ansible_failed_result": result, "ansible_failed_task": task}
    found: dict[str, Any] = steps.run({"step": "failed", "state": "", "options": options}, {}, variables)["failure"]
    return found


def said(result: Any, task: Any) -> tuple[str, dict[str, Any]]:
    found = failure(result, task)
    return found["error"], {name: found[name] for name in ("host", "task", "message")}


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (TASK, "do it"),
        ({**TASK, "name": ""}, "ansible.builtin.command"),
        ({"action": "command", "no_log": False}, "command"),
        ({**TASK, "name": "install {{ item }}"}, "ansible.builtin.command"),
    ],
)
def test_host_task_and_reason(task: Any, name: str) -> None:
    assert said(GONE, task) == (f"web1: {name}: gone", {"host": "web1", "task": name, "message": "gone"})


def test_objects_of_ansible_core_are_made_plain() -> None:
    assert failure({**GONE, "exception": Exception("gone")}, TASK)["message"] == "gone"


@pytest.mark.parametrize(
    ("result", "task"),
    [
        (GONE, {**TASK, "no_log": True}),
        # A template that nobody has rendered, or no word of it at all: it may be true.
        (GONE, {**TASK, "no_log": "{{ hide }}"}),
        (GONE, {"name": "do it"}),
        ({**GONE, "_ansible_no_log": True}, TASK),
        ({**GONE, "results": [{"item": 1}, "text", {**GONE, "_ansible_no_log": True}]}, TASK),
    ],
)
def test_what_no_log_hides(result: dict[str, Any], task: dict[str, Any]) -> None:
    assert said(result, task) == (f"web1: do it: {HIDDEN}", {"host": "web1", "task": "do it", "message": None})


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({**GONE, "_ansible_no_log": False}, "gone"),
        ({**GONE, "results": "text"}, "gone"),
        ({"msg": "One or more items failed", "results": [{"item": "a"}, {**GONE, "item": "b"}]}, "b: gone"),
    ],
)
def test_what_is_not_hidden(result: dict[str, Any], line: str) -> None:
    assert said(result, TASK)[0] == f"web1: do it: {line}"


@pytest.mark.parametrize("result", [None, {}, ""])
def test_a_host_that_others_drag_along(result: Any) -> None:
    assert said(result, None) == (f"web1: {UNKNOWN_REASON}", {"host": "web1", "task": "", "message": None})
    assert said(result, TASK)[0].startswith("web1: do it: failed")


def test_whether_ansible_tells_what_failed() -> None:
    assert failure(GONE, TASK)["line"] == "gone"
    assert failure({}, None)["line"] == UNKNOWN_REASON


def test_secrets_of_options_and_environment_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", SECRET)
    result = {"failed": True, "msg": f"{SECRET} token-0000001"}
    found = failure(result, TASK, auth_token="token-0000001")
    assert found["error"] == f"web1: do it: {MASK} {MASK}"
    assert found["message"] == f"{MASK} {MASK}"
