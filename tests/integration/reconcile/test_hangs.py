# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page "A run hangs: what now?": its commands, unchanged, in each case that it names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from awx.standin import PASSWORD, USER, serving
from awx.world import Awx
from support import playbooks
from support.playbooks import Run
from support.simulators import Simulator

from docs import texts

BLOCKS = texts.blocks(texts.GUIDE / "hangs.rst")
READ, CHECK, SEND, REPORT, ANSWER, BY_HAND = (block.text for block in BLOCKS if block.language == "shell")
IDS = ("workflow_id", "workflow_run_id", "workflow_state_id", "workflow_state_name")

pytestmark = pytest.mark.test_all


class Desk:
    """Where somebody copies the commands of the page into a shell: a run that hangs, and AWX."""

    def __init__(self, simulator: Simulator, awx: Awx, url: str, home: Path) -> None:
        self.simulator, self.awx, self.home = simulator, awx, home
        account, address = simulator.accounts["permanent"], simulator["http"]
        (home / "inventory.yml").write_text(playbooks.inventory())
        self.env = playbooks.environment(
            home,
            HUAWEICLOUD_SDK_AK=account["access_key"],
            HUAWEICLOUD_SDK_SK=account["secret_key"],
            HW_REGION_NAME=simulator.region,
            FGS_ENDPOINT=address,
            HUAWEICLOUD_SDK_IAM_ENDPOINT=address,
            CONTROLLER_HOST=url,
            CONTROLLER_USERNAME=USER,
            CONTROLLER_PASSWORD=PASSWORD,
            ANSIBLE_INVENTORY=str(home / "inventory.yml"),
        )
        # Its own one: other tests leave runs that wait, or that cannot be read.
        workflow_id = str(uuid.uuid4())
        simulator.ask("POST", "/_simulator/workflows", {"workflow_id": workflow_id})
        self.look_at(simulator.start_run(workflow_id=workflow_id))

    def look_at(self, run: dict[str, str]) -> None:
        self.run = run
        for variable, name in (("WORKFLOW_ID", IDS[0]), ("RUN_ID", IDS[1]), ("STATE_NAME", IDS[3])):
            self.env[variable] = run[name]

    def ids(self, *names: str) -> dict[str, str]:
        return {f"fgs_{name}": self.run[name] for name in names or IDS[:3]}

    def shell(self, command: str, **env: str) -> tuple[int, str]:
        finished = playbooks.run_to_end(["bash", "-euo", "pipefail", "-c", command], self.home, {**self.env, **env})
        return finished.returncode, finished.stdout

    def old(self, command: str) -> str:
        """The command for a run that does not wait long yet: a test has not the time that the page's reader had."""
        return command.rstrip("\n") + " -e fgs_reconcile_grace=0\n"

    def ended_job(self, ids: dict[str, str], status: str) -> int:
        now = time.time()
        return int(self.awx.add_job(ids, status, created=now, finished=now)["id"])

    def state(self) -> tuple[Any, Any, Any]:
        run = self.simulator.run(self.run)
        return run["status"], run["result"], run["error"]


@pytest.fixture
def desk(simulator: Simulator, home: Path) -> Iterator[Desk]:
    awx = Awx()
    with serving(awx) as url:
        yield Desk(simulator, awx, url, home)


