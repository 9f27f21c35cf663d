# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample rulebooks with a real ansible-rulebook: an event with a token leads to a report to the workflow."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from awx.rules import DATA
from awx.runner.jobs import PROJECT, Job
from awx.standin import TOKEN as AWX_TOKEN
from awx.standin import serving
from awx.world import Awx
from support.playbooks import BIN, ROOT, inventory
from support.simulators import Simulator

RULEBOOKS = ROOT / "extensions/eda/rulebooks"
TOKEN = "token-of-the-webhook"
# In any language, and one that Python and YAML would take for a number.
NAMES = ("等待 / wait for 'it'", "12")
pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="ansible-rulebook requires a JDK")


class Rulebook:
    """A running ansible-rulebook and the port of its webhook."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port, self.process = port, process
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.output.extend(self.process.stdout)

    def text(self) -> str:
        return "".join(self.output)

    def is_listening(self) -> bool:
        assert self.process.poll() is None, self.text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def post(self, event: Any, token: str | None = TOKEN) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("POST", "/", json.dumps(event), {"Content-Type": "application/json", **headers})
        status = connection.getresponse().status
        connection.close()
        return status


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(
    name: str, place: Path, environment: dict[str, str], variables: dict[str, str], port: int = 0
) -> Iterator[Rulebook]:
    (place / "inventory.yml").write_text(inventory())
    process = subprocess.Popen(
        [
            *(str(BIN / "ansible-rulebook"), "-r", str(RULEBOOKS / name), "-i", str(place / "inventory.yml")),
            *("-E", ",".join(variables)),
        ],
        cwd=place,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Rulebook(port, process)
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def running(name: str, place: Path, environment: dict[str, str]) -> Iterator[Rulebook]:
    """A rulebook with a webhook, which listens."""
    port = free_port()
    variables = {"FGS_WEBHOOK_TOKEN": TOKEN, "FGS_WEBHOOK_PORT": str(port)}
    with started(name, place, environment, variables, port) as rulebook:
        deadline = time.monotonic() + 120
        while not rulebook.is_listening():
            assert time.monotonic() < deadline, rulebook.text()
            time.sleep(0.2)
        yield rulebook


def event(run: dict[str, str], state: str = "id", **changes: str) -> dict[str, str]:
    """The event for a run, with the ID or the name of its state, or another value in place of one of them."""
    ids = {f"fgs_{name}": run[name] for name in ("workflow_id", "workflow_run_id", f"workflow_state_{state}")}
    return {**ids, "work": "runbook", **changes}


def named_run(simulator: Simulator, name: str) -> dict[str, str]:
    state = {"id": "wait", "name": name, "type": "Callback", "end": True}
    return simulator.start_run(definition={"states": [state]})


def test_event_is_reported(simulator: Simulator, tmp_path: Path) -> None:
    """Only with the token and with valid IDs. Templates in an event are never rendered."""
    place = tmp_path / "project"
    shutil.copytree(PROJECT, place)
    environment = Job(simulator, tmp_path / "job", None).environment()
    refused, run = simulator.start_run(), simulator.start_run()
    named = [named_run(simulator, name) for name in NAMES]
    marker = tmp_path / "evaluated"
    lookup = f"lookup('ansible.builtin.pipe', 'touch {marker}')"
    template = "{{ " + lookup + " }}"
    without_braces = f"#jinja2:variable_start_string:'[[',variable_end_string:']]'\n[[ {lookup} ]]"
    with running("work_here.yml", place, environment) as rulebook:
        assert rulebook.post(event(refused), token=None) == 401
        assert rulebook.post(event(refused), token="another") == 401
        assert rulebook.post(event(refused, fgs_workflow_state_id=template)) == 200
        assert rulebook.post(event(refused, work="../../elsewhere", password="of-somebody")) == 200
        assert rulebook.post(event(refused, "name", fgs_workflow_state_name=template)) == 200
        assert rulebook.post(event(refused, "name", fgs_workflow_state_name=without_braces)) == 200
        assert rulebook.post(event(refused, fgs_workflow_state_name="callback")) == 200
        for each in named:
            assert rulebook.post(event(each, "name")) == 200
        # Events are processed in order: after this one, all earlier ones are processed.
        assert rulebook.post(event(run)) == 200
        for each in (*named, run):
            path = f"/_simulator/wait?run={each['workflow_run_id']}&for=ended&timeout=120"
            assert simulator.ask("GET", path, timeout=150)["happened"], rulebook.text()
    for each in (*named, run):
        became = simulator.run(each)
        assert (became["status"], became["completed_times"], became["callback_requests"]) == ("success", 1, 1)
        assert became["output"]["hosts_done"] == 1
    assert simulator.run(refused)["requests"] == []
    assert not marker.exists()
    # The sender receives 200 even for refused events: only this log records them.
    logged = [line for line in rulebook.text().splitlines() if line.startswith("No rule takes this event: ")]
    assert len(logged) == 5, rulebook.text()
    assert "touch " in logged[0]
    assert "../../elsewhere" in logged[1]
    assert "of-somebody" not in rulebook.text()
    assert TOKEN not in rulebook.text()
    assert simulator.accounts["permanent"]["secret_key"] not in rulebook.text()


def awx_with_template() -> Awx:
    """An AWX with the workflow template that awx_setup makes."""
    awx = Awx()
    awx.create(
        "workflow_job_templates",
        {"name": "FunctionGraph runbook and report", "organization": 1, "survey_enabled": True},
    )
    number = awx.named("workflow_job_templates", "FunctionGraph runbook and report")["id"]
    awx.set_survey("workflow_job_templates", number, json.loads((DATA / "survey_ids.json").read_text()))
    return awx


def launched_variables(awx: Awx) -> list[dict[str, str]]:
    """The extra vars of each launch. Launches at the same time may end in any order."""
    return [json.loads(job["extra_vars"]) for job in awx.objects["workflow_jobs"].values()]


def test_event_launches_the_workflow_template(simulator: Simulator, tmp_path: Path) -> None:
    """With a certificate authority that only EDA_CONTROLLER_SSL_VERIFY trusts."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    awx = awx_with_template()
    events = [event(simulator.start_run()), *(event(named_run(simulator, name), "name") for name in NAMES)]
    launched = threading.Semaphore(0)
    awx.on_launch = launched.release
    with serving(awx, tls) as address:
        environment = Job(simulator, tmp_path / "job", None).environment()
        controller = {"EDA_CONTROLLER_URL": address, "EDA_CONTROLLER_TOKEN": AWX_TOKEN}
        controller["EDA_CONTROLLER_SSL_VERIFY"] = str(tmp_path / "ca.pem")
        with running("work_in_awx.yml", tmp_path, {**environment, **controller}) as rulebook:
            for each in events:
                assert rulebook.post(each) == 200
            for _each in events:
                assert launched.acquire(timeout=120), rulebook.text()
    assert "No rule takes" not in rulebook.text()
    launches = launched_variables(awx)
    unset = {"fgs_workflow_state_id": "", "fgs_workflow_state_name": ""}
    expected = [{name: value for name, value in {**unset, **each}.items() if name != "work"} for each in events]
    assert len(launches) == len(expected)
    assert all(each in launches for each in expected)


