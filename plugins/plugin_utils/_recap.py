# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What a playbook did: its plays, whether it completed the state itself, and its failure, in 64 characters and in full.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import EXTRA_VARS, callback_spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import (
    causes_of,
    host_of,
    key_of,
    task_of,
    values_of,
)

try:
    from ansible.module_utils.secrets import mask_secrets
except ImportError:  # ansible-core before 2.22

    def mask_secrets(text: str) -> str:
        return text


HIDDEN = "failed, and no_log hides why"
UNKNOWN_REASON = "failed, see the log of the playbook"

# Messages of ansible-core that do not contain the reason: it is elsewhere in the result.
_UNINFORMATIVE = re.compile(
    r"(non-zero return code|The command exited with a non-zero return code"
    r"|MODULE FAILURE.*|Module result deserialization failed.*"
    r"|One or more items failed|Assertion failed|(Task failed: )?(Action failed: )?A 'failed_when' expression .*"
    r"|)\.?\Z",
    re.DOTALL,
)
# Prefixes that ansible-core adds to the reason.
_PREFIX = re.compile(
    r"(Task failed|Module failed|Action failed|Unexpected \w+ error"
    r"|Failed to connect to the host via ssh|ssh: connect to host \S+ port \d+"
    r"|Finalization of task args for '[^']*' failed|Error while resolving value for '[^']*'"
    r"|Error while evaluating conditional|A '\w+' expression failed"
    r"|The task includes an option with an undefined variable\. The error was"
    r"|The conditional check '.*' failed\. The error was|error while evaluating conditional \(.*\)): (?=\S)"
)
_NOISE = re.compile(r"\W*(warning\b|deprecat|shared connection to |debug\d: )", re.IGNORECASE)
_LABEL_LIMIT = 24


class Failure(t.NamedTuple):
    """A failed task on one host. line and message are None if no_log hides them."""

    host: str
    task: str
    line: t.Optional[str]
    message: t.Optional[str]


def failure_of_result(host: str, task: str, result: t.Mapping[str, t.Any], causes: t.Sequence[str] = ()) -> Failure:
    """Returns the failure of a task from the result that a callback plugin receives.

    causes are the messages of its exception chain, outermost first, if ansible-core provides them.
    """
    if "censored" in result:
        return Failure(host, task, None, None)
    item = failed_item(result)
    if item is not None:
        return failure_of_item(host, task, item)
    message = _text(result.get("msg")) or _text(result.get("reason"))
    if _UNINFORMATIVE.match(message.strip()):
        line = _reason(result)
    else:
        # ansible-core masks secrets in results, but not in exceptions.
        cause = mask_secrets(causes[-1]) if causes and isinstance(result.get("msg"), str) else ""
        if cause not in " ".join(message.split()):
            # The outermost message names the action, the innermost one the reason.
            message = "%s: %s" % (message.rstrip("."), cause)
        line = _first(message)
    parts = [message, *(_text(result.get(name)) for name in ("module_stderr", "stderr", "module_stdout", "stdout"))]
    return Failure(host, task, mask_secrets(line), mask_secrets("\n".join(part for part in parts if part)))


def failure_of_item(host: str, task: str, item: t.Mapping[str, t.Any], causes: t.Sequence[str] = ()) -> Failure:
    """Returns the failure of a task from the result of one item of its loop."""
    failure = failure_of_result(host, task, item, causes)
    label = _label(item)
    if failure.line is None or not label:
        return failure
    return failure._replace(line="%s: %s" % (label, failure.line))


def failed_item(result: t.Mapping[str, t.Any]) -> t.Optional[t.Mapping[str, t.Any]]:
    """Returns the first failed item of a loop; None if there is none."""
    items = result.get("results")
    if not isinstance(items, (list, tuple)):
        return None
    bad = (item for item in items if isinstance(item, dict) and (item.get("failed") or item.get("unreachable")))
    return next(bad, None)


def error_text(failure: Failure) -> str:
    """Returns "host: task: line", within the limit of the callback's error.

    If it is too long, each part is shortened, so that all three remain recognizable.
    """
    limit = field("error").max_length or 0
    line = failure.line or HIDDEN
    whole = ": ".join(part for part in (failure.host, failure.task, line) if part)
    if len(whole) <= limit:
        return whole
    host = shortened(failure.host, limit // 3)
    room = limit - len(host) - len(": ") * (bool(failure.host) + bool(failure.task))
    half = room // 2
    task = shortened(failure.task, max(half, room - len(line)))
    return ": ".join(part for part in (host, task, shortened(line, room - len(task))) if part)


def bounded(text: str, limit: int) -> str:
    """Shortens text to limit characters by omitting the middle: the reason is usually at one end."""
    if len(text) <= limit:
        return text
    cut = "\n…\n"
    head = (limit - len(cut)) // 2
    return text[:head] + cut + text[len(text) - (limit - len(cut) - head) :]


def _reason(result: t.Mapping[str, t.Any]) -> str:
    """Returns the most informative line of a result whose msg does not contain the reason."""
    if result.get("assertion") is not None:
        return "assertion failed: %s" % _first(_text(result["assertion"]))
    for name, choose in (("module_stderr", _last), ("stderr", _first), ("module_stdout", _last), ("stdout", _last)):
        line = choose(_text(result.get(name)))
        if line:
            return line
    if result.get("rc"):
        return "exit code %s" % result["rc"]
    if result.get("attempts"):
        return "gave up after %s attempts" % result["attempts"]
    if result.get("failed_when_result"):
        return "its failed_when is true"
    return "failed"


def _lines(text: str) -> list[str]:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    return [line for line in lines if not _NOISE.match(line)] or lines


def _first(text: str) -> str:
    """Returns the first line that is not noise; of a traceback, the last line."""
    lines = _lines(text)
    if not lines:
        return ""
    line = lines[-1] if lines[0].startswith("Traceback (most recent call last)") else lines[0]
    while True:
        stripped = _PREFIX.sub("", line, count=1) if _PREFIX.match(line) else line
        if stripped == line:
            return line
        line = stripped


def _last(text: str) -> str:
    return (_lines(text) or [""])[-1]


def _text(value: t.Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "\n".join(_text(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _label(item: t.Mapping[str, t.Any]) -> str:
    """Returns the label of the item if it is short: a long one is data, and may be a secret."""
    label = item.get("_ansible_item_label", item.get(item.get("ansible_loop_var") or "item"))
    if isinstance(label, bool) or not isinstance(label, (str, int, float)):
        return ""
    return str(label) if len(str(label)) <= _LABEL_LIMIT else ""


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
        is_callback = (_action(task) == MODULE or step_of(task) == "report") and self.is_for_this_state(task.args)
        if is_callback and not task.check_mode:
            if job and "delivery" not in values:
                self._jobs.add(str(job))
            # A result hidden by no_log is a success, unless failed_when redefines that.
            is_whole = is_item or not task.loop
            hidden = "censored" in values and is_whole and not task.failed_when and not task.async_val
            self.completed = self.completed or hidden
        if is_callback or str(job) in self._jobs:
            done = values.get("delivery") in (outcomes.DELIVERED, outcomes.ALREADY_DELIVERED) and not task.check_mode
            self.completed = self.completed or done

    def is_for_this_state(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """Whether a task with these arguments is for the waiting state."""
        values = {n: next((arguments[a] for a in names if arguments.get(a)), None) for n, names in _ID_OPTIONS.items()}
        return all(str(self._written(name, values[name])) == self._ids[name] for name in _ID_OPTIONS)

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
