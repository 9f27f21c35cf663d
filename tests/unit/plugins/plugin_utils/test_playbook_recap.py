# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered of a playbook, from results as every release of ansible-core hands them to a callback plugin."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import MODULE, Recap, failures
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import Failure

IDS = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_id": "state"}
DELIVERED = {"delivery": "delivered"}


def task(action: str = "ansible.builtin.command", **fields: Any) -> Any:
    """A task with what the plugin reads of it."""
    usual: dict[str, Any] = {
        "name": "do it",
        "args": {},
        "check_mode": False,
        "failed_when": [],
        "loop": None,
        "async_val": 0,
        "_uuid": "task 1",
    }
    return SimpleNamespace(action=action, **{**usual, **fields})


def callback(**fields: Any) -> Any:
    """A task that completes the state that waits."""
    return task("fgs_workflow_callback", **{"resolved_action": MODULE, "args": IDS, **fields})


def as_before_219(task: Any, values: dict[str, Any], host: str = "web1", causes: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(_task=task, _result=values, _host=SimpleNamespace(get_name=lambda: host))


def as_since_219(task: Any, values: dict[str, Any], host: str = "web1", causes: tuple[str, ...] = ()) -> Any:
    event = None
    for text in reversed(causes):
        event = SimpleNamespace(msg=text, chain=event and SimpleNamespace(event=event))
    exception = event and SimpleNamespace(event=event)
    return SimpleNamespace(task=task, result=values, host=SimpleNamespace(get_name=lambda: host), exception=exception)


@pytest.fixture(params=[as_before_219, as_since_219])
def made(request: pytest.FixtureRequest) -> Callable[..., Any]:
    maker: Callable[..., Any] = request.param
    return maker


@pytest.fixture
def recap() -> Recap:
    return Recap(IDS)


def play(**variables: Any) -> Any:
    return SimpleNamespace(vars=variables)


def completed(recap: Recap, result: Any) -> bool:
    recap.ok(result)
    return recap.completed


@pytest.mark.parametrize("delivery", ["delivered", "already_delivered"])
@pytest.mark.parametrize(
    "arguments",
    [
        IDS,
        {"workflow_id": "w", "run_id": "run", "state_id": "state"},
        {**IDS, "workflow_run_id": "", "run_id": "run"},
    ],
)
def test_playbook_completed_the_state_itself(
    recap: Recap, made: Callable[..., Any], delivery: str, arguments: dict[str, str]
) -> None:
    assert completed(recap, made(callback(args=arguments), {"delivery": delivery}))
    # For good, whatever else succeeds.
    assert completed(recap, made(task(), {"rc": 0}))


def test_ids_may_be_numbers() -> None:
    ids = {"workflow_id": "1", "workflow_run_id": "2", "workflow_state_id": "3"}
    arguments = {"workflow_id": 1, "workflow_run_id": 2, "workflow_state_id": 3}
    assert completed(Recap(ids), as_since_219(callback(args=arguments), DELIVERED))


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({}, {"delivery": "not_sent"}),
        ({}, {}),
        ({"check_mode": True}, DELIVERED),
        ({"check_mode": True}, {"censored": "…"}),
        ({"resolved_action": "other.collection.fgs_workflow_callback"}, DELIVERED),
        ({"resolved_action": None}, DELIVERED),
        ({"args": {**IDS, "workflow_run_id": "another"}}, DELIVERED),
        ({"args": {**IDS, "workflow_run_id": "another"}}, {"censored": "…"}),
        ({"args": {"workflow_id": "w", "workflow_run_id": "run"}}, DELIVERED),
        # A task redacted by no_log that may have succeeded without a delivery.
        ({"failed_when": ["false"]}, {"censored": "…"}),
        ({"loop": ["a"]}, {"censored": "…"}),
        ({"async_val": 60}, {"censored": "…"}),
    ],
)
def test_state_is_still_waiting(
    recap: Recap, made: Callable[..., Any], fields: dict[str, Any], values: dict[str, Any]
) -> None:
    assert not completed(recap, made(callback(**fields), values))


def test_unset_id_matches_no_state() -> None:
    ids = {**IDS, "workflow_state_id": ""}
    assert not completed(Recap(ids), as_since_219(callback(args=ids), DELIVERED))


def test_full_action_name_is_enough(recap: Recap) -> None:
    assert completed(recap, as_since_219(task(MODULE, args=IDS), DELIVERED))


def test_item_redacted_by_no_log(recap: Recap, made: Callable[..., Any]) -> None:
    recap.ok(made(callback(loop=["a"]), {"censored": "the output has been hidden"}), is_item=True)
    assert recap.completed


def test_success_redacted_by_no_log(recap: Recap, made: Callable[..., Any]) -> None:
    assert completed(recap, made(callback(), {"censored": "the output has been hidden"}))


