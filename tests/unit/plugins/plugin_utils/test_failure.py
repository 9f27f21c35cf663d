# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed task says in one line: the reason, in whichever words a release of ansible-core wraps it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import failures
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import Failure

LIMIT = field("error").max_length or 0
UNDEFINED = "'nope' is undefined"


def line(result: dict[str, Any], *causes: str) -> str | None:
    return failures.failure_of_result("web1", "do it", result, causes).line


# What the releases of ansible-core put around the same reason.
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            f"The task includes an option with an undefined variable. The error was: {UNDEFINED}\n\n"
            "The error appears to be in '/project/site.yml': line 3, column 7",
            id="2.16 argument",
        ),
        pytest.param(
            "The conditional check 'nope' failed. The error was: error while evaluating conditional (nope): "
            f"{UNDEFINED}\n\nThe error appears to be in '/project/site.yml'",
            id="2.16 condition",
        ),
        pytest.param(
            "Task failed: Finalization of task args for 'ansible.builtin.debug' failed: "
            f"Error while resolving value for 'msg': {UNDEFINED}",
            id="2.19 argument",
        ),
        pytest.param(f"Task failed: Error while evaluating conditional: {UNDEFINED}", id="2.19 condition"),
        pytest.param(f"Task failed: A 'changed_when' expression failed: {UNDEFINED}", id="2.20 expression"),
        pytest.param(f"Task failed: Module failed: {UNDEFINED}", id="2.21 module"),
        pytest.param(f"Unexpected AnsibleUndefined error: {UNDEFINED}", id="unexpected"),
        pytest.param(f"Action failed: {UNDEFINED}", id="action"),
        pytest.param(f"  [WARNING]: Platform is old.\n\n{UNDEFINED}", id="a warning before"),
        pytest.param(
            f'Traceback (most recent call last):\n  File "m.py", line 1\n{UNDEFINED}', id="the end of a traceback"
        ),
    ],
)
def test_only_the_reason_remains(message: str) -> None:
    assert line({"msg": message}) == UNDEFINED


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"msg": "no such file"}, "no such file"),
        ({"reason": "Could not find or access 'more.yml'"}, "Could not find or access 'more.yml'"),
        ({"msg": ["first", "second"]}, "first"),
        ({"msg": {"code": 7}}, '{"code": 7}'),
        ({"msg": "Task failed: "}, "Task failed:"),
        ({"msg": "[WARNING]: nothing but this"}, "[WARNING]: nothing but this"),
        # What ssh says of a host that cannot be reached.
        (
            {
                "unreachable": True,
                "msg": "Failed to connect to the host via ssh: ssh: connect to host web1 port 22: Connection refused",
            },
            "Connection refused",
        ),
        # msg says nothing, and the reason stands elsewhere.
        ({"msg": "non-zero return code", "rc": 2, "stderr": "cp: no such file\ncp: again"}, "cp: no such file"),
        (
            {"msg": "non-zero return code", "stderr": "Shared connection to web1 closed.\ncp: no such file"},
            "cp: no such file",
        ),
        (
            {"msg": "non-zero return code", "stderr": "", "stdout": "1 passed\n1 failed\n"},
            "1 failed",
        ),
        (
            {
                "msg": "MODULE FAILURE\nSee stdout/stderr for the exact error",
                "module_stderr": "Traceback (most recent call last):\nValueError: no",
            },
            "ValueError: no",
        ),
        (
            {
                "msg": "MODULE FAILURE: No start of json char found\nSee stdout/stderr for the exact error",
                "module_stdout": "starting\n/bin/sh: python3: not found",
            },
            "/bin/sh: python3: not found",
        ),
        (
            {"msg": "Task failed: Action failed: A 'failed_when' expression evaluated to true", "rc": 0, "stdout": "x"},
            "x",
        ),
        ({"msg": "Module result deserialization failed: No start of json", "module_stdout": "bang"}, "bang"),
        ({"msg": "non-zero return code", "rc": 3}, "exit code 3"),
        ({"attempts": 5, "rc": 0}, "gave up after 5 attempts"),
        ({"failed_when_result": True}, "its failed_when is true"),
        ({"msg": None}, "failed"),
        ({"msg": " \n", "rc": 1}, "exit code 1"),
        ({}, "failed"),
        ({"msg": "Assertion failed", "assertion": "disk > 10"}, "assertion failed: disk > 10"),
        ({"msg": "Assertion failed", "assertion": False}, "assertion failed: false"),
        ({"msg": "Assertion failed", "assertion": ""}, "assertion failed: "),
        ({"msg": "disk full", "assertion": "disk > 10"}, "disk full"),
    ],
)
def test_most_useful_line(result: dict[str, Any], expected: str) -> None:
    assert line(result) == expected


@pytest.mark.parametrize(
    ("message", "causes", "expected"),
    [
        ("Unable to retrieve file.", ("Unable", "no such host"), "Unable to retrieve file: no such host"),
        ("Unable to retrieve file: no such host", ("no such host",), "Unable to retrieve file: no such host"),
        ("Unable to retrieve file.", (), "Unable to retrieve file."),
        # A text that says nothing is not worth its cause: the rest of the result is.
        ("non-zero return code", ("deep",), "failed"),
    ],
)
def test_innermost_cause_is_named_once(message: str, causes: tuple[str, ...], expected: str) -> None:
    assert line({"msg": message}, *causes) == expected


