# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fake AWX API, over HTTP or HTTPS on loopback."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from awx.world import ACTIVE, KINDS, V2, Awx, Json, Refused

# What AWX shows of a job only where it is read alone.
DETAILS = ("result_traceback", "event_processing_finished")
TOKEN, USER, PASSWORD = "token-of-the-stand-in", "admin", "password-of-the-stand-in"
# The filters of a list of jobs that reconcile uses, with those of every list.
_JOB_FILTERS = {"type", "order_by", "id__gt", "created__gte", "status__in", "page", "page_size"}
_ROOT = {place: f"{V2}{place}/" for place in KINDS}
_NOT_ALLOWED = {"detail": 'Method "POST" not allowed.'}
_FAULTS: dict[str, tuple[int | None, Any]] = {
    "drop": (None, None),
    "throttle": (429, {"detail": "Request was throttled."}),
    "break": (502, b"<html>Bad Gateway</html>"),
}
LONGEST_DELAY = 0.2


class Handler(BaseHTTPRequestHandler):
    """Handles one request. server.awx holds the objects."""

    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_arguments: Any) -> None:
        pass

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        body = json.loads(text) if text else {}
        url = urlsplit(self.path)
        with self.awx.lock:
            self.awx.requests.append((self.command, url.path, body))
            self.awx.on_request(self.command, url.path)
            fault = self.awx.fault()
            status, response = self.response(fault, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), body)
        if fault == "delay":
            time.sleep(self.awx.generator.random() * LONGEST_DELAY)
        if status is None or fault == "lose":
            self.close_connection = True
            return
        self.send_json(status, response)

    def response(self, fault: str, path: str, query: dict[str, str], body: Json) -> tuple[int | None, Any]:
        if fault in _FAULTS:
            return _FAULTS[fault]
        if not path.endswith("/"):
            return 301, None
        instead = self.awx.instead.get(path[len(V2) :].partition("/")[0])
        if instead:
            return instead
        try:
            return self.respond(path, query, body)
        except Refused as refused:
            return refused.status, refused.body
        except KeyError:
            return 404, {"detail": "Not found."}

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.awx.clock_offset)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  # http.server's names

    def send_json(self, status: int, response: Any) -> None:
        data = b"" if response is None else response if isinstance(response, bytes) else json.dumps(response).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.send_header("Allow", "GET, POST, PUT, PATCH")
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(data)

    def is_authorized(self) -> bool:
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return self.headers.get("Authorization") in (f"Bearer {TOKEN}", basic)

    def respond(self, path: str, query: dict[str, str], body: Json) -> tuple[int | None, Any]:
        if path == "/api/":
            return 200, {"current_version": V2, "available_versions": {"v2": V2}}
        if path == V2:
            return 200, _ROOT
        if not self.is_authorized():
            return 401, {"detail": "Authentication credentials were not provided."}
        parts = path[len(V2) :].strip("/").split("/")
        if parts[0] == "tokens":
            return (201, {"id": 1, "token": TOKEN}) if self.command == "POST" else (204, None)
        if parts[0] == "config":
            return 200, {"version": "24.6.1"}
        if parts[0] == "me":
            return 200, {"count": 1, "next": None, "previous": None, "results": [self.awx.me]}
        if parts[0] == "unified_jobs":
            return (200, self.unified_jobs(query)) if self.command == "GET" else (405, _NOT_ALLOWED)
        if parts[0] == "organizations" and "role_level" in query:
            query.pop("role_level")
            return 200, self.page([*self.awx.objects["organizations"].values()] if self.awx.is_auditor else [], query)
        if parts[0] == "unified_job_templates":
            kinds = ("job_templates", "workflow_job_templates")
            return 200, self.page([each for kind in kinds for each in self.awx.objects[kind].values()], query)
        if len(parts) == 1:
            return self.collection_response(parts[0], query, body)
        found = self.awx.objects[parts[0]][int(parts[1])]
        if found.get("is_hidden"):
            raise KeyError(parts[1])
        if len(parts) == 2:
            return self.object_response(parts[0], found, body)
        if parts[2] == "update":
            return 202, self.awx.update_project(found["id"])
        if parts[2] == "test":
            return 202, {"notification": self.awx.notify(found)["id"]}
        return self.subresource_response(parts[0], found["id"], parts[2], query, body)

    @property
    def awx(self) -> Awx:
        awx: Awx = self.server.awx
        return awx

    def collection_response(self, place: str, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if self.command == "POST":
            return 201, self.awx.create(place, body)
        return 200, self.page([*self.awx.objects[place].values()], query)

    def object_response(self, place: str, found: Json, body: Json) -> tuple[int, Any]:
        if self.command in ("PUT", "PATCH"):
            return 200, self.awx.update(place, found["id"], body)
        if place == "jobs" and found["status"] == "pending":
            self.awx.end(found)
        return 200, found

    def subresource_response(
        self, place: str, number: int, name: str, query: dict[str, str], body: Json
    ) -> tuple[int | None, Any]:
        if self.command == "POST" and name in self.awx.refused:
            return 403, {"detail": "You do not have permission to perform this action."}
        if name == "survey_spec":
            if self.command == "POST":
                self.awx.set_survey(place, number, body)
                return 200, None
            return 200, self.awx.surveys.get((place, number), {})
        if name == "playbooks":
            return 200, sorted(self.awx.playbooks)
        if name == "launch":
            job = self.awx.launch(place, number, body.get("extra_vars", {}))
            if self.awx.drop_launches:
                self.awx.drop_launches -= 1
                return None, None
            return 201, job
        if name == "cancel":
            if self.awx.ended_at_once or self.awx.objects[place][number]["status"] not in ACTIVE:
                return 405, _NOT_ALLOWED
            self.awx.cancel_job(self.awx.objects[place][number])
            return 202, None
        owned = {"hosts": "hosts", "workflow_nodes": "workflow_job_template_nodes"}
        if name in owned and self.command == "POST":
            owner = {KINDS[place].type: number}
            return self.collection_response(owned[name], query, {**owner, **body})
        if (place, name, self.command) == ("organizations", "users", "POST"):
            return self.collection_response(name, query, body)
        if self.command == "POST":
            self.awx.link(place, number, name, body)
            return 204, None
        if name not in KINDS[place].lists:
            raise KeyError(name)
        return 200, self.page(self.awx.linked(place, number, name), query)

    def unified_jobs(self, query: dict[str, str]) -> Json:
        """Returns a page of jobs and workflow jobs, by the filters that reconcile uses. Refuses others, as AWX does."""
        for name in query:
            if name not in _JOB_FILTERS:
                raise Refused({"detail": f"UnifiedJob has no field named '{name.partition('__')[0]}'"})
        kinds = query.pop("type", "job,workflow_job").split(",")
        found = [job for kind in kinds for job in self.awx.objects[f"{kind}s"].values() if not job.get("is_hidden")]
        try:
            assert query.pop("order_by") == "id"
            after = int(query.pop("id__gt", 0))
            since = datetime.fromisoformat(query.pop("created__gte", "1970-01-01T00:00:00+00:00"))
        except ValueError as error:
            raise Refused({"detail": str(error)}) from None
        statuses = query.pop("status__in", "")
        found = sorted((job for job in found if job["id"] > after), key=lambda job: job["id"])
        found = [job for job in found if datetime.fromisoformat(job["created"].replace("Z", "+00:00")) >= since]
        found = [job for job in found if not statuses or job["status"] in statuses.split(",")]
        # Lists leave out what takes long to collect.
        answer = self.page(found, query)
        answer["results"] = [{n: v for n, v in job.items() if n not in DETAILS} for job in answer["results"]]
        return answer

    def page(self, found: list[Json], query: dict[str, str]) -> Json:
        """Returns a page of a list. Refuses a filter by an unknown field, as AWX does."""
        size, number = min(int(query.pop("page_size", 25)), self.awx.page_limit), int(query.pop("page", 1))
        if query.pop("order_by", "") == "-id":
            found = sorted(found, key=lambda each: -each["id"])
        either = {name[4:]: query.pop(name) for name in list(query) if name.startswith("or__")}
        kinds = self.awx.objects["credential_types"]
        for field in ("name", "namespace"):
            if kind := query.pop(f"credential_type__{field}", None):
                found = [each for each in found if kinds[each["credential_type"]][field] == kind]
        for name, value in query.items():
            if any(name not in each for each in found):
                raise Refused({"detail": f"cannot filter by {name}"})
            found = [each for each in found if str(each[name]) == value]
        if either:
            found = [each for each in found if any(str(each[name]) == value for name, value in either.items())]
        shown = found[(number - 1) * size : number * size]
        more = f"{urlsplit(self.path).path}?page={number + 1}&page_size={size}&order_by=-id"
        following = more if number * size < len(found) else None
        return {"count": len(found), "next": following, "previous": None, "results": shown}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, awx: Awx) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.awx = awx

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that close the connection early."""


@contextmanager
def serving(awx: Awx, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves awx during the block, and yields its URL."""
    server = Server(awx)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
