# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of the role, by itself and in a rescue as its documentation shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.playbooks import Run

from ansible_collections.functiongraph.workflow.plugins.filter import runbook_failure


def test_it_says_what_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    called = runbook_failure.FilterModule().filters()
    assert list(called) == ["runbook_failure"]
    task = {"name": "do it", "no_log": False}
    assert called["runbook_failure"]({"msg": "gone"}, "web1", task)["error"] == "web1: do it: gone"


def test_the_example_of_its_documentation(ansible_playbook: Callable[..., Run]) -> None:
    playbook = "- hosts: all\n  gather_facts: false\n  tasks:\n" + indented(runbook_failure.EXAMPLES)
    run = ansible_playbook(playbook)
    assert run.returncode == 0, run.output
    said = run.result("Say why")["msg"]
    assert said["error"] == "localhost: A task that fails: exit code 1"
    assert said["failed_task"]["task"] == "A task that fails"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
