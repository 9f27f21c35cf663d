# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An example of the FunctionGraph function that launches an AWX job and leaves the workflow waiting for its callback.

Its handler is launch_awx_job.handler, and it needs nothing but Python. Put it before the callback node of a workflow
and set CALLBACK_STATE_NAME, or make it the callback node's own function. Settings, in its environment variables:

    AWX_URL              the address of AWX, https only
    AWX_TEMPLATE         what to launch: job_templates/12 or workflow_job_templates/7
    AWX_TOKEN            a token of an AWX user who may execute that template and no more; tick "encrypted"
    AWX_CA_CERTIFICATE   optional, in PEM: the authority that signed AWX's certificate, where it is your own
    CALLBACK_STATE_NAME  the name of the callback node that waits for the job
    CALLBACK_STATE_ID    its id, instead of the name or to be compared with it

A function's context most likely has the id of the function's own node, not that of the callback node behind it.
If neither CALLBACK_STATE setting is set, the job reports to the function's own node.

The event's key "extra_vars", if set, is passed on too: the template must ask for each of them.

A workflow may call a function again after an error or a timeout, when the first call may have launched the job all the
same. So it first looks up a job with the same ids, among the newest JOBS_SEARCHED ones of this template. One that
failed does not count, so a run that is retried gets a new job.
Two calls at the very same time are not kept apart, nor is a launch that AWX carries out after the second call's lookup.
"""

import http.client
import json
import re
import ssl
import typing as t
import urllib.error
import urllib.parse
import urllib.request

SECONDS = 20
JOBS_SEARCHED = 200
PAGE = 50
LARGEST_RESPONSE = 16 * 1024 * 1024
ACCEPTED = 202
ID_NAMES = ("fgs_workflow_id", "fgs_workflow_run_id", "fgs_workflow_state_id", "fgs_workflow_state_name")
FAILED = ("failed", "error", "canceled")
KINDS = {"job_templates": ("jobs", "job"), "workflow_job_templates": ("workflow_jobs", "workflow_job")}


class LaunchError(Exception):
    """The job was not launched as it should have been. The message never holds the token."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_redirect: t.Any) -> None:
        """A redirect would take the token to another address."""


