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
from types import SimpleNamespace
from urllib.parse import urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import SHORT
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation

_DOMAIN = "myhuaweicloud.com"
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_NOT_IN_URLS = re.compile(r"[\s\x00-\x1f\\]")
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


class Addresses(SimpleNamespace):
    """Endpoints without a slash at the end. iam_endpoint is the one that option or environment names, else None."""

    endpoint: str
    iam_endpoint: t.Optional[str]
    region: t.Optional[str]

    def iam(self, of_file: t.Optional[str]) -> t.Optional[str]:
        """Where IAM is; of_file is what the credentials file names."""
        by_region = "https://iam.%s.%s" % (self.region, _DOMAIN) if self.region else None
        found = self.iam_endpoint or of_file or by_region
        return found.rstrip("/") if found else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _broken_rule(url: str) -> t.Optional[str]:
    """The rule that the URL of an endpoint breaks, as violations.of_endpoint explains it, None where it breaks none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "url"
    if parts.scheme not in ("http", "https") or not host or port == 0 or _NOT_IN_URLS.search(url):
        return "url"
    if parts.username is not None or parts.password is not None:
        return "userinfo"
    if parts.query or parts.fragment or parts.path.strip("/"):
        return "host_only"
    return "https" if parts.scheme == "http" and not _is_loopback(host) else None


def endpoint_violation(option: str, url: str, hide: t.Callable[[str], str] = str) -> t.Optional[Violation]:
    """What is wrong with the URL of an endpoint."""
    rule = _broken_rule(url)
    if rule is None:
        return None
    # Here, and wherever else a function imports: Ansible compiles what is imported at each start, and most tasks do
    # without this.
    from ansible_collections.functiongraph.workflow.plugins.module_utils._options import violations

    return violations.of_endpoint(option, rule, url, hide)


def find_addresses(
    options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], hide: t.Callable[[str], str] = str
) -> tuple[Addresses, list[Violation]]:
    """The addresses to call, and everything that is wrong with what was given for them.

    hide takes secrets out of values before they are quoted.
    """
    violations: list[Violation] = []
    region = options.get("region") or from_environment("region", environ)
    if region and not _REGION.match(region):
        from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import of_region

        violations.append(of_region(region, hide))
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
        from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import without_address

        violations.append(without_address(ENVIRONMENT["region"]))
    endpoint = (endpoint or "").rstrip("/")
    return Addresses(endpoint=endpoint, iam_endpoint=iam_endpoint, region=region), violations


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
    "workflow_state_name": "fgs_workflow_state_name",
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
        "workflow_state_id": {"type": "str", "aliases": ["state_id"]},
        "workflow_state_name": {"type": "str", "aliases": ["state_name"]},
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
        "workflow_state_name": {"type": "str", "aliases": ["state_name"]},
        **connection_spec(),
    }


# The options that are IDs or the name of a state, aliases too, and the extra vars by which a launch hands them on.
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
    """The ids that are set to an empty string, by the options' own names."""
    found = {}
    for name in EXTRA_VARS:
        rules = specification.get(name, {})
        values = [arguments[key] for key in (name, *rules.get("aliases", ())) if key in arguments]
        if values and not any(value != "" for value in values):
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
    timeout, retries = params.get("timeout"), params.get("retries")
    wrong = {}
    if isinstance(timeout, (int, float)) and not 0 < timeout <= TIMEOUT_LIMIT:
        wrong["timeout"] = TIMEOUT_LIMIT
    if isinstance(retries, int) and not 0 <= retries <= RETRIES_LIMIT:
        wrong["retries"] = RETRIES_LIMIT
    if not wrong:
        return []
    from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import of_number

    return [of_number(option, params[option], limit) for option, limit in wrong.items()]
