# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - python >= 3.8
  - requests >= 2.25
  - jsonschema >= 3.2
notes:
  - Credentials are taken from options, environment, credentials file or ECS agency. The first that has any is used.
  - The options are one set, and so is each family of environment variables (C(HUAWEICLOUD_SDK_*), C(HW_*), C(OS_*),
    C(CLOUD_SDK_*)). The first family that has an access key or a secret key is used. If only one of the two is set, the
    task fails. A set is never completed from another one.
  - Access key and secret key take precedence over a token from the same source.
  - Control characters, and leading or trailing whitespace, in access key, secret key, security token or IAM token are
    violations, whatever the source. The value is never shown.
  - An empty value is treated as unset.
  - Nothing from C(~/.netrc) is sent. Proxies and CA bundles from the environment are used.
  - With O(run_on=controller) the environment is that of the Ansible process and the task's C(environment). With
    O(run_on=target) it is that of the host.
options:
  access_key:
    description:
      - The access key (AK).
      - Read from E(HUAWEICLOUD_SDK_AK), E(HW_ACCESS_KEY), E(OS_ACCESS_KEY), E(CLOUD_SDK_AK), see the notes.
    type: str
    aliases: [ak]
  secret_key:
    description:
      - The secret key (SK).
      - Read from E(HUAWEICLOUD_SDK_SK), E(HW_SECRET_KEY), E(OS_SECRET_KEY), E(CLOUD_SDK_SK).
    type: str
    aliases: [sk]
  security_token:
    description:
      - The token that belongs to a temporary access key.
      - Read from E(HUAWEICLOUD_SDK_SECURITY_TOKEN), E(HW_SECURITY_TOKEN), E(OS_SECURITY_TOKEN).
    type: str
  auth_token:
    description:
      - An IAM token, instead of access key and secret key.
      - Read from E(HW_AUTH_TOKEN), E(OS_AUTH_TOKEN).
    type: str
  credentials_file:
    description:
      - An INI file with C(ak), C(sk) and optionally C(security_token), C(project_id) and C(iam_endpoint) in its
        section C([basic]), in the format of the official SDKs.
      - Read from E(HUAWEICLOUD_SDK_CREDENTIALS_FILE), else C(~/.huaweicloud/credentials) where it exists.
    type: path
  use_ecs_agency:
    description:
      - Whether to get temporary keys from the metadata service of the ECS on which the call is made, if no other source
        has credentials.
    type: bool
    default: false
  region:
    description:
      - The region, for example V(cn-north-4). It determines O(endpoint) and O(iam_endpoint) if they are unset.
      - Read from E(HW_REGION_NAME), E(OS_REGION_NAME).
    type: str
  endpoint:
    description:
      - The address of FunctionGraph, C(https://functiongraph.REGION.myhuaweicloud.com) by default. Plain HTTP is
        allowed only for loopback addresses.
      - Read from E(FGS_ENDPOINT), else C(HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_) and the region in capitals with
        underscores, for example E(HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4).
    type: str
  iam_endpoint:
    description:
      - The address of IAM, C(https://iam.REGION.myhuaweicloud.com) by default.
      - Read from E(HUAWEICLOUD_SDK_IAM_ENDPOINT).
    type: str
  project_id:
    description:
      - The ID of the project, 1 to 64 characters. If unset, it is looked up in IAM by the region.
      - Read from E(HUAWEICLOUD_SDK_PROJECT_ID), E(HW_PROJECT_ID), E(OS_PROJECT_ID).
    type: str
  validate_certs:
    description:
      - Whether to verify server certificates. Set it to V(false) only in tests.
    type: bool
    default: true
  ca_path:
    description:
      - A file or directory of CA certificates to trust instead of the default ones. It takes precedence over
        E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE).
    type: path
  timeout:
    description:
      - The timeout in seconds of one whole attempt, from connecting to the last byte read.
    type: float
    default: 30.0
  retries:
    description:
      - The maximum number of retries of a request, and of a connection.
      - The backoff before a retry is random between 0 and 0.5 seconds, doubled with every attempt, at most 20. A longer
        C(Retry-After) of the server takes precedence, at most 60.
    type: int
    default: 3
  run_on:
    description:
      - Where the call is made.
      - V(controller), by the Ansible process itself. This is much cheaper, and keeps the credentials on the controller.
      - V(target), by the host of the task, as an ordinary module. C(async) is refused with V(controller).
    type: str
    choices: [controller, target]
    default: controller
"""
