# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares our signatures with those of the official signer.

The official signer gets the path as sent, requests gets the whole URL. Requires the official SDK, and not Ansible.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

# The official SDK writes below HOME when it is imported.
os.environ["HOME"] = tempfile.mkdtemp(prefix="fgs-signing-home-")

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import (
    AccessKeyAuth,
    canonical_request,
)

REQUESTS = 3000
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())["vectors"]
DATE = "20240102T030405Z"

LETTERS = "abcXYZ019-_.~"
SPECIAL = " %/+&=?#;:@!$'()*,[]{}|\\^`\"<>"
NON_ASCII = "äöß中文字🙂é\u200b"


def text(rng: random.Random, alphabet: str, least: int, most: int) -> str:
    return "".join(rng.choice(alphabet) for _unused in range(rng.randint(least, most)))


def header_name(rng: random.Random, number: int) -> str:
    name = f"X-{text(rng, 'abcdefgh', 1, 8)}{'_' if rng.random() < 0.15 else '-'}{number}"
    return "".join(rng.choice((letter.upper(), letter.lower())) for letter in name)


def generated(seed: int) -> dict[str, Any]:
    """Returns a random request with its keys. No segment is "." or "..", which arguments do not allow."""
    rng = random.Random(seed)
    alphabet = LETTERS * 4 + SPECIAL + NON_ASCII
    segments = [
        segment + "x" * (segment in (".", ".."))
        for segment in (text(rng, alphabet, 0 if number else 1, 12) for number in range(rng.randint(1, 7)))
    ]
    port = rng.choice(("", "", ":443", ":8443", ":80"))
    body = rng.choice((None, "", "{}", json.dumps({"output": text(rng, alphabet, 0, 80)}, ensure_ascii=False)))
    headers = {}
    for number in range(rng.randint(0, 6)):
        whitespace = rng.choice(("", "", " ", "  ", "\t"))
        value = text(rng, LETTERS + NON_ASCII + ' ,;=%"', 0, 20)
        headers[header_name(rng, number)] = f"{whitespace}{value}{whitespace}"
    if rng.random() < 0.8:
        headers[rng.choice(("Content-Type", "content-type"))] = "application/json"
    if rng.random() < 0.3:
        headers["Host"] = "signed.example"
    return {
        "method": rng.choice(("POST", "GET", "PUT", "delete")),
        "scheme": rng.choice(("https", "http")),
        "host": "functiongraph.cn-north-4.myhuaweicloud.com" + port,
        "path": "/" + "/".join(quote(segment, safe=rng.choice(("", "~", "@:+"))) for segment in segments),
        "query": [(text(rng, alphabet, 1, 6), text(rng, alphabet, 0, 8)) for _pair in range(rng.randint(0, 4))],
        "headers": {**headers, "X-Sdk-Date": DATE},
        "body": body.encode() if body and rng.random() < 0.5 else body,
        "access_key": text(rng, "ABCDEF0123456789", 8, 20),
        "secret_key": text(rng, LETTERS + NON_ASCII, 8, 40),
        "security_token": text(rng, LETTERS + "+/=", 20, 60) if rng.random() < 0.4 else None,
    }


def our_signature(request: dict[str, Any]) -> requests.PreparedRequest:
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in request["query"])
    url = f"{request['scheme']}://{request['host']}{request['path']}" + (f"?{query}" if query else "")
    prepared = requests.Request(request["method"], url, data=request["body"]).prepare()
    # Set on the prepared request, because requests refuses some headers that a signature must support.
    prepared.headers.pop("Content-Type", None)
    prepared.headers.update(request["headers"])
    auth = AccessKeyAuth(request["access_key"], request["secret_key"], request["security_token"])
    signed: requests.PreparedRequest = auth(prepared)
    return signed


