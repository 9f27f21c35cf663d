# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What a playbook did: its plays, whether it completed the state itself, and its failure.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import EXTRA_VARS, callback_spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import STATE_OPTIONS
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    causes_of,
    host_of,
    key_of,
    task_of,
    values_of,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import (
    UNKNOWN_REASON,
    Failure,
    failure_of_item,
    failure_of_result,
)

MODULE = "functiongraph.workflow.fgs_workflow_callback"
# The private action of the role runbook.
_ROLE_ACTION = "functiongraph.workflow._fgs_workflow_callback"

# The extra var, or play variable, that disables the report.
SWITCH = "fgs_workflow_report"

# For each ID, the names of the option in a task's arguments, aliases last.
_ID_OPTIONS = {name: (name, *rules.get("aliases", ())) for name, rules in callback_spec().items() if name in EXTRA_VARS}
# The columns of ansible-core's recap. Its statistics use another name for one of them.
_COLUMNS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
_STATISTICS = {"failed": "failures"}


class _RecordedFailure(t.NamedTuple):
    failure: Failure
    # ansible-core counts a failed include as a failure even if it is rescued.
    include: bool


class Recap:
    """The record of a playbook.

    ids are those of the waiting state, by option name. is_disabled is the value of the extra var SWITCH, None if unset.
    written converts an ID that YAML has read as a number back to the original string.
    """

    def __init__(
        self,
        ids: t.Mapping[str, str],
        is_disabled: t.Optional[bool] = None,
        written: t.Callable[[str, t.Any], t.Any] = lambda _option, value: value,
    ) -> None:
        self._ids = ids
        self._written = written
        self._plays = 0
        self._plays_without_hosts = 0
        self._failures: list[_RecordedFailure] = []
        self._items: dict[tuple[str, str], Failure] = {}
        self._last_task: dict[str, str] = {}
        self._counted: dict[str, int] = {}
        self._jobs: set[str] = set()
        self._publishing: list[tuple[str, str]] = []
        self._hidden: set[tuple[str, str]] = set()
        # Whether the playbook has completed the state itself.
        self.completed = False
        # The IDs of other states of the run that it has completed: the name of the launch may lead to one of them.
        self.completed_ids: set[str] = set()
        # Whether the playbook disables the report.
        self.is_disabled = bool(is_disabled)
        self._plays_may_disable = is_disabled is None

    @property
    def no_host_matched(self) -> bool:
        """Whether no play had a host."""
        return self._plays_without_hosts == self._plays

    def playbook(self, playbook: t.Any) -> None:
        """A playbook starts."""
        for play in playbook.get_plays():
            self._read_switch(play)

    def play(self, play: t.Any) -> None:
        """A play starts."""
        self._plays += 1
        self._read_switch(play)

    def _read_switch(self, play: t.Any) -> None:
        if self._plays_may_disable and is_off(play.vars.get(SWITCH)):
            self.is_disabled = True

    def play_without_hosts(self) -> None:
        self._plays_without_hosts += 1

    def task(self, task: t.Any) -> None:
        if str(task.action).rpartition(".")[2] == "meta" and task.args.get("_raw_params") == "clear_host_errors":
            self._failures.clear()

    def ok(self, result: t.Any, is_item: bool = False) -> None:
        """A task, or an item of its loop, that succeeded."""
        task, values = task_of(result), values_of(result)
        self._last_task[host_of(result)] = _name(task)
        job = values.get("ansible_job_id")
        if not is_item:
            # Item events come from another thread, possibly while another task is publishing.
            if "censored" in values:
                self._hidden.update(self._publishing)
            self._publishing.clear()
        is_report = _action(task) == MODULE or step_of(task) in ("report", "send")
        is_callback = is_report and self.is_for_this_state(task.args, values.get("workflow_state_id"))
        if is_callback and not task.check_mode:
            if job and "delivery" not in values:
                self._jobs.add(str(job))
            # A result hidden by no_log is a success, unless failed_when redefines that.
            is_whole = is_item or not task.loop
            hidden = "censored" in values and is_whole and not task.failed_when and not task.async_val
            self.completed = self.completed or hidden
        done = values.get("delivery") in (outcomes.DELIVERED, outcomes.ALREADY_DELIVERED) and not task.check_mode
        if is_callback or str(job) in self._jobs:
            self.completed = self.completed or done
        elif is_report and done and self._is_of_this_run(task.args):
            self.completed_ids.update(filter(None, [self._given(task.args).get("workflow_state_id")]))

    def is_for_this_state(self, arguments: t.Mapping[str, t.Any], looked_up: t.Optional[str] = None) -> bool:
        """Whether a task with these arguments is for the waiting state. looked_up is the ID that its name led to."""
        given = self._given(arguments)
        of_state = {given.get(name) == self._ids.get(name) for name in STATE_OPTIONS if name in given}
        by_id = looked_up is not None and looked_up == self._ids.get("workflow_state_id")
        return self._is_of_this_run(arguments) and (by_id or True in of_state)

    def _is_of_this_run(self, arguments: t.Mapping[str, t.Any]) -> bool:
        given = self._given(arguments)
        return all(given.get(name) == self._ids.get(name) for name in ("workflow_id", "workflow_run_id"))

    def _given(self, arguments: t.Mapping[str, t.Any]) -> dict[str, str]:
        """The IDs and the name that are set, as the user wrote them."""
        values = {n: next((arguments[a] for a in names if arguments.get(a)), None) for n, names in _ID_OPTIONS.items()}
        return {name: str(self._written(name, value)) for name, value in values.items() if value}

    def publishes(self, host: str, name: str) -> None:
        """The task that ends next publishes name for host."""
        self._publishing.append((host, name))

    def hide_published(self, stats: t.Any) -> None:
        """Hides everything published so far: whether no_log was on for it is unknown."""
        self._hidden.update((host, name) for host, values in stats.custom.items() for name in values)

    def published(self, stats: t.Any) -> dict[str, dict[str, t.Any]]:
        """Returns the published data by host, without data that a task under no_log published or extended."""
        custom = {
            host: {name: value for name, value in values.items() if (host, name) not in self._hidden}
            for host, values in stats.custom.items()
        }
        return {host: values for host, values in custom.items() if values}

    def failed(self, result: t.Any, count: t.Callable[[str], int]) -> None:
        """A task that failed on a host, or could not reach it.

        count returns how often ansible-core has counted the host as failed or unreachable so far, which excludes
        rescued and ignored failures.
        """
        host = host_of(result)
        before, now = self._counted.get(host, 0), count(host)
        self._counted[host] = now
        if now > before:
            self._add(result)

    def is_report_of_role(self, result: t.Any) -> bool:
        """Whether this is the result of the role's own report of the state, delivered or not."""
        task, values = task_of(result), values_of(result)
        is_report = step_of(task) == "report" and self.is_for_this_state(task.args)
        return is_report and ("delivery" in values or "censored" in values)

    def item_failed(self, result: t.Any) -> None:
        """Records a failed item of a loop. Some releases of ansible-core do not name it in the task's result."""
        host, task = host_of(result), task_of(result)
        failure = failure_of_item(host, _name(task), values_of(result), causes_of(result))
        self._items.setdefault((host, key_of(task)), failure)

    def _add(self, result: t.Any) -> None:
        host, task = host_of(result), task_of(result)
        failure = self._items.get((host, key_of(task)))
        if failure is None or "censored" in values_of(result):
            failure = failure_of_result(host, _name(task), values_of(result), causes_of(result))
        include = str(task.action).rpartition(".")[2] in ("include_role", "include_tasks", "import_role")
        self._failures.append(_RecordedFailure(failure, include))

    def failure(self, hosts: t.Sequence[str]) -> t.Optional[Failure]:
        """Returns the first failure of hosts, those that ended as failed or unreachable; None if there is none."""
        found = [recorded for recorded in self._failures if not hosts or recorded.failure.host in hosts]
        if found:
            return min(found, key=lambda recorded: recorded.include).failure
        if not hosts:
            return None
        # Before ansible-core 2.19 only the log mentions a role that could not be included.
        name = self._last_task.get(hosts[0], "")
        return Failure(hosts[0], name, UNKNOWN_REASON, None)


