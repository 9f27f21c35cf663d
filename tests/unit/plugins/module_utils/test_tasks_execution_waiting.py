# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a run, by a clock that only the waits advance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from support.executions import (
    ACCEPTED,
    DEFINITION,
    EXPRESS,
    NORMAL,
    NOT_FOUND,
    NOT_READABLE,
    RUNS,
    matches,
    outcome,
    run_of,
    run_task,
    shows,
    task,
)
from support.servers import Call, scripted
from support.tasks import GET, SECRET

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import execution
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution import ExecutionTask


class Clock:
    """Replaces the module time. waits are the pauses so far, in seconds."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(_reads, "time", found)
    monkeypatch.setattr(execution, "time", found)
    monkeypatch.setattr(_reads, "random", SimpleNamespace(uniform=lambda _least, _most: 1.0))
    return found


def at(name: str, status: str, run_status: str = "running", error: Any = None) -> Call:
    """A read that shows one state."""
    latest = {"status": status, "error_message": error}
    return shows(run_status, node_execution_details=[{"node_id": "n", "node_name": name, "executions": [latest]}])


RUNNING, ENDED = shows("running"), shows("success", output={"release": "1"})
AWAY = Call(*GET, 500)
STATES = Call(*DEFINITION, 200, {"definition": {"mode": "NORMAL", "states": [{"name": "build"}, {"name": "wait"}]}})
UNREADABLE = Call(*DEFINITION, 403)


def waited(*calls: Call, **arguments: Any) -> dict[str, Any]:
    """What a task gives that starts a run and waits for it."""
    result: dict[str, Any] = run_task(NOT_FOUND, *calls, wait=True, **arguments)[0]
    return result


def test_waits_until_the_run_ends(clock: Clock) -> None:
    result = waited(NORMAL, ACCEPTED, RUNNING, RUNNING, RUNNING, ENDED)
    assert (outcome(result), result["status"]) == ((False, True, 1), "success")
    assert result["execution"]["output"] == {"release": "1"}
    assert clock.waits == [1.0, 1.5, 2.25]


def test_waits_for_a_run_that_exists() -> None:
    result, _came = run_task(RUNNING, NORMAL, RUNNING, ENDED, wait=True)
    assert (outcome(result), result["status"]) == ((False, False, 0), "success")
    assert "ansible_facts" not in result


def test_run_that_ended_is_not_waited_for(clock: Clock) -> None:
    result, _came = run_task(ENDED, NORMAL, wait=True)
    assert (outcome(result), clock.waits) == ((False, False, 0), [])


def test_pauses_grow_up_to_a_limit(clock: Clock) -> None:
    waited(NORMAL, ACCEPTED, *[RUNNING] * 10, ENDED)
    assert clock.waits[-3:] == [pytest.approx(17.0859375), 20.0, 20.0]


def test_definition_that_cannot_be_read_is_no_obstacle() -> None:
    assert outcome(waited(UNREADABLE, ACCEPTED, RUNNING, ENDED)) == (False, True, 1)


def test_run_is_shown_late() -> None:
    assert outcome(waited(NORMAL, ACCEPTED, NOT_FOUND, NOT_FOUND, NOT_FOUND, ENDED)) == (False, True, 1)


def test_reading_fails_for_a_while(clock: Clock) -> None:
    throttled = Call(*GET, 429, None, {"Retry-After": "7"})
    result = waited(NORMAL, ACCEPTED, RUNNING, AWAY, throttled, Call(*GET, cut=True), ENDED)
    assert outcome(result) == (False, True, 1)
    assert clock.waits == [1.0, 1.5, 7.0, 3.375]


def test_retry_after_is_neither_undercut_nor_unbounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reads, "random", SimpleNamespace(uniform=lambda least, _most: least))
    asked = [Call(*GET, 429, None, {"Retry-After": seconds}) for seconds in ("7", "86400")]
    assert outcome(waited(NORMAL, ACCEPTED, RUNNING, *asked, ENDED)) == (False, True, 1)
    assert clock.waits == [pytest.approx(0.8), 7.0, 60.0]


def test_deadline_holds_where_the_first_read_hangs(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def hang(_task: Any, seconds: float) -> Any:
        given.append(seconds)
        clock.sleep(min(seconds, 2.0))
        raise _reads.ReadError("no response", transient=True)

    monkeypatch.setattr(ExecutionTask, "_read_within", hang)
    result = waited(NORMAL, ACCEPTED, retries=3, wait_timeout=3)
    assert (outcome(result), given, clock.monotonic()) == ((True, True, 1), [3, 0.5], 3.0)


# What comes after the definition and the start, the arguments, and failed, changed, the message and the hint.
LATER = "The run continues: raise wait_timeout, "
FAILURES: dict[str, tuple[tuple[Call, ...], dict[str, Any], str, str]] = {
    "failed": (
        (RUNNING, at("deploy", "fail", "fail", {"error": "No space left on device."})),
        {},
        'The run run ended with status fail: \'deploy\': {"error": "No space left on device."}.',
        "",
    ),
    "failed with text": (
        (at("deploy", "timeout", "timeout", "Too late."),),
        {},
        "The run run ended with status timeout: 'deploy': Too late.",
        "",
    ),
    "cancelled": ((RUNNING, shows("cancel")), {}, "The run run ended with status cancel.", ""),
    "too late": (
        (RUNNING, RUNNING, at("wait", "running"), at("wait", "running")),
        {"wait_timeout": 4},
        "The run run did not reach wait_for='end' within 4 seconds: it shows status running at 'wait'.",
        LATER,
    ),
    "too late, and away": (
        (RUNNING, AWAY, AWAY),
        {"wait_timeout": 2},
        "The run run did not reach wait_for='end' within 2 seconds: the run could not be read: status 500 (…).",
        LATER,
    ),
    "never shown": (
        (NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND),
        {},
        "The task stopped waiting for the run run, as the run could not be read: status 404 (FGS.5002: Not found).",
        "Check workflow_id",
    ),
    "gone again": (
        (RUNNING, RUNNING, NOT_FOUND),
        {},
        "The task stopped waiting for the run run, as the run could not be read: status 404 (FGS.5002: Not found).",
        "Check workflow_id",
    ),
    "not permitted": (
        (RUNNING, NOT_READABLE),
        {},
        "The task stopped waiting for the run run, as the run could not be read: status 403 …",
        "Grant the IAM user of these credentials the right to read runs",
    ),
    "ended before the state": (
        (RUNNING, ENDED),
        {"wait_for": "wait"},
        "The run run can no longer reach wait_for='wait': the state shows status none, the run status success.",
        "",
    ),
    "state is over": (
        (at("wait", "success"),),
        {"wait_for": "wait"},
        "The run run can no longer reach wait_for='wait': the state shows status success, the run status running.",
        "",
    ),
    "state failed with the run": (
        (at("wait", "fail", "fail", "No."),),
        {"wait_for": "wait"},
        "The run run can no longer reach wait_for='wait': …status fail, the run status fail: 'wait': No.",
        "",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failure(name: str) -> None:
    calls, arguments, message, hint = FAILURES[name]
    result = waited(STATES if "wait_for" in arguments else NORMAL, ACCEPTED, *calls, **arguments)
    assert (outcome(result), result["execution_id"]) == ((True, True, 1), "run")
    assert matches(message, result["msg"]), result["msg"]
    assert result.get("hint", "").startswith(hint)
    assert ("hint" in result) == bool(hint)


def test_existing_run_that_cannot_be_read_any_more() -> None:
    result, _came = run_task(RUNNING, NORMAL, NOT_READABLE, wait=True)
    assert outcome(result) == (True, False, 0)


def test_waits_until_a_state_is_running() -> None:
    result = waited(STATES, ACCEPTED, RUNNING, at("build", "running"), at("wait", "running"), wait_for="wait")
    assert (outcome(result), result["status"]) == ((False, True, 1), "running")


def test_state_that_failed_may_run_again() -> None:
    result = waited(STATES, ACCEPTED, at("wait", "fail"), at("wait", "running"), wait_for="wait")
    assert outcome(result) == (False, True, 1)


def test_express_workflow_is_not_waited_for() -> None:
    result = waited(EXPRESS)
    assert outcome(result) == (True, False, 0)
    assert result["msg"] == (
        "Nothing was sent, as runs of an express workflow leave no history, so that nothing can be waited for; set "
        "wait=false."
    )


def test_unknown_state_is_not_waited_for() -> None:
    result = waited(STATES, wait_for="wiat")
    assert [(one["option"], one["rule"], one["limit"]) for one in result["violations"]] == [
        ("wait_for", "enum", ["end", "build", "wait"])
    ]
    assert result["msg"] == (
        "Nothing was sent: wait_for must be end or the name of a state of the workflow, one of 'build', 'wait', got "
        "'wiat'."
    )


def test_deadline_bounds_each_read(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts = []

    def client(*arguments: Any) -> Any:
        timeouts.append(arguments[3])
        raise _reads.ReadError("too slow", transient=True)

    with scripted(RUNNING, NORMAL) as server:
        found = task({"endpoint": server.url, "wait": True, "wait_timeout": 10, "timeout": 6})
        connect = found.connect

        def connected() -> Any:
            connection = connect()
            monkeypatch.setattr(execution, "_api", SimpleNamespace(Client=client))
            return connection

        found.connect = connected
        result = found.run()
    assert timeouts == [6, 6, pytest.approx(5.25), pytest.approx(1.875), 0.5]
    assert sum(clock.waits) == pytest.approx(9.5)
    assert result["msg"].endswith("within 10 seconds: the run could not be read: too slow.")


def test_progress_is_shown_without_secrets() -> None:
    lines: list[str] = []
    calls = (at(f"wait for {SECRET}", "running"), NORMAL, Call(*GET, cut=True), ENDED)
    with scripted(*calls) as server:
        found = task({"endpoint": server.url, "wait": True})
        found.progress = lines.append
        assert not found.run().get("failed")
    assert lines[0] == "Run run: it shows status running at 'wait for ********', after 0 seconds"
    assert matches("Run run: the run could not be read: the connection was lost: …, after 1 seconds", lines[1])
    assert len(lines) == 2


def test_progress_has_nothing_that_a_terminal_obeys() -> None:
    lines: list[str] = []
    accepted = Call("POST", RUNS, 200, {"execution_id": "run\x1b[2J"})
    reads = [Call("GET", RUNS + "/run%1B%5B2J", 200, {"status": status}) for status in ("running", "success")]
    with scripted(NOT_FOUND, NORMAL, accepted, *reads) as server:
        found = task({"endpoint": server.url, "wait": True})
        found.progress = lines.append
        found.run()
    assert len(lines) == 1
    assert lines[0].isprintable()


@pytest.mark.parametrize(
    ("calls", "started"),
    [((NOT_FOUND, NORMAL, ACCEPTED, RUNNING), True), ((RUNNING, NORMAL), False)],
    ids=["a run that it started", "a run that existed"],
)
def test_interrupted_while_waiting(monkeypatch: pytest.MonkeyPatch, calls: tuple[Call, ...], started: bool) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with scripted(*calls) as server:
        found = task({"endpoint": server.url, "wait": True})
        monkeypatch.setattr(f"{_reads.__name__}.time.sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            found.run()
    result = found.interrupted("the task was interrupted")
    assert (outcome(result), result["execution_id"]) == ((True, started, int(started)), "run")
    assert result["msg"] == "The task stopped waiting for the run run, as the task was interrupted."
    assert result["hint"].startswith(LATER[:18])


def test_run_shows_a_state_twice() -> None:
    twice = [
        {"node_id": "n", "node_name": "wait", "executions": [{"status": "fail", "begin_time": 1}]},
        {"node_id": "n", "node_name": "wait", "executions": [{"status": "running", "begin_time": 2}]},
    ]
    run = _reads.Run(run_of("running", node_execution_details=twice), "running", None)  # type: ignore[arg-type]
    assert _reads.described(run, str) == "status running at 'wait'"
