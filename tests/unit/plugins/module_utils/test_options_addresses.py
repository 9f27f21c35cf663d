# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints: from option, environment or region, and nothing that could lead a secret astray."""

from __future__ import annotations

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import endpoint_violation
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import REGIONS, region_meant


def rule(url: str) -> str | None:
    violation = endpoint_violation("endpoint", url)
    return None if violation is None else violation.rule


@pytest.mark.parametrize(
    "url",
    [
        "https://functiongraph.cn-north-4.myhuaweicloud.com",
        "https://functiongraph.eu-west-101.myhuaweicloud.eu/",
        "https://host:8443",
        "https://192.0.2.1",
        "https://[2001:db8::1]:443",
        "HTTPS://HOST.example",
        "http://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://localhost:1/",
        "http://LOCALHOST:1",
        "http://[::1]:8080",
    ],
)
def test_accepts_valid_url(url: str) -> None:
    assert rule(url) is None


@pytest.mark.parametrize(
    ("url", "broken"),
    [
        ("http://functiongraph.cn-north-4.myhuaweicloud.com", "https"),
        ("http://127.0.0.1.evil.example", "https"),
        ("http://localhost.evil.example", "https"),
        ("http://notlocalhost", "https"),
        ("http://0.0.0.0:80", "https"),
        ("http://[::]:80", "https"),
        ("http://[::ffff:192.0.2.1]", "https"),
        ("http://10.0.0.1", "https"),
        # Other ways to write 127.0.0.1, of which resolvers differ in what they make.
        ("http://2130706433", "https"),
        ("http://0x7f000001", "https"),
        ("http://127.1", "https"),
        ("http://0177.0.0.1", "https"),
        ("http://１２７.0.0.1", "https"),
        ("http://localhost@evil.example", "userinfo"),
        ("http://127.0.0.1:80@evil.example", "userinfo"),
        ("https://user:secret@host", "userinfo"),
        ("https://@host", "userinfo"),
        ("https://host/v2", "host_only"),
        ("https://host?x=1", "host_only"),
        ("https://host#x", "host_only"),
        ("https://host//x", "host_only"),
        ("", "url"),
        ("host", "url"),
        ("host:443", "url"),
        ("//host", "url"),
        ("https://", "url"),
        ("https:///path", "url"),
        ("https://:443", "url"),
        ("ftp://host", "url"),
        ("file:///etc/passwd", "url"),
        ("https://host:0", "url"),
        ("https://host:99999", "url"),
        ("https://host:port", "url"),
        ("https://[::1", "url"),
        ("https://ho st", "url"),
        ("https://host\n", "url"),
        ("https://host\r\nX: y", "url"),
        ("http://127.0.0.1\\@evil.example", "url"),
        ("https://ho\x00st", "url"),
    ],
)
def test_rejects_invalid_url(url: str, broken: str) -> None:
    assert rule(url) == broken


def test_message_never_contains_a_password_or_an_invalid_url() -> None:
    for url in ("https://user:hunter2@host", "hunter2", "https://host/hunter2"):
        violation = endpoint_violation("endpoint", url)
        assert violation is not None
        assert violation.option == "endpoint"
        assert "hunter2" not in violation.message


def test_message_names_the_violation() -> None:
    violation = endpoint_violation("iam_endpoint", "http://iam.example")
    assert violation is not None
    text = "iam_endpoint must use https, as http is for loopback addresses only, got 'http://iam.example'"
    assert violation.message == text


def test_region_sets_both_endpoints() -> None:
    addresses, violations = _options.find_addresses({"region": "cn-north-4"}, {})
    assert violations == []
    assert addresses.endpoint == "https://functiongraph.cn-north-4.myhuaweicloud.com"
    assert addresses.iam_endpoint is None
    assert addresses.iam(None) == "https://iam.cn-north-4.myhuaweicloud.com"
    assert addresses.iam("https://of-file/") == "https://of-file"


