# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keywords that a user may put on a task do the same on both faces."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import FACES, callback, execution_info
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

ONCE = {"times": 1}
CASES: dict[str, dict[str, Any]] = {
    "register": {},
    "until": {"fault": "status_500", **ONCE},
    "until, exhausted": {"fault": "status_400"},
    "loop 1": {},
    "loop 2": {},
    "run_once": {},
    "delegate_to": {},
    "check_mode": {},
    "diff": {},
    "no_log": {},
    "async": {},
    "ignore_errors": {"fault": "status_404"},
    "failed_when": {"fault": "status_404"},
    "vars": {},
    "own module_defaults": {},
    "free": {},
    "host_pinned": {},
    "info": {},
    "info, check_mode": {},
    "info, async": {},
    "info, no_log": {},
}
ASYNC: dict[str, Any] = {"async": 60, "poll": 0}


class Keywords(NamedTuple):
    run: Run
    hosts: dict[str, dict[str, Any]]
    simulator: Simulator

    def same(self, case: str) -> dict[str, Any]:
        return faces.same(self.run, self.hosts, case)

    def became(self, case: str) -> list[dict[str, Any]]:
        """What became of both faces' runs."""
        return [self.simulator.run(self.hosts[face]["runs"][case]) for face in FACES]

    def requests(self, case: str) -> list[int]:
        return [run["callback_requests"] for run in self.became(case)]


def finished_job(case: str) -> dict[str, Any]:
    return {
        "name": f"{case}, finished",
        "ansible.builtin.async_status": {"jid": "{{ started.ansible_job_id }}"},
        "when": "run_on == 'target'",
        "register": "job",
        "until": "job is finished",
        "delay": 0.2,
        "retries": 100,
    }


def tasks() -> list[dict[str, Any]]:
    return [
        callback("register", {"output": {"hosts_changed": 3}}, register="first"),
        {"name": "registered", "ansible.builtin.debug": {"msg": "{{ [first.delivery, first.changed] }}"}},
        {"name": "fact", "ansible.builtin.debug": {"msg": "{{ ansible_facts.fgs_workflow_execution_id }}"}},
        callback("until", {"confirm": "never"}, register="asked", until="asked is succeeded", retries=3, delay=0),
        callback(
            "until, exhausted",
            register="asked",
            until="asked.delivery == 'delivered'",
            retries=2,
            delay=0,
            ignore_errors=True,
        ),
        callback("loop", loop=["loop 1", "loop 2"], vars={"case": "{{ item }}"}),
        callback("run_once", run_once=True),
        callback("delegate_to", delegate_to="delegate"),
        callback("check_mode", {"error": "e" * 70, "truncate_error": True}, check_mode=True),
        callback("diff", {"output": {"key": "value"}}, diff=True),
        callback("no_log", {"output": {"key": "not-for-the-log"}}, no_log=True),
        callback("async", {"output": {"key": "later"}}, register="started", ignore_errors=True, **ASYNC),
        finished_job("async"),
        callback("ignore_errors", ignore_errors=True),
        callback("failed_when", failed_when="false", changed_when="true"),
        callback("vars", {"output": {"key": "{{ own }}"}}, vars={"own": "of the task"}),
        callback(
            "own module_defaults",
            {"result": ..., "output": ...},
            module_defaults={
                "group/functiongraph.workflow.fgs": "{{ defaults }}",
                faces.CALLBACK: {"result": "fail", "error": "by default"},
            },
        ),
        execution_info("info", register="read", until="read.status == 'running'", retries=1),
        execution_info("info, check_mode", check_mode=True, diff=True),
        execution_info("info, async", register="started", ignore_errors=True, **ASYNC),
        finished_job("info, async"),
        execution_info("info, no_log", no_log=True),
    ]


