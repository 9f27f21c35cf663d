# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing leaves a task but through finish(): a secret that is put into a result anywhere does not come out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.tasks import SECRET, callback_task, execution_info_task

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
@pytest.mark.parametrize("step", ["_refused", "not_connected", "act", "broken_off"])
def test_result_is_redacted(monkeypatch: pytest.MonkeyPatch, make: Any, step: str) -> None:
    task: Task = make({"endpoint": "http://127.0.0.1:1"} if step != "_refused" else {"endpoint": "no URL"})

    def leak(*_arguments: Any) -> Any:
        return dict(LEAKS)

    def refuse() -> Any:
        raise ConfigurationError("unset", hint=SECRET)

    monkeypatch.setattr(task, step, leak)
    if step == "not_connected":
        monkeypatch.setattr(task, "connect", refuse)
    result = task.interrupted("of a test") if step == "broken_off" else task.run()
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
