# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of reading a run. These meet GET requests of a run, never its callback."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from ..responses import as_json, gateway, no_permission, not_found
from .connections import wait_forever
from .registry import Exchange, fault
from .responses import HTML


@fault(applied=False, reads=True)
async def read_401(_exchange: Exchange) -> web.StreamResponse:
    """Reading the run returns 401, as if the secret key were wrong."""
    raise gateway("0301", 401, "Incorrect IAM authentication information: verify aksk signature fail")


@fault(applied=False, reads=True)
async def read_403(_exchange: Exchange) -> web.StreamResponse:
    """Reading the run is not permitted."""
    raise no_permission()


@fault(applied=False, reads=True)
async def read_404(_exchange: Exchange) -> web.StreamResponse:
    """The run cannot be found."""
    raise not_found()


@fault(applied=False, reads=True)
async def read_500(_exchange: Exchange) -> web.StreamResponse:
    """Reading the run returns an error of the gateway."""
    raise gateway("0601", 500, "Internal server error")


@fault(applied=False, reads=True)
async def read_cut(exchange: Exchange) -> web.StreamResponse:
    """Reading the run returns half the headers, then the connection is closed."""
    return exchange.close(exchange.head(200, {"Content-Length": "1000"})[:40])


@fault(applied=False, reads=True)
async def read_html(_exchange: Exchange) -> web.StreamResponse:
    """Reading the run returns a web page with 200."""
    return web.Response(text=HTML.format("Welcome"), content_type="text/html")


@fault(applied=False, reads=True)
async def read_other_execution(exchange: Exchange) -> web.StreamResponse:
    """Reading the run shows another run of the same workflow."""
    return as_json({**_shown(exchange), "execution_id": "another-run"})


@fault(applied=False, reads=True)
async def read_other_workflow(exchange: Exchange) -> web.StreamResponse:
    """Reading the run shows a run of another workflow."""
    return as_json({**_shown(exchange), "workflow_id": "another-workflow"})


@fault(applied=False, reads=True)
async def read_newest_first(exchange: Exchange) -> web.StreamResponse:
    """Reading the run shows the state twice, as after a retry of the run: how it is now, then how it failed before."""
    shown = _shown(exchange)
    nodes = shown["node_execution_details"]
    node = next(node for node in nodes if node["node_name"] == "callback")
    failed = {**node["executions"][0], "status": "fail", "begin_time": node["executions"][0]["begin_time"] - 1}
    return as_json({**shown, "node_execution_details": [*nodes, {**node, "executions": [failed]}]})


def _shown(exchange: Exchange) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(exchange.complete().text or "{}")
    return shown


@fault(applied=False, reads=True)
async def read_hang(exchange: Exchange) -> web.StreamResponse:
    """Reading the run never gets a response."""
    return await wait_forever(exchange)
