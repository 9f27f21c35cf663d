# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The useful line of a failed task's message, as this release of ansible-core writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from situation import play, task
from support import reporting
from support.playbooks import ROOT, ansible_playbook

pytestmark = pytest.mark.core


def shell(script: str) -> dict[str, Any]:
    return task("do", "shell", script, changed_when=False)


# By host: its task, the error, and words that must be in the message. In an error, … stands for anything.
TEXTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "stderr": (
        shell("echo x; echo disk full >&2; echo sorry >&2; exit 3"),
        "stderr: do: disk full",
        "disk full\nsorry",
    ),
    "stdout": (shell("echo begin; echo it broke; exit 3"), "stdout: do: it broke", "begin\nit broke"),
    "silent": (shell("exit 3"), "silent: do: exit code 3", "non-zero return code"),
    "warned": (
        shell("echo WARNING: old >&2; echo Permission denied >&2; exit 3"),
        "warned: do: Permission denied",
        "WARNING: old",
    ),
    "python": (
        task("do", "command", "python3 -c 'raise ValueError(\"no such release\")'", changed_when=False),
        "python: do: ValueError: no such release",
        "Traceback",
    ),
    "absent": (task("do", "command", "/nowhere/x"), "absent: do: …No such file or…", "[Errno 2]"),
    "fail": (task("do", "fail", {"msg": "Disk full\nsecond line"}), "fail: do: Disk full", "second line"),
    "list": (task("do", "fail", {"msg": ["Disk full", "second line"]}), "list: do: Disk full", "second line"),
    "assert": (task("do", "assert", {"that": ["1 == 2"]}), "assert: do: assertion failed: 1 == 2", "Assertion failed"),
    "words": (task("do", "assert", {"that": ["1 == 2"], "fail_msg": "not one"}), "words: do: not one", "not one"),
    "undefined": (task("do", "debug", {"msg": "{{ nope.x }}"}), "undefined: do: 'nope' is undefined…", "nope"),
    "condition": (task("do", "debug", {"msg": ""}, when="nope == 1"), "condition: do: …'nope' is undefined…", "nope"),
    "loop": (
        task("do", "shell", "echo no {{ item }} >&2; test {{ item }} != b", loop=["a", "b", "c"], changed_when=False),
        "loop: do: b: no b",
        "no b",
    ),
    "label": (
        task("do", "fail", {"msg": "no"}, loop=[{"secret": "x"}], loop_control={"label": "nginx"}),
        "label: do: nginx: no",
        "no",
    ),
    "data": (task("do", "fail", {"msg": "no"}, loop=[{"key": "value"}]), "data: do: no", "no"),
    "until": (
        task("do", "shell", "echo not yet >&2; exit 1", until=False, retries=1, delay=0, changed_when=False),
        "until: do: not yet",
        "not yet",
    ),
    "failed-when": (
        task("do", "shell", "echo hello", failed_when=True, changed_when=False),
        "failed-when: do: hello",
        "hello",
    ),
    "touch": (
        task("do", "file", {"path": "/nowhere/x", "state": "touch"}),
        "touch: do: Error, could not touch target: [Errno 2] No such…",
        "No such file or directory",
    ),
    "source": (task("do", "copy", {"src": "nowhere", "dest": "/nowhere"}), "source: do: Could not find or access…", ""),
    "option": (
        task("do", "file", {"path": "/nowhere", "nowhere": 1}),
        "option: do: Unsupported parameters for…",
        "nowhere",
    ),
    "lookup": (task("do", "debug", {"msg": "{{ lookup('file', '/nowhere') }}"}), "lookup: do: The …", "/nowhere"),
    "hidden": (shell("echo hush-hush >&2; exit 1") | {"no_log": True}, "hidden: do: failed, and no_log hides why", ""),
    "gone": (task("do", "ping", {}), "gone: do: the host is gone", "the host is gone"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What would be said of every task, by host."""
    place: Path = tmp_path_factory.mktemp("texts")
    for host, (one, _error, _message) in TEXTS.items():
        (place / f"{host}.inc").write_text(json.dumps([one]))
    tasks = task("texts", "include_tasks", f"{place}/{{{{ inventory_hostname }}}}.inc")
    finished = ansible_playbook(
        [play(tasks, strategy="free")],
        *("--forks", "8"),
        home=place,
        hosts={host: {"ansible_connection": "fgs_test_gone"} if host == "gone" else {} for host in TEXTS},
        env={
            "ANSIBLE_CALLBACKS_ENABLED": "fgs_test_failures",
            "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests/support/connection_plugins"),
            "FGS_TEST_FAILURES": str(place / "said"),
        },
    )
    lines = [json.loads(line) for line in (place / "said").read_text().splitlines()]
    assert len(lines) == len(TEXTS), finished.output
    return {line["host"]: line for line in lines}


@pytest.mark.parametrize("host", TEXTS)
def test_failure_is_shortened_to_its_useful_line(said: dict[str, dict[str, Any]], host: str) -> None:
    _task, error, message = TEXTS[host]
    assert reporting.matches(error, said[host]["error"]), said[host]["error"]
    assert len(said[host]["error"]) <= 64
    if host == "hidden":
        assert said[host]["message"] is None
    else:
        assert message in said[host]["message"]
        # Words that ansible-core has twice are said once.
        assert said[host]["message"].count("second line") <= 1
