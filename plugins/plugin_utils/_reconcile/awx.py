# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The jobs of AWX, as its API shows them to one user.

The API does not search extra variables, so jobs are read page by page, by increasing ID: a job that AWX creates or
deletes in the meantime moves no other to a page that was read before.
"""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timezone
from urllib.parse import urlencode

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Client, Response, errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.jobs import Job, timestamp

_KINDS = {"job": "jobs", "workflow_job": "workflow_jobs"}
# Jobs may have large variables and artifacts, which need smaller pages: the service takes an output of up to 12 MB.
_PAGES = (100, 20, 4, 1)
_REASON_LIMIT = 200


class AwxError(Exception):
    """AWX could not be asked. The message is a clause; hint says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Login:
    """Who asks AWX: the bearer of a token, or a user with a password. What a client needs of credentials."""

    kind = "login"
    is_key = False

    def __init__(self, token: str, username: str, password: str) -> None:
        self._values = (token, username, password)
        self.source = "fgs_awx_token" if token else "fgs_awx_username and fgs_awx_password"
        self.redactor = Redactor()
        self.redactor.add(token, password)

    def key(self) -> t.Hashable:
        return self._values

    def auth(self) -> t.Any:
        token, username, password = self._values
        return _Bearer(token) if token else requests.auth.HTTPBasicAuth(username.encode(), password.encode())


class _Bearer:
    """Sends a token. Callable, as requests asks of an authentication object."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, prepared: t.Any) -> t.Any:
        prepared.headers["Authorization"] = "Bearer " + self._token
        return prepared


class AwxClient(Client):
    """Reads what AWX has of a job, whatever was published in it."""

    body_limit = 32 * 1024 * 1024


class Awx:
    """AWX's API at a host. Every method raises AwxError."""

    def __init__(self, host: str, client: Client, attempts: Attempts) -> None:
        self.host = host
        self._client = client
        self._attempts = attempts
        # How far the clock of this machine is ahead of AWX's, in seconds.
        self._offset = 0
        # Set once AWX did not respond to all attempts: to ask it for each of many jobs would take hours.
        self._away: t.Optional[AwxError] = None

    def sees_all_jobs(self) -> bool:
        """Whether this user sees every job, at least of one organization: only then a job that is not shown is none."""
        me = self._list("me/")
        if any(each.get(role) is True for each in me for role in ("is_superuser", "is_system_auditor")):
            return True
        return bool(self._list("organizations/?" + urlencode({"role_level": "auditor_role", "page_size": 1})))

    def jobs(self, **filters: t.Any) -> t.Iterator[Job]:
        """All jobs and workflow jobs that filters, AWX's own, let through, by increasing ID."""
        after, size = filters.pop("after", 0), 0
        while True:
            query = {
                "type": "job,workflow_job",
                "order_by": "id",
                "id__gt": after,
                "page_size": _PAGES[size],
                **filters,
            }
            try:
                found, is_last = self._page("unified_jobs/?" + urlencode(query))
            except _TooLargeError:
                size += 1
                if size == len(_PAGES):
                    raise
                continue
            for each in found:
                job = self._job(each)
                after = job.number
                yield job
            if is_last:
                return

    def detail(self, job: Job) -> tuple[Job, dict[str, t.Any]]:
        """The job as it is now, and everything that AWX says of it."""
        found = self._get("%s/%d/" % (_KINDS[job.kind], job.number))
        return self._job(found), found

    def cancel(self, job: Job) -> bool:
        """Cancels the job. Returns whether it could be canceled: one that has ended cannot."""
        path = "%s/%d/cancel/" % (_KINDS[job.kind], job.number)
        response = self._ask(lambda: self._client.post(self._path(path), b"{}"), path)
        if response.status not in (202, 405):
            raise _refused(response, path)
        return response.status == 202

    def link(self, job: Job) -> str:
        return "%s/#/jobs/%s/%d" % (self.host, "playbook" if job.kind == "job" else "workflow", job.number)

    def time(self, found: float) -> str:
        """A time in seconds since the epoch, by the clock of this machine, as AWX's filters take it."""
        return datetime.fromtimestamp(found - self._offset, timezone.utc).isoformat()

    def _list(self, path: str) -> list[dict[str, t.Any]]:
        return self._page(path)[0]

    def _page(self, path: str) -> tuple[list[dict[str, t.Any]], bool]:
        """A page of a list, and whether it is the last one: AWX may be set to smaller pages than it is asked for."""
        document = self._get(path)
        found = document.get("results")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found) or "next" not in document:
            raise AwxError("AWX returned no list for GET %s" % path.partition("?")[0])
        return found, not (found and document["next"])

    def _get(self, path: str) -> dict[str, t.Any]:
        response = self._ask(lambda: self._client.get(self._path(path)), path)
        if response.status != 200:
            raise _refused(response, path)
        self._offset = errors.clock_offset(response.headers, response.received_at) or 0
        if not isinstance(response.document, dict):
            problem = response.problem or "is no object"
            kind = _TooLargeError if problem.startswith("is larger") else AwxError
            raise kind("AWX's response to GET %s %s" % (path.partition("?")[0], problem))
        return response.document

    def _ask(self, request: t.Callable[[], Response], path: str) -> Response:
        """The response to a request that can be repeated."""
        if self._away is not None:
            raise self._away
        try:
            response = _reads.read_with_retries(request, self._attempts.renewed())
        except Failure as failure:
            text = "AWX did not respond to %s: %s" % (path.partition("?")[0], failure.message)
            self._away = AwxError(text, failure.hint or "")
            raise self._away from None
        if response.status == 429 or response.status >= 500:
            self._away = _refused(response, path)
            raise self._away
        return response

    def _job(self, found: t.Mapping[str, t.Any]) -> Job:
        """A job, whose times are those of the clock of this machine."""
        summary = found.get("summary_fields")
        parent = summary.get("source_workflow_job") if isinstance(summary, dict) else None
        try:
            number = int(found["id"])
            root = int(parent["id"]) if isinstance(parent, dict) else number
        except (KeyError, TypeError, ValueError):
            raise AwxError("AWX returned a job without an ID") from None
        created, finished = (timestamp(found.get(name)) for name in ("created", "finished"))
        return Job(
            number=number,
            kind="workflow_job" if found.get("type") == "workflow_job" else "job",
            name=str(found.get("name") or ""),
            status=str(found.get("status")),
            created=created + self._offset,
            finished=finished + self._offset if finished else 0.0,
            root=root,
            variables=_variables(found.get("extra_vars")),
        )

    def _path(self, path: str) -> str:
        return "/api/v2/" + path


class _TooLargeError(AwxError):
    pass


def _refused(response: Response, path: str) -> AwxError:
    detail = response.document.get("detail") if isinstance(response.document, dict) else None
    reason = ": %s" % shortened(str(detail), _REASON_LIMIT).rstrip(".") if detail else ""
    text = "AWX returned status %d for %s%s" % (response.status, path.partition("?")[0], reason)
    return AwxError(text, "Check %s." % response.credentials.source if response.status in (401, 403) else "")


def _variables(text: t.Any) -> dict[str, t.Any]:
    """Extra variables, with those of the job that a notification is about."""
    try:
        found = json.loads(text or "{}")
        note = found.get("awx_note")
        return {**json.loads(note.get("extra_vars") or "{}"), **found} if isinstance(note, dict) else dict(found)
    except (AttributeError, RecursionError, TypeError, ValueError):
        return {}
