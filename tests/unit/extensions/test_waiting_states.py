# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source in a loop of its own, against the simulator. Polls come when a test wants the next one."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import extensions
from support.executions import task as execution_task
from support.playbooks import ROOT
from support.simulators import Simulator

from ansible_collections.functiongraph.workflow.plugins.doc_fragments import connection
from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries

PATH = extensions.FOLDER / "eda/plugins/event_source/waiting_states.py"
# Seconds, for what takes none unless it fails.
LIMIT = 60
NAMES = ["callback"]


class Rig:
    """A source that runs: its events so far, and the pauses between its polls."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.pauses: list[float] = []
        self._asleep: asyncio.Queue[None] = asyncio.Queue()
        self._wake = asyncio.Event()
        self.task: asyncio.Task[None]

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        wake = self._wake
        self._asleep.put_nowait(None)
        await wake.wait()

    async def polled(self, workflows: int = 1) -> list[dict[str, Any]]:
        """The events of the poll that is going on, once it is over."""
        for _each in range(workflows):
            await self.done(self._asleep.get())
        return [self.queue.get_nowait() for _each in range(self.queue.qsize())]

    async def again(self, workflows: int = 1) -> list[dict[str, Any]]:
        """The events of the next poll."""
        self._wake.set()
        self._wake = asyncio.Event()
        return await self.polled(workflows)

    async def done(self, awaited: Any) -> Any:
        """What is awaited, unless the source has ended before."""
        waiting = asyncio.ensure_future(awaited)
        await asyncio.wait({waiting, self.task}, timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            self.task.result()
        return waiting.result()


Steps = Callable[[Rig], Awaitable[None]]


class Source:
    """The module, and how to run its main()."""

    def __init__(self, module: Any, connection: dict[str, Any]) -> None:
        self.module, self.connection = module, connection

    def run(self, steps: Steps, monkeypatch: pytest.MonkeyPatch, **args: Any) -> None:
        """Starts the source, takes steps, and cancels it."""

        async def scenario() -> None:
            rig = Rig()
            monkeypatch.setattr(self.module, "_sleep", rig.sleep)
            rig.task = asyncio.create_task(self.module.main(rig.queue, {**self.connection, **args}))
            try:
                await steps(rig)
            finally:
                rig.task.cancel()
                await asyncio.wait({rig.task}, timeout=LIMIT)
            assert rig.task.cancelled()

        asyncio.run(scenario())


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOME", "/nonexistent")
    return extensions.load(PATH)


@pytest.fixture
def source(module: Any, simulator: Simulator) -> Source:
    keys = simulator.accounts["permanent"]
    connection = {"endpoint": simulator["http"], "project_id": simulator.project_id, "state_names": NAMES, "retries": 0}
    return Source(module, {**connection, **{name: keys[name] for name in ("access_key", "secret_key")}})


@pytest.fixture
def start(simulator: Simulator) -> Callable[..., dict[str, str]]:
    """Starts a run of a new workflow, or of one that exists."""
    definition = json.loads((ROOT / "tests/simulator/flow.json").read_text())

    def start(**options: Any) -> dict[str, str]:
        return simulator.start_run(**({} if "workflow_id" in options else {"definition": definition}), **options)

    return start


def retry(source: Source, run: dict[str, str]) -> None:
    names = {"workflow_id": run["workflow_id"], "execution_id": run["workflow_run_id"]}
    connection = {name: value for name, value in source.connection.items() if name != "state_names"}
    result = execution_task({**connection, **names, "state": "retried"}).run()
    assert result["changed"], result


def end(simulator: Simulator, run: dict[str, str], status: str) -> None:
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": status})


def states(events: list[dict[str, Any]]) -> list[str]:
    return [event["workflow_run_id"] for event in events]


def test_state_that_waits_gives_one_event(
    source: Source, simulator: Simulator, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(input={"release": "2026.11"})

    async def steps(rig: Rig) -> None:
        [event] = await rig.polled()
        since = event.pop("waiting_since")
        ids = {name: run[name] for name in ("workflow_id", "workflow_run_id", "workflow_state_id")}
        assert event == {
            **ids,
            "workflow_state_name": "callback",
            "input": {"release": "2026.11"},
            "extra_vars": {f"fgs_{name}": value for name, value in ids.items()},
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", since)
        assert await rig.again() == []
        another = start(workflow_id=run["workflow_id"])
        assert states(await rig.again()) == [another["workflow_run_id"]]
        assert await rig.again() == []
        assert all(12 <= pause <= 18 for pause in rig.pauses)

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]])


def test_only_states_with_the_names_give_events(source: Source, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start()

    async def steps(rig: Rig) -> None:
        assert await rig.polled() == []

    source.run(steps, monkeypatch, workflow_ids=run["workflow_id"], state_names=["launcher", "Callback"])


def test_every_workflow_is_polled(source: Source, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [start() for _each in range(7)]

    async def steps(rig: Rig) -> None:
        events = await rig.polled(7)
        assert sorted(states(events)) == sorted(run["workflow_run_id"] for run in runs)

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"] for run in runs], interval=1)


@pytest.mark.parametrize("hidden", [False, True], ids=["shown", "hidden"])
def test_state_waits_again_in_a_run_that_was_retried(
    hidden: bool, source: Source, simulator: Simulator, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(waiting_nodes="hidden" if hidden else "shown")
    expected = [run["workflow_run_id"]]

    async def steps(rig: Rig) -> None:
        [event] = await rig.polled()
        assert (event["workflow_state_id"], event["waiting_since"] is None) == (run["workflow_state_id"], hidden)
        end(simulator, run, "fail")
        assert await rig.again() == []
        retry(source, run)
        assert states(await rig.again()) == expected
        # Between two polls, only the time of its begin tells the two apart.
        end(simulator, run, "fail")
        retry(source, run)
        assert states(await rig.again()) == ([] if hidden else expected)
        assert await rig.again() == []

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]])


def test_state_is_not_new_once_the_run_shows_it(module: Any) -> None:
    options = module.Options({"workflow_ids": ["w"], "state_names": NAMES, "region": "r", "auth_token": "token-0001"})
    workflow = module.Workflow(options, "w", threading.Event())
    hidden = {"node_id": "s", "node_name": "callback"}
    polls = [hidden, {**hidden, "begin_time": 1000}, hidden, {**hidden, "begin_time": 1000}]
    runs = [[{"execution_id": "r", "status": "running", "waiting": [state]}] for state in polls]
    assert [len(list(workflow._events(found))) for found in runs] == [1, 0, 0, 0]
    # Also right after a poll in which the run does not show it.
    assert list(workflow._events(runs[0])) == []
    later = [{"execution_id": "r", "status": "running", "waiting": [{**hidden, "begin_time": 2000}]}]
    [event] = workflow._events(later)
    assert event["waiting_since"] == "1970-01-01T00:00:02Z"


@pytest.mark.parametrize(("status", "given"), [("success", 0), ("gone", 0), (None, 1), ("running", 1)])
def test_runs_that_are_over_are_forgotten(module: Any, status: str | None, given: int) -> None:
    options = module.Options({"workflow_ids": ["w"], "state_names": NAMES, "region": "r", "auth_token": "token-0001"})
    workflow = module.Workflow(options, "w", threading.Event())
    waiting = [{"node_id": "s", "node_name": "callback"}]
    assert len(list(workflow._events([{"execution_id": "r", "status": "running", "waiting": waiting}]))) == 1
    assert list(workflow._events([{"execution_id": "r", "status": status, "waiting": []}])) == []
    assert len(workflow._given) == given


def test_older_runs_are_polled_with_since(
    source: Source, simulator: Simulator, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(age=3600 * 71)
    old = start(workflow_id=run["workflow_id"], age=3600 * 73)

    async def steps(rig: Rig) -> None:
        assert states(await rig.polled()) == [run["workflow_run_id"]]

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]])

    async def with_older(rig: Rig) -> None:
        assert sorted(states(await rig.polled())) == sorted(each["workflow_run_id"] for each in (run, old))

    source.run(with_older, monkeypatch, workflow_ids=[run["workflow_id"]], since="4d")


def test_failed_polls_come_less_often_until_one_succeeds(
    source: Source, start: Any, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workflow = simulator.ask("POST", "/_simulator/workflows", {"fault": "status_429", "operation": "list", "times": 6})
    workflow_id = workflow["id"]
    run = start(workflow_id=workflow_id)

    async def steps(rig: Rig) -> None:
        assert await rig.polled() == []
        for _each in range(5):
            assert await rig.again() == []
        assert states(await rig.again()) == [run["workflow_run_id"]]

        def rounded(pause: float) -> float:
            return next(each for each in (10, 20, 40, 80, 160, 300) if each * 0.8 <= pause <= each * 1.2)

        assert [rounded(pause) for pause in rig.pauses] == [20, 40, 80, 160, 300, 300, 10]

    source.run(steps, monkeypatch, workflow_ids=[workflow_id], interval=10)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 6
    assert warnings[0].startswith(f"workflow {workflow_id}: The list of runs could not be read: status 429 (")


@pytest.mark.parametrize(("fault", "pause"), [("read_html", 15), ("read_403", 30)])
def test_run_that_cannot_be_read_does_not_hide_others(
    fault: str,
    pause: int,
    source: Source,
    start: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = start()
    broken = start(workflow_id=run["workflow_id"], read_fault=fault, age=60)

    async def steps(rig: Rig) -> None:
        events = await rig.polled()
        assert fault == "read_403" or states(events) == [run["workflow_run_id"]]
        assert pause * 0.8 <= rig.pauses[0] <= pause * 1.2

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]])
    [warning] = caplog.messages
    text = (
        f"workflow {run['workflow_id']}: 1 runs could not be read, the first of which is {broken['workflow_run_id']}: "
    )
    assert warning.startswith(text)


def test_more_runs_than_are_read_are_logged(
    source: Source, start: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = start()
    start(workflow_id=run["workflow_id"], age=60)
    monkeypatch.setitem(source.module.LISTING, "max_results", 1)

    async def steps(rig: Rig) -> None:
        assert states(await rig.polled()) == [run["workflow_run_id"]]

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]])
    assert caplog.messages == [
        f"workflow {run['workflow_id']}: more than 1 runs are running, and only the newest were read"
    ]


def test_refused_keys_are_not_sent_again(
    source: Source, simulator: Simulator, start: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = start()
    secret = "wrong-secret-key-%s-0001"

    async def steps(rig: Rig) -> None:
        assert await rig.polled() == []
        assert await rig.again() == []

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]], secret_key=secret)
    requests = simulator.ask("GET", f"/_simulator/workflows/{run['workflow_id']}")["requests"]
    assert len(requests) <= 1
    assert len(caplog.messages) == 2
    assert "the access key or secret key is wrong" in caplog.messages[0]
    assert secret not in caplog.text


def test_secrets_are_in_no_event(source: Source, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = source.connection["secret_key"]
    run = start(input={"echo": f"the key {secret}", "n": 1})

    async def steps(rig: Rig) -> None:
        [event] = await rig.polled()
        assert event["input"] == {"echo": "the key ********", "n": 1}

    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]])


def test_credentials_of_the_environment(source: Source, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start()
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", source.connection.pop("access_key"))
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", source.connection.pop("secret_key"))
    monkeypatch.setenv("FGS_ENDPOINT", source.connection.pop("endpoint"))

    async def steps(rig: Rig) -> None:
        assert states(await rig.polled()) == [run["workflow_run_id"]]

    # As AWX hands on what is left empty.
    source.run(steps, monkeypatch, workflow_ids=[run["workflow_id"]], endpoint="", region="", since=None)


def test_cancellation_does_not_wait_for_a_response(
    source: Source, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither that of the source, nor the end of the loop."""
    workflow = simulator.ask("POST", "/_simulator/workflows", {"fault": "hang", "operation": "list"})
    before = set(threading.enumerate())

    def polls() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "waiting_states" and each not in before]

    async def steps(_rig: Rig) -> None:
        while not simulator.ask("GET", f"/_simulator/workflows/{workflow['id']}")["requests"]:
            await asyncio.sleep(0)

    source.run(steps, monkeypatch, workflow_ids=[workflow["id"]], timeout=86400)
    [thread] = polls()
    assert thread.daemon