def step_of(task: t.Any) -> t.Optional[str]:
    """Returns the step of the role runbook that a task performs, else None."""
    return task.args.get("step") if _action(task) == _ROLE_ACTION else None


def is_off(value: t.Any) -> bool:
    """Whether a variable is false, as a boolean or as one of Ansible's strings for it."""
    return value is False or (isinstance(value, str) and value.lower() in BOOLEANS_FALSE)


def hosts_of_stats(
    stats: t.Any, failed: t.Iterable[str], published: t.Mapping[str, t.Mapping[str, t.Any]]
) -> dict[str, dict[str, t.Any]]:
    """Returns ansible-core's recap by host, with the data that each host published for itself.

    published is the published data by host. failed are the hosts that ended as failed, even if ansible-core counted no
    failure for them.
    """
    found: dict[str, dict[str, t.Any]] = {}
    for host in sorted({*stats.processed, *failed}):
        summary = stats.summarize(host)
        found[host] = {column: int(summary[_STATISTICS.get(column, column)]) for column in _COLUMNS}
        if host in published:
            found[host]["published"] = published[host]
    for host in failed:
        if not (found[host]["failed"] or found[host]["unreachable"]):
            found[host]["failed"] = 1
    return found


def _name(task: t.Any) -> str:
    """Returns the name of the task, without its role to save space."""
    return str(task.name or task.action)


def _action(task: t.Any) -> str:
    return str(getattr(task, "resolved_action", None) or task.action)