@pytest.fixture(scope="module")
def keywords(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Keywords:
    defaults = faces.connection(simulator)
    home = tmp_path_factory.mktemp("home")
    # async_status does not look into the home folder that the environment names.
    hosts = faces.hosts(simulator, CASES, defaults=defaults, ansible_async_dir=str(home / "jobs"))
    on_faces = {"hosts": ",".join(FACES)}
    plays = [
        faces.play(tasks(), defaults, **on_faces),
        faces.play([callback("free")], defaults, strategy="free", **on_faces),
        faces.play([callback("host_pinned")], defaults, strategy="host_pinned", **on_faces),
    ]
    run = playbooks.ansible_playbook(plays, home=home, hosts={**hosts, "delegate": {}})
    assert run.returncode == 0, run.output
    return Keywords(run, hosts, simulator)


def test_register_and_fact(keywords: Keywords) -> None:
    result = keywords.same("register")
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (True, "delivered", 1)
    for face, became in zip(FACES, keywords.became("register"), strict=True):
        assert keywords.run.result("registered", face)["msg"] == ["delivered", True]
        assert keywords.run.result("fact", face)["msg"] == keywords.hosts[face]["runs"]["register"]["workflow_run_id"]
        assert (became["status"], became["output"]) == ("success", {"hosts_changed": 3})


def test_until_repeats_the_task(keywords: Keywords) -> None:
    assert keywords.same("until")["attempts"] == 2
    assert keywords.requests("until") == [2, 2]


def test_until_gives_up(keywords: Keywords) -> None:
    result = keywords.same("until, exhausted")
    assert (result["attempts"], result["delivery"]) == (2, "rejected")


def test_loop(keywords: Keywords) -> None:
    for case in ("loop 1", "loop 2"):
        assert [run["status"] for run in keywords.became(case)] == ["success", "success"]
    found = {
        face: [
            faces.plain(result, face, keywords.hosts[face]["runs"][result["item"]])
            for result in keywords.run.result("loop", face)["results"]
        ]
        for face in FACES
    }
    assert found["controller"] == found["target"]
    assert [result["item"] for result in found["controller"]] == ["loop 1", "loop 2"]


def test_run_once(keywords: Keywords) -> None:
    assert keywords.requests("run_once") == [1, 0]


def test_delegate_to(keywords: Keywords) -> None:
    assert keywords.same("delegate_to")["delivery"] == "delivered"


def test_check_mode_sends_nothing(keywords: Keywords) -> None:
    result = keywords.same("check_mode")
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (True, "not_sent", 0)
    assert keywords.requests("check_mode") == [0, 0]


def test_diff_shows_the_request(keywords: Keywords) -> None:
    result = keywords.same("diff")
    assert '"key": "value"' in result["diff"]["after"]
    assert "+POST " in keywords.run.output
    assert not [secret for secret in keywords.simulator.secrets() if secret in keywords.run.output]


@pytest.mark.parametrize("case", ["no_log", "info, no_log"])
def test_no_log(keywords: Keywords, case: str) -> None:
    result = keywords.same(case)
    assert set(result) <= {"censored", "changed"}
    assert "not-for-the-log" not in keywords.run.output


def test_async(keywords: Keywords) -> None:
    result = keywords.run.result("async, finished", "target")
    assert (result["finished"], result["delivery"], result["changed"]) == (1, "delivered", True)
    assert [run["output"] for run in keywords.became("async")] == [None, {"key": "later"}]


@pytest.mark.parametrize("case", ["async", "info, async"])
def test_async_is_refused_where_the_call_is_made_on_the_controller(keywords: Keywords, case: str) -> None:
    result = keywords.run.result(case, "controller")
    outcomes = [task.outcome for task in keywords.run.tasks if (task.task, task.host) == (case, "controller")]
    assert (outcomes, result["changed"]) == (["failed"], False)
    assert "set run_on=target, or remove async" in result["msg"]
    assert "ansible_job_id" not in result
    assert result.get("delivery") == ("not_sent" if case == "async" else None)


def test_ignore_errors(keywords: Keywords) -> None:
    assert keywords.same("ignore_errors")["delivery"] == "rejected"
    assert all(task.ignored for task in keywords.run.tasks if task.task == "ignore_errors")


def test_failed_when_and_changed_when(keywords: Keywords) -> None:
    result = keywords.same("failed_when")
    assert (result["changed"], result["delivery"]) == (True, "rejected")
    assert {task.outcome for task in keywords.run.tasks if task.task == "failed_when"} == {"ok"}


def test_vars(keywords: Keywords) -> None:
    assert keywords.same("vars")["delivery"] == "delivered"
    assert [run["output"] for run in keywords.became("vars")] == [{"key": "of the task"}] * 2


def test_module_defaults_of_the_task(keywords: Keywords) -> None:
    keywords.same("own module_defaults")
    assert [(run["status"], run["error"]) for run in keywords.became("own module_defaults")] == [
        ("fail", "by default")
    ] * 2


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_strategies(keywords: Keywords, strategy: str) -> None:
    assert keywords.same(strategy)["delivery"] == "delivered"


@pytest.mark.parametrize("case", ["info", "info, check_mode"])
def test_execution_info(keywords: Keywords, case: str) -> None:
    result = keywords.same(case)
    assert (result["status"], result["state"]["status"], result["changed"]) == ("running", "running", False)


def test_execution_info_async(keywords: Keywords) -> None:
    assert keywords.run.result("info, async, finished", "target")["status"] == "running"
