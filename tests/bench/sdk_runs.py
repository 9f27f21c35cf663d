# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists or starts runs with the official SDK: list|start ENDPOINT CA PROJECT WORKFLOW, and RESULTS for list.

Listing prints the number of runs and the peak resident size in MiB.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

import huaweicloudsdkfunctiongraph.v2 as sdk
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig

PAGE = 200


def client_of(endpoint: str, authorities: str, project_id: str) -> Any:
    config = HttpConfig.get_default_config()
    config.ssl_ca_cert = authorities
    credentials = BasicCredentials(os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], project_id)
    builder = sdk.FunctionGraphClient.new_builder().with_credentials(credentials).with_http_config(config)
    return builder.with_endpoints([endpoint]).build()


def listed(client: Any, workflow_id: str, most: int) -> list[Any]:
    """Returns the newest runs, as the service lists them."""
    runs: list[Any] = []
    while len(runs) < most:
        request = sdk.ListWorkflowExecutionsRequest(workflow_id=workflow_id, limit=PAGE, offset=len(runs))
        page = client.list_workflow_executions(request).executions
        if not page:
            break
        runs += page
    return runs[:most]


def main() -> None:
    what, endpoint, authorities, project_id, workflow_id, *more = sys.argv[1:]
    client = client_of(endpoint, authorities, project_id)
    if what == "list":
        runs = listed(client, workflow_id, int(more[0]))
        print(json.dumps([len(runs), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return
    body = sdk.FlowExecuteBody(input={"release": "1.4"})
    request = sdk.StartWorkflowExecutionRequest(workflow_id=workflow_id, body=body)
    print(client.start_workflow_execution(request).execution_id)


main()
