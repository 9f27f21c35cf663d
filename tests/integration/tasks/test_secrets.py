# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret shows in a result, in what the screen shows of it, or in a file, from either face."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible import constants
from support import faces, playbooks
from support.faces import FACES, callback, execution_info
from support.playbooks import Run
from support.simulators import Simulator
from tasks_vault import PASSWORD, vaulted

pytestmark = pytest.mark.core

MASKED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
EVERY_OPTION = (
    *("access_key", "secret_key", "security_token", "auth_token", "credentials_file", "use_ecs_agency", "region"),
    *("iam_endpoint", "validate_certs", "ca_path", "timeout", "retries"),
)
OF_CALLBACK = ("output", "output_schema", "error", "truncate_error", "confirm", "undelivered_path")


class Secrets(NamedTuple):
    run: Run
    hosts: dict[str, dict[str, Any]]
    simulator: Simulator

    def same(self, case: str) -> dict[str, Any]:
        return faces.same(self.run, self.hosts, case)


@pytest.fixture(scope="module")
def secrets(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Secrets:
    home = tmp_path_factory.mktemp("home")
    (home / "password").write_text(PASSWORD)
    account = simulator.accounts["temporary"]
    key, secret, token = (account[name] for name in ("access_key", "secret_key", "security_token"))
    keys = {"access_key": key, "secret_key": secret, "security_token": token}
    aliases = {"ak": key, "sk": secret, "security_token": token}
    none = dict.fromkeys(keys, "")
    cases: dict[str, dict[str, Any]] = {
        "options": keys,
        "aliases": {**none, **aliases},
        "both": {**keys, "ak": key},
        "vault": {**keys, "secret_key": "VAULTED"},
        "in output": {**keys, "output": {"a": f"it is {secret}", "b": [secret], secret: "as a key"}},
        "in an id": {**keys, "workflow_id": f" {secret}"},
        "in the wrong option": {**keys, "endpoint": f"http://{secret}", "region": secret, "timeout": secret},
        "half": {**none, "access_key": key},
        "misspelt": {**keys, "secret_kee": secret, "tiemout": 3},
        "empty": dict.fromkeys((*EVERY_OPTION, *OF_CALLBACK), ""),
        "info": keys,
        "info, empty": dict.fromkeys(EVERY_OPTION, ""),
        # The last, as nothing more is sent with keys that were refused.
        "echoed": keys,
    }
    options = {"echoed": {"fault": "status_401_echo"}, "info": {"input": {"got": f"{secret}, {key}", secret: "a key"}}}
    hosts = faces.hosts(simulator, {case: options.get(case, {}) for case in cases})
    defaults = {name: value for name, value in faces.connection(simulator).items() if name not in keys}
    environment = {"HUAWEICLOUD_SDK_AK": key, "HUAWEICLOUD_SDK_SK": secret, "HUAWEICLOUD_SDK_SECURITY_TOKEN": token}
    tasks = []
    for case, arguments in cases.items():
        kind = execution_info if case.startswith("info") else callback
        own = {"environment": environment} if "empty" in case else {}
        diff = {} if case.startswith("info") else {"diff": True}
        tasks.append(kind(case, arguments, ignore_errors=True, **own, **diff))
    playbook = json.dumps([faces.play(tasks, defaults)], indent=1)
    run = playbooks.ansible_playbook(
        playbook.replace('"VAULTED"', f"!vault {vaulted(secret)}"),
        *("-vvv", "--vault-password-file", str(home / "password")),
        home=home,
        hosts=hosts,
        env={"ANSIBLE_INJECT_INVOCATION": "true"},
    )
    return Secrets(run, hosts, simulator)


@pytest.mark.parametrize("case", ["options", "aliases", "both", "vault", "empty"])
def test_secrets_are_masked_where_they_are_used(secrets: Secrets, case: str) -> None:
    result = secrets.same(case)
    assert result["delivery"] == "delivered"
    for name in ("access_key", "ak", "secret_key", "sk", "security_token"):
        assert result.get("invocation", {}).get("module_args", {}).get(name) in (None, MASKED)


def test_option_and_alias_together_give_a_warning(secrets: Secrets) -> None:
    assert "Both option access_key and its alias ak are set." in str(secrets.same("both")["warnings"])


def test_echoed_secret_is_masked(secrets: Secrets) -> None:
    for face in FACES:
        result = secrets.run.result("echoed", face)
        assert result["delivery"] == "rejected"
        assert "verify aksk signature fail, ak: ********" in result["error_msg"]
        source = "the keys come from the options access_key, secret_key and security_token."
        assert result["msg"].endswith(f"or has expired (status 401, APIGW.0301); {source}")


@pytest.mark.parametrize("case", ["in an id", "in the wrong option", "half", "misspelt"])
def test_failures_contain_no_secret(secrets: Secrets, case: str) -> None:
    result = secrets.same(case)
    assert result["delivery"] in ("rejected", "not_sent")
    assert result["msg"]


def test_a_secret_in_output_is_sent_and_not_shown(secrets: Secrets) -> None:
    assert secrets.same("in output")["delivery"] == "delivered"
    secret = secrets.simulator.accounts["temporary"]["secret_key"]
    for face in FACES:
        sent = secrets.simulator.run(secrets.hosts[face]["runs"]["in output"])["output"]
        assert sent["b"] == [secret]


@pytest.mark.parametrize("case", ["info", "info, empty"])
def test_execution_info_masks_secrets(secrets: Secrets, case: str) -> None:
    result = secrets.same(case)
    assert result["status"] == "running"
    if case == "info":
        assert "********, ********" in json.dumps(result["execution"])


def test_results_and_output_contain_no_secret(secrets: Secrets) -> None:
    for task in secrets.run.tasks:
        shown = json.dumps(task.result)
        assert not [s for s in secrets.simulator.secrets() if s in shown], (task.task, task.host)
    # Ansible itself shows a task's environment at this verbosity, in the command that starts a module.
    shown = "".join(line for line in secrets.run.output.splitlines() if "> EXEC " not in line)
    found = [secret for secret in secrets.simulator.secrets() if secret in shown]
    assert not found, secrets.run.output


@pytest.mark.skipif(not hasattr(constants, "INJECT_INVOCATION"), reason="ansible-core before 2.21 always shows it")
def test_a_result_may_come_without_its_invocation(simulator: Simulator, home: Path) -> None:
    account = simulator.accounts["permanent"]
    cases = {"used": {}, "misspelt": {"secret_kee": account["secret_key"]}, "info": {}}
    hosts = faces.hosts(simulator, list(cases))
    tasks = [
        (execution_info if case == "info" else callback)(case, given, ignore_errors=True)
        for case, given in cases.items()
    ]
    play = faces.play(tasks, faces.connection(simulator))
    env = {"ANSIBLE_INJECT_INVOCATION": "false"}
    run = playbooks.ansible_playbook([play], "-vvv", home=home, hosts=hosts, env=env)
    for case in cases:
        assert "invocation" not in faces.same(run, hosts, case)
    assert not [secret for secret in simulator.secrets() if secret in str([task.result for task in run.tasks])]


# Since ansible-core 2.22 what is registered as a secret is masked everywhere.
MASKS = importlib.util.find_spec("ansible.module_utils.secrets") is not None


@pytest.mark.skipif(not MASKS, reason="ansible-core before 2.22 masks no secrets")
def test_a_later_task_shows_no_secret_that_was_met(simulator: Simulator, tmp_path: Path, home: Path) -> None:
    account = simulator.accounts["permanent"]
    met = {
        "HW_ACCESS_KEY": account["access_key"],
        "HW_SECRET_KEY": account["secret_key"],
        # Another family, which is not used.
        "OS_SECRET_KEY": "SKofAnotherFamily0",
        "CLOUD_SDK_AK": "AKofAThirdFamily0",
        "OS_AUTH_TOKEN": "TKofAnotherFamily0",
        "https_proxy": "http://me:aProxysPassword0@127.0.0.1:1",
        "no_proxy": "*",
    }
    (tmp_path / "credentials").write_text(f"[basic]\nak = {account['access_key']}\nsk = SKinTheFile0\n")
    secrets = [value for name, value in met.items() if "proxy" not in name] + ["aProxysPassword0", "SKinTheFile0"]
    hosts = faces.hosts(simulator, ["callback", "file"], shown=" ".join(secrets))
    defaults = {n: v for n, v in faces.connection(simulator).items() if n not in ("access_key", "secret_key")}
    tasks = [
        callback("callback", environment=met),
        callback("file", {"credentials_file": str(tmp_path / "credentials")}, ignore_errors=True),
        {"name": "later", "ansible.builtin.debug": {"var": "shown"}},
    ]
    finished = playbooks.ansible_playbook([faces.play(tasks, defaults)], home=home, hosts=hosts)
    assert faces.same(finished, hosts, "callback")["delivery"] == "delivered"
    assert "shown" in finished.output
    assert not [secret for secret in secrets if secret in finished.output], finished.output
