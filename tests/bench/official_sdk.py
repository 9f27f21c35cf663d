# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends one callback with the official SDK, from a command task: ENDPOINT CA PROJECT and the three IDs."""

from __future__ import annotations

import os
import sys

import huaweicloudsdkfunctiongraph.v2 as sdk
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig


def main() -> None:
    endpoint, authorities, project_id, workflow_id, run_id, state_id = sys.argv[1:]
    config = HttpConfig.get_default_config()
    config.ssl_ca_cert = authorities
    credentials = BasicCredentials(os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], project_id)
    client = (
        sdk.FunctionGraphClient.new_builder()
        .with_credentials(credentials)
        .with_http_config(config)
        .with_endpoints([endpoint])
        .build()
    )
    request = sdk.CreateCallbackWorkflowRequest(
        body=sdk.CallbackWorkflowRequestBody(result="success", output={"hosts_changed": 3}),
        workflow_id=workflow_id,
        x_workflow_run_id=run_id,
        x_workflow_state_id=state_id,
    )
    print(client.create_callback_workflow(request).execution_id)


main()