def test_message_has_everything() -> None:
    result = {
        "msg": "non-zero return code",
        "stdout": "out",
        "stderr": "err",
        "module_stdout": "",
        "module_stderr": "module",
        "invocation": {"module_args": "never"},
    }
    assert failures.failure_of_result("web1", "do it", result) == Failure(
        "web1", "do it", "module", "non-zero return code\nmodule\nerr\nout"
    )


def test_no_log_result_is_not_reported() -> None:
    redacted_result = {"censored": "the output has been hidden", "msg": "secret", "_ansible_item_label": "secret"}
    assert failures.failure_of_result("web1", "do it", redacted_result, ["secret"]) == Failure(
        "web1", "do it", None, None
    )
    assert failures.failure_of_item("web1", "do it", redacted_result) == Failure("web1", "do it", None, None)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"item": "a.txt", "ansible_loop_var": "item"}, "a.txt: gone"),
        ({"part": 7, "ansible_loop_var": "part"}, "7: gone"),
        ({"item": "a.txt"}, "a.txt: gone"),
        ({"item": {"name": "a", "password": "b"}, "_ansible_item_label": "a"}, "a: gone"),
        ({"item": {"name": "a", "password": "b"}}, "gone"),
        ({"item": True}, "gone"),
        ({"item": "x" * 24}, "x" * 24 + ": gone"),
        ({"item": "x" * 25}, "gone"),
        ({"item": ""}, "gone"),
        ({}, "gone"),
    ],
)
def test_failed_item_is_named_by_its_label(item: dict[str, Any], expected: str) -> None:
    results = [
        {"item": "fine", "changed": True},
        "not a result",
        {**item, "failed": True, "msg": "gone"},
        {"item": "b", "failed": True, "msg": "later"},
    ]
    assert line({"msg": "One or more items failed", "results": results}) == expected
    assert line({"msg": "One or more items failed", "results": tuple(results)}) == expected


def test_unreachable_item_has_failed() -> None:
    assert failures.failed_item({"results": [{"unreachable": True, "item": 1}]}) == {"unreachable": True, "item": 1}


@pytest.mark.parametrize("results", [None, "text", {"failed": True}, [], [{"failed": False}]])
def test_task_result_is_used_without_a_failed_item(results: Any) -> None:
    assert failures.failed_item({"results": results}) is None
    assert line({"msg": "gone", "results": results}) == "gone"


TOO_LONG = "The deployment of the new version of the application has failed for good"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Failure("web1", "copy", "disk full", "…"), "web1: copy: disk full"),
        (Failure("web1", "copy", None, None), "web1: copy: failed, and no_log hides why"),
        (Failure("", "", "no host matched: nothing was done", None), "no host matched: nothing was done"),
        (Failure("web1", "", "disk full", None), "web1: disk full"),
        (Failure("", "", TOO_LONG, None), "The deployment of the new version of the application has failed…"),
        # What is short leaves its room to the others.
        (Failure("web1", "copy", TOO_LONG, None), "web1: copy: The deployment of the new version of the…"),
        (Failure("web1", TOO_LONG, "disk full", None), "web1: The deployment of the new version of the…: disk full"),
        (Failure("web1", "", TOO_LONG, None), "web1: The deployment of the new version of the application has…"),
        (Failure("", "copy", TOO_LONG, None), "copy: The deployment of the new version of the application has…"),
    ],
)
def test_error_names_host_task_and_reason(failure: Failure, expected: str) -> None:
    assert failures.error_text(failure) == expected
    assert len(expected) <= LIMIT == 64


def test_every_part_is_kept_when_truncated() -> None:
    host, task, reason = failures.error_text(Failure("h" * 99, "t" * 99, "r" * 99, None)).split(": ")
    assert (len(host), host[0], host[-1]) == (21, "h", "…")
    assert (len(task), task[0], task[-1]) == (19, "t", "…")
    assert (len(reason), reason[0], reason[-1]) == (20, "r", "…")


@given(host=st.text(), task=st.text(), line=st.none() | st.text())
@example(host="h" * 300, task="t" * 300, line="l" * 300)
@example(host="", task="t" * 300, line="l" * 300)
@example(host="h" * 300, task="", line="")
@example(host="h" * 21, task="t", line="l " * 300)
def test_error_is_never_too_long_for_the_service(host: str, task: str, line: str | None) -> None:
    found = failures.error_text(Failure(host, task, line, None))
    assert 0 < len(found) <= LIMIT


@given(msg=st.text() | st.none() | st.integers() | st.lists(st.text()), stderr=st.text(), stdout=st.text())
def test_failure_is_one_line_for_any_output(msg: Any, stderr: str, stdout: str) -> None:
    found = line({"msg": msg, "stderr": stderr, "stdout": stdout})
    assert found
    assert len(found.splitlines()) == 1


@given(text=st.text(max_size=200), limit=st.integers(3, 200))
def test_both_ends_of_a_truncated_text_are_kept(text: str, limit: int) -> None:
    found = failures.bounded(text, limit)
    if len(text) <= limit:
        assert found == text
        return
    head, cut, tail = found.partition("\n…\n")
    assert (cut, len(found)) == ("\n…\n", limit)
    assert abs(len(head) - len(tail)) <= 1
    assert text.startswith(head)
    assert text.endswith(tail)