def test_poll_that_goes_on_is_stopped_after_the_cancellation(
    source: Source, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops: list[threading.Event] = []
    workflow = source.module.Workflow

    def watched(options: Any, workflow_id: str, stop: threading.Event) -> Any:
        stops.append(stop)
        return workflow(options, workflow_id, stop)

    async def steps(rig: Rig) -> None:
        await rig.polled()
        assert not stops[0].is_set()

    monkeypatch.setattr(source.module, "Workflow", watched)
    source.run(steps, monkeypatch, workflow_ids=[start()["workflow_id"]])
    assert stops[0].is_set()


def test_mistake_in_the_code_ends_the_source(source: Source, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(source.module._libraries, "guarded", broken)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(source.module.main(None, {**source.connection, "workflow_ids": ["w"]}))


def test_result_of_a_thread_that_nobody_waits_for_is_dropped(module: Any) -> None:
    begun, finish = threading.Event(), threading.Event()

    def work() -> dict[str, Any]:
        begun.set()
        finish.wait(LIMIT)
        return {}

    async def scenario() -> None:
        waiting = asyncio.create_task(module._in_thread(work))
        while not begun.is_set():
            await asyncio.sleep(0)
        [thread] = [each for each in threading.enumerate() if each.name == "waiting_states" and each.is_alive()][-1:]
        waiting.cancel()
        await asyncio.wait({waiting})
        finish.set()
        thread.join(LIMIT)
        # The loop takes what the thread has left.
        await asyncio.sleep(0)

    asyncio.run(scenario())


def wrong(module: Any, **args: Any) -> str:
    with pytest.raises(ValueError, match=r"^the arguments of waiting_states are not valid: ") as raised:
        asyncio.run(module.main(None, args))
    return str(raised.value)


def test_wrong_arguments_are_all_in_one_message(module: Any) -> None:
    message = wrong(
        module,
        workflow_ids=["w", " w", ""],
        state_names=["", "a"],
        intervall=3,
        interval=0.5,
        since="yesterday",
        endpoint="http://example.com",
        auth_token="token-0001",
        timeout=0,
        eda_feedback_queue=None,
    )
    for text in (
        "workflow_ids must not have leading or trailing whitespace, got ' w'",
        "workflow_ids is required",
        "state_names must be names of states, and none of them empty",
        "intervall is not an option of this module (did you mean interval?)",
        "interval must be from 1 to 86400 seconds, got 0.5",
        "since must be a time such as 2026-01-31T23:59:59Z or an age such as 90m, 12h or 7d, got 'yesterday'",
        "endpoint must use https",
        "timeout must be more than 0 and at most 86400 seconds, got 0",
    ):
        assert message.count(text) == 1
    assert "eda_feedback_queue" not in message


def test_required_arguments(module: Any) -> None:
    message = wrong(module, auth_token="token-0001")
    assert "workflow_ids is required" in message
    assert "state_names must be names of states" in message
    assert "region or endpoint is required" in message


def test_arguments_of_another_type(module: Any) -> None:
    message = wrong(module, auth_token="token-0001", region="r", workflow_ids={"a": 1}, state_names="a", interval="x")
    assert "workflow_ids" in message
    assert "interval" in message


def test_secret_in_the_wrong_argument_is_in_no_message(module: Any) -> None:
    secret = "a-secret-token-0001"
    assert secret not in wrong(module, auth_token=secret, workflow_ids=[f" {secret}"], timeout=secret, state_names="a")


def test_missing_library_is_reported_at_once(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "REQUESTS_IMPORT_ERROR", "traceback")
    with pytest.raises(ValueError, match="requests"):
        asyncio.run(module.main(None, {}))


def as_a_script(path: Path, *python_path: Path) -> subprocess.CompletedProcess[str]:
    """What ansible-rulebook does with a source: no loader of collections, no place of them on the path."""
    program = (
        "import asyncio, runpy, sys; main = runpy.run_path(sys.argv[1])['main']\n"
        "try: asyncio.run(main(None, {}))\n"
        "except ValueError as error: print(error)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, python_path))}
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The source in an installed collection."""
    place = tmp_path / "collections/ansible_collections/functiongraph"
    place.mkdir(parents=True)
    (place / "workflow").symlink_to(ROOT)
    return place / "workflow" / PATH.relative_to(ROOT)


@pytest.mark.parametrize("is_on_path", [False, True])
def test_collection_is_found_without_a_loader(is_on_path: bool, installed: Path, tmp_path: Path) -> None:
    done = as_a_script(installed, *([tmp_path / "collections"] if is_on_path else []))
    assert "workflow_ids is required" in done.stdout, done.stderr


def test_collection_is_found_beside_the_distribution_ansible(installed: Path, tmp_path: Path) -> None:
    package = tmp_path / "site/ansible_collections"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    done = as_a_script(installed, tmp_path / "site")
    assert "workflow_ids is required" in done.stdout, done.stderr


def test_source_that_was_copied_elsewhere_takes_the_collection_of_the_path(installed: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copy(PATH, tmp_path))
    done = as_a_script(copied, tmp_path / "collections")
    assert "workflow_ids is required" in done.stdout, done.stderr


def test_missing_ansible_core_is_reported(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "site/ansible").mkdir(parents=True)
    (tmp_path / "site/ansible/__init__.py").touch()
    done = as_a_script(installed, tmp_path / "site")
    expected = "ImportError: waiting_states requires ansible-core in the Python environment of ansible-rulebook"
    assert done.stderr.splitlines()[-1] == expected


def test_documentation_equals_the_specification(module: Any) -> None:
    """The options of the connection are documented in one place, for all."""
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    of_modules = yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION)["options"]
    assert set(module.SPECIFICATION) == set(options) | set(of_modules) - {"run_on"}
    assert not set(options) & set(of_modules)
    for name, documented in options.items():
        assert {key: value for key, value in documented.items() if key != "description"} == module.SPECIFICATION[name]


def test_example_has_no_unknown_option(module: Any) -> None:
    [example] = yaml.safe_load(module.EXAMPLES)
    [(name, args)] = example.items()
    assert name == "functiongraph.workflow.waiting_states"
    assert set(args) <= set(module.SPECIFICATION)
