# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway in front of the service: it authenticates requests and checks clock and signature."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timezone
from types import SimpleNamespace
from urllib.parse import parse_qsl

from aiohttp import web
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from .accounts import Account
from .responses import gateway
from .world import World

BODY_LIMIT = 12 * 1024 * 1024
CLOCK_TOLERANCE = 15 * 60

_AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=([^\s,]+), ?SignedHeaders=([^\s,]+), ?Signature=([0-9a-f]{64})")
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_WRONG = "Incorrect IAM authentication information: "


def authenticate(world: World, request: web.Request, body: bytes) -> Account:
    """The account that sent this request, by signature or token; raises Refusal for any other."""
    if "Authorization" in request.headers:
        account = _by_signature(world, request, body)
    elif "X-Auth-Token" in request.headers:
        account = _by_token(world, request)
    else:
        raise gateway("0301", 401, _WRONG + "x-auth-token not found")
    if account.expired:
        raise gateway("0307", 401, "The token must be updated.")
    return account


def _by_token(world: World, request: web.Request) -> Account:
    account = world.accounts.by_auth_token(request.headers["X-Auth-Token"])
    if account is None:
        raise gateway("0301", 401, _WRONG + "decrypt token fail")
    return account


def _by_signature(world: World, request: web.Request, body: bytes) -> Account:
    match = _AUTHORIZATION.fullmatch(request.headers["Authorization"])
    if match is None:
        raise gateway("0301", 401, _WRONG + "Authorization format is incorrect")
    access_key, signed, signature = match[1], match[2].split(";"), match[3]
    account = world.accounts.by_access_key(access_key)
    if account is None:
        raise gateway("0301", 401, _WRONG + f"ak {access_key} not exist")
    _check_clock(world, request, signed)
    _check_security_token(account, request, signed)
    official, sdk_request = _official(account, request, body, signed)
    if not hmac.compare_digest(official, signature):
        echo = canonical_request(sdk_request, signed)
        raise gateway("0301", 401, f"{_WRONG}verify aksk signature fail, canonicalRequest:{echo}")
    return account


def _check_clock(world: World, request: web.Request, signed: list[str]) -> None:
    try:
        sent = datetime.strptime(request.headers.get("X-Sdk-Date", ""), _DATE_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        raise gateway("0301", 401, _WRONG + "X-Sdk-Date is missing or malformed") from None
    if "x-sdk-date" not in signed or "host" not in signed:
        raise gateway("0301", 401, _WRONG + "X-Sdk-Date and Host must be signed")
    if abs(world.now() - sent.timestamp()) > CLOCK_TOLERANCE:
        raise gateway("0301", 401, _WRONG + "signature expired")


def _check_security_token(account: Account, request: web.Request, signed: list[str]) -> None:
    security_token = request.headers.get("X-Security-Token", "")
    if security_token != account.security_token:
        raise gateway("0301", 401, _WRONG + "verify security token fail")
    if security_token and "x-security-token" not in signed:
        raise gateway("0301", 401, _WRONG + "X-Security-Token must be signed")


def _official(account: Account, request: web.Request, body: bytes, signed: list[str]) -> tuple[str, SdkRequest]:
    path, _unused, query = request.raw_path.partition("?")
    sdk_request = SdkRequest(
        method=request.method,
        host=request.host,
        resource_path=path,
        query_params=parse_qsl(query, keep_blank_values=True),
        header_params={name: request.headers.get(name, "") for name in signed},
        body=body,
    )
    try:
        Signer(SimpleNamespace(ak=account.access_key, sk=account.secret_key)).sign(sdk_request)
    except UnicodeEncodeError:
        raise gateway("0301", 401, _WRONG + "a signed header is not UTF-8") from None
    return sdk_request.header_params.pop("Authorization").rpartition("Signature=")[2], sdk_request


def canonical_request(sdk_request: SdkRequest, signed: list[str]) -> str:
    """The canonical request as the gateway echoes it in its refusal, which is why clients must redact."""
    signer = Signer(SimpleNamespace(ak="unused", sk="unused"))
    return str(signer._process_canonical_request(sdk_request, signed)).replace("\n", "|")


def echoed(request: web.Request, body: bytes) -> str:
    """The message of a refusal that echoes as much as possible, access key and Authorization included."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    signed = match[2].split(";") if match else ["host"]
    echo = canonical_request(_official(Account("", "unused", "unused"), request, body, signed)[1], signed)
    secrets = [f"{name}: {request.headers[name]}" for name in _SECRET_HEADERS if name in request.headers]
    access_key = match[1] if match else ""
    return f"{_WRONG}verify aksk signature fail, ak: {access_key}, {', '.join(secrets)}, canonicalRequest:{echo}"


_SECRET_HEADERS = ("Authorization", "X-Security-Token", "X-Auth-Token", "Proxy-Authorization", "Cookie")


def without_secrets(request: web.Request) -> dict[str, str]:
    """The headers of a request, with secrets redacted."""
    redacted = {name.lower() for name in _SECRET_HEADERS}
    return {name: "***" if name.lower() in redacted else value for name, value in request.headers.items()}