def test_async_job_is_known_from_async_status(recap: Recap, made: Callable[..., Any]) -> None:
    wait = task("ansible.builtin.async_status")
    assert not completed(recap, made(callback(async_val=60, poll=0), {"ansible_job_id": "j1.2", "finished": 0}))
    assert not completed(recap, made(wait, {"ansible_job_id": "j9.9", **DELIVERED}))
    assert not completed(recap, made(wait, {"ansible_job_id": "j1.2", "finished": 0}))
    assert completed(recap, made(wait, {"ansible_job_id": "j1.2", "finished": 1, **DELIVERED}))


def test_polled_async_job_is_known(recap: Recap, made: Callable[..., Any]) -> None:
    assert completed(recap, made(callback(async_val=60, poll=1), {"ansible_job_id": "j1.2", **DELIVERED}))


def test_async_job_of_another_state_is_ignored(recap: Recap, made: Callable[..., Any]) -> None:
    other = callback(args={**IDS, "workflow_state_id": "other"}, async_val=60)
    recap.ok(made(other, {"ansible_job_id": "j1.2"}))
    assert not completed(recap, made(task("async_status"), {"ansible_job_id": "j1.2", **DELIVERED}))


@pytest.mark.parametrize(
    ("variables", "alone"),
    [
        ([{}], False),
        ([{}, {"fgs_workflow_report": False}, {}], True),
        ([{"fgs_workflow_report": "No"}], True),
        ([{"fgs_workflow_report": True}], False),
        ([{"fgs_workflow_report": ""}], False),
        ([{"fgs_workflow_report": []}], False),
    ],
)
def test_one_play_can_disable_the_report(recap: Recap, variables: list[dict[str, Any]], alone: bool) -> None:
    for each in variables:
        recap.play(play(**each))
    assert recap.is_disabled is alone
    # The same is known as soon as the playbook starts.
    before = Recap(IDS)
    before.playbook(SimpleNamespace(get_plays=lambda: [play(**each) for each in variables]))
    assert before.is_disabled is alone


@pytest.mark.parametrize("alone", [False, True])
def test_extra_var_wins_over_plays(alone: bool) -> None:
    recap = Recap(IDS, alone)
    recap.play(play(fgs_workflow_report=alone))
    assert recap.is_disabled is alone


def test_stats_published_under_no_log_are_redacted(recap: Recap, made: Callable[..., Any]) -> None:
    stats = SimpleNamespace(custom={"_run": {"a": 1, "b": 2, "c": 3}, "web1": {"a": 4}, "web2": {"d": 5}})
    for host, name, values in [
        ("_run", "a", {"changed": False}),
        ("_run", "b", {"censored": "…"}),
        ("_run", "c", {"changed": False}),
        ("_run", "c", {"censored": "…"}),
        ("web1", "a", {"censored": "…"}),
        ("web2", "d", {"changed": False}),
    ]:
        recap.publishes(host, name)
        # Items of another task's loop may come at any time.
        recap.ok(made(task(loop=["a"]), {"changed": False}), is_item=True)
        recap.ok(made(task("set_stats"), values))
    assert recap.published(stats) == {"_run": {"a": 1}, "web2": {"d": 5}}


def test_no_host_matched_any_play(recap: Recap) -> None:
    for _unused in range(2):
        recap.play(play())
        recap.play_without_hosts()
    assert recap.no_host_matched
    recap.play(play())
    assert not recap.no_host_matched


def counts(*numbers: int) -> Callable[[str], int]:
    """What ansible-core has counted for the host, failure by failure."""
    left = list(numbers)
    return lambda _host: left.pop(0)


def test_first_failure_that_counts(recap: Recap, made: Callable[..., Any]) -> None:
    count = counts(0, 1, 1, 2)
    for number, message in enumerate(["rescued", "the reason", "ignored", "later"]):
        recap.failed(made(task(name=f"task {number}"), {"failed": True, "msg": message}), count)
    assert recap.failure(["web1"]) == Failure("web1", "task 1", "the reason", "the reason")


def test_failures_are_counted_per_host(recap: Recap, made: Callable[..., Any]) -> None:
    for host in ("web1", "web2"):
        recap.failed(made(task(), {"msg": f"no {host}"}, host), lambda _host: 1)
    assert recap.failure(["web2"]) == Failure("web2", "do it", "no web2", "no web2")
    assert recap.failure(["web2", "web1"]) == Failure("web1", "do it", "no web1", "no web1")
    assert recap.failure([]) == recap.failure(["web1"])


def test_unnamed_task_is_named_by_its_action(recap: Recap, made: Callable[..., Any]) -> None:
    recap.failed(made(task(name=""), {"msg": "gone"}), counts(1))
    assert recap.failure([]) == Failure("web1", "ansible.builtin.command", "gone", "gone")


@pytest.mark.parametrize("action", ["include_role", "ansible.builtin.include_tasks", "import_role"])
def test_failed_include_may_have_been_rescued(recap: Recap, made: Callable[..., Any], action: str) -> None:
    recap.failed(made(task(action, name="include"), {"msg": "no such file"}), counts(1))
    assert recap.failure(["web1"]) == Failure("web1", "include", "no such file", "no such file")
    recap.failed(made(task(name="real"), {"msg": "gone"}), counts(2))
    assert recap.failure(["web1"]) == Failure("web1", "real", "gone", "gone")


