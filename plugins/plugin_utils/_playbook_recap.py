# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What was seen of a playbook while it ran: its plays, its failures, and whether it completed the state itself.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import ALREADY_DELIVERED, DELIVERED
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _failure, _ids
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import Failure

MODULE = "functiongraph.workflow.fgs_workflow_callback"
# The module's call in the role runbook.
_OF_ROLE = "functiongraph.workflow._fgs_workflow_callback"

# The extra var, or variable of a play, that switches the report off.
SWITCH = "fgs_workflow_report"

# A task's arguments by the names of the ids, alias last.
_NAMES = {
    "workflow_id": ("workflow_id",),
    "workflow_run_id": ("workflow_run_id", "run_id"),
    "workflow_state_id": ("workflow_state_id", "state_id"),
}
# How ansible-core calls the columns of its recap, and how its statistics do.
_COLUMNS = (
    ("ok", "ok"),
    ("changed", "changed"),
    ("unreachable", "unreachable"),
    ("failed", "failures"),
    ("skipped", "skipped"),
    ("rescued", "rescued"),
    ("ignored", "ignored"),
)


class _Seen(t.NamedTuple):
    failure: Failure
    # ansible-core counts a role or a file that could not be included as a failure also where it is rescued.
    include: bool


class Recap:
    """What was seen of a playbook.

    ids are those of the state that waits, by option name. is_left_alone is what the extra var SWITCH says, None where
    it is unset.
    """

    def __init__(self, ids: t.Mapping[str, str], is_left_alone: t.Optional[bool] = None) -> None:
        self._ids = ids
        self._plays = 0
        self._plays_without_hosts = 0
        self._failures: list[_Seen] = []
        self._items: dict[tuple[str, str], Failure] = {}
        self._last_task: dict[str, str] = {}
        self._counted: dict[str, int] = {}
        self._jobs: set[str] = set()
        self._publishing: list[tuple[str, str]] = []
        self._hidden: set[tuple[str, str]] = set()
        # Whether the playbook has completed the state itself.
        self.completed = False
        # Whether the playbook does not want to be reported.
        self.is_left_alone = bool(is_left_alone)
        self._may_be_left_alone = is_left_alone is None

    @property
    def no_host_matched(self) -> bool:
        """Whether there was no host for any play."""
        return self._plays_without_hosts == self._plays

    def playbook(self, playbook: t.Any) -> None:
        """A playbook starts."""
        for play in playbook.get_plays():
            self._look_for_switch(play)

    def play(self, play: t.Any) -> None:
        """A play starts."""
        self._plays += 1
        self._look_for_switch(play)

    def _look_for_switch(self, play: t.Any) -> None:
        if self._may_be_left_alone and is_off(play.vars.get(SWITCH)):
            self.is_left_alone = True

    def play_without_hosts(self) -> None:
        self._plays_without_hosts += 1

    def task(self, task: t.Any) -> None:
        if str(task.action).rpartition(".")[2] == "meta" and task.args.get("_raw_params") == "clear_host_errors":
            self._failures.clear()

    def ok(self, result: t.Any, is_item: bool = False) -> None:
        """A task, or an item of its loop, that succeeded."""
        task, values = _task(result), _values(result)
        self._last_task[_host(result)] = _name(task)
        action = _action(task)
        job = values.get("ansible_job_id")
        if not is_item:
            # An item comes from another thread, in the middle of what another task publishes.
            if "censored" in values:
                self._hidden.update(self._publishing)
            self._publishing.clear()
        is_callback = action in (MODULE, _OF_ROLE) and self.is_ours(task.args)
        if is_callback and not task.check_mode:
            if job and "delivery" not in values:
                self._jobs.add(str(job))
            # A result that no_log hides is a success, unless the task has its own idea of that.
            is_whole = is_item or not task.loop
            hidden = "censored" in values and is_whole and not task.failed_when and not task.async_val
            self.completed = self.completed or hidden
        if is_callback or str(job) in self._jobs:
            done = values.get("delivery") in (DELIVERED, ALREADY_DELIVERED) and not task.check_mode
            self.completed = self.completed or done

    def is_ours(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """Whether a task with these arguments is about the state that waits."""
        given = {n: next((arguments[a] for a in names if arguments.get(a)), None) for n, names in _NAMES.items()}
        return all(str(_ids.text(name, given[name], _no_warning)) == self._ids[name] for name in _NAMES)

    def publishes(self, host: str, name: str) -> None:
        """The task that ends next publishes name for host."""
        self._publishing.append((host, name))

    def hide_published(self, stats: t.Any) -> None:
        """Hides what was published so far: it was not seen whether a task under no_log did."""
        self._hidden.update((host, name) for host, values in stats.custom.items() for name in values)

    def published(self, stats: t.Any) -> dict[str, dict[str, t.Any]]:
        """What was published, by host, without what a task under no_log has published or added to."""
        custom = {
            host: {name: value for name, value in values.items() if (host, name) not in self._hidden}
            for host, values in stats.custom.items()
        }
        return {host: values for host, values in custom.items() if values}

    def failed(self, result: t.Any, count: t.Callable[[str], int]) -> None:
        """A task that failed on a host, or could not reach it.

        count gives how often ansible-core has counted the host as failed or unreachable by now: it does not count what
        is rescued or ignored.
        """
        host = _host(result)
        before, now = self._counted.get(host, 0), count(host)
        self._counted[host] = now
        if now > before:
            self._add(result)

    def is_report_of_role(self, result: t.Any) -> bool:
        """Whether this is what came of the role's own report of the state: it knew the outcome, delivered or not."""
        task, values = _task(result), _values(result)
        is_report = _action(task) == _OF_ROLE and task.args.get("step") == "report" and self.is_ours(task.args)
        return is_report and ("delivery" in values or "censored" in values)

    def item_failed(self, result: t.Any) -> None:
        """An item of a loop that failed. Not every release of ansible-core tells later which one did."""
        host, task = _host(result), _task(result)
        failure = _failure.of_item(host, _name(task), _values(result), _causes(result))
        self._items.setdefault((host, task._uuid), failure)

    def _add(self, result: t.Any) -> None:
        host, task = _host(result), _task(result)
        failure = self._items.get((host, task._uuid))
        if failure is None or "censored" in _values(result):
            failure = _failure.of_result(host, _name(task), _values(result), _causes(result))
        include = str(task.action).rpartition(".")[2] in ("include_role", "include_tasks", "import_role")
        self._failures.append(_Seen(failure, include))

    def failure(self, hosts: t.Sequence[str]) -> t.Optional[Failure]:
        """The first failure of the hosts that ended as failed or unreachable; None where there are none."""
        found = [seen for seen in self._failures if not hosts or seen.failure.host in hosts]
        if found:
            return min(found, key=lambda seen: seen.include).failure
        if not hosts:
            return None
        # Before ansible-core 2.19 nothing is said of a role that could not be included, but in the log.
        name = self._last_task.get(hosts[0], "")
        return Failure(hosts[0], name, _failure.UNTOLD, None)


def is_off(value: t.Any) -> bool:
    """Whether a variable says no, as a boolean or in one of Ansible's words for it."""
    return value is False or (isinstance(value, str) and value.lower() in BOOLEANS_FALSE)


def hosts(
    stats: t.Any, failed: t.Iterable[str], published: t.Mapping[str, t.Mapping[str, t.Any]]
) -> dict[str, dict[str, t.Any]]:
    """The recap as ansible-core counts it, by host, and what each published for itself.

    published is what was published, by host. failed are hosts that ended as failed, also where ansible-core counted
    nothing.
    """
    found: dict[str, dict[str, t.Any]] = {}
    for host in sorted({*stats.processed, *failed}):
        summary = stats.summarize(host)
        found[host] = {column: int(summary[name]) for column, name in _COLUMNS}
        if host in published:
            found[host]["published"] = published[host]
    for host in failed:
        if not (found[host]["failed"] or found[host]["unreachable"]):
            found[host]["failed"] = 1
    return found


def _no_warning(_text: str) -> None:
    """The task itself has warned."""


def _task(result: t.Any) -> t.Any:
    """The task of a result, in every release of ansible-core."""
    return result.task if hasattr(result, "task") else result._task


def _host(result: t.Any) -> str:
    return str((result.host if hasattr(result, "host") else result._host).get_name())


def _name(task: t.Any) -> str:
    """How a person calls the task: without its role, which takes the room of what matters more."""
    return str(task.name or task.action)


def _action(task: t.Any) -> str:
    return str(getattr(task, "resolved_action", None) or task.action)


def _values(result: t.Any) -> t.Mapping[str, t.Any]:
    values: t.Mapping[str, t.Any] = result.result if hasattr(result, "result") else result._result
    return values


def _causes(result: t.Any) -> list[str]:
    """The texts of the exceptions behind a failure, outermost first: ansible-core 2.19 and later keep them apart."""
    found: list[str] = []
    event = getattr(getattr(result, "exception", None), "event", None)
    while event is not None:
        found.append(" ".join(str(event.msg).split()))
        event = getattr(event.chain, "event", None)
    return found
