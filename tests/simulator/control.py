# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API for tests and demo, and the page for people: unsigned, on the plain loopback listener only."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from . import faults
from .accounts import WORKFLOW_ID, Account
from .flows import DEFAULT_DEFINITION, Flow, InvalidDefinition, parse
from .identity import METADATA_FORMS
from .nodes import READINGS, RUNNING, Readings
from .received import Recipient
from .responses import Refusal, as_json
from .runs import Run
from .tables import RUN_STATUSES
from .world import WORLD, World

PAGE = Path(__file__).with_name("page.html")
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
PREFIX = "/_simulator"
SHOWN_LENGTH = 16 * 1024
SETTLE_SECONDS = 30
# The operations that meet a fault, the default one first.
OF_A_RUN, OF_A_FLOW = ("callback", "stop", "retry"), ("start", "list")


def wrong(message: str, status: int = 400) -> Refusal:
    """An error of the control API."""
    return Refusal(status, f"SIM.{status:04}", message)


async def _json_body(request: web.Request) -> dict[str, Any]:
    # A web page from elsewhere must not control the simulator through a browser.
    if request.host.rsplit(":", 1)[0] not in LOCAL_NAMES or request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise wrong("only for pages of this host", 403)
    body = await request.read()
    try:
        options = json.loads(body or b"{}")
    except ValueError:
        raise wrong("the body is not JSON") from None
    if not isinstance(options, dict):
        raise wrong("the body must be an object")
    return options


def _run(request: web.Request, run_id: str | None = None) -> Run:
    found = request.app[WORLD].runs.get(run_id or request.match_info["run_id"])
    if found is None:
        raise wrong("no such run", 404)
    return found


def _set_fault(recipient: Recipient, name_of_it: str, options: dict[str, Any], operations: tuple[str, ...]) -> None:
    operation = options.get("operation", operations[0])
    if operation not in operations:
        raise wrong(f"operation must be one of {', '.join(operations)}")
    for prefix in ("", "read_"):
        name, times = options.get(f"{prefix}fault"), options.get(f"{prefix}times")
        if name is not None and name not in faults.FAULTS:
            raise wrong(f"unknown fault {name}; known are {', '.join(sorted(faults.FAULTS))}")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 0):
            raise wrong("times must be a number, or null for all requests")
        if name is not None or not prefix:
            faults.set_fault(recipient, name, times, float(options.get("share", 0.33)), operation)
            if prefix and recipient.read_fault is not None:
                recipient.read_fault.after = int(options.get("read_after") or 0)
    if "seed" in options:
        faults.seed_random(recipient, name_of_it, options["seed"])


def _create_flow(world: World, options: dict[str, Any]) -> Flow:
    workflow_id = str(options.get("workflow_id") or uuid.uuid4())
    try:
        flow = parse(workflow_id, options.get("definition") or DEFAULT_DEFINITION, options.get("shown_definition"))
    except InvalidDefinition as problem:
        raise wrong(str(problem)) from None
    world.flows[workflow_id] = flow
    return flow


async def workflows(request: web.Request) -> web.Response:
    """GET and POST /_simulator/workflows."""
    world = request.app[WORLD]
    if request.method == "POST":
        options = await _json_body(request)
        flow = _create_flow(world, options)
        _readings(world, options)
        flow.readings = {name: options[name] for name in READINGS if name in options}
        flow.start_lag, flow.international = int(options.get("start_lag") or 0), options.get("international") is True
        _set_fault(flow, flow.name, options, OF_A_FLOW)
        return as_json(flow.shown())
    return as_json({"workflows": [{**flow.brief(), "mode": flow.mode} for flow in world.flows.values()]})


def _readings(world: World, options: dict[str, Any]) -> Readings:
    try:
        return world.readings.changed(options)
    except ValueError as problem:
        raise wrong(str(problem)) from None


async def readings(request: web.Request) -> web.Response:
    """GET and PUT /_simulator/readings: for the runs that start from now on."""
    world = request.app[WORLD]
    if request.method == "PUT":
        world.readings = _readings(world, await _json_body(request))
    return as_json(asdict(world.readings))


