# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The operations that start and stop runs. Each sends one request.

Imported only where a run is started or stopped.
"""

from __future__ import annotations

import json
import typing as t
from urllib.parse import quote


def start_execution(
    client: t.Any, project_id: str, workflow_id: str, run_id: str, run_input: dict[str, t.Any]
) -> t.Any:
    """StartWorkflowExecution. run_id is sent as X-WorkflowRun-ID, run_input is the input of the run."""
    body = json.dumps({"headers": {}, "input": run_input}, allow_nan=False).encode("ascii")
    return _post(client, project_id, (workflow_id, "executions"), body, **{"X-WorkflowRun-ID": run_id})


def stop_execution(client: t.Any, project_id: str, workflow_id: str, execution_id: str) -> t.Any:
    """StopWorkFlow."""
    return _post(client, project_id, (workflow_id, "executions", execution_id, "terminate"))


def _post(client: t.Any, project_id: str, segments: t.Iterable[str], body: bytes = b"", **headers: str) -> t.Any:
    path = "/".join(quote(segment, safe="") for segment in segments)
    return client.post(
        "/v2/%s/fgs/workflows/%s" % (quote(project_id, safe=""), path), body, **{"X-Project-Id": project_id, **headers}
    )
