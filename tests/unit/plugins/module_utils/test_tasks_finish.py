# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing leaves a task but through finish(): a secret that is put into a result anywhere does not come out."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from support.servers import Call, scripted
from support.tasks import POST, SECRET, callback_task, execution_info_task

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http, _tasks
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import Task
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.configuration import ConfigurationError

TEXT = f"a {SECRET}\x1b[31m of ours"
LEAKS: dict[str, Any] = {
    "msg": TEXT,
    "hint": TEXT,
    "warnings": [TEXT],
    "error_code": TEXT,
    "error_msg": TEXT,
    "request_id": TEXT,
    "execution_id": SECRET,
    "undelivered_file": f"/tmp/{SECRET}",
    "ansible_facts": {"fgs_workflow_execution_id": SECRET},
    "violations": [{"option": "output", "rule": "type", "limit": [SECRET], "message": TEXT}],
    "diff": {"before": "", "after": f"GET /{SECRET}"},
    "execution": {SECRET: [{"deep": (SECRET, 1, None)}]},
}
SENTENCES = ("msg", "hint", "error_code", "error_msg", "request_id")


def check(result: dict[str, Any]) -> None:
    assert SECRET not in json.dumps(result)
    for name in SENTENCES:
        assert "\x1b" not in result.get(name, "")
    assert not any("\x1b" in warning for warning in result.get("warnings", ()))


@pytest.mark.parametrize("make", [callback_task, execution_info_task])
@pytest.mark.parametrize("step", ["_refused", "not_connected", "act", "aborted"])
def test_result_is_redacted(monkeypatch: pytest.MonkeyPatch, make: Any, step: str) -> None:
    task: Task = make({"endpoint": "http://127.0.0.1:1"} if step != "_refused" else {"endpoint": "no URL"})

    def leak(*_arguments: Any) -> Any:
        return dict(LEAKS)

    def refuse() -> Any:
        raise ConfigurationError("unset", hint=SECRET)

    monkeypatch.setattr(task, step, leak)
    if step == "not_connected":
        monkeypatch.setattr(task, "connect", refuse)
    result = task.interrupted("of a test") if step == "aborted" else task.run()
    assert result.keys() == LEAKS.keys()
    check(result)


@pytest.mark.parametrize("make", [callback_task, execution_info_task])
def test_unexpected_error_is_redacted(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    task: Task = make({})

    def broken() -> Any:
        raise LookupError(TEXT)

    monkeypatch.setattr(task, "validate", broken)
    result = task.run()
    assert result["failed"]
    check(result)


def broken(*_arguments: Any) -> Any:
    raise LookupError


def remove(monkeypatch: pytest.MonkeyPatch, package: Any, name: str) -> None:
    """As where the collection is removed while the playbook runs, before the file was imported."""
    monkeypatch.delattr(package, name, raising=False)
    monkeypatch.setitem(sys.modules, f"{package.__name__}.{name}", None)


@pytest.mark.parametrize(("package", "name"), [(_tasks, "failed_callback"), (_http, "failures")])
def test_outcome_is_known_where_a_file_is_gone(monkeypatch: pytest.MonkeyPatch, package: Any, name: str) -> None:
    with scripted(Call(*POST, 400, {"error_code": "FGS.3002"})) as server:
        task = callback_task({"endpoint": server.url, "confirm": "never"})
        remove(monkeypatch, package, name)
        # What explains an error is gone, and an error there is.
        monkeypatch.setattr(task, "result_of", broken)
        result = task.run()
    assert (result["failed"], result["delivery"], result["requests_sent"]) == (True, "unknown", 1)
    text = "It is not known whether the callback arrived, and the collection cannot say why (ModuleNotFoundError); "
    assert result["msg"] == text + "install it again."


def test_nothing_was_done_where_a_file_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    remove(monkeypatch, _http, "failures")
    for make, verb in ((callback_task, "sent"), (execution_info_task, "read")):
        task: Task = make({"endpoint": "http://127.0.0.1:1"})
        monkeypatch.setattr(task, "connect", broken)
        text = f"Nothing was {verb}, and the collection cannot say why (ModuleNotFoundError); install it again."
        assert task.run()["msg"] == text


def test_interruption_is_told_where_a_file_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    remove(monkeypatch, _tasks, "failed_callback")
    result = callback_task({}).interrupted("the task timed out after 5 seconds")
    assert (result["delivery"], result["requests_sent"]) == ("not_sent", 0)
    assert "ModuleNotFoundError" in result["msg"]
