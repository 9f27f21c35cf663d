# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
How a job of AWX appears in a report that another one makes about it.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import bounded

# The key of a report's output under which everything stands that nobody published.
KEY = "ansible"
MESSAGE_LIMIT = 4096
NAME_LIMIT = 512
# The default of AWX for its own address.
AWX_DEFAULT_HOST = "https://towerhost"
AWX_HOST_HINT = 'AWX does not know its own address: set "Base URL of the service" in its system settings.'
# Verb phrases by the job's status.
ENDINGS = {"failed": "failed", "error": "ended with an error", "canceled": "was canceled"}


def size(value: t.Any) -> int:
    """Returns the size in bytes of value in the request body."""
    return len(json.dumps(value))


def fit(text: str, limit: int) -> str:
    """Shortens text to limit bytes of JSON by omitting the middle."""
    characters = limit
    while size(text) > limit:
        text = bounded(text, characters)
        characters = characters * 3 // 4
    return text


def linked(link: t.Optional[str]) -> dict[str, str]:
    """Returns the output fields for the URL of a job, with a hint if AWX does not know its own address."""
    if link is None:
        return {}
    hint = {"job_hint": AWX_HOST_HINT} if link.startswith(AWX_DEFAULT_HOST + "/") else {}
    return {"job": fit(link, NAME_LIMIT), **hint}


class ShownJob(t.NamedTuple):
    """A job or workflow job. ending is a verb phrase; link, status, ending and message may be empty."""

    kind: str
    number: str
    name: str
    link: str
    status: str
    ending: str
    message: str

    def title(self) -> str:
        return "AWX %s %s" % (self.kind, self.number)

    def fields(self) -> dict[str, t.Any]:
        """Returns the fields for output, without empty ones."""
        found = {
            **linked(self.link or None),
            "job_id": int(self.number) if self.number.isdigit() else self.number,
            "job_name": bounded(self.name, NAME_LIMIT),
            "job_status": self.status,
            "job_message": bounded(self.message, MESSAGE_LIMIT),
        }
        return {name: value for name, value in found.items() if value != ""}

    def error(self) -> str:
        """Describes how the job ended, the ID first, as the service accepts at most 64 characters."""
        reason = (self.message if self.status == "error" else "").strip().splitlines()
        return "%s %s: %s" % (self.title(), self.ending, reason[-1] if reason else self.name)
