# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error responses of the service, the gateway and proxies, in every shape."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ..gateway import echoed
from ..responses import Refusal, as_json, gateway, no_permission
from .registry import Exchange, add, fault

HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"

_TOO_MANY = "The throttling threshold has been reached"

# Name: who responds, the reason, and the response. A name that ends with _applied: after the callback took effect.
_REFUSALS: Mapping[str, tuple[str, str, Refusal]] = {
    "status_400": ("service", "", Refusal(400, "FGS.3002", "Invalid parameters.")),
    "status_403": ("gateway", ", no permission", no_permission()),
    "status_404": (
        "gateway",
        ", no such API",
        gateway("0101", 404, "The API does not exist or has not been published in the environment"),
    ),
    "status_405": ("gateway", ", the account is frozen", gateway("0502", 405, "The app has been frozen")),
    "status_408": (
        "service",
        ", it has not received the whole request in time",
        Refusal(408, "FSS.0408", "Request Timeout."),
    ),
    "status_413": ("gateway", ", too large", gateway("0201", 413, "Request entity too large")),
    "status_429": ("gateway", " with Retry-After: 0", gateway("0308", 429, _TOO_MANY, {"Retry-After": "0"})),
    "status_429_no_header": ("gateway", " without Retry-After", gateway("0308", 429, _TOO_MANY)),
    "status_500": ("service", "", Refusal(500, "FGS.0500", "Internal Error.")),
    "status_500_applied": ("service", "", Refusal(500, "FGS.0500", "Internal Error.")),
    "status_502_applied": ("gateway", "", gateway("0201", 502, "Backend unavailable.")),
    "status_503_iam": ("gateway", ", its own IAM is unavailable", gateway("0613", 503, "IAM is unavailable")),
    "status_503": ("service", "", Refusal(503, "FSS.0503", "Service Unavailable.")),
    "status_504": ("gateway", "", gateway("0201", 504, "Backend timeout.")),
    "status_504_applied": ("gateway", "", gateway("0201", 504, "Backend timeout.")),
}


def _refuse(name: str, source: str, reason: str, refusal: Refusal) -> None:
    async def act(exchange: Exchange) -> web.StreamResponse:
        return refusal.response(exchange.request["request_id"])

    applied = name.endswith("_applied")
    effect = "takes effect" if applied else "has no effect"
    add(name, applied, f"The {source} responds with {refusal.status}{reason}; the callback {effect}.", act)


for _name, _row in _REFUSALS.items():
    _refuse(_name, *_row)


@fault(applied=False)
async def status_401_echo(exchange: Exchange) -> web.StreamResponse:
    """The gateway responds with 401 and echoes the request with its secrets; the callback has no effect."""
    refusal = gateway("0301", 401, echoed(exchange.request, exchange.request["body"]))
    return refusal.response(exchange.request["request_id"])


@fault(applied=False)
async def status_502_html(_exchange: Exchange) -> web.StreamResponse:
    """A proxy responds with 502 and a web page; the callback has no effect."""
    return web.Response(status=502, text=HTML.format("502 Bad Gateway"), content_type="text/html")


def _interim(status: int) -> None:
    async def act(exchange: Exchange) -> web.StreamResponse:
        return exchange.close(exchange.head(status, {}))

    add(f"status_{status}", True, f"The callback takes effect, and {status} is the only response.", act)


for _status in (101, 102, 103):
    _interim(_status)


@fault(applied=False)
async def redirect_302(exchange: Exchange) -> web.StreamResponse:
    """302 to another server; the callback has no effect."""
    return _redirect(exchange, 302)


@fault(applied=False)
async def redirect_307(exchange: Exchange) -> web.StreamResponse:
    """307 to another server; the callback has no effect."""
    return _redirect(exchange, 307)


@fault(applied=False)
async def errorCode_shape(_exchange: Exchange) -> web.StreamResponse:  # noqa: N802 (the name is the shape's)
    """400 in the shape {errorCode, errorMsg}; the callback has no effect."""
    return as_json({"errorCode": "FSS.0400", "errorMsg": "Bad request."}, 400)


@fault(applied=False)
async def code_message_shape(_exchange: Exchange) -> web.StreamResponse:
    """400 in the shape {code, message}; the callback has no effect."""
    return as_json({"code": "FSS.0400", "message": "Bad request."}, 400)


@fault(applied=False)
async def iam_shape(exchange: Exchange) -> web.StreamResponse:
    """401 in the shape of IAM, {error: {code, message, title}}; the callback has no effect."""
    error = {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}
    return as_json({"error": error}, 401, {"X-IAM-Trace-Id": f"token_null_{exchange.request['request_id']}"})


@fault(applied=False)
async def empty_400(_exchange: Exchange) -> web.StreamResponse:
    """400 without a body; the callback has no effect."""
    return web.Response(status=400)


def _redirect(exchange: Exchange, status: int) -> web.StreamResponse:
    target = f"{exchange.world.addresses['redirect_target']}{exchange.request.raw_path}"
    return web.Response(status=status, headers={"Location": target})