async def create_run(request: web.Request) -> web.Response:
    """POST /_simulator/runs: respond as soon as no function of the run is being called any more."""
    options, world = await _json_body(request), request.app[WORLD]
    chosen, age = _readings(world, options), float(options.get("age") or 0)
    new = "definition" in options or "shown_definition" in options
    run = Run(
        flow=_create_flow(world, options) if new else world.flow(options.get("workflow_id") or WORKFLOW_ID),
        name=str(options.get("name", "")),
        input=options.get("input") or {},
        readings=chosen,
        lag=int(options.get("lag") or 0),
        shown_instead=options.get("shown") or {},
        begin_time=world.now() - age,
        age=age,
    )
    run.run_id = str(options.get("workflow_run_id") or run.run_id)
    _set_fault(run, run.name, options, OF_A_RUN)
    world.add(run)
    if options.get("settle", True):
        await world.until(lambda: not run.calling, SETTLE_SECONDS)
    return as_json(run.ids())


async def wake_run(request: web.Request) -> web.Response:
    """POST /_simulator/runs/{run_id}/wake: end its wait nodes early."""
    run, options = _run(request), await _json_body(request)
    if not run.wake(options.get("node")):
        raise wrong("no such wait node waits", 409)
    return as_json(run.observed())


async def one_workflow(request: web.Request) -> web.Response:
    """GET /_simulator/workflows/{workflow_id}: the requests for it, and the ids of its runs."""
    world, workflow_id = request.app[WORLD], request.match_info["workflow_id"]
    if workflow_id not in world.flows:
        raise wrong("no such flow", 404)
    runs = [run.run_id for run in world.runs.values() if run.workflow_id == workflow_id]
    return as_json({"requests": [one.shown() for one in world.flows[workflow_id].requests], "runs": runs})


async def all_runs(request: web.Request) -> web.Response:
    """GET /_simulator/runs, newest first."""
    return as_json({"runs": [run.observed() for run in reversed(request.app[WORLD].runs.values())]})


async def one_run(request: web.Request) -> web.Response:
    """GET /_simulator/runs/{run_id}."""
    return as_json(_run(request).observed())


async def set_fault(request: web.Request) -> web.Response:
    """PUT /_simulator/runs/{run_id}/fault."""
    run = _run(request)
    _set_fault(run, run.name, await _json_body(request), OF_A_RUN)
    request.app[WORLD].changed(run)
    return as_json(run.observed())


async def end_run(request: web.Request) -> web.Response:
    """POST /_simulator/runs/{run_id}/end: end it from elsewhere."""
    run, options = _run(request), await _json_body(request)
    endings = tuple(status for status in RUN_STATUSES if status != "running")
    if options.get("status") not in endings:
        raise wrong(f"status must be one of {', '.join(endings)}")
    run.end_otherwise(options["status"], options.get("error"))
    return as_json(run.observed())


async def list_faults(_request: web.Request) -> web.Response:
    """GET /_simulator/faults."""
    return as_json(faults.table())


async def accounts(request: web.Request) -> web.Response:
    """GET and POST /_simulator/accounts."""
    world = request.app[WORLD]
    if request.method == "POST":
        options = await _json_body(request)
        names = ("access_key", "secret_key", "security_token", "auth_token")
        key, secret, security_token, auth_token = (str(options.get(name) or "") for name in names)
        if not (key and secret) and not auth_token:
            raise wrong("access_key and secret_key, or auth_token")
        name = str(options.get("name") or f"added_{len(world.accounts.everyone)}")
        world.accounts.add(Account(name, key, secret, security_token, auth_token))
    return as_json(world.accounts.published())


async def throttle(request: web.Request) -> web.Response:
    """PUT /_simulator/throttle."""
    per_second = (await _json_body(request)).get("per_second")
    if per_second is not None and not isinstance(per_second, int):
        raise wrong("per_second must be a number, or null")
    request.app[WORLD].throttle = per_second
    return as_json({"per_second": per_second})


async def clock(request: web.Request) -> web.Response:
    """PUT /_simulator/clock: offset the simulator's clock by so many seconds."""
    world = request.app[WORLD]
    world.clock_offset = float((await _json_body(request)).get("offset", 0))
    return as_json({"offset": world.clock_offset})


async def metadata(request: web.Request) -> web.Response:
    """PUT /_simulator/metadata: the form of the metadata service."""
    world, options = request.app[WORLD], await _json_body(request)
    if options.get("form") not in METADATA_FORMS:
        raise wrong(f"form must be one of {', '.join(METADATA_FORMS)}")
    world.metadata_form, world.metadata_status = options["form"], int(options.get("status", 404))
    return as_json({"form": world.metadata_form, "status": world.metadata_status})


