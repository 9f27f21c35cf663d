# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of the fake AWX, their relations, and the effects of a launch.

Based on the requests of the modules of awx.awx 24.6.1 and of our launcher, and on measurements of a real AWX. It shows
that they send the right requests in the right order, not that AWX accepts them. A job ends when it is read.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from awx.rules import credential_type_faults, survey_faults

Json = dict[str, Any]
V2 = "/api/v2/"
ACTIVE = ("new", "pending", "waiting", "running")
ENCRYPTED = "$encrypted$"


# What may happen to a request: not received, response lost, throttled, not passed on by the proxy, late.
FAULTS = ("drop", "lose", "throttle", "break", "delay")


class Refused(Exception):
    """A request to which AWX responds with an error. The body contains the reason."""

    def __init__(self, body: Json, status: int = 400) -> None:
        super().__init__(str(body))
        self.body, self.status = body, status


@dataclass
class Kind:
    """A kind of object: its fields (id: a reference), their defaults, its sublists, and its required fields."""

    type: str
    fields: dict[str, str]
    defaults: Json = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    required: tuple[str, ...] = ("name",)


_TEXT = {"name": "string", "description": "string"}
_PROMPTS = {"survey_enabled": "boolean", "ask_variables_on_launch": "boolean", "allow_simultaneous": "boolean"}
_NO_PROMPTS = {
    **dict.fromkeys(("survey_enabled", "ask_variables_on_launch", "allow_simultaneous"), False),
    **dict.fromkeys(("ask_limit_on_launch", "ask_labels_on_launch", "ask_inventory_on_launch"), False),
    "ask_execution_environment_on_launch": False,
    "extra_vars": "",
}
_NODES = ("success_nodes", "failure_nodes", "always_nodes")
# The fields that must be unique together with the name.
_UNIQUE = {
    **dict.fromkeys(("execution_environments", "credential_types", "users"), ()),
    **dict.fromkeys(("projects", "inventories", "workflow_job_templates", "labels"), ("organization",)),
    **dict.fromkeys(("job_templates", "notification_templates"), ("organization",)),
    "credentials": ("organization", "credential_type"),
    "hosts": ("inventory",),
    "schedules": ("unified_job_template",),
}
# AWX's own type of credential, which nobody can create, and its number.
_OWN = 1000
_CONTROLLER = {
    "name": "Red Hat Ansible Automation Platform",
    "kind": "cloud",
    "namespace": "controller",
    "managed": True,
    "inputs": {
        "fields": [
            *({"id": name, "type": "string"} for name in ("host", "username")),
            *({"id": name, "type": "string", "secret": True} for name in ("password", "oauth_token")),
            {"id": "verify_ssl", "type": "boolean"},
        ]
    },
}

