# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What is wrong with options by other rules than the service's: regions, URLs, files, and Ansible's specification.

Imported only where something is wrong, or where there is a proxy.
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import (
    Hide,
    Violation,
    quoted,
    suggestion,
)

# Where workflows exist, as of 2025: for suggestions only, as there may be more by now.
REGIONS = ("cn-north-4", "cn-east-2", "cn-east-3", "cn-south-1", "ap-southeast-3")

# What is no URL is not quoted: it may be a secret in the wrong place.
_OF_ENDPOINTS = {
    "url": "%s must be a URL like https://host, and is not one",
    "userinfo": "%s must not contain a user or a password",
    "host_only": "%s must be scheme and host only, without path, query or fragment",
    "https": "%s must use https, as http is for loopback addresses only, got ",
}


_NUMBERS = {
    "timeout": "must be more than 0 and at most %d seconds, got %g",
    "retries": "must be from 0 to %d, got %d",
}


def region_meant(region: t.Optional[str]) -> str:
    """ " (did you mean …?)" for a region that is none of those known, but like one."""
    return "" if not region or region in REGIONS else suggestion(region.replace("_", "-").replace(" ", "-"), REGIONS)


def of_region(region: str, hide: Hide) -> Violation:
    """A region that has no form of a name."""
    text = "region must be a name like cn-north-4, got %s%s" % (quoted(region, hide), region_meant(region))
    return Violation("region", "region", None, text)


def without_address(variables: t.Iterable[str]) -> Violation:
    """Neither region nor endpoint. variables are those of a region."""
    text = "region or endpoint is required, as an option or by environment (%s)" % ", ".join(variables)
    return Violation("region", "required", None, text)


def of_endpoint(option: str, rule: str, url: str, hide: Hide) -> Violation:
    """The URL of an endpoint that breaks rule."""
    return Violation(option, rule, None, _OF_ENDPOINTS[rule] % option + (quoted(url, hide) if rule == "https" else ""))


def of_number(option: str, value: float, limit: int) -> Violation:
    """A timeout or retries beyond the limits."""
    return Violation(option, "range", [0, limit], "%s %s" % (option, _NUMBERS[option] % (limit, value)))


def of_ca_path(error: ValueError) -> Violation:
    """A CA bundle that cannot be read, as error says."""
    return Violation("ca_path", "readable", None, str(error))


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


def named_if_empty(violation: Violation, params: t.Mapping[str, t.Any], extra_vars: t.Mapping[str, str]) -> Violation:
    """A violation of "required" that says where an empty id most likely comes from; any other as it is."""
    if violation.rule != "required" or params.get(violation.option) != "":
        return violation
    text = "%s is empty; the extra var %s is probably missing" % (violation.option, extra_vars[violation.option])
    return violation._replace(message=text)


def _unsupported(message: str) -> t.Iterator[Violation]:
    """A violation for each option that Ansible's message names before those that it supports."""
    options, _separator, supported = message.partition(". Supported")
    known = re.findall(r"\w+", supported.partition(": ")[2])
    for option in options.split(", "):
        text = "%s is not an option of this module%s" % (option, suggestion(option, known))
        yield Violation(option, "unsupported", None, text)


_RULES = {
    "ArgumentTypeError": "type",
    "ArgumentValueError": "enum",
    "AliasError": "alias",
}
_NAMED = re.compile(r"(?:argument '|value of )(\w+)")


def specification_violations(errors: t.Iterable[t.Any], covered: t.Container[str]) -> list[Violation]:
    """What Ansible's own validation found, but for options in covered, of which the tables' validation says more."""
    found: list[Violation] = []
    for error in errors:
        kind, message = type(error).__name__, str(error.msg).rstrip(".")
        match = _NAMED.search(message)
        option = match.group(1) if match else ""
        if kind == "RequiredError" or option in covered:
            continue
        if kind == "UnsupportedError":
            found.extend(_unsupported(message))
            continue
        found.append(Violation(option, _RULES.get(kind, "specification"), None, message))
    return found
