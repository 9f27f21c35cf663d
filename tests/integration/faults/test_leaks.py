# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing leaks: at -vvvv no secret and no signature is in output, results, files or process arguments."""

from __future__ import annotations

import re
import threading
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import EXECUTION, EXECUTION_INFO, FACES, IDS, callback, of_flow
from support.playbooks import Run
from support.simulators import Simulator

# Of these tests alone: the standing accounts show in what other tests do on the same machine.
OWN = uuid.uuid4().hex
ACCOUNTS: dict[str, dict[str, str]] = {
    "permanent": {"access_key": f"AK1{OWN}", "secret_key": f"SK1{OWN}"},
    "temporary": {"access_key": f"AK2{OWN}", "secret_key": f"SK2{OWN}", "security_token": f"ST2{OWN}"},
    "token": {"auth_token": f"TK3{OWN}"},
}
KEYS = ("access_key", "secret_key", "security_token", "auth_token")
SIGNATURE = re.compile(rb"Signature=[0-9a-f]+|SDK-HMAC-SHA256 Access=(?!\*)")
SAMPLES = 20

# The simulator's run, and keywords of the task, by case.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "success": ({}, {}),
    "no_log": ({}, {"no_log": True}),
    "echo": ({"fault": "status_401_echo"}, {}),
    "echo, no_log": ({"fault": "status_401_echo"}, {"no_log": True}),
    "refused": ({"fault": "status_400"}, {}),
    "lost": ({"fault": "close_before_response_applied", "read_fault": "read_403"}, {}),
    "hang": ({"fault": "hang"}, {}),
    "check": ({}, {"check_mode": True, "diff": True}),
    "diff": ({}, {"diff": True}),
    "invalid": ({}, {}),
    "proxy": ({}, {}),
    "proxy refuses": ({}, {}),
}
# The simulator's flow, the module, its arguments, keywords of the task, and the beginning of msg, by case.
ECHO = {"fault": "status_401_echo"}
LOST = {"fault": "close_before_response_applied", "read_fault": "read_403"}
OF_FLOWS: dict[str, tuple[dict[str, Any], str, dict[str, Any], dict[str, Any], str]] = {
    "start": ({}, EXECUTION, {"wait": True, "wait_for": "callback"}, {}, ""),
    "start, diff": ({}, EXECUTION, {"input": {"a": 1}}, {"diff": True}, ""),
    "start, echo": (ECHO, EXECUTION, {}, {}, "The service refused to start the run"),
    "start, lost": (LOST, EXECUTION, {}, {}, "It is not known whether the run"),
    "start, unread": (LOST, EXECUTION, {"execution_id": "unread"}, {"diff": True}, "Nothing was sent"),
    "list": ({}, EXECUTION_INFO, {"since": "1h"}, {}, ""),
    "list, echo": ({**ECHO, "operation": "list"}, EXECUTION_INFO, {}, {}, "The list of runs could not be read"),
}
ALL = [*CASES, *OF_FLOWS]


def has(account: str, face: str, case: str) -> bool:
    """Whether a host has the case: on the controller all kinds of credentials, on the target one after the other."""
    return face == "controller" or ALL.index(case) % len(ACCOUNTS) == list(ACCOUNTS).index(account)


class Leaks(NamedTuple):
    """What one playbook showed, left and let others see."""

    run: Run
    home: Path
    commands: set[bytes]
    secrets: list[bytes]


def arguments(simulator: Simulator, case: str, home: Path) -> dict[str, Any]:
    """What a case asks for beyond the ids."""
    if case == "invalid":
        return {"workflow_id": "..", "timeout": "soon", "retries": -1}
    if case.startswith("proxy"):
        return {"endpoint": simulator["https"], "ca_path": simulator["ca"]}
    if case == "hang":
        return {"timeout": 2}
    return {"undelivered_path": str(home)} if case == "lost" else {}


def keys_of(account: str, case: str, face: str) -> dict[str, str]:
    """The credentials of a case: its own where they are refused, as a refused key is not used again."""
    own = f"x{face}{ALL.index(case)}" if "echo" in case else ""
    return {key: f"{value}{own}" for key, value in ACCOUNTS[account].items()}


def commands(stop: threading.Event, found: set[bytes]) -> None:
    """Collects the arguments of every process, as anybody on the machine can."""
    while not stop.wait(1 / SAMPLES):
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found.add(path.read_bytes())
            except OSError:
                continue


def create_flow(simulator: Simulator, case: str) -> str:
    """A flow for a case."""
    return str(simulator.ask("POST", "/_simulator/workflows", OF_FLOWS[case][0])["id"])