def test_state_that_waits_launches_the_workflow_template(simulator: Simulator, tmp_path: Path) -> None:
    """Each once, without an event from the workflow. IDs that could be templates launch nothing."""
    awx = awx_with_template()
    launched = threading.Semaphore(0)
    awx.on_launch = launched.release
    first = named_run(simulator, NAMES[0])
    second = named_run(simulator, "approve")
    template = {"id": "{{ 7 * 7 }}", "name": "approve", "type": "Callback", "end": True}
    refused = simulator.start_run(definition={"states": [template]})
    workflows = ",".join(run["workflow_id"] for run in (refused, first, second))
    variables = {"FGS_WORKFLOW_IDS": workflows, "FGS_STATE_NAMES": f"{NAMES[0]},approve", "FGS_INTERVAL": "1"}
    with serving(awx) as address:
        environment = Job(simulator, tmp_path / "job", None).environment()
        controller = {"EDA_CONTROLLER_URL": address, "EDA_CONTROLLER_TOKEN": AWX_TOKEN}
        with started("waiting_in_awx.yml", tmp_path, {**environment, **controller}, variables) as rulebook:
            for _each in range(2):
                assert launched.acquire(timeout=120), rulebook.text()
            # By the time that a new run is launched, the first ones were polled again.
            third = simulator.start_run(workflow_id=first["workflow_id"])
            assert launched.acquire(timeout=120), rulebook.text()
    names = ("workflow_id", "workflow_run_id", "workflow_state_id")
    expected = [{f"fgs_{name}": run[name] for name in names} for run in (first, second, third)]
    found = [{name: value for name, value in launch.items() if value} for launch in launched_variables(awx)]
    assert sorted(found, key=str) == sorted(expected, key=str)
    [logged] = [line for line in rulebook.text().splitlines() if line.startswith("No rule takes this state: ")]
    assert refused["workflow_run_id"] in logged
    assert "7 * 7" in logged
    for secret in simulator.secrets():
        assert secret not in rulebook.text()
