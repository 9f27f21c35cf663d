# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The job of AWX that a report is about: from AWX's notification of its end, or from the variables of a job.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import bounded

# How a job ended, by its status in a notification.
_ENDINGS = {"failed": "failed", "error": "ended with an error", "canceled": "was canceled"}
# What an edge of a workflow template knows of the job before it, by the result that it reports.
_STATUS_ON_EDGES = {"success": "successful", "fail": "failed, timed out or canceled"}
_ENDING_ON_EDGES = "failed, timed out or was canceled"


class NoteError(Exception):
    """A notification that does not have the shape that AWX gives it. The message is a clause."""


class Job(t.NamedTuple):
    """A job or workflow job. ending says in words how it failed; link, status, ending and message may be empty."""

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
        """What output says of it, without what is empty."""
        found = {
            **_report.linked(self.link or None),
            "job_id": int(self.number) if self.number.isdigit() else self.number,
            "job_name": bounded(self.name, _report.NAME_LIMIT),
            "job_status": self.status,
            "job_message": bounded(self.message, _report.MESSAGE_LIMIT),
        }
        return {name: value for name, value in found.items() if value != ""}

    def error(self) -> str:
        """How it ended, the number first, as the service takes no more than 64 characters."""
        reason = (self.message if self.status == "error" else "").strip().splitlines()
        return "%s %s: %s" % (self.title(), self.ending, reason[-1] if reason else self.name)


def mapping(name: str, value: t.Any) -> dict[str, t.Any]:
    """value, a mapping or its JSON. Nothing is an empty one. Raises NoteError."""
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            value = [value]
    if not value:
        return {}
    if not isinstance(value, dict):
        raise NoteError("%s must be a mapping or a JSON object" % name)
    return value


def of_note(note: t.Mapping[str, t.Any]) -> Job:
    """The job of a notification, which is what AWX's job_metadata holds.

    Facts from AWX 24.6.1: id, name, url, status and traceback are there for every job, and body, which lists the jobs
    of a workflow job, for those only.
    """

    def text(name: str) -> str:
        return "" if note.get(name) is None else str(note[name])

    kind = "workflow job" if "/workflow/" in text("url") else "job"
    ending = _ENDINGS.get(text("status"), "" if text("status") else "failed")
    return Job(kind, text("id"), text("name"), text("url"), text("status"), ending, text("traceback") or text("body"))


def of_variables(variables: t.Mapping[str, t.Any], result: str, environ: t.Mapping[str, str]) -> t.Optional[Job]:
    """The workflow job that this job is part of, else this job, from what AWX hands to it. None outside AWX.

    variables: job_id, job_name, workflow_job_id, workflow_job_name, empty where AWX does not give them.
    """
    host = environ.get("AWX_HOST", "").rstrip("/")
    for kind, page, prefix in (("workflow job", "workflow", "workflow_job_"), ("job", "playbook", "job_")):
        number = str(variables[prefix + "id"])
        if number:
            link = "%s/#/jobs/%s/%s" % (host, page, number) if host else ""
            on_edge = kind == "workflow job"
            status = _STATUS_ON_EDGES.get(result, "") if on_edge else ""
            ending = _ENDING_ON_EDGES if on_edge and result == "fail" else ""
            return Job(kind, number, str(variables[prefix + "name"]), link, status, ending, "")
    return None
