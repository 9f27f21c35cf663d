# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The operations that read. Each sends one request.

Imported only where something is read.
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote


def show_execution(client: t.Any, project_id: str, workflow_id: str, execution_id: str) -> t.Any:
    """ShowWorkflowExecution."""
    return _workflows(client, project_id, workflow_id, "executions", execution_id)


def show_workflow(client: t.Any, project_id: str, workflow_id: str) -> t.Any:
    """ShowWorkFlow."""
    return _workflows(client, project_id, workflow_id)


def list_workflows(client: t.Any, project_id: str) -> t.Any:
    """ListWorkflow, of which one entry is enough to see that it is permitted."""
    path = "/v2/%s/fgs/workflows?limit=1" % quote(project_id, safe="")
    return client.get(path, **{"X-Project-Id": project_id})


def _workflows(client: t.Any, project_id: str, *segments: str) -> t.Any:
    path = "/".join(quote(segment, safe="") for segment in segments)
    return client.get("/v2/%s/fgs/workflows/%s" % (quote(project_id, safe=""), path), **{"X-Project-Id": project_id})


def list_projects(client: t.Any, region: str) -> t.Any:
    """IAM's list of the projects of a region."""
    return client.get("/v3/projects?name=%s" % quote(region, safe=""))
