# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM's project lookup, and the metadata service of an ECS with an agency."""

from __future__ import annotations

import secrets
import time

from aiohttp import web

from .accounts import REGION, Account
from .responses import as_json
from .world import WORLD

METADATA_FORMS = {
    "token": "the newer form: a token is needed to read the keys",
    "plain": "the older form: no token; asking for one gets `status` (404, 405 or 503)",
    "no_agency": "the ECS has no agency",
    "expired": "keys that have expired",
    "broken": "500 to everything but the token",
    "html": "a web page instead of keys",
}
_METADATA_TOKEN = "MTsimulatorMetadataToken" + secrets.token_hex(8)


async def projects(request: web.Request) -> web.Response:
    """GET /v3/projects: the projects of the caller, by name of the region."""
    account: Account = request["account"]
    name = request.query.get("name", REGION)
    found = [
        {"id": project, "name": REGION, "domain_id": "simulator", "enabled": True, "is_domain": False}
        for project in account.projects
        if name == REGION
    ]
    response = as_json({"projects": found, "links": {"self": f"{request.url.origin()}/v3/projects"}})
    response.headers["X-IAM-Trace-Id"] = f"token_{REGION}_null_{request['request_id']}"
    return response


async def metadata_token(request: web.Request) -> web.Response:
    """PUT /meta-data/latest/api/token."""
    world = request.app[WORLD]
    if world.metadata_form == "plain":
        return web.Response(status=world.metadata_status, text="")
    if not request.headers.get("X-Metadata-Token-Ttl-Seconds", "").isdigit():
        return web.Response(status=400, text="X-Metadata-Token-Ttl-Seconds is missing")
    return web.Response(text=_METADATA_TOKEN)


async def security_key(request: web.Request) -> web.Response:
    """GET /openstack/latest/securitykey."""
    world = request.app[WORLD]
    form = world.metadata_form
    if form != "plain" and request.headers.get("X-Metadata-Token") != _METADATA_TOKEN:
        return web.Response(status=401, text="X-Metadata-Token is missing or wrong")
    if form == "no_agency":
        return web.Response(status=401, text="Please configure Cloud Service Agency first")
    if form == "broken":
        return web.Response(status=500, text="Internal Server Error")
    if form == "html":
        return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
    expired = form == "expired"
    account = world.accounts.named("expired_temporary" if expired else "temporary")
    expires = time.gmtime(world.now() + (-3600 if expired else 3600))
    credential = {
        "access": account.access_key,
        "secret": account.secret_key,
        "securitytoken": account.security_token,
        "expires_at": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", expires),
    }
    return as_json({"credential": credential})


def add_routes(app: web.Application) -> None:
    """The routes of IAM and of the metadata service."""
    app.router.add_get("/v3/projects", projects)
    app.router.add_put("/meta-data/latest/api/token", metadata_token)
    app.router.add_get("/openstack/latest/securitykey", security_key)