async def connections(request: web.Request) -> web.Response:
    """GET /_simulator/connections: TCP connections accepted, by listener."""
    world = request.app[WORLD]
    listeners = [name for name in world.addresses if name not in ("ca", "page", "refused", "pid")]
    return as_json({name: world.accepted[name] for name in listeners})


async def redirect_target(request: web.Request) -> web.Response:
    """GET /_simulator/redirect_target: what reached it."""
    world = request.app[WORLD]
    return as_json({"count": len(world.redirected), "requests": world.redirected})


async def proxied(request: web.Request) -> web.Response:
    """GET /_simulator/proxied: the targets of requests to the proxies."""
    return as_json({"requests": request.app[WORLD].proxied})


async def wait(request: web.Request) -> web.Response:
    """GET /_simulator/wait?run=ID&for=ended|waiting|callback&count=n&timeout=s: respond as soon as it holds."""
    run, count = _run(request, request.query.get("run", "")), int(request.query.get("count", "1"))
    conditions = {
        "ended": lambda: run.status != RUNNING,
        "waiting": lambda: run.waits,
        "callback": lambda: run.callback_requests >= count,
    }
    condition = conditions.get(request.query.get("for", "ended"))
    if condition is None:
        raise wrong(f"for must be {', '.join(conditions)}")
    happened = await request.app[WORLD].until(condition, float(request.query.get("timeout", "30")))
    return as_json({**run.observed(), "happened": happened})


def _for_the_page(run: Run) -> dict[str, Any]:
    # An output may have 12 MB, too much for a page.
    shown = run.observed()
    nodes = [(node.state, node.latest.status, node.waits) for node in run.nodes.values()]
    shown["nodes"] = [
        {"node_id": state.id, "node_name": state.name, "status": status, "waits": waits}
        for state, status, waits in nodes
    ]
    del shown["requests"], shown["run_output"]
    for name in ("input", "output", "next_input"):
        length = len(json.dumps(shown[name]))
        if length > SHOWN_LENGTH:
            shown[name] = f"{length} characters of JSON"
    return shown


async def events(request: web.Request) -> web.StreamResponse:
    """GET /_simulator/events: every run as it is, then each run whenever it changes."""
    world = request.app[WORLD]
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await stream.prepare(request)
    seen = -1
    with contextlib.suppress(ConnectionResetError):
        while True:
            changed, seen = world.changed_since(seen), world.serial
            for run in changed:
                await stream.write(f"event: run\ndata: {json.dumps(_for_the_page(run))}\n\n".encode())
            if seen == world.serial:
                await world.next_change()
    return stream


async def page(_request: web.Request) -> web.Response:
    """The page for people."""
    inline = "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    policy = {"Content-Security-Policy": f"default-src 'none'; {inline}; connect-src 'self'; img-src data:"}
    return web.Response(text=PAGE.read_text("utf-8"), content_type="text/html", headers=policy)


def add_routes(app: web.Application) -> None:
    """The routes of the control API and of the page."""
    app.router.add_get("/", page)
    app.router.add_get(PREFIX + "/runs", all_runs)
    app.router.add_post(PREFIX + "/runs", create_run)
    app.router.add_get(PREFIX + "/runs/{run_id}", one_run)
    app.router.add_put(PREFIX + "/runs/{run_id}/fault", set_fault)
    app.router.add_post(PREFIX + "/runs/{run_id}/end", end_run)
    app.router.add_post(PREFIX + "/runs/{run_id}/wake", wake_run)
    app.router.add_get(PREFIX + "/workflows", workflows)
    app.router.add_post(PREFIX + "/workflows", workflows)
    app.router.add_get(PREFIX + "/workflows/{workflow_id}", one_workflow)
    app.router.add_get(PREFIX + "/readings", readings)
    app.router.add_put(PREFIX + "/readings", readings)
    app.router.add_get(PREFIX + "/accounts", accounts)
    app.router.add_post(PREFIX + "/accounts", accounts)
    app.router.add_put(PREFIX + "/throttle", throttle)
    app.router.add_put(PREFIX + "/clock", clock)
    app.router.add_put(PREFIX + "/metadata", metadata)
    for name, handler in (
        ("faults", list_faults),
        ("connections", connections),
        ("redirect_target", redirect_target),
        ("proxied", proxied),
        ("wait", wait),
        ("events", events),
    ):
        app.router.add_get(f"{PREFIX}/{name}", handler)
