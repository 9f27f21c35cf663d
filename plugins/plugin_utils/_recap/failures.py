# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What went wrong in a task, in 64 characters and in full.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field

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