KINDS: dict[str, Kind] = {
    "organizations": Kind("organization", _TEXT),
    "credential_types": Kind(
        "credential_type",
        {**_TEXT, "kind": "choice", "inputs": "json", "injectors": "json", "managed": "boolean", "namespace": "string"},
        {"managed": False, "namespace": None},
    ),
    "credentials": Kind(
        "credential",
        {**_TEXT, "organization": "id", "credential_type": "id", "inputs": "json"},
        required=("name", "organization", "credential_type"),
    ),
    "execution_environments": Kind(
        "execution_environment",
        {**_TEXT, "organization": "id", "image": "string", "credential": "id", "pull": "choice"},
        {"pull": ""},
        required=("name", "image"),
    ),
    "projects": Kind(
        "project",
        {
            **_TEXT,
            "organization": "id",
            "scm_type": "choice",
            "scm_url": "string",
            "scm_branch": "string",
            "credential": "id",
            "scm_update_on_launch": "boolean",
        },
        {"status": "successful", "scm_revision": "1", "scm_branch": ""},
    ),
    "inventories": Kind(
        "inventory",
        {**_TEXT, "organization": "id", "variables": "json", "kind": "choice", "host_filter": "string"},
        {"kind": "", "host_filter": None, "variables": ""},
        ("hosts",),
        required=("name", "organization"),
    ),
    "hosts": Kind("host", {**_TEXT, "inventory": "id", "enabled": "boolean", "variables": "json"}, {"enabled": True}),
    "job_templates": Kind(
        "job_template",
        {
            **_TEXT,
            **_PROMPTS,
            "organization": "id",
            "project": "id",
            "inventory": "id",
            "execution_environment": "id",
            "job_type": "choice",
            "playbook": "string",
            "timeout": "integer",
            "job_slice_count": "integer",
            "extra_vars": "json",
            "ask_execution_environment_on_launch": "boolean",
        },
        {**_NO_PROMPTS, "execution_environment": None, "timeout": 0},
        ("credentials", "labels", "jobs"),
        required=("name", "project", "inventory", "playbook"),
    ),
    "schedules": Kind(
        "schedule",
        {**_TEXT, "unified_job_template": "id", "rrule": "string", "extra_data": "json", "enabled": "boolean"},
        {"enabled": True},
        required=("name", "unified_job_template", "rrule"),
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {**_TEXT, **_PROMPTS, "organization": "id"},
        _NO_PROMPTS,
        ("workflow_nodes", "workflow_jobs", "labels", "notification_templates_error"),
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {
            "workflow_job_template": "id",
            "unified_job_template": "id",
            "identifier": "string",
            "extra_data": "json",
            "type": "string",
        },
        {"extra_data": {}},
        _NODES,
        required=("workflow_job_template", "unified_job_template", "identifier"),
    ),
    "jobs": Kind("job", {}, lists=("job_events",)),
    "workflow_jobs": Kind("workflow_job", {}),
    "project_updates": Kind("project_update", {}, lists=("events",)),
    "labels": Kind("label", {"name": "string", "organization": "id"}, required=("name", "organization")),
    "users": Kind("user", {"username": "string", "password": "string"}, required=("username", "password")),
    "notification_templates": Kind(
        "notification_template",
        {
            **_TEXT,
            "organization": "id",
            "notification_type": "choice",
            "notification_configuration": "json",
            "messages": "json",
        },
        required=("name", "organization", "notification_type", "notification_configuration"),
    ),
    "notifications": Kind("notification", {}),
    "roles": Kind("role", {}, lists=("users",)),
}
_ENDED = {"status": "successful", "finished": "2026-01-01T00:00:01Z", "event_processing_finished": True}
_PLACES = {kind.type: name for name, kind in KINDS.items()}
_REFERENCES = {"unified_job_template": "job_templates"}
_ROLES = {"job_templates": "execute_role", "organizations": "auditor_role"}


