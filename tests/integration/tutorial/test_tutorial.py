# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tutorial, run as it is written: every file, every command, and what the workflow gets to know."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import textwrap
import time
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import extensions, playbooks, reporting
from support.playbooks import ROOT
from support.simulators import Simulator

PAGE = (ROOT / "docs/docsite/rst/tutorial.rst").read_text("utf-8")
COMMANDS = re.findall(r"^   \$ (.*)$", PAGE, re.MULTILINE)
Finished = subprocess.CompletedProcess[str]
GONE = "Failed to connect to the host via ssh: ssh: connect to host web3 port 22: Connection timed out"


def files() -> dict[str, str]:
    """The files of the page, by name."""
    pattern = r"^\.\. code-block:: \w+\n   :caption: (\S+)\n\n((?:(?: {3}.*)?\n)+)"
    return {name: textwrap.dedent(body).strip() + "\n" for name, body in re.findall(pattern, PAGE, re.MULTILINE)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder in which the reader has put the files, and three hosts that are this machine."""
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    (tmp_path / "group_vars").mkdir()
    here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    (tmp_path / "group_vars/all.yml").write_text(yaml.safe_dump(here))
    for host in ("web1", "web2", "web3"):
        (tmp_path / "www" / host).mkdir(parents=True)
    return tmp_path


class Awx:
    """What the function asks of AWX; a real one answers so."""

    def __init__(self) -> None:
        self.launched: Any = None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        assert (method, path) == ("POST", "job_templates/12/launch/")
        self.launched = body
        return {"job": 7, "id": 7, "ignored_fields": {}}


class Context:
    """What FunctionGraph tells the function of the run that called it."""

    def __init__(self, run: dict[str, str]) -> None:
        self.getWorkflowID = lambda: run["workflow_id"]
        self.getWorkflowRunID = lambda: run["workflow_run_id"]
        self.getUserData = {"CALLBACK_STATE_NAME": run["workflow_state_name"]}.get


def launched(run: dict[str, str]) -> dict[str, str]:
    """The extra vars that the function of the tutorial hands to AWX for a run."""
    function = extensions.load(extensions.FOLDER / "functiongraph/launch_awx_job.py")
    awx = Awx()
    assert function.launch(awx, "job_templates/12", {**function.ids_of(Context(run)), "release": "1.4"}) == 7
    extra_vars: dict[str, str] = awx.launched["extra_vars"]
    return extra_vars


def command_of(playbook: str) -> list[str]:
    """The command of the page that starts a playbook."""
    return shlex.split(next(command for command in COMMANDS if command.endswith(f" {playbook}")))


@pytest.fixture
def env(simulator: Simulator, place: Path) -> dict[str, str]:
    """The environment in which the commands are run."""
    env = playbooks.environment(place, **reporting.environment(simulator))
    del env["ANSIBLE_CALLBACKS_ENABLED"]
    return env


@pytest.fixture
def roll_out(
    simulator: Simulator, place: Path, env: dict[str, str]
) -> Callable[[str, dict[str, str]], tuple[Finished, dict[str, Any]]]:
    """Launch a playbook of the page by the command of the page, and give what became of its run."""

    def launch(playbook: str, run: dict[str, str]) -> tuple[Finished, dict[str, Any]]:
        (place / "launch.json").write_text(json.dumps(launched(run)))
        if playbook == "rollout.yml":
            # The page comes to it later.
            (place / "ansible.cfg").unlink()
        root = f"{place}/www/{{{{ inventory_hostname }}}}"
        finished = playbooks.run_to_end([*command_of(playbook), "-e", f"web_root={root}"], place, env)
        return finished, simulator.run(run)

    return launch


@pytest.fixture
def web3_becomes_unreachable(place: Path) -> Callable[[], None]:
    """Let web3 be gone once the release is installed there."""

    def arrange() -> None:
        (place / "host_vars").mkdir()
        gone = {
            "ansible_connection": "fgs_test_gone",
            "fgs_test_gone_when": str(place / "www/web3/release-1.4.txt"),
            "fgs_test_gone_says": GONE,
        }
        (place / "host_vars/web3.yml").write_text(yaml.safe_dump(gone))

    return arrange


def test_what_the_function_launches() -> None:
    names = json.loads(files()["launch.json"])
    run = {name.removeprefix("fgs_"): value for name, value in names.items() if name.startswith("fgs_")}
    assert launched(run) == names


@pytest.mark.parametrize(
    ("playbook", "way", "result"),
    [
        ("rollout.yml", "role", "success"),
        ("site.yml", "plugin", "fail"),
        pytest.param("rollout.yml", "role", "fail", marks=pytest.mark.test_all),
        pytest.param("site.yml", "plugin", "success", marks=pytest.mark.test_all),
    ],
)
def test_page(
    simulator: Simulator, roll_out: Any, web3_becomes_unreachable: Any, playbook: str, way: str, result: str
) -> None:
    if result == "fail":
        web3_becomes_unreachable()
    finished, run = roll_out(playbook, simulator.start_run(name=playbook))
    assert finished.returncode == (4 if result == "fail" else 0), finished.stdout
    assert run["callback_requests"] == 1
    expected = json.loads(files()[f"{way}-{result}.json"])
    became = {name: run[name] for name in ("status", "error", "output")}
    failed = became["output"].get("ansible", {}).get("failed_task")
    if failed and failed["message"] is not None:
        # What ansible-core puts before the words differs by release; the page leaves it out.
        said = expected["output"]["ansible"]["failed_task"]
        assert reporting.matches(said["message"].replace("… ", "…"), failed["message"])
        said["message"] = failed["message"]
    assert became == expected


def runs_that_wait(simulator: Simulator, workflow_id: str) -> dict[str, dict[str, Any]]:
    """The runs of a workflow that wait at its callback node, by their IDs."""
    runs = simulator.ask("GET", "/_simulator/runs")["runs"]
    return {run["workflow_run_id"]: run for run in runs if run["workflow_id"] == workflow_id and run["waits"]}


def new_run_that_waits(simulator: Simulator, workflow_id: str, before: Container[str]) -> dict[str, Any]:
    """The run that began after those before, as soon as it waits."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for run_id, run in runs_that_wait(simulator, workflow_id).items():
            if run_id not in before:
                return run
        time.sleep(0.1)
    raise AssertionError(f"no new run of {workflow_id} waits")


@pytest.mark.test_all
@pytest.mark.parametrize("result", ["success", "fail"])
def test_release_playbook_starts_the_flow_and_uses_its_output(
    simulator: Simulator, place: Path, env: dict[str, str], roll_out: Any, web3_becomes_unreachable: Any, result: str
) -> None:
    workflow_id = json.loads(files()["launch.json"])["fgs_workflow_id"]
    simulator.ask("POST", "/_simulator/workflows", {"workflow_id": workflow_id})
    if result == "fail":
        web3_becomes_unreachable()
    command = [str(playbooks.BIN / "ansible-playbook"), *command_of("release.yml")[1:]]
    pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    # Other tests may have left runs of that workflow.
    before = runs_that_wait(simulator, workflow_id)
    with subprocess.Popen(command, cwd=place, env=env, **pipes) as release:
        run = new_run_that_waits(simulator, workflow_id, before)
        assert run["input"] == {"release": "1.4"}
        _finished, ended = roll_out("rollout.yml", run)
        printed = release.communicate(timeout=60)[0]
    assert ended["status"] == result
    if result == "success":
        assert "Release 1.4 is on web1, web2, web3" in printed
        assert release.returncode == 0
    else:
        said = re.search(r"ended with status fail: .*(?=``)", PAGE)
        assert said is not None
        assert f"The run {run['workflow_run_id']} {said[0]}" in reporting.unwrapped(printed).replace('\\"', '"')
        assert release.returncode == 2


def test_the_tests_run_every_command() -> None:
    assert len(COMMANDS) == 3
