# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report plugin that the role switches on, from within a PlaybookExecutor of the installed ansible-core."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible.executor.stats import AggregateStats
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display
from support.reporters import IDS
from support.tasks import SECRET

from ansible_collections.functiongraph.workflow.plugins.callback import fgs_workflow_report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import reporter
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._runbook import report_plugin

STEP = "functiongraph.workflow._fgs_workflow_callback"
OPTIONS = {
    **IDS,
    "workflow_state_id": "state",
    "secret_key": SECRET,
    "access_key": "AKEXAMPLE0001",
    "region": "cn-north-4",
}


@pytest.fixture(autouse=True)
def _loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's loader finds plugins of collections in a playbook only."""
    loader = SimpleNamespace(get=lambda _name: fgs_workflow_report.CallbackModule())
    monkeypatch.setattr(report_plugin, "callback_loader", loader)


class Executor(PlaybookExecutor):  # type: ignore[misc]
    """Calls callback plugins from within run, as a strategy does."""

    def __init__(self) -> None:
        self.clean_ups = 0
        self._tqm = SimpleNamespace(
            _stats=AggregateStats(), _callback_plugins=[], _workers=[], _failed_hosts={}, _unreachable_hosts={}
        )
        self._tqm.cleanup = lambda: None

    def run(self, called: Callable[..., Any], *arguments: Any, result: int = 0) -> Any:
        return called(*arguments)

    def watch(self, options: Any = OPTIONS, check_mode: Any = False) -> Any:
        """Lets the step of the role switch the plugin on, and gives it."""
        self.run(report_plugin.listen)
        self.run(self._tqm._callback_plugins[0].v2_runner_on_ok, of_step("watch", options, check_mode))
        return self.plugins[-1]

    @property
    def plugins(self) -> list[Any]:
        """Those that report."""
        return [plugin for plugin in self._tqm._callback_plugins if not isinstance(plugin, report_plugin.Listener)]

    @property
    def stats(self) -> Any:
        return self._tqm._stats


@pytest.fixture(autouse=True)
def _no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlaybookRun, "end_on_signals", lambda _self: None)
    monkeypatch.setattr(context, "CLIARGS", {"args": ("a.yml", "b.yml"), "check": False, "start_at_task": None})
    monkeypatch.setenv("HOME", "/nonexistent")


def result(host: str = "web1", censored: bool = False, **fields: Any) -> Any:
    values = {"censored": "hidden"} if censored else {}
    task = SimpleNamespace(
        name="do it", action="set_stats", args={}, check_mode=False, loop=None, failed_when=None, async_val=0, _uuid="1"
    )
    return SimpleNamespace(_host=SimpleNamespace(get_name=lambda: host), _task=task, _result={**values, **fields})


def of_step(step: str, options: Any = OPTIONS, check_mode: Any = False, **values: Any) -> Any:
    """The result of a step of the role."""
    found = result(**values)
    found._task.action, found._task.check_mode = STEP, check_mode
    ids = {name: options[name] for name in IDS}
    found._task.args = {**ids, "step": step, "options": {n: v for n, v in options.items() if n not in ids}}
    return found


def test_what_the_runbook_publishes_is_seen() -> None:
    executor = Executor()
    executor.stats.set_custom_stats("early", 1)
    plugin = executor.watch()
    executor.stats.set_custom_stats("name", "web")
    plugin.v2_runner_on_ok(result())
    executor.stats.set_custom_stats("password", SECRET)
    plugin.v2_runner_item_on_ok(result())
    plugin.v2_runner_on_ok(result(censored=True))
    assert executor.run(report_plugin.published_so_far, OPTIONS) == {"name": "web"}
    assert executor.run(report_plugin.published_so_far, {**OPTIONS, "workflow_run_id": "other"}) == {}


def test_the_secrets_of_the_role_are_not_in_its_end() -> None:
    executor = Executor()
    plugin = executor.watch()
    executor.stats.set_custom_stats("said", f"x {SECRET} y")
    plugin.v2_runner_on_ok(result())
    output, _error = executor.run(plugin._reporter._output_and_error, None, False)
    assert output["said"] == "x ******** y"


def test_it_is_switched_on_once_for_a_state() -> None:
    executor = Executor()
    executor.watch()
    executor.watch()
    assert len(executor.plugins) == 1
    executor.watch({**OPTIONS, "workflow_state_id": 83})
    assert len(executor.plugins) == 2
    assert executor.plugins[-1]._reporter.recap.is_for_this_state({**IDS, "workflow_state_id": "83"})


