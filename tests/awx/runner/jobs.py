# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a job like AWX: ansible-runner with a private data directory in AWX's layout."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
import jinja2
import yaml
from awx.rules import DATA, EXTENSIONS
from support.playbooks import ROOT, environment
from support.simulators import Simulator

AWX_HOST = "https://awx.example.com"
WORKFLOW_JOB, WORKFLOW = 6, "FunctionGraph {{ runbook }} and report"
PROJECT = EXTENSIONS / "awx/project"
TYPE = yaml.safe_load((DATA / "credential_type.yml").read_text())
LOCAL = json.loads((DATA / "localhost.json").read_text())
# An unreachable host: nothing listens on port 1 of loopback.
UNREACHABLE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
Json = dict[str, Any]


def injected(inputs: Json) -> dict[str, str]:
    """Returns the environment that AWX creates from a credential: an empty field is an empty string."""
    values = {entry["id"]: inputs.get(entry["id"], "") for entry in TYPE["inputs"]["fields"]}
    return {name: jinja2.Template(template).render(values) for name, template in TYPE["injectors"]["env"].items()}


@dataclass
class Finished:
    """A finished job: its AWX status, its events, and the directory of its artifacts."""

    status: str
    returncode: int
    events: list[Json]
    folder: Path

    @property
    def output(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def artifacts(self) -> Json:
        """Returns the data published with set_stats, which AWX stores as the job's artifacts."""
        for event in self.events:
            if event["event"] == "playbook_on_stats":
                return dict(event["event_data"].get("artifact_data", {}))
        return {}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yields all files that the job wrote, and its events.

        Except the file "command": ansible-runner writes the whole environment, including secrets, to it, which no
        playbook can prevent. The guide documents this for users of ansible-runner without AWX.
        """
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name != "command":
                yield str(path.relative_to(self.folder)), path.read_text(errors="replace")
        yield "events", json.dumps(self.events)


@dataclass
class Job:
    """A job template's job for a waiting run. launch holds the variables of the launch, hosts the inventory."""

    simulator: Simulator
    place: Path
    run: dict[str, str] | None
    playbook: str = "runbook.yml"
    hosts: dict[str, Json] = field(default_factory=lambda: {"localhost": LOCAL})
    launch: Json = field(default_factory=dict)
    launch_type: str = "workflow"
    arguments: str = ""
    settings: Json = field(default_factory=dict)
    plays: Any = None
    number: int = 7

    def environment(self) -> dict[str, str]:
        account = self.simulator.accounts["permanent"]
        inputs = {
            "access_key": account["access_key"],
            "secret_key": account["secret_key"],
            "region": self.simulator.region,
            "project_id": self.simulator.project_id,
            "endpoint": self.simulator["http"],
        }
        home = self.place / "home"
        home.mkdir(parents=True, exist_ok=True)
        seen = {name: value for name, value in environment(home).items() if not name.startswith("ANSIBLE_CALLBACK")}
        return {
            **seen,
            "AWX_HOST": AWX_HOST,
            "JOB_ID": str(self.number),
            "INVENTORY_ID": "1",
            "PROJECT_REVISION": "0123456789abcdef0123456789abcdef01234567",
            "AWX_PRIVATE_DATA_DIR": str(self.place),
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(
                [str(self.place / "requirements_collections"), str(ROOT / ".collections")]
            ),
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            **injected(inputs),
        }

    def _variables(self) -> str:
        """The launch's variables as AWX writes them, none of them to be templated, its own neither."""
        given = (self.run or {}).items()
        ids = {f"fgs_{name}": value for name, value in given if name in IDS}
        own: Json = {"job_id": self.number, "job_template_name": "FunctionGraph", "job_launch_type": self.launch_type}
        if self.launch_type == "workflow":
            own.update(workflow_job_id=WORKFLOW_JOB, workflow_job_name=WORKFLOW, workflow_job_launch_type="manual")
        prefixed = {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in own.items()}
        variables = {**prefixed, **ids, **self.launch}
        return "".join(f"{_unsafe(name)}: {_unsafe(value)}\n" for name, value in variables.items())

    def lay_out(self) -> None:
        for name in ("env", "inventory", "cp", "requirements_collections"):
            (self.place / name).mkdir(parents=True, exist_ok=True)
        shutil.copytree(PROJECT, self.place / "project", dirs_exist_ok=True)
        if self.plays is not None:
            (self.place / "project" / self.playbook).write_text(json.dumps(self.plays))
        listed = {"all": {"hosts": list(self.hosts)}, "_meta": {"hostvars": self.hosts}}
        script = self.place / "inventory/hosts"
        script.write_text("#!/bin/sh\ncat <<'END'\n" + json.dumps(listed) + "\nEND\n")
        script.chmod(0o700)
        (self.place / "env/envvars").write_text(json.dumps(self.environment()))
        (self.place / "env/extravars").write_text(self._variables())
        credential = self.place / "env/tmp_credential"
        credential.write_text(json.dumps({"from_a_credential": "yes"}))
        (self.place / "env/cmdline").write_text(f"-e @{shlex.quote(str(credential))} {self.arguments}")
        (self.place / "env/settings").write_text(
            json.dumps({"idle_timeout": 300, "suppress_ansible_output": True, **self.settings})
        )

    def start(self, cancel: Callable[[list[Json]], bool] | None = None) -> Finished:
        """Runs the job to its end. cancel is polled with the events so far, and returns whether to cancel the job."""
        self.lay_out()
        events: list[Json] = []

        def record(event: Json) -> bool:
            events.append(event)
            return True

        done = ansible_runner.run(
            private_data_dir=str(self.place),
            playbook=self.playbook,
            ident=str(self.number),
            quiet=True,
            event_handler=record,
            cancel_callback=(lambda: cancel(events)) if cancel else None,
        )
        return Finished(done.status, done.rc, events, self.place / "artifacts" / str(self.number))


def _unsafe(value: Any) -> str:
    """Returns value as YAML, with every string marked as unsafe like in AWX."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_unsafe(name)}: {_unsafe(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_unsafe(item) for item in value) + "]"
    return f"!unsafe {json.dumps(value)}" if isinstance(value, str) else json.dumps(value)


def has_started(task: str) -> Callable[[list[Json]], bool]:
    """Returns a condition that is true when this task has started."""
    return lambda events: any(event.get("event_data", {}).get("task") == task for event in events)
