# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
How a job of AWX appears in a report that another one makes about it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import bounded

# Verb phrases by the job's status.
ENDINGS = {"failed": "failed", "error": "ended with an error", "canceled": "was canceled"}


class Job(t.NamedTuple):
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
            **_report.linked(self.link or None),
            "job_id": int(self.number) if self.number.isdigit() else self.number,
            "job_name": bounded(self.name, _report.NAME_LIMIT),
            "job_status": self.status,
            "job_message": bounded(self.message, _report.MESSAGE_LIMIT),
        }
        return {name: value for name, value in found.items() if value != ""}

    def error(self) -> str:
        """Describes how the job ended, the ID first, as the service accepts at most 64 characters."""
        reason = (self.message if self.status == "error" else "").strip().splitlines()
        return "%s %s: %s" % (self.title(), self.ending, reason[-1] if reason else self.name)
