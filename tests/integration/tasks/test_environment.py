# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task's environment wins over that of the process, for credentials, addresses, proxies and CA bundles alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import FACES, callback, execution_info
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

ONLY = {"run_on": "{{ run_on }}", "retries": 0}

OF_ANOTHER = "SKofAnotherFamily0"


class Environment(NamedTuple):
    run: Run
    hosts: dict[str, dict[str, Any]]
    simulator: Simulator
    proxied: list[dict[str, str]]


def credentials(account: dict[str, str]) -> dict[str, str]:
    names = {"access_key": "HUAWEICLOUD_SDK_AK", "secret_key": "HUAWEICLOUD_SDK_SK", "auth_token": "HW_AUTH_TOKEN"}
    return {variable: account[name] for name, variable in names.items() if name in account}


@pytest.fixture(scope="module")
def environment(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    home: Path = tmp_path_factory.mktemp("home")
    (home / "no.pem").write_text("not a certificate\n")
    right = credentials(simulator.accounts["permanent"])
    project = {"HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id}
    addressed = {**right, **project, "FGS_ENDPOINT": simulator["http"], "REQUESTS_CA_BUNDLE": ""}
    by_proxy = {**right, "HW_REGION_NAME": simulator.region, "https_proxy": simulator["proxy"]}
    cases: dict[str, dict[str, Any]] = {
        "credentials": {"environment": addressed},
        "list": {"environment": [{"FGS_ENDPOINT": "http://127.0.0.1:1"}, addressed]},
        "template": {"environment": {**addressed, "HUAWEICLOUD_SDK_AK": "{{ access_key }}"}},
        "proxy and CA bundle": {"environment": {**by_proxy, "REQUESTS_CA_BUNDLE": simulator["ca"]}},
        "process": {},
        "process, CA bundle": {"environment": {**by_proxy, "https_proxy": simulator["proxy"]}},
        "no proxy": {"environment": {**addressed, "http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"}},
        "home": {"environment": {**addressed, "HOME": str(home / "other")}},
        "two families": {"environment": {**addressed, "HUAWEICLOUD_SDK_SK": "", "HW_SECRET_KEY": OF_ANOTHER}},
        "line break": {"environment": {**addressed, "HUAWEICLOUD_SDK_SK": f"{OF_ANOTHER}\n"}},
        "info": {"environment": addressed},
    }
    (home / "other/.huaweicloud").mkdir(parents=True)
    (home / "other/.huaweicloud/credentials").write_text(
        "[basic]\nak = {access_key}\nsk = {secret_key}\n".format(**simulator.accounts["permanent"])
    )
    cases["home"]["environment"].update({"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": ""})
    hosts = faces.hosts(simulator, cases, access_key=right["HUAWEICLOUD_SDK_AK"])
    tasks = [
        (execution_info if case == "info" else callback)(case, ONLY, ignore_errors=True, **keywords)
        for case, keywords in cases.items()
    ]
    before = len(simulator.ask("GET", "/_simulator/proxied")["requests"])
    run = playbooks.ansible_playbook(
        [faces.play(tasks, {})],
        home=home,
        hosts=hosts,
        env={
            **credentials(simulator.accounts["no_project"]),
            "FGS_ENDPOINT": "",
            "https_proxy": "http://127.0.0.1:1",
            "REQUESTS_CA_BUNDLE": str(home / "no.pem"),
        },
    )
    proxied = simulator.ask("GET", "/_simulator/proxied")["requests"][before:]
    return Environment(run, hosts, simulator, proxied)


@pytest.mark.parametrize("case", ["credentials", "list", "template", "proxy and CA bundle", "no proxy", "home"])
def test_environment_of_the_task_wins(environment: Environment, case: str) -> None:
    assert faces.same(environment.run, environment.hosts, case)["delivery"] == "delivered"


def test_environment_reaches_execution_info(environment: Environment) -> None:
    assert faces.same(environment.run, environment.hosts, "info")["status"] == "running"


def test_proxy_of_the_environment_is_used(environment: Environment) -> None:
    targets = [request["target"] for request in environment.proxied]
    assert targets.count("functiongraph.cn-north-4.myhuaweicloud.com:443") == len(FACES)
    assert targets.count("iam.cn-north-4.myhuaweicloud.com:443") == len(FACES)


def test_environment_of_the_process_counts_where_the_task_sets_none(environment: Environment) -> None:
    result = faces.same(environment.run, environment.hosts, "process")
    assert "region or endpoint is required" in result["msg"]
    result = faces.same(environment.run, environment.hosts, "process, CA bundle")
    assert "REQUESTS_CA_BUNDLE must name a file or folder of CA certificates" in result["msg"]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("two families", "HUAWEICLOUD_SDK_AK is set but HUAWEICLOUD_SDK_SK is not; set both."),
        ("line break", "HUAWEICLOUD_SDK_SK must not have leading or trailing whitespace"),
    ],
)
def test_incomplete_or_invalid_keys_are_not_sent(environment: Environment, case: str, message: str) -> None:
    result = faces.same(environment.run, environment.hosts, case)
    assert result["delivery"] == "not_sent"
    assert message in result["msg"]
    for face in FACES:
        assert environment.simulator.run(environment.hosts[face]["runs"][case])["requests"] == []
    assert OF_ANOTHER not in str([task.result for task in environment.run.tasks])
