# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FunctionGraph itself: callback, start, show and list, behind the gateway."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from . import faults
from .accounts import OTHER_PROJECT_ID, PROJECT_ID, Account
from .gateway import BODY_LIMIT, authenticate, without_secrets
from .responses import Refusal, as_json, gateway, invalid, new_request_id, no_permission, not_found
from .runs import ReceivedRequest, Run
from .tables import RUN_STATUSES, violations
from .world import WORLD, World

WORKFLOW_PATH = "/v2/{project_id}/fgs/workflows/{workflow_id}"
LIST_LIMIT = 200

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def behind_gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every request an id, and pass only those of a known caller to the service and to IAM."""
    world = request.app[WORLD]
    request["request_id"] = new_request_id()
    run, received = _record(world, request)
    try:
        early = await faults.before_body(world, request, run, received) if run and received else None
        if early is not None:
            return early
        if request.path.startswith(("/v2/", "/v3/")):
            await _pass_gateway(world, request, received)
        response = await handler(request)
    except Refusal as refusal:
        response = refusal.response(request["request_id"])
    except web.HTTPNotFound:
        response = gateway("0101", 404, "The API does not exist or has not been published in the environment").response(
            request["request_id"]
        )
    except web.HTTPMethodNotAllowed as refusal:
        response = gateway("0101", 405, "The method is not allowed").response(request["request_id"])
        response.headers["Allow"] = refusal.headers["Allow"]
    if run and received:
        if response.status != faults.CLOSED:
            received.phase, received.status = "responded", response.status
        world.changed(run)
    return response


def _record(world: World, request: web.Request) -> tuple[Run | None, ReceivedRequest | None]:
    # Recorded as soon as the head has arrived: a client must not send more requests than it reports.
    run_id = request.match_info.get("execution_id", "")
    if request.path.startswith("/v2/") and request.path.endswith("/callback"):
        run_id = request.headers.get("X-Workflow-Run-Id", "")
    run = world.runs.get(run_id)
    if run is None:
        return None, None
    received = ReceivedRequest(request.method, request.raw_path, without_secrets(request))
    run.requests.append(received)
    run.connections.add(f"{request.get_extra_info('sockname')} {request.get_extra_info('peername')}")
    request["received"] = received
    world.changed(run)
    return run, received


async def _pass_gateway(world: World, request: web.Request, received: ReceivedRequest | None) -> None:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise gateway("0201", 413, f"Request entity too large: more than {BODY_LIMIT} bytes") from None
    if received is not None:
        received.phase = "body"
    request["body"] = body
    request["account"] = authenticate(world, request, body)
    if world.throttled():
        limit = f"policy api over ratelimit,limit:{world.throttle},time:1 second"
        raise gateway("0308", 429, f"The throttling threshold has been reached: {limit}")


def _check_scope(request: web.Request) -> None:
    account: Account = request["account"]
    if account.forbidden:
        raise no_permission()
    broken = violations("path", request.match_info)
    if broken:
        raise invalid("; ".join(broken))
    if request.match_info["project_id"] not in (PROJECT_ID, OTHER_PROJECT_ID):
        raise gateway("0310", 403, "The project is unavailable")
    known = request.match_info["workflow_id"] in request.app[WORLD].workflows
    if not known or request.match_info["project_id"] != PROJECT_ID:
        raise not_found()


def _not_a_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_not_a_number)
    except (ValueError, RecursionError):
        raise invalid("the body is not JSON") from None
    if not isinstance(value, dict):
        raise invalid("the body is not an object")
    return value


async def callback(request: web.Request) -> web.StreamResponse:
    """POST …/callback."""
    world = request.app[WORLD]
    _check_scope(request)
    broken = violations("header", request.headers)
    body = _json_object(request["body"])
    broken += violations("body", body)
    if broken:
        raise invalid("; ".join(broken))
    run = world.runs.get(request.headers["X-Workflow-Run-Id"])
    if run is None or run.workflow_id != request.match_info["workflow_id"]:
        raise invalid("no such run of this workflow")
    request["received"].phase = "accepted"

    def complete() -> web.Response:
        try:
            run.complete(request.headers["X-Workflow-State-Id"], body["result"], body["output"], body.get("error"))
        except Refusal as refusal:
            return refusal.response(request["request_id"])
        world.changed(run)
        return as_json({"execution_id": run.run_id})

    return await faults.respond(world, request, run, complete)


async def start(request: web.Request) -> web.StreamResponse:
    """POST …/executions."""
    _check_scope(request)
    run_input = _json_object(request["body"] or b"{}").get("input") or {}
    if not isinstance(run_input, dict):
        raise invalid("input is not an object")
    run = request.app[WORLD].add(Run(input=run_input, workflow_id=request.match_info["workflow_id"]))
    return as_json({"execution_id": run.run_id})


async def show(request: web.Request) -> web.StreamResponse:
    """GET …/executions/{execution_id}."""
    world = request.app[WORLD]
    _check_scope(request)
    run = world.runs.get(request.match_info["execution_id"])
    if run is None or run.workflow_id != request.match_info["workflow_id"]:
        raise not_found()
    request["received"].phase = "accepted"
    return await faults.respond(world, request, run, lambda: as_json(run.shown()))


async def list_runs(request: web.Request) -> web.StreamResponse:
    """GET …/executions, newest first."""
    _check_scope(request)
    status = request.query.get("status")
    if status is not None and status not in RUN_STATUSES:
        raise invalid(f"status is not one of {', '.join(RUN_STATUSES)}")
    try:
        limit, offset = (int(request.query.get(name, default)) for name, default in (("limit", "10"), ("offset", "0")))
    except ValueError:
        raise invalid("limit and offset are not numbers") from None
    runs = reversed(request.app[WORLD].runs.values())
    briefs = [run.brief() for run in runs if run.workflow_id == request.match_info["workflow_id"]]
    chosen = [brief for brief in briefs if status in (None, brief["status"])]
    first = max(offset, 0)
    return as_json({"executions": chosen[first : first + min(max(limit, 0), LIST_LIMIT)]})


def add_routes(app: web.Application) -> None:
    """The service's routes."""
    app.router.add_post(WORKFLOW_PATH + "/callback", callback)
    app.router.add_post(WORKFLOW_PATH + "/executions", start)
    app.router.add_get(WORKFLOW_PATH + "/executions", list_runs)
    app.router.add_get(WORKFLOW_PATH + "/executions/{execution_id}", show)


async def add_gateway_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that the gateway adds to every response."""
    if "request_id" in request:
        response.headers.setdefault("X-Request-Id", request["request_id"])
    response.headers["Date"] = formatdate(request.app[WORLD].now(), usegmt=True)