class Awx:
    """All objects of one AWX, as its API returns them. requests records method, path and body of each request.

    on_request is called with method and path before each response. instead has responses by the first part of a path: a
    status code, None to close the connection, and a body. share of all requests meet one of FAULTS, by generator;
    faults is how many did.
    clock_offset is how many seconds its clock is ahead.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.on_request: Callable[[str, str], None] = lambda _method, _path: None
        self.instead: dict[str, tuple[int | None, Any]] = {}
        self.share, self.generator, self.faults = 0.0, random.Random(0), 0
        self.clock_offset = 0.0
        self.page_limit = 200
        self.objects: dict[str, dict[int, Json]] = {name: {} for name in KINDS}
        self.surveys: dict[tuple[str, int], Json] = {}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.secrets: list[str] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.playbooks = {"runbook.yml", "report.yml", "reconcile.yml"}
        self.broken: set[str] = set()
        self.passwords: dict[str, str] = {}
        self.logins: dict[str, tuple[str, str]] = {}
        self.drop_launches = 0
        self.refused: set[str] = set()
        self.ended_at_once = False
        self.on_launch: Callable[[], None] = lambda: None
        self.me: Json = {"username": "admin", "is_superuser": False, "is_system_auditor": False}
        self.is_auditor = True
        self._next = 1
        self.create("organizations", {"name": "Default"})
        self.objects["credential_types"][_OWN] = self._with_metadata("credential_types", _OWN, _CONTROLLER)

    def fault(self) -> str:
        """Returns what happens to the next request, empty for nothing."""
        # Always two draws, so that one request does not shift the next.
        is_hit, kind = self.generator.random() < self.share, self.generator.choice(FAULTS)
        self.faults += is_hit
        return kind if is_hit else ""

    def changes(self) -> list[tuple[str, str, Any]]:
        """Returns all requests that may change something."""
        return [request for request in self.requests if request[0] in ("POST", "PUT", "PATCH", "DELETE")]

    def named(self, place: str, name: str) -> Json:
        """Returns the only object with that name or identifier."""
        (found,) = (o for o in self.objects[place].values() if name in (o.get("name"), o.get("identifier")))
        return found

    def link(self, place: str, number: int, name: str, data: Json) -> None:
        """Adds an object to a sublist of another one, or removes it. Both are idempotent."""
        ids, each = self.links.setdefault((place, number, name), []), data["id"]
        target = self._target(place, name)
        if each not in self.objects[target]:
            raise Refused({"detail": f"No {KINDS[target].type} matches."})
        if each in ids and data.get("disassociate"):
            ids.remove(each)
        elif each not in ids and not data.get("disassociate"):
            ids.append(each)

    @staticmethod
    def _target(place: str, name: str) -> str:
        """Returns the kind of the objects in a sublist."""
        targets = {
            "workflow_nodes": "workflow_job_template_nodes",
            "notification_templates_error": "notification_templates",
            **dict.fromkeys(_NODES, _PLACES[KINDS[place].type]),
        }
        return targets.get(name, name)

    def linked(self, place: str, number: int, name: str) -> list[Json]:
        """Returns the objects in a sublist of another one."""
        target = self._target(place, name)
        if (place, name) in (("inventories", "hosts"), ("workflow_job_templates", "workflow_nodes")):
            owner = KINDS[place].type
            return [o for o in self.objects[target].values() if o[owner] == number]
        if name in ("jobs", "workflow_jobs"):
            return [o for o in self.objects[target].values() if o["unified_job_template"] == number]
        if name in ("events", "job_events"):
            message = self.objects[place][number]["failure"]
            return [{"id": 1, "event": "runner_on_failed", "event_data": {"res": {"msg": message}}}] if message else []
        return [self.objects[target][each] for each in self.links.get((place, number, name), [])]

    def create(self, place: str, data: Json) -> Json:
        kind = KINDS[place]
        unknown = set(data) - set(kind.fields)
        missing = [name for name in kind.required if not data.get(name)]
        if unknown or missing:
            raise Refused({name: ["unknown"] for name in unknown} | {name: ["required"] for name in missing})
        number = self._next
        found = {"description": "", **kind.defaults, **self._validated(place, data)}
        if place == "job_templates":
            found["organization"] = self.objects["projects"][found["project"]]["organization"]
        name = "username" if place == "users" else "name"
        same = {field: found.get(field) for field in (name, *_UNIQUE.get(place, ()))}
        others = self.objects[place].values() if place in _UNIQUE else ()
        if any(all(other.get(field) == value for field, value in same.items()) for other in others):
            raise Refused({name: [f"{found[name]} already exists."]})
        self._next += 1
        self.objects[place][number] = self._with_metadata(place, number, found)
        if "scm_url" in found:
            self.update_project(number)
        return self.objects[place][number]

    def add(self, place: str, data: Json) -> Json:
        """Adds an object that AWX creates itself."""
        number, self._next = self._next, self._next + 1
        self.objects[place][number] = self._with_metadata(place, number, data)
        return self.objects[place][number]

    def add_job(self, variables: Json, status: str = "running", **fields: Any) -> Json:
        """Adds a job, or a workflow job if its kind is set. created and finished are in seconds since the epoch.

        parent is the workflow job that it is part of. A job that is_hidden is not visible to the user.
        """
        kind, now = fields.pop("kind", "job"), datetime.now(timezone.utc).timestamp()
        created = fields.pop("created", now)
        finished = fields.pop("finished", None if status in ACTIVE else now)
        parent = fields.pop("parent", None)
        job = self.add(
            f"{kind}s", {"name": "deploy", "status": status, "extra_vars": json.dumps(variables), "failure": ""}
        )
        job.update({"artifacts": {}, "created": self.written(created), "finished": self.written(finished), **fields})
        if parent is not None:
            job["summary_fields"]["source_workflow_job"] = {"id": parent["id"]}
        return job

    def end_job(self, job: Json, status: str, finished: float | None = None) -> None:
        """Ends a job of add_job, by default now."""
        now = datetime.now(timezone.utc).timestamp()
        job.update(status=status, finished=self.written(now if finished is None else finished))

    def cancel_job(self, job: Json) -> None:
        """Cancels a job. As in AWX, the jobs of a workflow job are canceled with it."""
        parts = [each for each in self.objects["jobs"].values() if each["status"] in ACTIVE]
        parts = [each for each in parts if each["summary_fields"].get("source_workflow_job") == {"id": job["id"]}]
        for each in (job, *(parts if job["type"] == "workflow_job" else ())):
            self.end_job(each, "canceled")

    def written(self, time: float | None) -> str | None:
        """Returns a time in seconds since the epoch by the clock of this AWX, as it writes it."""
        if time is None:
            return None
        found = datetime.fromtimestamp(time + self.clock_offset, timezone.utc)
        return found.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def update_project(self, number: int) -> Json:
        """Updates a project. Fails if its URL is in broken."""
        project = self.objects["projects"][number]
        failed = project.get("scm_url") in self.broken
        ended = {**_ENDED, "failed": failed, "failure": "the repository is not there" if failed else ""}
        project["status"] = ended["status"] = "failed" if failed else "successful"
        project["scm_revision"] = "" if failed else "1"
        return self.add("project_updates", {**ended, "scm_revision": project["scm_revision"]})

    def update(self, place: str, number: int, data: Json) -> Json:
        found = self.objects[place][number]
        found.update(self._validated(place, {**data, "credential_type": found.get("credential_type")}))
        self.objects[place][number] = self._with_metadata(place, number, found)
        return found

    def _validated(self, place: str, data: Json) -> Json:
        """Returns data as AWX stores it. Raises Refused if AWX refuses it."""
        data = {name: value for name, value in data.items() if name in KINDS[place].fields and name != "type"}
        for name, value in data.items():
            if KINDS[place].fields[name] == "id" and value is not None:
                target = _REFERENCES.get(name, _PLACES.get(name, ""))
                if value not in self.objects[target]:
                    raise Refused({name: [f"no such object {value!r}"]})
        if place == "credential_types":
            shown = {name: data[name] for name in ("name", "kind", "inputs", "injectors")}
            faults = credential_type_faults(shown)
            if faults:
                raise Refused({"injectors": faults})
        if place == "credentials" and "inputs" in data:
            data = {**data, "inputs": self._encrypted(data)}
        if place == "schedules" and "extra_data" in data:
            self._accept_variables("job_templates", data["unified_job_template"], data["extra_data"])
        if place == "users":
            self.passwords[data["username"]] = data["password"]
            data = {**data, "password": ENCRYPTED}
        if place == "notification_templates":
            kept = {"headers": {}, "username": "", "password": "", **data["notification_configuration"]}
            self.logins[kept["url"]] = (kept["username"], kept["password"])
            data = {**data, "notification_configuration": {**kept, "password": ENCRYPTED}}
        if place == "job_templates" and "playbook" in data:
            project = self.objects["projects"][data["project"]] if "project" in data else {"scm_revision": "1"}
            if data["playbook"] not in self.playbooks or not project["scm_revision"]:
                raise Refused({"playbook": ["Playbook not found for project."]})
        return data

    def _encrypted(self, data: Json) -> Json:
        """Returns the inputs of a credential with encrypted secrets."""
        fields = self.objects["credential_types"][data["credential_type"]]["inputs"]["fields"]
        secret = {entry["id"]: bool(entry.get("secret")) for entry in fields}
        if set(data["inputs"]) - set(secret):
            raise Refused({"inputs": ["unknown field"]})
        for entry in fields:
            if entry.get("format") == "url" and not data["inputs"].get(entry["id"], "https://").startswith("http"):
                raise Refused({"inputs": {entry["id"]: ["Invalid URL: Missing url scheme (http, https, etc.)"]}})
        self.secrets += [value for name, value in data["inputs"].items() if secret[name] and value != ENCRYPTED]
        return {name: ENCRYPTED if value and secret[name] else value for name, value in data["inputs"].items()}

    def _with_metadata(self, place: str, number: int, found: Json) -> Json:
        """Returns an object with the fields that AWX adds."""
        kind, url = KINDS[place], f"{V2}{place}/{number}/"
        related = {name: f"{url}{name}/" for name in kind.lists}
        for name, value in found.items():
            if (kind.fields.get(name) == "id" or name == "organization") and value:
                target = _REFERENCES.get(name, _PLACES.get(name, ""))
                related[name] = f"{V2}{target}/{value}/"
        if place == "projects":
            related["update"] = f"{url}update/"
        if "survey_enabled" in kind.fields:
            related.update(survey_spec=f"{url}survey_spec/", launch=f"{url}launch/")
        shown = {"id": number, "type": kind.type, "url": url, "created": "2026-01-01T00:00:00.000000Z"}
        owner = self.objects["organizations"].get(found.get("organization", 0))
        summary: Json = {"organization": {"name": owner["name"]}} if owner else {}
        if place in _ROLES:
            # The role has the same ID as the object.
            summary["object_roles"] = {_ROLES[place]: {"id": number}}
            self.objects["roles"][number] = {"id": number}
        return {**found, **shown, "related": related, "summary_fields": summary}

    def set_survey(self, place: str, number: int, document: Json) -> None:
        faults = survey_faults(document)
        if faults:
            raise Refused({"error": "; ".join(faults)})
        self.surveys[place, number] = document

    def launch(self, place: str, number: int, extra_vars: Json) -> Json:
        """Starts a job. A job template ignores variables that it does not ask for, a workflow template refuses them.

        As in AWX, the job gets the default of each question that has no answer, if it would be a valid answer: so an
        optional question whose default is empty becomes an empty variable.
        """
        template, questions = self._questions(place, number, extra_vars)
        asked = {question["variable"] for question in questions}
        taken = (
            extra_vars if template["ask_variables_on_launch"] else {n: extra_vars[n] for n in extra_vars if n in asked}
        )
        ignored = {name: value for name, value in extra_vars.items() if name not in taken}
        if ignored and place == "workflow_job_templates":
            raise Refused({"extra_vars": [f"Variables {', '.join(ignored)} are not allowed on launch."]})
        kind = "jobs" if place == "job_templates" else "workflow_jobs"
        defaults = {
            q["variable"]: q["default"] for q in questions if not _response_fault(q, {q["variable"]: q["default"]})
        }
        variables = {**json.loads(template["extra_vars"] or "{}"), **defaults, **taken}
        job = {"unified_job_template": template["id"], "extra_vars": json.dumps(variables), "status": "pending"}
        self.on_launch()
        job = self.add(kind, {**job, "finished": None, "failed": False, "failure": ""})
        return {**job, KINDS[kind].type: job["id"], "ignored_fields": {"extra_vars": ignored} if ignored else {}}

    def _questions(self, place: str, number: int, answers: Json) -> tuple[Json, list[Json]]:
        """Returns the template and the questions of its survey. Raises Refused if answers are not what it asks for."""
        template = self.objects[place][number]
        questions = self.surveys.get((place, number), {}).get("spec", []) if template["survey_enabled"] else []
        faults = [fault for fault in (_response_fault(question, answers) for question in questions) if fault]
        if faults:
            raise Refused({"variables_needed_to_start": faults})
        return template, questions

    def _accept_variables(self, place: str, number: int, variables: Json) -> None:
        """Raises Refused if a schedule may not have these variables: unlike a launch, it ignores none."""
        template, questions = self._questions(place, number, variables)
        asked = {question["variable"] for question in questions}
        refused = [name for name in variables if name not in asked and not template["ask_variables_on_launch"]]
        if refused:
            raise Refused({"extra_data": [f"Variables {', '.join(refused)} are not allowed on launch."]})

    def end(self, job: Json) -> None:
        """Ends a job. As in AWX, it fails if the last update of its project failed, else it succeeds."""
        template = self.objects["job_templates"][job["unified_job_template"]]
        failed = self.objects["projects"][template["project"]]["status"] == "failed"
        explanation = "Missing a revision to run due to failed project update." if failed else ""
        status = "failed" if failed else "successful"
        job.update(_ENDED, status=status, failed=failed, job_explanation=explanation, result_traceback="")

    def notify(self, template: Json) -> Json:
        """Sends a test notification to AWX itself, which launches the job template in its URL."""
        url = template["notification_configuration"]["url"]
        username, password = self.logins[url]
        number = int(url.split("/")[-3])
        launchers = [self.objects["users"][each]["username"] for each in self.links.get(("roles", number, "users"), [])]
        authorized = self.passwords.get(username) == password and username in launchers
        if authorized:
            self.launch("job_templates", number, {})
        error = "" if authorized else "Error sending webhook notification: 401"
        return self.add("notifications", {"status": "failed" if error else "successful", "error": error})


def _response_fault(question: Json, answers: Json) -> str | None:
    name = question["variable"]
    if name not in answers:
        return f"'{name}' value missing" if question["required"] else None
    value = answers[name]
    if not isinstance(value, str):
        return f"{name} must be a string"
    if not question.get("min", 0) <= len(value) <= question.get("max", len(value)):
        return f"{name} has an invalid length"
    return None if value in question.get("choices", [value]) else f"{name} is not a choice"
