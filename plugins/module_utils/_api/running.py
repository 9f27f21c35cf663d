# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The operations on the runs of a workflow: list, start, stop and retry. Each sends one request.

Imported only where runs are read or changed.
"""

from __future__ import annotations

import json
import typing as t
from urllib.parse import quote, urlencode


class Operation(t.NamedTuple):
    """A request that changes a run: path, body (empty for none) and headers, as Client.post() takes them."""

    path: str
    body: bytes
    headers: dict[str, str]

    def send(self, client: t.Any) -> t.Any:
        """Sends it once, and returns the response."""
        return client.post(self.path, self.body, **self.headers)

    def described(self, endpoint: str) -> str:
        """Describes the request for people, without signature and secrets."""
        lines = ["POST %s%s" % (endpoint, self.path), *("%s: %s" % item for item in self.headers.items())]
        if self.body:
            lines.extend(("", json.dumps(json.loads(self.body.decode("ascii")), indent=2, ensure_ascii=False)))
        return "\n".join(lines) + "\n"


def list_executions(client: t.Any, project_id: str, workflow_id: str, **query: t.Any) -> t.Any:
    """ListWorkflowExecutions. query: limit (at most 200), offset, status, start_time and end_time (UTC)."""
    path, _body, headers = _operation(project_id, (workflow_id, "executions"))
    return client.get("%s?%s" % (path, urlencode(query)), **headers)


def start(project_id: str, workflow_id: str, run_id: str, run_input: dict[str, t.Any]) -> Operation:
    """StartWorkflowExecution. run_id is sent as X-WorkflowRun-ID, run_input is the input of the run."""
    body = json.dumps({"headers": {}, "input": run_input}, allow_nan=False).encode("ascii")
    return _operation(project_id, (workflow_id, "executions"), body, **{"X-WorkflowRun-ID": run_id})


def stop(project_id: str, workflow_id: str, execution_id: str) -> Operation:
    """StopWorkFlow."""
    return _operation(project_id, (workflow_id, "executions", execution_id, "terminate"))


def retry(project_id: str, workflow_id: str, execution_id: str) -> Operation:
    """RetryWorkFlow, for failed runs of standard workflows."""
    return _operation(project_id, (workflow_id, "executions", execution_id, "retry"))


def start_execution(client: t.Any, project_id: str, *arguments: t.Any) -> t.Any:
    """Sends what start() makes of the other arguments."""
    return start(project_id, *arguments).send(client)


def stop_execution(client: t.Any, project_id: str, workflow_id: str, execution_id: str) -> t.Any:
    """Sends what stop() makes of the other arguments."""
    return stop(project_id, workflow_id, execution_id).send(client)


def _operation(project_id: str, segments: t.Iterable[str], body: bytes = b"", **headers: str) -> Operation:
    path = "/".join(quote(segment, safe="") for segment in (project_id, "fgs", "workflows", *segments))
    return Operation("/v2/" + path, body, {"X-Project-Id": project_id, **headers})