def test_option_then_environment_then_region() -> None:
    options = {"region": "cn-north-4", "endpoint": "https://option/", "iam_endpoint": "https://iam-option/"}
    environ = {
        "HW_REGION_NAME": "cn-east-3",
        "FGS_ENDPOINT": "https://env",
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam-env",
        "HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_EAST_3": "https://env-of-region",
    }
    addresses, violations = _options.find_addresses(options, environ)
    assert violations == []
    assert vars(addresses) == {
        "endpoint": "https://option",
        "iam_endpoint": "https://iam-option/",
        "region": "cn-north-4",
    }
    assert addresses.iam("https://file") == "https://iam-option"
    addresses, _none = _options.find_addresses({"region": "", "endpoint": "", "iam_endpoint": None}, environ)
    assert vars(addresses) == {"endpoint": "https://env", "iam_endpoint": "https://iam-env", "region": "cn-east-3"}
    del environ["FGS_ENDPOINT"]
    assert _options.find_addresses({}, environ)[0].endpoint == "https://env-of-region"
    # It is of another region.
    assert _options.find_addresses({"region": "cn-north-4"}, environ)[0].endpoint.startswith(
        "https://functiongraph.cn-north-4."
    )


@pytest.mark.parametrize("name", ["HW_REGION_NAME", "OS_REGION_NAME"])
def test_every_region_variable_is_read(name: str) -> None:
    assert _options.find_addresses({}, {name: "cn-east-3"})[0].region == "cn-east-3"


def test_order_of_region_variables() -> None:
    assert _options.find_addresses({}, {"HW_REGION_NAME": "first", "OS_REGION_NAME": "second"})[0].region == "first"
    assert _options.find_addresses({}, {"HW_REGION_NAME": "", "OS_REGION_NAME": "second"})[0].region == "second"


@pytest.mark.parametrize(
    "region",
    ["CN-NORTH-4", "cn north", "cn/north", "a.b", "evil.example/", "cn-", "-cn", "cn--4", "cn-north-4\n", "x@y", "ü"],
)
def test_region_must_be_a_name(region: str) -> None:
    addresses, violations = _options.find_addresses({"region": region}, {})
    assert [(violation.option, violation.rule) for violation in violations] == [("region", "region")]
    assert addresses.region is None
    assert addresses.endpoint == ""


@pytest.mark.parametrize(
    ("region", "meant"),
    [("cn_north_4", "cn-north-4"), ("CN North 4", "cn-north-4"), ("ap southeast 3", "ap-southeast-3"), ("???", None)],
)
def test_invalid_region_gets_a_suggestion(region: str, meant: str | None) -> None:
    (violation,) = _options.find_addresses({"region": region}, {})[1]
    suggested = f" (did you mean {meant}?)" if meant else ""
    assert violation.message == f"region must be a name like cn-north-4, got {region!r}{suggested}"


def test_known_region_gets_no_suggestion() -> None:
    assert [region_meant(region) for region in (*REGIONS, None)] == [""] * 6
    assert region_meant("cn-nort-4") == " (did you mean cn-north-4?)"


def test_without_region_and_endpoint() -> None:
    _addresses_found, (violation,) = _options.find_addresses({}, {})
    assert (violation.option, violation.rule) == ("region", "required")
    assert "HW_REGION_NAME, OS_REGION_NAME" in violation.message


def test_endpoint_without_region_is_enough() -> None:
    addresses, violations = _options.find_addresses({"endpoint": "https://host"}, {})
    assert violations == []
    assert addresses.iam(None) is None
    assert addresses.iam("https://file") == "https://file"


def test_all_violations_are_reported_at_once() -> None:
    options = {"region": "X", "endpoint": "http://a.example", "iam_endpoint": "nothing"}
    _found, violations = _options.find_addresses(options, {})
    assert [violation.option for violation in violations] == ["region", "endpoint", "iam_endpoint"]


def test_endpoint_of_the_environment_is_validated() -> None:
    _found, violations = _options.find_addresses({}, {"FGS_ENDPOINT": "http://a.example"})
    assert [(violation.option, violation.rule) for violation in violations] == [("endpoint", "https")]
