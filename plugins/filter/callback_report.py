# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: callback_report
short_description: What the playbook functiongraph.workflow.callback sends
version_added: 1.1.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Made for the playbook C(functiongraph.workflow.callback), and no promise to anybody else. It can change with
    any release.
positional: saved, note, variables
options:
  _input:
    description: Options of M(functiongraph.workflow.fgs_workflow_callback) that are set, and C(check_mode).
    type: dict
    required: true
  saved:
    description: The variables of a report that C(undelivered_path) has kept.
    type: dict
    required: true
  note:
    description: AWX's C(job_metadata), a mapping or its JSON.
    type: raw
    required: true
  variables:
    description: C(job_id), C(job_name), C(workflow_job_id) and C(workflow_job_name), as AWX gives them to a job.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What is sent for a job that was canceled
  ansible.builtin.debug:
    msg: "{{ {'check_mode': false} | functiongraph.workflow.callback_report({}, awx_note, jobs) }}"
  vars:
    jobs: {job_id: "", job_name: "", workflow_job_id: "", workflow_job_name: ""}
"""

RETURN = r"""
_value:
  description:
    - The three IDs, C(result), C(output) and C(error).
    - C(problems), a list of what is wrong or missing.
    - C(skipped), why nothing is to be sent; empty where it is.
  type: dict
"""

import json
import os
import typing as t

from ansible.module_utils.common.validation import check_type_dict
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import bounded

# How a job ended, by its status in a notification.
_ENDINGS = {"failed": "failed", "error": "ended with an error", "canceled": "was canceled"}
# What an edge of a workflow template knows of the job before it, by the result that it reports.
_STATUS_ON_EDGES = {"success": "successful", "fail": "failed, timed out or canceled"}
_ENDING_ON_EDGES = "failed, timed out or was canceled"
_NEEDED = {**_report.EXTRA_VARS, "result": "fgs_workflow_result"}
_SENT = {**_NEEDED, "output": "fgs_workflow_output", "error": "fgs_workflow_error"}
_CHECKED = (
    "Nothing was sent, as the job before ran in check mode (fgs_workflow_check_mode is true): nothing was done, and "
    "the workflow still waits."
)
_NO_IDS = "Nothing was sent, as %s was launched without IDs of a workflow: no workflow waits for it."
_NO_FAILURE = 'Nothing was sent, as %s has the status "%s": a notification is reported where a job failed.'


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


def mapping_of(name: str, value: t.Any) -> dict[str, t.Any]:
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


def job_of_note(note: t.Mapping[str, t.Any]) -> Job:
    """The job of a notification, which is what AWX's job_metadata holds.

    Facts from AWX 24.6.1: id, name, url, status and traceback are there for every job, and body, which lists the jobs
    of a workflow job, for those only.
    """

    def text(name: str) -> str:
        return "" if note.get(name) is None else str(note[name])

    kind = "workflow job" if "/workflow/" in text("url") else "job"
    ending = _ENDINGS.get(text("status"), "" if text("status") else "failed")
    return Job(kind, text("id"), text("name"), text("url"), text("status"), ending, text("traceback") or text("body"))


def job_of_variables(variables: t.Mapping[str, t.Any], result: str, environ: t.Mapping[str, str]) -> t.Optional[Job]:
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


def callback_report(given: t.Any, saved: t.Any, note: t.Any, variables: t.Any) -> dict[str, t.Any]:
    """What to send, by option, with problems, a list of clauses, and skipped, why nothing is to be sent.

    given: options by name, and check_mode; saved: variables of the playbook from a file; note: awx_note; variables: see
    job_of_variables. What is empty counts as unset.
    """
    given, saved, note, variables = (plain(value) for value in (given, saved, note, variables))
    try:
        found = _to_send(given, saved, mapping_of("awx_note", note), variables)
    except NoteError as error:
        found = {"problems": [str(error)], "skipped": "", **dict.fromkeys(_SENT, "")}
    # Before ansible-core 2.19 only what is marked is no template.
    return t.cast(t.Dict[str, t.Any], wrap_var(found))


def _to_send(
    given: t.Mapping[str, t.Any], saved: t.Mapping[str, t.Any], note: t.Mapping[str, t.Any], variables: t.Any
) -> dict[str, t.Any]:
    noted = mapping_of("awx_note.extra_vars", note.get("extra_vars"))
    ids = {variable: noted.get(variable) for variable in _report.EXTRA_VARS.values()}
    found = {}
    for name, variable in _SENT.items():
        values = (given.get(name), saved.get(variable), ids.get(variable))
        found[name] = next((value for value in values if value not in (None, "")), "")
    job = job_of_note(note) if note else job_of_variables(variables, found["result"], os.environ)
    skipped = _CHECKED if given["check_mode"] else ""
    if note and job is not None:
        found["result"] = "fail"
        if not job.ending:
            skipped = _NO_FAILURE % (job.title(), job.status)
        elif not any(found[name] for name in _report.IDS):
            skipped = _NO_IDS % job.title()
    if job is not None and not saved:
        _add_job(job, found)
    lacking = ["%s is unset" % variable for name, variable in _NEEDED.items() if found[name] == ""]
    return {**found, "problems": [] if skipped else lacking, "skipped": skipped}


def _add_job(job: Job, found: dict[str, t.Any]) -> None:
    """Adds the job to the output, unless that has the key itself, and to the error, unless there is one."""
    known = _report.Report(os.environ)
    known.learn_secrets({})
    hide = known.redactor.text
    job = job._replace(name=hide(job.name), message=hide(job.message))
    try:
        output = check_type_dict(found["output"] or {})
    except TypeError:
        # Whatever it is, the module says what is wrong with it.
        return
    output.setdefault(_report.KEY, job.fields())
    found["output"] = output
    found["error"] = found["error"] or (job.error() if job.ending else "")


class FilterModule:
    """The filter of the playbook callback."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        return {"callback_report": callback_report}