def official_signature(request: dict[str, Any]) -> dict[str, str]:
    scheme_port = {"http": ":80", "https": ":443"}[request["scheme"]]
    headers = dict(request["headers"])
    if request["security_token"]:
        headers["X-Security-Token"] = request["security_token"]
    signed = Signer(BasicCredentials(request["access_key"], request["secret_key"])).sign(
        SdkRequest(
            method=request["method"],
            schema=request["scheme"],
            host=request["host"].removesuffix(scheme_port),
            resource_path=request["path"],
            query_params=list(request["query"]),
            header_params=headers,
            body=request["body"],
        )
    )
    return dict(signed.header_params)


def test_signature_equals_that_of_the_official_signer() -> None:
    differing = []
    for seed in range(REQUESTS):
        request = generated(seed)
        expected = official_signature(request)
        prepared = our_signature(request)
        found = prepared.headers
        if found["Authorization"] != expected["Authorization"] or found["Host"] != expected["Host"]:
            differing.append((seed, request, canonical_request(prepared)[0], expected["Authorization"]))
    assert not differing, f"{len(differing)} of {REQUESTS}, the first: {differing[0]}"


def test_headers_equal_those_of_the_official_signer() -> None:
    """The official signer passes Latin-1 strings to requests, which sends the same bytes."""
    for seed in range(200):
        request = generated(seed)
        expected, found = official_signature(request), our_signature(request).headers
        for name in expected:
            value = found[name]
            written = value if isinstance(value, bytes) else value.encode("latin-1")
            # Whitespace around a value is not part of it.
            assert written.decode("utf-8").strip() == expected[name].encode("latin-1").decode("utf-8"), (seed, name)


def test_generated_requests_cover_special_cases() -> None:
    made = [generated(seed) for seed in range(REQUESTS)]
    for wanted in ("%20", "%2F", "%25", "%E4%B8%AD", "//"):
        assert sum(wanted in request["path"] for request in made) > 50, wanted
    values = [value for request in made for value in request["headers"].values()]
    assert sum(not value.isascii() for value in values) > 500
    assert sum(value != value.strip() for value in values) > 500
    assert sum(any("_" in name for name in request["headers"]) for request in made) > 100
    assert sum(not request["body"] for request in made) > 500
    assert sum(bool(request["body"]) and not str(request["body"]).isascii() for request in made) > 100
    assert sum(":8443" in request["host"] for request in made) > 100
    assert sum(bool(request["query"]) for request in made) > 500
    assert sum(bool(request["security_token"]) for request in made) > 500


@pytest.mark.parametrize("change", ["method", "path", "query", "body", "headers", "secret_key", "security_token"])
def test_every_change_changes_the_signature(change: str) -> None:
    """The comparison is sensitive to every signed part."""
    request = {
        "method": "POST",
        "scheme": "https",
        "host": "h.example",
        "path": "/a",
        "query": [("k", "v")],
        "headers": {"X-Sdk-Date": DATE, "X-One": "1"},
        "body": "{}",
        "access_key": "AK",
        "secret_key": "SK",
        "security_token": "TOKEN",
    }
    changed = {
        "method": "PUT",
        "path": "/b",
        "query": [("k", "w")],
        "body": "{ }",
        "secret_key": "KS",
        "headers": {"X-Sdk-Date": DATE, "X-One": "2"},
        "security_token": None,
    }
    expected = official_signature(request)["Authorization"]
    assert our_signature(request).headers["Authorization"] == expected
    assert our_signature({**request, change: changed[change]}).headers["Authorization"] != expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signature_matches_the_vectors(vector: dict[str, Any]) -> None:
    assert vector["signer"] == "Signer"
    prepared = requests.Request(vector["method"], f"https://{vector['host']}{vector['uri_sent']}").prepare()
    prepared.headers.update(vector["headers_in"])
    prepared.body = vector["body"]
    AccessKeyAuth(vector["ak"], vector["sk"])(prepared)
    assert canonical_request(prepared)[0] == vector["canonical_request"]
    assert prepared.headers["Authorization"] == vector["headers_out"]["Authorization"]
    assert prepared.headers["Host"] == vector["headers_out"]["Host"]
