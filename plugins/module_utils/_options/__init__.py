# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The options: argument specifications that faces, role, report plugin and AWX data share, and the addresses they give.

Workflows exist in few regions and the domain of some sites differs, so every address can be set.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import SHORT
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import (
    Hide,
    Violation,
    quoted,
    suggestion,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field

_DOMAIN = "myhuaweicloud.com"
# Where workflows exist, as of 2025: for suggestions only, as there may be more by now.
REGIONS = ("cn-north-4", "cn-east-2", "cn-east-3", "cn-south-1", "ap-southeast-3")
_REGION = r"[a-z0-9]+(-[a-z0-9]+)*\Z"
_REGION_ENDPOINT = "HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_"


ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "access_key": ("HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "OS_ACCESS_KEY", "CLOUD_SDK_AK"),
    "secret_key": ("HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY", "OS_SECRET_KEY", "CLOUD_SDK_SK"),
    "security_token": ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN", "OS_SECURITY_TOKEN"),
    "auth_token": ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN"),
    "credentials_file": ("HUAWEICLOUD_SDK_CREDENTIALS_FILE",),
    "region": ("HW_REGION_NAME", "OS_REGION_NAME"),
    "endpoint": ("FGS_ENDPOINT",),
    "iam_endpoint": ("HUAWEICLOUD_SDK_IAM_ENDPOINT",),
    "project_id": ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID"),
}


def from_environment(name: str, environ: t.Mapping[str, str]) -> t.Optional[str]:
    """The first variable for an option that is set and not empty."""
    return next((environ[variable] for variable in ENVIRONMENT[name] if environ.get(variable)), None)


class Addresses(t.NamedTuple):
    """Endpoints without a slash at the end. iam_endpoint is the one that option or environment names, else None."""

    endpoint: str
    iam_endpoint: t.Optional[str]
    region: t.Optional[str]

    def iam(self, of_file: t.Optional[str]) -> t.Optional[str]:
        """Where IAM is; of_file is what the credentials file names."""
        by_region = "https://iam.%s.%s" % (self.region, _DOMAIN) if self.region else None
        found = self.iam_endpoint or of_file or by_region
        return found.rstrip("/") if found else None


def region_meant(region: t.Optional[str]) -> str:
    """ " (did you mean …?)" for a region that is none of those known, but like one."""
    return "" if not region or region in REGIONS else suggestion(region.replace("_", "-").replace(" ", "-"), REGIONS)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def endpoint_violation(option: str, url: str, hide: Hide = str) -> t.Optional[Violation]:
    """What is wrong with the URL of an endpoint."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    plain = parts.scheme == "http"
    if parts.scheme not in ("http", "https") or not host or port == 0 or re.search(r"[\s\x00-\x1f\\]", url):
        # Not quoted: what is no URL may be a secret in the wrong place.
        return Violation(option, "url", None, "%s must be a URL like https://host, and is not one" % option)
    if parts.username is not None or parts.password is not None:
        return Violation(option, "userinfo", None, "%s must not contain a user or a password" % option)
    if parts.query or parts.fragment or parts.path.strip("/"):
        text = "%s must be scheme and host only, without path, query or fragment" % option
        return Violation(option, "host_only", None, text)
    if plain and not _is_loopback(host):
        text = "%s must use https, as http is for loopback addresses only, got %s" % (option, quoted(url, hide))
        return Violation(option, "https", None, text)
    return None


def find_addresses(
    options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], hide: Hide = str
) -> tuple[Addresses, list[Violation]]:
    """The addresses to call, and everything that is wrong with what was given for them.

    hide takes secrets out of values before they are quoted.
    """
    violations: list[Violation] = []
    region = options.get("region") or from_environment("region", environ)
    if region and not re.match(_REGION, region):
        text = "region must be a name like cn-north-4, got %s%s" % (quoted(region, hide), region_meant(region))
        violations.append(Violation("region", "region", None, text))
        region = None
    endpoint = options.get("endpoint") or from_environment("endpoint", environ)
    if not endpoint and region:
        endpoint = environ.get(_REGION_ENDPOINT + region.upper().replace("-", "_"))
    iam_endpoint = options.get("iam_endpoint") or from_environment("iam_endpoint", environ)
    for option, url in (("endpoint", endpoint), ("iam_endpoint", iam_endpoint)):
        violation = endpoint_violation(option, url, hide) if url else None
        if violation is not None:
            violations.append(violation)
    if region:
        endpoint = endpoint or "https://functiongraph.%s.%s" % (region, _DOMAIN)
    elif not endpoint and not violations:
        names = ", ".join(ENVIRONMENT["region"])
        text = "region or endpoint is required, as an option or by environment (%s)" % names
        violations.append(Violation("region", "required", None, text))
    return Addresses((endpoint or "").rstrip("/"), iam_endpoint, region), violations


NEVER = "never"
WHEN_UNKNOWN = "when_unknown"
ALWAYS = "always"
CONFIRM = (NEVER, WHEN_UNKNOWN, ALWAYS)
RUN_ON = ("controller", "target")
SECRET_OPTIONS = ("access_key", "secret_key", "security_token", "auth_token")
# Whence playbooks take the ids, as the guide, the surveys and the role have it.
EXTRA_VARS = {
    "workflow_id": "fgs_workflow_id",
    "workflow_run_id": "fgs_workflow_run_id",
    "execution_id": "fgs_workflow_run_id",
    "workflow_state_id": "fgs_workflow_state_id",
}
TIMEOUT_LIMIT = 86400
RETRIES_LIMIT = 100


def connection_spec() -> dict[str, dict[str, t.Any]]:
    """What both modules take to reach the service."""
    return {
        "access_key": {"type": "str", "aliases": ["ak"], "no_log": True},
        "secret_key": {"type": "str", "aliases": ["sk"], "no_log": True},
        "security_token": {"type": "str", "no_log": True},
        "auth_token": {"type": "str", "no_log": True},
        "credentials_file": {"type": "path"},
        "use_ecs_agency": {"type": "bool", "default": False},
        "region": {"type": "str"},
        "endpoint": {"type": "str"},
        "iam_endpoint": {"type": "str"},
        "project_id": {"type": "str"},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 30.0},
        "retries": {"type": "int", "default": 3},
        "run_on": {"type": "str", "choices": list(RUN_ON), "default": RUN_ON[0]},
    }


def callback_spec() -> dict[str, dict[str, t.Any]]:
    """The arguments of fgs_workflow_callback."""
    return {
        "workflow_id": {"type": "str", "required": field("workflow_id").mandatory},
        "workflow_run_id": {"type": "str", "required": field("workflow_run_id").mandatory, "aliases": ["run_id"]},
        "workflow_state_id": {"type": "str", "required": field("workflow_state_id").mandatory, "aliases": ["state_id"]},
        "result": {"type": "str", "required": field("result").mandatory, "choices": list(field("result").enum)},
        "output": {"type": "dict", "default": {}},
        "output_schema": {"type": "dict"},
        "error": {"type": "str"},
        "truncate_error": {"type": "bool", "default": False},
        "confirm": {"type": "str", "choices": list(CONFIRM), "default": WHEN_UNKNOWN},
        "undelivered_path": {"type": "path"},
        **connection_spec(),
    }


def execution_info_spec() -> dict[str, dict[str, t.Any]]:
    """The arguments of fgs_workflow_execution_info."""
    return {
        "workflow_id": {"type": "str", "required": True},
        "execution_id": {"type": "str", "required": True, "aliases": ["workflow_run_id", "run_id"]},
        "workflow_state_id": {"type": "str", "aliases": ["state_id"]},
        **connection_spec(),
    }


# The options that are IDs, aliases too, and the extra vars by which a launch hands them on.
ID_VARIABLES = {
    name: EXTRA_VARS[option]
    for specification in (callback_spec(), execution_info_spec())
    for option, rules in specification.items()
    if option in EXTRA_VARS
    for name in (option, *rules.get("aliases", ()))
}


def is_no_string(value: t.Any) -> bool:
    """Whether value is what YAML makes of a scalar that it does not read as a string, which an ID never is."""
    return isinstance(value, (bool, int, float, datetime.date))


def without_empty(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments that count as given: AWX fills optional fields that were left empty with ''."""
    return {name: value for name, value in arguments.items() if value is not None and value != ""}


def empty_ids(specification: t.Mapping[str, t.Mapping[str, t.Any]], arguments: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The required ids that are set to an empty string, by the options' own names."""
    found = {}
    for name in EXTRA_VARS:
        rules = specification.get(name, {})
        values = [arguments[key] for key in (name, *rules.get("aliases", ())) if key in arguments]
        if rules.get("required") and values and not any(value != "" for value in values):
            found[name] = ""
    return found


def without_short_secrets(
    specification: dict[str, dict[str, t.Any]], arguments: t.Mapping[str, t.Any]
) -> dict[str, dict[str, t.Any]]:
    """The specification for these arguments, in which a short secret is none.

    Ansible cuts a secret out of every text, be it a part of an id or a word; our own redaction does not.
    """
    found = {}
    for name, rules in specification.items():
        values = [arguments[key] for key in (name, *rules.get("aliases", ())) if key in arguments]
        short = rules.get("no_log") and any(len(str(value)) < SHORT for value in values)
        found[name] = dict(rules, no_log=False) if short else rules
    return found


def limit_violations(params: t.Mapping[str, t.Any]) -> list[Violation]:
    """What the numbers of the connection break: rules that Ansible's argument specification cannot say."""
    found = []
    timeout, retries = params.get("timeout"), params.get("retries")
    if isinstance(timeout, (int, float)) and not 0 < timeout <= TIMEOUT_LIMIT:
        text = "timeout must be more than 0 and at most %d seconds, got %g" % (TIMEOUT_LIMIT, timeout)
        found.append(Violation("timeout", "range", [0, TIMEOUT_LIMIT], text))
    if isinstance(retries, int) and not 0 <= retries <= RETRIES_LIMIT:
        text = "retries must be from 0 to %d, got %d" % (RETRIES_LIMIT, retries)
        found.append(Violation("retries", "range", [0, RETRIES_LIMIT], text))
    return found