def test_events_reach_the_reporter(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = Executor()
    plugin = executor.watch()
    reported: list[Any] = []

    def ended(*outcome: Any) -> bool:
        reported.append(outcome)
        return True

    monkeypatch.setattr(plugin._reporter, "_close", ended)
    executor.stats.increment("failures", "web1")
    plugin.v2_playbook_on_task_start(SimpleNamespace(action="raw", args={}), False)
    plugin.v2_runner_item_on_failed(result(msg="gone", failed=True))
    plugin.v2_runner_on_failed(result(msg="gone", failed=True))
    plugin.v2_runner_on_unreachable(result("web2", msg="away", unreachable=True))
    # The role knows its own playbook alone, although another one follows.
    executor.run(plugin.v2_playbook_on_stats, executor.stats, result=2)
    ((outcome, failure),) = reported
    assert (outcome, failure.host, failure.line) == ("fail", "web1", "gone")


@pytest.mark.parametrize(
    ("step", "values", "completed"),
    [
        ("report", {"delivery": "unknown"}, True),
        ("report", {"censored": "hidden"}, True),
        # It broke before it knew what to report.
        ("report", {"msg": "'made' is undefined"}, False),
        ("output", {"delivery": "not_sent"}, False),
    ],
)
def test_the_report_of_the_role_is_the_only_one_also_where_it_failed(step: str, values: Any, completed: bool) -> None:
    plugin = Executor().watch()
    plugin.v2_runner_on_failed(of_step(step, **values))
    assert plugin._reporter.recap.completed is completed


def test_nothing_is_reported_after_the_role_has() -> None:
    executor = Executor()
    plugin = executor.watch()
    for step, options in (("start", OPTIONS), ("report", {**OPTIONS, "workflow_run_id": "other"})):
        plugin.v2_runner_on_ok(of_step(step, options, delivery="not_sent"))
        assert not plugin._reporter.recap.completed
    # A check too: the role has come to its report.
    plugin.v2_runner_on_ok(of_step("report", check_mode=True, delivery="not_sent"))
    assert plugin._reporter.recap.completed


def test_only_a_step_that_asks_for_it_is_watched() -> None:
    executor = Executor()
    executor.run(report_plugin.listen)
    executor.run(report_plugin.listen)
    (listener,) = executor._tqm._callback_plugins
    for of in (result(), of_step("start"), of_step("report")):
        executor.run(listener.v2_runner_on_ok, of)
    assert executor.plugins == []


def test_whether_the_role_gets_events(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = Executor()
    assert executor.run(report_plugin.is_listening) is False
    executor.run(report_plugin.listen)
    assert executor.run(report_plugin.is_listening) is True
    # Of something other than a playbook there are none to get.
    monkeypatch.setattr(context, "CLIARGS", {"module_name": "include_role"})
    assert report_plugin.is_listening() is True


def test_notes_of_the_report_of_the_role() -> None:
    executor = Executor()
    plugin = executor.watch()
    notes = plugin._reporter.notes
    assert notes is not None
    executor.watch()
    assert executor.run(report_plugin.notes_of_report, OPTIONS) is notes
    assert executor.run(report_plugin.notes_of_report, {**OPTIONS, "workflow_run_id": "other"}) is None
    plugin._reporter.recap.is_disabled = True
    assert executor.run(report_plugin.notes_of_report, OPTIONS) is None
    plugin._reporter.recap.is_disabled, plugin._reporter.recap.completed = False, True
    assert executor.run(report_plugin.notes_of_report, OPTIONS) is None


def test_without_a_place_for_notes_the_role_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_place() -> None:
        raise OSError("no space left on device")

    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text: said.append(text))
    monkeypatch.setattr(reporter, "Notes", no_place)
    executor = Executor()
    assert executor.watch()._reporter.notes is None
    assert executor.run(report_plugin.notes_of_report, OPTIONS) is None
    assert said == []


def test_the_report_plugin_itself_is_left_as_it_is() -> None:
    executor = Executor()
    plugin = executor.watch()
    plugin._reporter.is_of_role = False
    plugin.v2_runner_on_ok(of_step("report", check_mode=True, delivery="not_sent"))
    assert not plugin._reporter.recap.completed


@pytest.mark.parametrize(("check_mode", "is_check"), [(False, False), (True, True), ("{{ check }}", True)])
def test_check_mode_of_the_role(check_mode: Any, is_check: bool) -> None:
    assert Executor().watch(check_mode=check_mode)._reporter.run.check_mode is is_check


def test_no_playbook_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", {"module_name": "include_role"})
    report_plugin.listen()
    report_plugin.watch(OPTIONS, False)
    assert report_plugin.published_so_far(OPTIONS) == {}
    assert report_plugin.notes_of_report(OPTIONS) is None


def test_what_a_later_ansible_core_may_do(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text: said.append(text))
    executor = Executor()
    del executor._tqm._callback_plugins, executor._tqm._stats
    executor.run(report_plugin.listen)
    assert executor.run(report_plugin.is_listening) is False
    executor.run(report_plugin.watch, OPTIONS, False)
    assert "what the runbook publishes is not sent, as it cannot be seen: AttributeError: " in said[0]
    assert executor.run(report_plugin.hosts_so_far, []) == {}
    assert executor.run(report_plugin.published_so_far, OPTIONS) == {}
    assert executor.run(report_plugin.notes_of_report, OPTIONS) is None


def test_callback_plugins_before_ansible_core_2_19(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(CallbackBase, "_init_callback_methods", raising=False)
    assert Executor().watch().CALLBACK_TYPE == "notification"
