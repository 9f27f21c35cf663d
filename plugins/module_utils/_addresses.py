# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
Where the calls go: the endpoints of FunctionGraph and IAM, by option, environment or region.

Workflows exist in few regions and the domain of some sites differs, so every address can be set.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._contract import (
    Hide,
    Violation,
    quoted,
    suggestion,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import ENVIRONMENT, from_environment

_DOMAIN = "myhuaweicloud.com"
# Where workflows exist, as of 2025: for suggestions only, as there may be more by now.
REGIONS = ("cn-north-4", "cn-east-2", "cn-east-3", "cn-south-1", "ap-southeast-3")
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_REGION_ENDPOINT = "HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_"


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
        text = "%s must use https, as http is for loopback addresses only, was %s" % (option, quoted(url, hide))
        return Violation(option, "https", None, text)
    return None


def proxy_violations(proxy: str, environ: t.Mapping[str, str]) -> list[Violation]:
    """What is wrong with the URL of the proxy that environ names. It may hold a password, so it is not quoted."""
    try:
        parts = urlsplit(proxy if "://" in proxy else "http://" + proxy)
        usable = parts.hostname and parts.port != 0 and not re.search(r"[\s\x00-\x1f\\]", proxy)
    except ValueError:
        usable = False
    if usable:
        return []
    name = next((name for name in environ if name.lower().endswith("_proxy") and environ[name] == proxy), "the proxy")
    return [Violation("proxy", "url", None, "%s must be a URL like http://host:3128, and is not one" % name)]


def find(
    options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], hide: Hide = str
) -> tuple[Addresses, list[Violation]]:
    """The addresses to call, and everything that is wrong with what was given for them.

    hide takes secrets out of values before they are quoted.
    """
    violations: list[Violation] = []
    region = options.get("region") or from_environment("region", environ)
    if region and not _REGION.match(region):
        text = "region must be a name like cn-north-4, was %s%s" % (quoted(region, hide), region_meant(region))
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
