# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What the playbook functiongraph.workflow.callback reports: from extra vars, a saved report, or AWX's notification.
"""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.common.validation import check_type_dict
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _awx_job, _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import plain

_NEEDED = {**_report.EXTRA_VARS, "result": "fgs_workflow_result"}
_SENT = {**_NEEDED, "output": "fgs_workflow_output", "error": "fgs_workflow_error"}
_CHECKED = (
    "Nothing was sent, as the job before ran in check mode (fgs_workflow_check_mode is true): nothing was done, and "
    "the workflow still waits."
)
_NO_IDS = "Nothing was sent, as %s was launched without IDs of a workflow: no workflow waits for it."
_NO_FAILURE = 'Nothing was sent, as %s has the status "%s": a notification is reported where a job failed.'


def report(given: t.Any, saved: t.Any, note: t.Any, variables: t.Any) -> dict[str, t.Any]:
    """What to send, by option, with problems, a list of clauses, and skipped, why nothing is to be sent.

    given: options by name, and check_mode; saved: variables of the playbook from a file; note: awx_note; variables: see
    _awx_job.of_variables. What is empty counts as unset.
    """
    given, saved, note, variables = (plain(value) for value in (given, saved, note, variables))
    try:
        found = _found(given, saved, _awx_job.mapping("awx_note", note), variables)
    except _awx_job.NoteError as error:
        found = {"problems": [str(error)], "skipped": "", **dict.fromkeys(_SENT, "")}
    # Before ansible-core 2.19 only what is marked is no template.
    return t.cast(t.Dict[str, t.Any], wrap_var(found))


def _found(
    given: t.Mapping[str, t.Any], saved: t.Mapping[str, t.Any], note: t.Mapping[str, t.Any], variables: t.Any
) -> dict[str, t.Any]:
    noted = _awx_job.mapping("awx_note.extra_vars", note.get("extra_vars"))
    ids = {variable: noted.get(variable) for variable in _report.EXTRA_VARS.values()}
    found = {}
    for name, variable in _SENT.items():
        values = (given.get(name), saved.get(variable), ids.get(variable))
        found[name] = next((value for value in values if value not in (None, "")), "")
    job = _awx_job.of_note(note) if note else _awx_job.of_variables(variables, found["result"], os.environ)
    skipped = _CHECKED if given["check_mode"] else ""
    if note and job is not None:
        found["result"] = "fail"
        if not job.ending:
            skipped = _NO_FAILURE % (job.title(), job.status)
        elif not any(found[name] for name in _report.IDS):
            skipped = _NO_IDS % job.title()
    if job is not None and not saved:
        _tell_of(job, found)
    lacking = ["%s is not given" % variable for name, variable in _NEEDED.items() if found[name] == ""]
    return {**found, "problems": [] if skipped else lacking, "skipped": skipped}


def _tell_of(job: _awx_job.Job, found: dict[str, t.Any]) -> None:
    """Adds the job to the output, unless that has the key itself, and to the error, unless there is one."""
    known = _report.Report({}, {}, os.environ)
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
