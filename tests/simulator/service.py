# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FunctionGraph itself: the callback, flows and their runs, behind the gateway."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Any

from aiohttp import web

from . import faults
from .accounts import OTHER_PROJECT_ID, PROJECT_ID, Account
from .flows import Flow
from .gateway import BODY_LIMIT, authenticate, without_secrets
from .nodes import CANCEL, RUNNING
from .received import ReceivedRequest, Recipient
from .responses import Refusal, as_json, gateway, invalid, new_request_id, no_permission, not_found, not_offered
from .runs import Run
from .tables import RUN_STATUSES, violations
from .world import WORLD, World

WORKFLOWS_PATH = "/v2/{project_id}/fgs/workflows"
WORKFLOW_PATH = WORKFLOWS_PATH + "/{workflow_id}"
EXECUTION_PATH = WORKFLOW_PATH + "/executions/{execution_id}"
LIST_LIMIT, RUNS_IN_A_LIST = 200, 10
LISTED_SECONDS = 3 * 86_400
TIME_FORMATS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def behind_gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every request an id, and pass only those of a known caller to the service and to IAM."""
    world = request.app[WORLD]
    request["request_id"] = new_request_id()
    recipient, received = _record(world, request)
    try:
        early = await faults.before_body(world, request, recipient, received) if recipient and received else None
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
    if recipient and received:
        if response.status != faults.CLOSED:
            received.phase, received.status = "responded", response.status
        world.changed(recipient)
    return response


def _record(world: World, request: web.Request) -> tuple[Recipient | None, ReceivedRequest | None]:
    # Recorded as soon as the head has arrived: a client must not send more requests than it reports.
    run_id = request.match_info.get("execution_id", "")
    if request.path.startswith("/v2/") and request.path.endswith("/callback"):
        run_id = request.headers.get("X-Workflow-Run-Id", "")
    recipient = world.runs.get(run_id) or world.flows.get(request.match_info.get("workflow_id", ""))
    if recipient is None or not request.path.startswith("/v2/"):
        return None, None
    received = ReceivedRequest(request.method, request.raw_path, without_secrets(request))
    recipient.requests.append(received)
    recipient.connections.add(f"{request.get_extra_info('sockname')} {request.get_extra_info('peername')}")
    request["received"] = received
    world.changed(recipient)
    return recipient, received


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


def _check_scope(request: web.Request, calls_back: bool = False) -> None:
    account: Account = request["account"]
    if account.forbidden or (account.callback_only and not calls_back):
        raise no_permission()
    broken = violations("path", {"workflow_id": "any", **request.match_info})
    if broken:
        raise invalid("; ".join(broken))
    if request.match_info["project_id"] not in (PROJECT_ID, OTHER_PROJECT_ID):
        raise gateway("0310", 403, "The project is unavailable")


def _flow(request: web.Request, calls_back: bool = False) -> Flow:
    _check_scope(request, calls_back)
    flow = request.app[WORLD].flows.get(request.match_info["workflow_id"])
    if flow is None or request.match_info["project_id"] != PROJECT_ID:
        raise not_found()
    return flow


def _run(request: web.Request) -> Run:
    """The run of a path; an express flow keeps none."""
    flow = _flow(request)
    run = request.app[WORLD].runs.get(request.match_info["execution_id"])
    if run is None or run.workflow_id != flow.workflow_id or not run.keeps_history:
        raise not_found()
    request["received"].phase = "accepted"
    return run


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
    flow = _flow(request, calls_back=True)
    broken = violations("header", request.headers)
    body = _json_object(request["body"])
    broken += violations("body", body)
    if broken:
        raise invalid("; ".join(broken))
    run = world.runs.get(request.headers["X-Workflow-Run-Id"])
    if run is None or run.workflow_id != flow.workflow_id:
        raise invalid("no such run of this workflow")
    request["received"].phase = "accepted"

    def complete() -> web.Response:
        run.complete(request.headers["X-Workflow-State-Id"], body["result"], body["output"], body.get("error"))
        return as_json({"execution_id": run.run_id})

    return await faults.respond(world, request, run, complete)


async def start(request: web.Request) -> web.StreamResponse:
    """POST …/executions."""
    world, flow = request.app[WORLD], _flow(request)
    body = _json_object(request["body"] or b"{}")
    headers, run_input = (body.get(name) or {} for name in ("headers", "input"))
    if not isinstance(headers, dict) or not isinstance(run_input, dict):
        raise invalid("headers or input is not an object")
    if flow.international:
        raise not_offered()
    readings = world.readings.changed(flow.readings)
    request["received"].phase = "accepted"

    def complete() -> web.Response:
        run_id = request.headers.get("X-WorkflowRun-ID")
        if run_id in world.runs:
            if readings.second_start == "refused":
                raise invalid("there is a run of this id")
            run_id = None
        run = Run(flow, input=run_input, headers=headers, readings=readings, start_lag=flow.start_lag)
        run.begin_time = world.now()
        run.run_id, run.read_fault = run_id or run.run_id, flow.read_fault
        run.generator = flow.generator
        run.requests.append(request["received"])
        world.add(run)
        return as_json({"execution_id": run.run_id})

    return await faults.respond(world, request, flow, complete)


async def show(request: web.Request) -> web.StreamResponse:
    """GET …/executions/{execution_id}."""
    world, flow = request.app[WORLD], _flow(request)
    recipient = world.runs.get(request.match_info["execution_id"]) or flow
    return await faults.respond(world, request, recipient, lambda: as_json(_run(request).shown()))


async def stop(request: web.Request) -> web.StreamResponse:
    """POST …/executions/{execution_id}/terminate."""
    run = _run(request)

    def complete() -> web.Response:
        if run.status != RUNNING:
            raise invalid("the run has already ended")
        run.end_otherwise(CANCEL)
        return as_json({})

    return await faults.respond(request.app[WORLD], request, run, complete)


async def retry(request: web.Request) -> web.StreamResponse:
    """POST …/executions/{execution_id}/retry."""
    run = _run(request)

    def complete() -> web.Response:
        run.retry()
        return as_json({})

    return await faults.respond(request.app[WORLD], request, run, complete)


def _page(request: web.Request, rows: Sequence[Any], default: int) -> Sequence[Any]:
    """The rows that limit and offset choose."""
    try:
        limit, offset = (int(request.query.get(name, other)) for name, other in (("limit", default), ("offset", 0)))
    except ValueError:
        raise invalid("limit and offset are not numbers") from None
    first = max(offset, 0)
    return rows[first : first + min(max(limit, 0), LIST_LIMIT)]


def _time(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    for form in TIME_FORMATS if text else ():
        with contextlib.suppress(ValueError):
            return datetime.strptime(text or "", form).replace(tzinfo=timezone.utc).timestamp()
    if text:
        raise invalid(f"{name} is not a time like 2026-01-31T23:59:59Z")
    return None


async def list_runs(request: web.Request) -> web.StreamResponse:
    """GET …/executions, newest first: those that began in three days, unless both ends of the time are given."""
    world, flow = request.app[WORLD], _flow(request)
    status = request.query.get("status")
    if status is not None and status not in RUN_STATUSES:
        raise invalid(f"status is not one of {', '.join(RUN_STATUSES)}")
    since, until = _time(request, "start_time"), _time(request, "end_time")
    if until is None:
        until = since + LISTED_SECONDS if since is not None else world.now() + 1
    if since is None:
        since = until - LISTED_SECONDS
    runs = [run for run in world.runs.values() if run.workflow_id == flow.workflow_id and run.keeps_history]
    runs = [run for run in runs if since <= int(run.begin_time) <= until]
    runs.sort(key=lambda run: run.begin_time, reverse=True)
    briefs = [brief for brief in (run.brief() for run in runs) if status in (None, brief["status"])]
    page = _page(request, briefs, RUNS_IN_A_LIST)
    return await faults.respond(world, request, flow, lambda: as_json({"executions": page}))


async def list_flows(request: web.Request) -> web.StreamResponse:
    """GET …/workflows."""
    _check_scope(request)
    name, mode = request.query.get("workflow_name", ""), request.query.get("mode")
    flows = request.app[WORLD].flows.values() if request.match_info["project_id"] == PROJECT_ID else ()
    briefs = [flow.brief() for flow in flows if name in flow.name and mode in (None, "", flow.mode)]
    page = _page(request, briefs, LIST_LIMIT)
    return as_json({"total": len(briefs), "size": len(page), "workflows": page})


async def show_flow(request: web.Request) -> web.StreamResponse:
    """GET …/workflows/{workflow_id}."""
    return as_json(_flow(request).shown())


def add_routes(app: web.Application) -> None:
    """The service's routes."""
    app.router.add_get(WORKFLOWS_PATH, list_flows)
    app.router.add_get(WORKFLOW_PATH, show_flow)
    app.router.add_post(WORKFLOW_PATH + "/callback", callback)
    app.router.add_post(WORKFLOW_PATH + "/executions", start)
    app.router.add_get(WORKFLOW_PATH + "/executions", list_runs)
    app.router.add_get(EXECUTION_PATH, show)
    app.router.add_post(EXECUTION_PATH + "/terminate", stop)
    app.router.add_post(EXECUTION_PATH + "/retry", retry)


async def add_gateway_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that the gateway adds to every response."""
    if "request_id" in request:
        response.headers.setdefault("X-Request-Id", request["request_id"])
    response.headers["Date"] = formatdate(request.app[WORLD].now(), usegmt=True)
