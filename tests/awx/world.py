# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stand-in for AWX knows: objects, how they refer to each other, and what a launch makes of its variables.

Written from what the modules of awx.awx 24.6.1, `awx import` and our launcher ask for, and from what was measured on a
real AWX. It shows that they ask for the right things in the right order, not that AWX would do them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from awx.rules import credential_type_faults, survey_faults

Json = dict[str, Any]
V2 = "/api/v2/"
ENCRYPTED = "$encrypted$"


class Refused(Exception):
    """A request that AWX would answer with 400; the body says why."""

    def __init__(self, body: Json) -> None:
        super().__init__(str(body))
        self.body = body


@dataclass
class Kind:
    """A kind of object: what may be sent for it (id: it names another object), what it begins with, what leads on."""

    type: str
    fields: dict[str, str]
    defaults: Json = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    required: tuple[str, ...] = ("name",)


_TEXT = {"name": "string", "description": "string"}
_PROMPTS = {"survey_enabled": "boolean", "ask_variables_on_launch": "boolean", "allow_simultaneous": "boolean"}
_NOT_ASKED = {
    **dict.fromkeys(("survey_enabled", "ask_variables_on_launch", "allow_simultaneous"), False),
    **dict.fromkeys(("ask_limit_on_launch", "ask_labels_on_launch", "ask_inventory_on_launch"), False),
}
_NODES = ("success_nodes", "failure_nodes", "always_nodes")

KINDS: dict[str, Kind] = {
    "organizations": Kind("organization", _TEXT),
    "credential_types": Kind(
        "credential_type",
        {**_TEXT, "kind": "choice", "inputs": "json", "injectors": "json", "managed": "boolean"},
        {"managed": False},
    ),
    "credentials": Kind(
        "credential",
        {**_TEXT, "organization": "id", "credential_type": "id", "inputs": "json"},
        required=("name", "organization", "credential_type"),
    ),
    "execution_environments": Kind(
        "execution_environment",
        {**_TEXT, "organization": "id", "image": "string", "credential": "id", "pull": "choice"},
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
        },
        _NOT_ASKED,
        ("credentials", "jobs"),
        required=("name", "project", "inventory", "playbook"),
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {**_TEXT, **_PROMPTS, "organization": "id"},
        _NOT_ASKED,
        ("workflow_nodes", "workflow_jobs"),
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
    "jobs": Kind("job", {}),
    "workflow_jobs": Kind("workflow_job", {}),
    # What awxkit looks at although it is to import none of it.
    **{
        name: Kind(name[:-1], {"name": "string"})
        for name in (
            *("users", "teams", "notification_templates", "inventory_sources", "applications", "schedules"),
            "system_job_templates",
        )
    },
}
_PLACES = {kind.type: name for name, kind in KINDS.items()}
_REFERENCES = {"unified_job_template": "job_templates"}