class Awx:
    """AWX's API at an address, for the bearer of a token."""

    def __init__(self, url: str, token: str, ca_certificate: t.Optional[str] = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
            raise LaunchError("AWX_URL must be an https address like https://awx.example.com.")
        self.root = url.rstrip("/") + "/api/v2/"
        self.token = token
        context = ssl.create_default_context(cadata=ca_certificate or None)
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())

    def ask(self, method: str, path: str, body: t.Optional[t.Dict[str, t.Any]] = None) -> t.Any:
        """The response to one request, decoded; None for 202, which has no body. Raises LaunchError."""
        data = None if body is None else json.dumps(body).encode("utf-8")
        request = urllib.request.Request(self.root + path, data=data, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", "application/json")
        what = f"{method} {path.partition('?')[0]}"
        try:
            with self.opener.open(request, timeout=SECONDS) as response:
                if response.status == ACCEPTED:
                    return None
                text = response.read(LARGEST_RESPONSE)
        except urllib.error.HTTPError as error:
            raise LaunchError(f"AWX returned {error.code} for {what}: {self._reason(error)}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise LaunchError(f"AWX did not respond to {what}: {reason}") from None
        try:
            return json.loads(text.decode("utf-8"))
        except ValueError:
            raise LaunchError(f"AWX returned no JSON for {what}.") from None

    def _reason(self, error: urllib.error.HTTPError) -> str:
        """What AWX says about a refusal, on one line."""
        text = error.read(2000).decode("utf-8", "replace").replace(self.token, "***")
        return " ".join(text.split())[:500] or "no reason given"


def ids_of(context: t.Any) -> t.Dict[str, str]:
    """The run that called the function, and the state that waits for the job, as variables for Ansible.

    The state is the one of the CALLBACK_STATE settings, else the function's own.
    """
    state_id, state_name = (context.getUserData(name) for name in ("CALLBACK_STATE_ID", "CALLBACK_STATE_NAME"))
    ids = {"fgs_workflow_id": context.getWorkflowID(), "fgs_workflow_run_id": context.getWorkflowRunID()}
    if state_name:
        ids["fgs_workflow_state_name"] = state_name
    if state_id or not state_name:
        ids["fgs_workflow_state_id"] = state_id or context.getWorkflowStateID()
    missing = [name for name, value in ids.items() if not value]
    if missing:
        raise LaunchError(f"Only a workflow can launch the job: the context of this call has no {', '.join(missing)}.")
    if not (state_id or state_name):
        own = ids["fgs_workflow_state_id"]
        context.getLogger().info(
            f"CALLBACK_STATE_NAME is unset, so the job reports to this function's state {own}: "
            "if a callback node follows, set CALLBACK_STATE_NAME to the name of that node."
        )
    return ids


def setting(context: t.Any, name: str) -> str:
    """A setting of the function. Raises LaunchError when it is empty, or cannot be part of a header or an address."""
    value: str = (context.getUserData(name) or "").strip()
    if not re.match(r"[!-~]+\Z", value):
        raise LaunchError(f"The function needs the setting {name}, in ASCII without whitespace.")
    return value


def launched_before(awx: Awx, template: str, ids: t.Dict[str, str]) -> t.Optional[int]:
    """The newest job that was launched with these ids and did not fail, None when there is none.

    One request for PAGE jobs.
    """
    jobs = KINDS[template.partition("/")[0]][0]
    for page in range(1, JOBS_SEARCHED // PAGE + 1):
        found = awx.ask("GET", f"{template}/{jobs}/?order_by=-id&page_size={PAGE}&page={page}")
        try:
            jobs_found = [job for job in found["results"] if job["status"] not in FAILED]
            launched: t.List[t.Tuple[int, str]] = [(job["id"], job["extra_vars"]) for job in jobs_found]
        except (KeyError, TypeError):
            raise LaunchError(f"AWX returned no list of jobs for GET {template}/{jobs}/.") from None
        for number, extra_vars in launched:
            if _has_ids(extra_vars, ids):
                return number
        if not found.get("next"):
            break
    return None


def _has_ids(extra_vars: str, ids: t.Dict[str, str]) -> bool:
    try:
        variables = json.loads(extra_vars or "{}")
    except ValueError:
        return False
    return isinstance(variables, dict) and all(variables.get(name) == value for name, value in ids.items())


def launch(awx: Awx, template: str, variables: t.Dict[str, t.Any]) -> int:
    """Launches the template and gives the job's id. A job that would not know its ids is canceled."""
    response = awx.ask("POST", f"{template}/launch/", {"extra_vars": variables})
    jobs, key = KINDS[template.partition("/")[0]]
    job: int = response.get(key) or response.get("id")
    ignored = sorted((response.get("ignored_fields") or {}).get("extra_vars") or {})
    if ignored:
        try:
            awx.ask("POST", f"{jobs}/{job}/cancel/", {})
            became = "was canceled"
        except LaunchError as error:
            became = f"could not be canceled ({error})"
        raise LaunchError(
            f"AWX ignored {', '.join(ignored)}, so job {job} {became}: "
            "enable the survey of the template, or prompt on launch for its variables."
        )
    return job


def handler(event: t.Any, context: t.Any) -> t.Dict[str, t.Any]:
    """Launches the job, or finds the one that an earlier call launched. Its result is the next state's input."""
    ids = ids_of(context)
    template = setting(context, "AWX_TEMPLATE").strip("/")
    if not re.match(r"(workflow_)?job_templates/[1-9][0-9]*\Z", template):
        raise LaunchError("AWX_TEMPLATE must be like job_templates/12 or workflow_job_templates/7.")
    awx = Awx(setting(context, "AWX_URL"), setting(context, "AWX_TOKEN"), context.getUserData("AWX_CA_CERTIFICATE"))
    extra_vars = event.get("extra_vars") if isinstance(event, dict) else None
    variables = {name: value for name, value in (extra_vars or {}).items() if name not in ID_NAMES}
    job = launched_before(awx, template, ids)
    found = job is not None
    if not found:
        job = launch(awx, template, dict(variables, **ids))
    state = ids.get("fgs_workflow_state_name") or ids["fgs_workflow_state_id"]
    context.getLogger().info(f"AWX job {job} {'found' if found else 'launched'} for state {state}")
    return {"awx_job": job, "awx_job_kind": KINDS[template.partition("/")[0]][1], "launched_before": found}