def test_killed_job(desk: Desk, tmp_path: Path) -> None:
    """ansible-playbook with the report plugin is killed with SIGKILL, and AWX calls its job failed."""
    playbook = tmp_path / "work.yml"
    playbook.write_text(
        textwrap.dedent("""
        - hosts: localhost
          gather_facts: false
          tasks:
            - ansible.builtin.wait_for: {path: begun, state: absent, timeout: 60}
        """)
    )
    (desk.home / "begun").touch()
    env = {**desk.env, "ANSIBLE_CALLBACKS_ENABLED": "functiongraph.workflow.fgs_workflow_report"}
    command = ["ansible-playbook", str(playbook), "-e", json.dumps(desk.ids())]
    with subprocess.Popen(
        command, cwd=desk.home, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as job:
        assert job.stdout is not None
        for line in job.stdout:
            if "wait_for" in line:
                break
        os.killpg(job.pid, signal.SIGKILL)
    number = desk.ended_job(desk.ids(), "failed")

    assert desk.state()[0] == "running"
    code, said = desk.shell(READ)
    assert (code, f'"node_name": "{desk.run["workflow_state_name"]}"' in said) == (0, True), said
    code, said = desk.shell(desk.old(REPORT))
    assert (code, f"AWX job {number} has the status failed and did not report" in said) == (0, True), said
    assert "ended_without_answer" in said
    assert desk.state()[0] == "running"
    code, said = desk.shell(desk.old(ANSWER))
    assert (code, "answered fail (delivered)" in said) == (0, True), said
    assert desk.state() == ("fail", "fail", f"AWX job {number} failed: deploy")


def test_job_that_was_never_launched(desk: Desk) -> None:
    code, said = desk.shell(REPORT)
    assert (code, "may_still_report" in said, "no job of AWX carries its IDs yet" in said) == (0, True, True), said
    code, said = desk.shell(desk.old(REPORT))
    assert (code, "never_launched" in said) == (0, True), said
    code, said = desk.shell(desk.old(ANSWER))
    assert (code, "answered fail (delivered)" in said) == (0, True), said
    assert desk.state() == ("fail", "fail", "no AWX job was launched for this state")


def saved(desk: Desk, ansible_playbook: Callable[..., Run], **env: str) -> Path:
    """The file of a callback that could not be delivered."""
    options = {**{name: desk.run[name] for name in IDS[:3]}, "result": "success", "output": {"hosts_done": 3}}
    task = {"functiongraph.workflow.fgs_workflow_callback": {**options, "undelivered_path": str(desk.home)}}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Report", **task}]}
    failed = ansible_playbook([play], env={**desk.env, **env})
    assert (failed.returncode, desk.state()[0]) == (2, "running")
    return Path(failed.result("Report")["undelivered_file"])


def test_callback_that_was_saved(desk: Desk, ansible_playbook: Callable[..., Run]) -> None:
    file = saved(desk, ansible_playbook, FGS_ENDPOINT=desk.simulator["refused"])
    code, said = desk.shell(SEND, UNDELIVERED_FILE=str(file))
    assert (code, file.exists()) == (0, False), said
    assert desk.state() == ("success", "success", None)


def test_key_that_has_expired(desk: Desk, ansible_playbook: Callable[..., Run]) -> None:
    account = desk.simulator.accounts["expired_temporary"]
    expired = {
        "HUAWEICLOUD_SDK_AK": account["access_key"],
        "HUAWEICLOUD_SDK_SK": account["secret_key"],
        "HUAWEICLOUD_SDK_SECURITY_TOKEN": account["security_token"],
    }
    file = saved(desk, ansible_playbook, **expired)
    assert "status 401" in file.read_text()
    code, said = desk.shell(CHECK, **expired)
    assert (code, "problem" in said, "HUAWEICLOUD_SDK_AK" in said) == (2, True, True), said
    code, said = desk.shell(desk.old(ANSWER), **expired)
    assert (code, "status 401" in said) == (2, True), said
    assert desk.state()[0] == "running"
    # With a new key.
    assert desk.shell(CHECK)[0] == 0
    assert desk.shell(SEND, UNDELIVERED_FILE=str(file))[0] == 0
    assert desk.state()[:2] == ("success", "success")


def test_job_with_a_wrong_id(desk: Desk) -> None:
    """It has that of the function before the callback node."""
    wrong = {**desk.ids(), "fgs_workflow_state_id": desk.run["launcher_state_id"]}
    desk.ended_job(wrong, "successful")
    code, said = desk.shell(CHECK)
    assert (code, f"id {desk.run['workflow_state_id']}, type Callback" in said) == (0, True), said
    code, said = desk.shell(desk.old(REPORT))
    assert (code, "never_launched" in said) == (0, True), said
    assert desk.shell(desk.old(ANSWER))[0] == 0
    assert desk.state()[:2] == ("fail", "fail")


def test_answer_by_hand(desk: Desk) -> None:
    code, said = desk.shell(BY_HAND)
    assert (code, desk.state()) == (0, ("fail", "fail", "The job was lost")), said


def statuses(run: dict[str, Any]) -> dict[str, str]:
    """The status of each node of a run, by its name."""
    return {node["node_name"]: node["executions"][-1]["status"] for node in run["nodes"]}


# The answer of a job that has succeeded.
DONE = BY_HAND.replace("result=fail", "result=success").replace("fgs_workflow_error", "unused")
TOO_LATE = "no job has answered in time"


def switched(simulator: Simulator, handled: str = "", lasts: float = 86400, **settings: Any) -> dict[str, str]:
    """A run of the page's dead man's switch. The error handling of the node handled lasts so many seconds."""
    flow = json.loads(Path(__file__).with_name("dead_mans_switch.json").read_text())
    account = simulator.accounts["permanent"]
    keys = {"ACCESS_KEY": account["access_key"], "SECRET_KEY": account["secret_key"]}
    here = {"FUNCTIONGRAPH_ENDPOINT": simulator["http"], "PROJECT_ID": simulator.project_id}
    flow["functions"][1]["simulator"]["settings"].update(here, **{**keys, **settings})
    for state in flow["states"]:
        if state["name"] == handled:
            state["on_errors"] = [{"error": "*", "transition": "after-1"}]
    flow["states"].append({"id": "after-1", "name": "after", "type": "Sleep", "duration": lasts, "end": True})
    return simulator.start_run(definition=flow)


def time_is_over(simulator: Simulator, run: dict[str, str]) -> None:
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/wake", {"node": "time"})


def ended(simulator: Simulator, run: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = simulator.ask("GET", f"/_simulator/wait?run={run['workflow_run_id']}&for=ended")
    assert found["happened"]
    return found


def test_dead_mans_switch_leaves_a_job_alone_that_answers_in_time(desk: Desk) -> None:
    run = switched(desk.simulator)
    desk.look_at(run)
    code, said = desk.shell(DONE)
    assert (code, desk.state()[:2]) == (0, ("success", "success")), said
    nodes = statuses(desk.simulator.run(run))
    name = run["workflow_state_name"]
    assert nodes == {"work or time": "success", "launcher": "success", name: "success", "time": "cancel"}


def test_dead_mans_switch_answers_fail_when_the_time_is_over(desk: Desk) -> None:
    run = switched(desk.simulator)
    time_is_over(desk.simulator, run)
    found = ended(desk.simulator, run)
    assert (found["status"], found["result"], found["error"], found["output"]) == ("fail", "fail", TOO_LATE, {})
    assert (found["completed_times"], found["completed_by"], found["callback_requests"]) == (1, "callback", 1)
    nodes = statuses(found)
    name = run["workflow_state_name"]
    assert (nodes["work or time"], nodes[name], nodes["answer"]) == ("fail", "fail", "cancel")
    # A late answer is not sent.
    desk.look_at(run)
    code, said = desk.shell(DONE)
    assert (code, desk.simulator.run(run)["callback_requests"]) == (2, 1), said


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"SECRET_KEY": "wrong"}, "returned 401: "), ({"CALLBACK_STATE_ID": "x"}, "returned 400: ")],
)
def test_dead_mans_switch_ends_the_run_without_its_answer(
    simulator: Simulator, settings: dict[str, Any], status: str
) -> None:
    run = switched(simulator, **settings)
    time_is_over(simulator, run)
    found = ended(simulator, run)
    nodes = statuses(found)
    name = run["workflow_state_name"]
    assert (found["status"], nodes[name], nodes["answer"]) == ("fail", "cancel", "fail")
    (log,) = found["logs"]
    assert log["text"].startswith(f"AnswerError: FunctionGraph {status}")
    assert found["completed_times"] == 0


def test_error_handling_of_the_parallel_node_continues_the_run(simulator: Simulator) -> None:
    run = switched(simulator, handled="work or time", lasts=0.01)
    time_is_over(simulator, run)
    found = ended(simulator, run)
    nodes = statuses(found)
    assert (found["status"], nodes["work or time"], nodes["after"]) == ("success", "fail", "success")


def test_dead_mans_switch_never_ends_the_parallel_node_with_success(simulator: Simulator) -> None:
    """Where the callback node's error handling keeps its branch going, the branch of the function ends first."""
    run = switched(simulator, handled="wait for the job")
    time_is_over(simulator, run)
    found = ended(simulator, run)
    nodes = statuses(found)
    assert (found["status"], found["error"]) == ("fail", TOO_LATE)
    assert (nodes["work or time"], nodes["after"], nodes["answer"]) == ("fail", "cancel", "fail")
