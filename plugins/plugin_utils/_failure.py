# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What a failed task says, in one line and in full: the words that tell a person most, of every release of ansible-core.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._contract import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import field

try:
    from ansible.module_utils.secrets import mask_secrets
except ImportError:  # ansible-core before 2.22

    def mask_secrets(text: str) -> str:
        return text


HIDDEN = "failed, and no_log hides why"
UNTOLD = "failed, see the log of the playbook"

# What ansible-core says where the reason stands elsewhere in the result.
_SAYS_NOTHING = re.compile(
    r"(non-zero return code|The command exited with a non-zero return code"
    r"|MODULE FAILURE.*|Module result deserialization failed.*"
    r"|One or more items failed|Assertion failed|(Task failed: )?(Action failed: )?A 'failed_when' expression .*"
    r"|)\.?\Z",
    re.DOTALL,
)
# What ansible-core puts before the reason.
_BEFORE = re.compile(
    r"(Task failed|Module failed|Action failed|Unexpected \w+ error"
    r"|Failed to connect to the host via ssh|ssh: connect to host \S+ port \d+"
    r"|Finalization of task args for '[^']*' failed|Error while resolving value for '[^']*'"
    r"|Error while evaluating conditional|A '\w+' expression failed"
    r"|The task includes an option with an undefined variable\. The error was"
    r"|The conditional check '.*' failed\. The error was|error while evaluating conditional \(.*\)): (?=\S)"
)
_CHATTER = re.compile(r"\W*(warning\b|deprecat|shared connection to |debug\d: )", re.IGNORECASE)
_LABEL_LIMIT = 24


class Failure(t.NamedTuple):
    """A failed task on one host. line is None where no_log hides it, message None as well."""

    host: str
    task: str
    line: t.Optional[str]
    message: t.Optional[str]


def of_result(host: str, task: str, result: t.Mapping[str, t.Any], causes: t.Sequence[str] = ()) -> Failure:
    """The failure of a task by its result, as a callback plugin gets it.

    causes are the texts of the exceptions behind it, outermost first, where ansible-core has them.
    """
    if "censored" in result:
        return Failure(host, task, None, None)
    item = failed_item(result)
    if item is not None:
        return of_item(host, task, item)
    said = _text(result.get("msg")) or _text(result.get("reason"))
    if _SAYS_NOTHING.match(said.strip()):
        line = _reason(result)
    else:
        # Results come masked, exceptions do not.
        cause = mask_secrets(causes[-1]) if causes and isinstance(result.get("msg"), str) else ""
        if cause not in " ".join(said.split()):
            # The outermost text says what was tried, the innermost why it failed.
            said = "%s: %s" % (said.rstrip("."), cause)
        line = _first(said)
    parts = [said, *(_text(result.get(name)) for name in ("module_stderr", "stderr", "module_stdout", "stdout"))]
    return Failure(host, task, mask_secrets(line), mask_secrets("\n".join(part for part in parts if part)))


def of_item(host: str, task: str, item: t.Mapping[str, t.Any], causes: t.Sequence[str] = ()) -> Failure:
    """The failure of a task by the result of an item of its loop."""
    failure = of_result(host, task, item, causes)
    label = _label(item)
    if failure.line is None or not label:
        return failure
    return failure._replace(line="%s: %s" % (label, failure.line))


def failed_item(result: t.Mapping[str, t.Any]) -> t.Optional[t.Mapping[str, t.Any]]:
    """The first failed item of a loop."""
    items = result.get("results")
    if not isinstance(items, (list, tuple)):
        return None
    bad = (item for item in items if isinstance(item, dict) and (item.get("failed") or item.get("unreachable")))
    return next(bad, None)


def error(failure: Failure) -> str:
    """host: task: line, within the limit of the callback's error.

    Where it is too long, the task's name and the line share what the host leaves, so that all three can be recognised.
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
    """text, its middle left out where it is longer than limit characters: the reason stands at either end."""
    if len(text) <= limit:
        return text
    cut = "\n…\n"
    head = (limit - len(cut)) // 2
    return text[:head] + cut + text[len(text) - (limit - len(cut) - head) :]


def _reason(result: t.Mapping[str, t.Any]) -> str:
    """The most telling line of a result whose msg says nothing."""
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
    return [line for line in lines if not _CHATTER.match(line)] or lines


def _first(text: str) -> str:
    """The first line that is no chatter; of a traceback, the last."""
    lines = _lines(text)
    if not lines:
        return ""
    line = lines[-1] if lines[0].startswith("Traceback (most recent call last)") else lines[0]
    while True:
        stripped = _BEFORE.sub("", line, count=1) if _BEFORE.match(line) else line
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
    """How a person calls the item, where it is short: a long one is data, and may be a secret."""
    label = item.get("_ansible_item_label", item.get(item.get("ansible_loop_var") or "item"))
    if isinstance(label, bool) or not isinstance(label, (str, int, float)):
        return ""
    return str(label) if len(str(label)) <= _LABEL_LIMIT else ""
