# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What our authentication objects put into a request; that the signature is right, tests/signing says."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import signing

URL = "https://functiongraph.cn-north-4.myhuaweicloud.com/v2/p/fgs/workflows/w/callback"


def prepared(url: str = URL, method: str = "POST", data: Any = b"{}", **headers: str) -> requests.PreparedRequest:
    request = requests.Request(method, url, data=data).prepare()
    request.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return request


def signed(request: requests.PreparedRequest, token: str | None = None) -> requests.PreparedRequest:
    found: requests.PreparedRequest = signing.AccessKeyAuth("AK", "SK", token, lambda: 1704164645.9)(request)
    return found


def test_signs_a_request() -> None:
    request = signed(prepared(Content_Type="application/json"))
    # Computed with the official signer (SDK 3.1.219).
    assert request.headers["Authorization"] == (
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=63628ed783dfa8fb7b5f109a0428379057441d0da5cb5dea67f43c314f778106"
    )
    assert request.headers["X-Sdk-Date"] == "20240102T030405Z"
    assert request.headers["Host"] == "functiongraph.cn-north-4.myhuaweicloud.com"
    assert "X-Security-Token" not in request.headers


def test_keeps_date_and_host_that_are_set() -> None:
    request = signed(prepared(X_Sdk_Date="20200101T000000Z", Host="other.example"))
    assert request.headers["X-Sdk-Date"] == "20200101T000000Z"
    assert request.headers["Host"] == "other.example"


def test_security_token_is_sent_and_signed() -> None:
    request = signed(prepared(), "TOKEN")
    assert request.headers["X-Security-Token"] == "TOKEN"
    assert "x-security-token" in request.headers["Authorization"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://h.example/", "h.example"),
        ("https://h.example:443/", "h.example"),
        ("http://h.example:80/", "h.example"),
        ("https://h.example:80/", "h.example:80"),
        ("https://h.example:8443/", "h.example:8443"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://[::1]/", "[::1]"),
        ("https://user:secret@h.example/", "h.example"),
    ],
)
def test_host_is_what_the_http_library_sends(url: str, host: str) -> None:
    assert signed(prepared(url)).headers["Host"] == host


def test_headers_of_the_http_library_are_not_signed() -> None:
    request = prepared(Accept="*/*", Connection="keep-alive", Accept_Encoding="identity", Authorization="old")
    request.headers["With_Underscore"] = "1"
    names = signed(request).headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    assert names == "host;x-sdk-date"


def test_non_ascii_headers_are_sent_as_utf8() -> None:
    for auth in (signing.AccessKeyAuth("AK", "SK"), signing.TokenAuth("TOKEN")):
        request = auth(prepared(X_Id="中文"))
        assert request.headers["X-Id"] == "中文".encode()


def test_auth_token_replaces_the_signature() -> None:
    request = signing.TokenAuth("TOKEN")(prepared())
    assert request.headers["X-Auth-Token"] == "TOKEN"
    assert "Authorization" not in request.headers
    assert "X-Sdk-Date" not in request.headers


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", "/"),
        ("/", "/"),
        ("/a", "/a/"),
        ("/a/", "/a/"),
        ("/a//b", "/a//b/"),
        ("/a%2Fb%20c", "/a/b%20c/"),
        ("/%E4%B8%AD~_.-", "/%E4%B8%AD~_.-/"),
        ("/100%25", "/100%25/"),
        ("/%2541", "/%2541/"),
    ],
)
def test_canonical_path(path: str, canonical: str) -> None:
    assert signing.canonical_path(path) == canonical


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1", "a=1&a=2"),
        ("a=", "a="),
        ("a", "a="),
        ("a=x%20y+z", "a=x%20y%20z"),
        ("n=%E4%B8%AD", "n=%E4%B8%AD"),
    ],
)
def test_canonical_query(query: str, canonical: str) -> None:
    assert signing.canonical_query(query) == canonical


@pytest.mark.parametrize("empty", [None, "", b""])
def test_no_body_is_signed_as_an_empty_body(empty: Any) -> None:
    canonical, _names = signing.canonical_request(prepared(data=empty))
    assert canonical.endswith("\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def test_string_body_is_signed_as_utf8() -> None:
    assert signing.canonical_request(prepared(data="ü")) == signing.canonical_request(prepared(data="ü".encode()))
