# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says of a failure, from a result in which nothing is hidden yet."""

from __future__ import annotations

from typing import Any

import pytest
from support.reporting import MASK
from support.tasks import SECRET

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _runbook
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import HIDDEN, UNTOLD

TASK = {"name": "do it", "action": "ansible.builtin.command", "no_log": False}
GONE = {"failed": True, "msg": "gone"}


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")


class Lazy(dict[str, Any]):
    """A task of which a field cannot be rendered any more."""

    def __getitem__(self, name: str) -> Any:
        if name == "name":
            raise RuntimeError("'item' is undefined")
        return super().__getitem__(name)


def said(result: Any, task: Any) -> tuple[str, dict[str, Any]]:
    found = _runbook.failure(result, "web1", task)
    return found["error"], found["failed_task"]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (TASK, "do it"),
        ({**TASK, "name": ""}, "ansible.builtin.command"),
        ({"action": "command", "no_log": False}, "command"),
        (Lazy(TASK), "ansible.builtin.command"),
    ],
)
def test_host_task_and_reason(task: Any, name: str) -> None:
    assert said(GONE, task) == (f"web1: {name}: gone", {"host": "web1", "task": name, "message": "gone"})


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
    assert said(result, None) == (f"web1: {UNTOLD}", {"host": "web1", "task": "", "message": None})
    assert said(result, TASK)[0].startswith("web1: do it: failed")


def test_whether_ansible_tells_what_failed() -> None:
    assert _runbook.failure(GONE, "web1", TASK)["told"] is True
    assert _runbook.failure({}, "web1", None)["told"] is False


def test_secrets_of_options_and_environment_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", SECRET)
    result = {"failed": True, "msg": f"{SECRET} token-0000001"}
    found = _runbook.failure(result, "web1", TASK, {"auth_token": "token-0000001"})
    assert found["error"] == f"web1: do it: {MASK} {MASK}"
    assert found["failed_task"]["message"] == f"{MASK} {MASK}"