@pytest.fixture(scope="module")
def leaks(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Leaks:
    home = tmp_path_factory.mktemp("home")
    (home / "tmp").mkdir()
    proxy = simulator.accounts["proxy"]
    with_password = simulator["proxy_auth"].replace("://", f"://{proxy['user']}:{proxy['password']}@")
    wrong = with_password.replace(proxy["password"], proxy["password"] + "-wrong")
    hosts, tasks = {}, []
    for face in FACES:
        for account in ACCOUNTS:
            keys = {}
            cases = [case for case in ALL if has(account, face, case)]
            for case in cases:
                owns = keys_of(account, case, face)
                simulator.ask("POST", "/_simulator/accounts", {"name": f"leaks {account} {face} {case}", **owns})
                keys[case] = {key: owns.get(key, "") for key in KEYS}
            runs = {case: simulator.start_run(**CASES[case][0]) for case in cases if case in CASES}
            flows = {case: create_flow(simulator, case) for case in cases if case in OF_FLOWS}
            refusing = {"HTTPS_PROXY": wrong} if face == "controller" else {}
            hosts[f"{account}_{face}"] = {
                "run_on": face,
                "runs": runs,
                "flows": flows,
                "keys": keys,
                "refusing": refusing,
            }
    for case, (_unused, keywords) in CASES.items():
        # For a target Ansible writes the keyword "environment" into the arguments of a process, whatever it holds.
        environment = "{{ refusing }}" if case == "proxy refuses" else {}
        given: dict[str, Any] = {
            "timeout": 20,
            "retries": 0,
            "output": {"case": case},
            **arguments(simulator, case, home),
        }
        common = {"ignore_errors": True, "environment": environment, "when": "case in runs"}
        tasks.append(callback(case, given, **common, **keywords))
    for case, (_flow, module, given, keywords, _expected) in OF_FLOWS.items():
        given = {"timeout": 20, "retries": 0, **given}
        tasks.append(of_flow(case, module, given, ignore_errors=True, when="case in flows", **keywords))
    of_host = {key: f"{{{{ hostvars[inventory_hostname]['keys'][case]['{key}'] }}}}" for key in KEYS}
    play = faces.play(tasks, {**faces.connection(simulator), **of_host}, strategy="free")
    stop, found = threading.Event(), set[bytes]()
    watch = threading.Thread(target=commands, args=(stop, found))
    watch.start()
    env = {"TMPDIR": str(home / "tmp"), "ANSIBLE_REMOTE_TMP": str(home / "remote"), "HTTPS_PROXY": with_password}
    run = playbooks.ansible_playbook([play], "-vvvv", "--forks", "6", home=home, hosts=hosts, env=env)
    stop.set()
    watch.join()
    secrets = [value.encode() for account in ACCOUNTS.values() for value in account.values()]
    return Leaks(run, home, found, [*secrets, proxy["password"].encode()])


def shown(secrets: list[bytes], text: bytes) -> list[bytes]:
    """What of the secrets and of any signature stands in the text."""
    return [secret for secret in secrets if secret in text] + SIGNATURE.findall(text)


@pytest.mark.parametrize("case", CASES)
def test_every_case_happened(leaks: Leaks, case: str) -> None:
    expected = {
        **dict.fromkeys(("success", "diff", "proxy"), "delivered"),
        **dict.fromkeys(("refused", "echo"), "rejected"),
        **dict.fromkeys(("lost", "hang"), "unknown"),
        **dict.fromkeys(("check", "invalid", "proxy refuses"), "not_sent"),
    }
    for account in ACCOUNTS:
        for face in FACES:
            if not has(account, face, case) or (case, face) == ("proxy refuses", "target"):
                continue
            result = leaks.run.result(case, f"{account}_{face}")
            assert result.get("delivery") == expected.get(case), result


@pytest.mark.parametrize("case", OF_FLOWS)
def test_every_case_of_a_flow_happened(leaks: Leaks, case: str) -> None:
    for account in ACCOUNTS:
        for face in FACES:
            if has(account, face, case):
                result = leaks.run.result(case, f"{account}_{face}")
                said = OF_FLOWS[case][4]
                assert result.get("msg", "").startswith(said), result
                assert bool(said) == ("msg" in result), result


def test_output_shows_no_secret(leaks: Leaks) -> None:
    assert " EXEC " in leaks.run.output
    assert not shown(leaks.secrets, leaks.run.output.encode())


def test_results_contain_no_secret(leaks: Leaks) -> None:
    for task in leaks.run.tasks:
        assert not shown(leaks.secrets, str(task.result).encode()), task


def test_process_arguments_contain_no_secret(leaks: Leaks) -> None:
    assert any(b"ansible-playbook" in command for command in leaks.commands)
    *own, proxy_password = leaks.secrets
    for command in leaks.commands:
        assert not [secret for secret in own if secret in command], command
        if str(leaks.home).encode() in command:
            assert not shown([proxy_password], command), command


def test_files_contain_no_secret(leaks: Leaks) -> None:
    # The test's own inventory and playbook stand in the folder that it was started in.
    own = {"inventory.yml", "playbook.yml", "record.jsonl"}
    files = [path for path in leaks.home.rglob("*") if path.is_file() and path.name not in own]
    assert any(path.name.startswith("fgs-undelivered-") for path in files)
    for path in files:
        assert not shown(leaks.secrets, path.read_bytes()), path


def test_short_secret_is_not_cut_out_of_results(simulator: Simulator, home: Path) -> None:
    key, secret = "AKSIMULATOR0short", "abc"
    simulator.ask("POST", "/_simulator/accounts", {"name": "short", "access_key": key, "secret_key": secret})
    hosts = faces.hosts(
        simulator, {"delivered": {}, "refused": {"fault": "status_400"}, "echoed": {"fault": "status_401_echo"}}
    )
    defaults = {**faces.connection(simulator), "access_key": key, "secret_key": secret}
    tasks = [
        callback(case, {**IDS, "output": {"text": "abcdef abc"}}, ignore_errors=True, diff=True)
        for case in hosts["target"]["runs"]
    ]
    finished = playbooks.ansible_playbook([faces.play(tasks, defaults)], home=home, hosts=hosts)
    for face in FACES:
        run = hosts[face]["runs"]["delivered"]
        result = finished.result("delivered", face)
        assert result["execution_id"] == run["workflow_run_id"]
        assert "abcdef" in result["diff"]["after"]
        assert simulator.run(run)["output"] == {"text": "abcdef abc"}
        message = "The service refused the callback: status 400 (FGS.3002: Invalid parameters)."
        assert finished.result("refused", face)["msg"] == message