@pytest.mark.parametrize(
    ("action", "arguments", "is_forgiven"),
    [
        ("meta", {"_raw_params": "clear_host_errors"}, True),
        ("ansible.builtin.meta", {"_raw_params": "clear_host_errors"}, True),
        ("ansible.builtin.meta", {"_raw_params": "flush_handlers"}, False),
        ("ansible.builtin.command", {"_raw_params": "clear_host_errors"}, False),
    ],
)
def test_ignored_and_rescued_failures_do_not_count(
    recap: Recap, made: Callable[..., Any], action: str, arguments: dict[str, str], is_forgiven: bool
) -> None:
    recap.failed(made(task(), {"msg": "gone"}), counts(1))
    recap.task(task(action, args=arguments))
    assert (recap.failure([]) is None) is is_forgiven


def test_no_failure(recap: Recap) -> None:
    assert recap.failure([]) is None


def test_failure_without_an_event(recap: Recap, made: Callable[..., Any]) -> None:
    """As of a role that could not be included, before ansible-core 2.19: the last task that is known."""
    assert recap.failure(["web1"]) == Failure("web1", "", failures.UNKNOWN_REASON, None)
    recap.ok(made(task(name="before"), {}))
    assert recap.failure(["web1", "web2"]) == Failure("web1", "before", failures.UNKNOWN_REASON, None)


def test_first_failed_item_describes_the_task(recap: Recap, made: Callable[..., Any]) -> None:
    for item in ("b", "c"):
        recap.item_failed(made(task(), {"item": item, "msg": "gone", "failed": True}))
    recap.item_failed(made(task(_uuid="task 2"), {"item": "x", "msg": "other task"}))
    recap.item_failed(made(task(), {"item": "y", "msg": "other host"}, "web2"))
    recap.failed(made(task(), {"msg": "One or more items failed", "failed": True}), counts(1))
    assert recap.failure([]) == Failure("web1", "do it", "b: gone", "gone")


def test_items_of_a_no_log_task_are_redacted(recap: Recap, made: Callable[..., Any]) -> None:
    recap.item_failed(made(task(), {"item": "b", "msg": "secret"}))
    recap.failed(made(task(), {"censored": "the output has been hidden", "failed": True}), counts(1))
    assert recap.failure([]) == Failure("web1", "do it", None, None)


def test_separately_stored_causes_are_read(recap: Recap) -> None:
    causes = ("Unable to read.", "in the\nmiddle", "no such\n  file")
    recap.failed(as_since_219(task(), {"msg": "Unable to read."}, causes=causes), counts(1))
    recap.item_failed(as_since_219(task(), {"msg": "Unable to read.", "item": 7}, "web2", causes))
    recap.failed(as_since_219(task(), {"msg": "One or more items failed"}, "web2"), counts(1))
    failures = [recap.failure([host]) for host in ("web1", "web2")]
    assert [failure and failure.line for failure in failures] == [
        "Unable to read: no such file",
        "7: Unable to read: no such file",
    ]


@pytest.mark.parametrize(
    ("launch", "arguments", "looked_up", "is_completed"),
    [
        ({"workflow_state_name": "wait"}, {"workflow_state_name": "wait"}, "state", True),
        ({"workflow_state_name": "wait"}, {"state_name": "wait"}, "state", True),
        ({"workflow_state_name": "wait"}, {"workflow_state_name": "Wait"}, "other", False),
        ({"workflow_state_id": "state"}, {"workflow_state_name": "wait"}, "state", True),
        ({"workflow_state_id": "state"}, {"workflow_state_name": "wait"}, "other", False),
    ],
)
def test_state_is_known_by_its_name_or_by_the_id_that_it_led_to(
    made: Callable[..., Any], launch: dict[str, str], arguments: dict[str, str], looked_up: str, is_completed: bool
) -> None:
    run = {"workflow_id": "w", "workflow_run_id": "run"}
    recap = Recap({**dict.fromkeys(IDS, ""), **run, **launch})
    result = made(callback(args={**run, **arguments}), {**DELIVERED, "workflow_state_id": looked_up})
    assert completed(recap, result) is is_completed


@pytest.mark.parametrize(
    ("arguments", "values", "found"),
    [
        ({}, DELIVERED, {"other"}),
        ({}, {"delivery": "rejected"}, set()),
        ({"workflow_run_id": "another"}, DELIVERED, set()),
        ({"workflow_state_id": "", "workflow_state_name": "wait"}, DELIVERED, set()),
    ],
)
def test_other_states_of_the_run_are_remembered(
    made: Callable[..., Any], recap: Recap, arguments: dict[str, str], values: dict[str, str], found: set[str]
) -> None:
    result = made(callback(args={**IDS, "workflow_state_id": "other", **arguments}), values)
    assert not completed(recap, result)
    assert recap.completed_ids == found
