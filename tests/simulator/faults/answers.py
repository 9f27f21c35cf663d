# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of the service, of the gateway, and of whatever else may stand in between, in every shape."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ..answers import Refusal, as_json, gateway, no_permission
from ..gateway import echoed
from .bench import Strike, add, fault

HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"

_REFUSALS: Mapping[str, tuple[bool, str, Refusal]] = {
    "status_400": (False, "The service answers 400; nothing is done.", Refusal(400, "FGS.3002", "Invalid parameters.")),
    "status_403": (
        False,
        "The gateway answers 403, no permission; nothing is done.",
        no_permission(),
    ),
    "status_404": (
        False,
        "The gateway answers 404, no such API here; nothing is done.",
        gateway("0101", 404, "The API does not exist or has not been published in the environment"),
    ),
    "status_405": (
        False,
        "The gateway answers 405, the account is frozen; nothing is done.",
        gateway("0502", 405, "The app has been frozen"),
    ),
    "status_408": (
        False,
        "The service answers 408, it has not waited for all of the request; nothing is done.",
        Refusal(408, "FSS.0408", "Request Timeout."),
    ),
    "status_413": (
        False,
        "The gateway answers 413, too large; nothing is done.",
        gateway("0201", 413, "Request entity too large"),
    ),
    "status_429": (
        False,
        "The gateway answers 429 with Retry-After: 0; nothing is done.",
        gateway("0308", 429, "The throttling threshold has been reached", {"Retry-After": "0"}),
    ),
    "status_429_no_header": (
        False,
        "The gateway answers 429 without Retry-After; nothing is done.",
        gateway("0308", 429, "The throttling threshold has been reached"),
    ),
    "status_500": (False, "The service answers 500; nothing is done.", Refusal(500, "FGS.0500", "Internal Error.")),
    "status_500_applied": (
        True,
        "The callback takes effect, and the service answers 500.",
        Refusal(500, "FGS.0500", "Internal Error."),
    ),
    "status_502_applied": (
        True,
        "The callback takes effect, and the gateway answers 502.",
        gateway("0201", 502, "Backend unavailable."),
    ),
    "status_503_iam": (
        False,
        "The gateway answers 503, its own IAM is unavailable; nothing is done.",
        gateway("0613", 503, "IAM is unavailable"),
    ),
    "status_503": (
        False,
        "The service answers 503; nothing is done.",
        Refusal(503, "FSS.0503", "Service Unavailable."),
    ),
    "status_504": (False, "The gateway answers 504; nothing is done.", gateway("0201", 504, "Backend timeout.")),
    "status_504_applied": (
        True,
        "The callback takes effect, and the gateway answers 504.",
        gateway("0201", 504, "Backend timeout."),
    ),
}


def _refusing(name: str, applied: bool, description: str, refusal: Refusal) -> None:
    async def act(strike: Strike) -> web.StreamResponse:
        return refusal.answer(strike.request["request_id"])

    add(name, applied, description, act)


for _name, (_applied, _description, _refusal) in _REFUSALS.items():
    _refusing(_name, _applied, _description, _refusal)


@fault(applied=False)
async def status_401_echo(strike: Strike) -> web.StreamResponse:
    """The gateway answers 401 and echoes canonical request, access key and secret headers; nothing is done."""
    refusal = gateway("0301", 401, echoed(strike.request, strike.request["body"]))
    return refusal.answer(strike.request["request_id"])


@fault(applied=False)
async def status_502_html(_strike: Strike) -> web.StreamResponse:
    """A proxy in between answers 502 with a web page; nothing is done."""
    return web.Response(status=502, text=HTML.format("502 Bad Gateway"), content_type="text/html")


def _interim(status: int) -> None:
    async def act(strike: Strike) -> web.StreamResponse:
        return strike.close(strike.head(status, {}))

    add(f"status_{status}", True, f"The callback takes effect, and {status} is all that comes.", act)


for _status in (101, 102, 103):
    _interim(_status)


@fault(applied=False)
async def redirect_302(strike: Strike) -> web.StreamResponse:
    """302 to another server, which must not see anything; nothing is done."""
    return _redirect(strike, 302)


@fault(applied=False)
async def redirect_307(strike: Strike) -> web.StreamResponse:
    """307 to another server, which must not see anything; nothing is done."""
    return _redirect(strike, 307)


@fault(applied=False)
async def errorCode_shape(_strike: Strike) -> web.StreamResponse:  # noqa: N802 (the name is the shape's)
    """400 in the shape {errorCode, errorMsg}; nothing is done."""
    return as_json({"errorCode": "FSS.0400", "errorMsg": "Bad request."}, 400)


@fault(applied=False)
async def code_message_shape(_strike: Strike) -> web.StreamResponse:
    """400 in the shape {code, message}; nothing is done."""
    return as_json({"code": "FSS.0400", "message": "Bad request."}, 400)


@fault(applied=False)
async def iam_shape(strike: Strike) -> web.StreamResponse:
    """401 in the shape of IAM, {error: {code, message, title}}; nothing is done."""
    error = {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}
    return as_json({"error": error}, 401, {"X-IAM-Trace-Id": f"token_null_{strike.request['request_id']}"})


@fault(applied=False)
async def empty_400(_strike: Strike) -> web.StreamResponse:
    """400 without a body; nothing is done."""
    return web.Response(status=400)


def _redirect(strike: Strike, status: int) -> web.StreamResponse:
    target = f"{strike.world.addresses['redirect_target']}{strike.request.raw_path}"
    return web.Response(status=status, headers={"Location": target})