class Awx:
    """All objects of one AWX, as its API shows them. requests holds what was asked: method, path, body."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, Json]] = {name: {} for name in KINDS}
        self.surveys: dict[tuple[str, int], Json] = {}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.secrets: list[str] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.playbooks = {"runbook.yml", "report.yml"}
        self.drop_launches = 0
        self.ended_at_once = False
        self.on_launch: Callable[[], None] = lambda: None
        self._next = 1
        self.create("organizations", {"name": "Default"})

    def changes(self) -> list[tuple[str, str, Any]]:
        """Every request that asked for a change."""
        return [request for request in self.requests if request[0] in ("POST", "PUT", "PATCH", "DELETE")]

    def named(self, place: str, name: str) -> Json:
        """The one object of that name or identifier."""
        (found,) = (o for o in self.objects[place].values() if name in (o.get("name"), o.get("identifier")))
        return found

    def linked(self, place: str, number: int, name: str) -> list[Json]:
        """The objects in a list below another one."""
        targets = {"workflow_nodes": "workflow_job_template_nodes", **dict.fromkeys(_NODES, _PLACES[KINDS[place].type])}
        target = targets.get(name, name)
        if (place, name) in (("inventories", "hosts"), ("workflow_job_templates", "workflow_nodes")):
            owner = KINDS[place].type
            return [o for o in self.objects[target].values() if o[owner] == number]
        if name in ("jobs", "workflow_jobs"):
            return [o for o in self.objects[target].values() if o["unified_job_template"] == number]
        return [self.objects[target][each] for each in self.links.get((place, number, name), [])]

    def create(self, place: str, data: Json) -> Json:
        kind = KINDS[place]
        unknown = set(data) - set(kind.fields)
        missing = [name for name in kind.required if not data.get(name)]
        if unknown or missing:
            raise Refused({name: ["unknown"] for name in unknown} | {name: ["required"] for name in missing})
        number = self._next
        found = {"description": "", **kind.defaults, **self._checked(place, data)}
        if place == "job_templates":
            found["organization"] = self.objects["projects"][found["project"]]["organization"]
        self._next += 1
        self.objects[place][number] = self._dressed(place, number, found)
        return self.objects[place][number]

    def update(self, place: str, number: int, data: Json) -> Json:
        found = self.objects[place][number]
        found.update(self._checked(place, {**data, "credential_type": found.get("credential_type")}))
        self.objects[place][number] = self._dressed(place, number, found)
        return found

    def _checked(self, place: str, data: Json) -> Json:
        """data as it is kept, when AWX would take it."""
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
            data = {**data, "inputs": self._locked(data)}
        if place == "job_templates" and data.get("playbook") not in {None, *self.playbooks}:
            raise Refused({"playbook": ["not found in the project"]})
        return data

    def _locked(self, data: Json) -> Json:
        """Inputs of a credential, with secrets that are never shown again."""
        fields = self.objects["credential_types"][data["credential_type"]]["inputs"]["fields"]
        secret = {entry["id"]: bool(entry.get("secret")) for entry in fields}
        if set(data["inputs"]) - set(secret):
            raise Refused({"inputs": ["unknown field"]})
        self.secrets += [value for name, value in data["inputs"].items() if secret[name] and value != ENCRYPTED]
        return {name: ENCRYPTED if value and secret[name] else value for name, value in data["inputs"].items()}

    def _dressed(self, place: str, number: int, found: Json) -> Json:
        """An object with what AWX adds to it."""
        kind, url = KINDS[place], f"{V2}{place}/{number}/"
        related = {name: f"{url}{name}/" for name in kind.lists}
        for name, value in found.items():
            if (kind.fields.get(name) == "id" or name == "organization") and value:
                target = _REFERENCES.get(name, _PLACES.get(name, ""))
                related[name] = f"{V2}{target}/{value}/"
        if "survey_enabled" in kind.fields:
            related.update(survey_spec=f"{url}survey_spec/", launch=f"{url}launch/")
        shown = {"id": number, "type": kind.type, "url": url, "created": "2026-01-01T00:00:00.000000Z"}
        owner = self.objects["organizations"].get(found.get("organization", 0))
        summary = {"organization": {"name": owner["name"]}} if owner else {}
        return {**found, **shown, "related": related, "summary_fields": summary}

    def set_survey(self, place: str, number: int, document: Json) -> None:
        faults = survey_faults(document)
        if faults:
            raise Refused({"error": "; ".join(faults)})
        self.surveys[place, number] = document

    def launch(self, place: str, number: int, extra_vars: Json) -> Json:
        """Starts a job. It starts without variables that nothing asks for; a workflow template refuses them."""
        template = self.objects[place][number]
        questions = self.surveys.get((place, number), {}).get("spec", []) if template["survey_enabled"] else []
        faults = [fault for fault in (_answer_fault(question, extra_vars) for question in questions) if fault]
        if faults:
            raise Refused({"variables_needed_to_start": faults})
        asked = {question["variable"] for question in questions}
        taken = (
            extra_vars if template["ask_variables_on_launch"] else {n: extra_vars[n] for n in extra_vars if n in asked}
        )
        ignored = {name: value for name, value in extra_vars.items() if name not in taken}
        if ignored and place == "workflow_job_templates":
            raise Refused({"extra_vars": [f"Variables {', '.join(ignored)} are not allowed on launch."]})
        kind = "jobs" if place == "job_templates" else "workflow_jobs"
        number, self._next = self._next, self._next + 1
        job = {"unified_job_template": template["id"], "extra_vars": json.dumps(taken), "status": "pending"}
        self.on_launch()
        self.objects[kind][number] = self._dressed(kind, number, job)
        named = {KINDS[kind].type: number, "ignored_fields": {"extra_vars": ignored} if ignored else {}}
        return {**self.objects[kind][number], **named}


def _answer_fault(question: Json, answers: Json) -> str | None:
    name = question["variable"]
    if name not in answers:
        return f"'{name}' value missing" if question["required"] else None
    value = answers[name]
    if not isinstance(value, str):
        return f"{name} is to be a text"
    if not question.get("min", 0) <= len(value) <= question.get("max", len(value)):
        return f"{name} has a wrong length"
    return None if value in question.get("choices", [value]) else f"{name} is no choice"
