# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report plugin as Ansible loads it: what happens reaches the reporter, and elsewhere it switches itself off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible import constants
from support.playbooks import Run
from support.servers import scripted
from support.tasks import SECRET, YES

from ansible_collections.functiongraph.workflow.plugins.callback.fgs_workflow_report import (
    DOCUMENTATION,
    CallbackModule,
)
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched, reporter

IDS = {"fgs_workflow_id": "w", "fgs_workflow_run_id": "run", "fgs_workflow_state_id": "state"}
ENVIRONMENT = {
    "ANSIBLE_CALLBACKS_ENABLED": "functiongraph.workflow.fgs_workflow_report",
    "HUAWEICLOUD_SDK_AK": "AKEXAMPLE0001",
    "HUAWEICLOUD_SDK_SK": SECRET,
    "HW_REGION_NAME": "cn-north-4",
    "HUAWEICLOUD_SDK_PROJECT_ID": "p",
    "FGS_REPORT_CONFIRM": "when_unknown",
    # As AWX hands on fields that were left empty.
    "FGS_REPORT_RETRIES": "",
    "FGS_REPORT_STRICT": "",
}

EVERYTHING = """
- hosts: nobody
- hosts: all
  gather_facts: false
  tasks:
    - name: an item that fails
      ansible.builtin.command: "{{ item }}"
      loop: ["true", "false"]
      when: inventory_hostname == "web1"
    - name: a host that is away
      ansible.builtin.ping:
      vars:
        ansible_connection: "no.such.connection"
      when: inventory_hostname == "web2"
      ignore_errors: true
    - name: a host that cannot be reached
      ansible.builtin.command: "true"
      vars:
        ansible_connection: ssh
        ansible_host: 127.0.0.1
        ansible_port: 9
      when: inventory_hostname == "web3"
"""
SECOND = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_stats:
        data: {plays: 1}
"""


def test_reports_every_kind_of_result(ansible_playbook: Callable[..., Run]) -> None:
    hosts: dict[str, Any] = {"web1": {}, "web2": {}, "web3": {}}
    with scripted(YES) as server:
        run = ansible_playbook(
            EVERYTHING, hosts=hosts, extra_vars=IDS, env={**ENVIRONMENT, "FGS_REPORT_ENDPOINT": server.url}
        )
    assert len(server.came) == 1, run.output
    body = json.loads(server.came[0].body)
    assert body["result"] == "fail"
    assert body["error"].startswith("web1: an item that fails: false: ")
    counted = body["output"]["ansible"]["hosts"]
    assert {host: (row["failed"], row["unreachable"]) for host, row in counted.items()} == {
        "web1": (1, 0),
        "web2": (0, 0),
        "web3": (0, 1),
    }


def test_two_playbooks_are_reported_once(ansible_playbook: Callable[..., Run], home: Path) -> None:
    (home / "second.yml").write_text(SECOND)
    with scripted(YES) as server:
        run = ansible_playbook(
            SECOND,
            extra_vars=IDS,
            env={**ENVIRONMENT, "FGS_REPORT_ENDPOINT": server.url},
            further=[str(home / "second.yml")],
        )
    assert len(server.came) == 1, run.output
    body = json.loads(server.came[0].body)
    assert (body["result"], body["output"]["plays"]) == ("success", 2)
    # Both playbooks have run before the report.
    assert body["output"]["ansible"]["hosts"]["localhost"]["ok"] == 2


def test_silent_without_ids(ansible_playbook: Callable[..., Run]) -> None:
    with scripted() as server:
        run = ansible_playbook(SECOND, env={**ENVIRONMENT, "FGS_REPORT_ENDPOINT": server.url})
    assert run.returncode == 0
    assert "fgs_workflow_report" not in run.output


def test_disabled_without_a_playbook(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in IDS.items():
        monkeypatch.setenv(name.upper(), value)
    plugin = CallbackModule()
    assert not plugin.disabled
    plugin.v2_playbook_on_start(None)
    assert plugin.disabled


def test_empty_variables_are_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FGS_REPORT_RETRIES", "")
    monkeypatch.setenv("FGS_REPORT_REGION", "cn-north-4")
    plugin = CallbackModule()
    # As the loader of plugins does.
    plugin._load_name = plugin.CALLBACK_NAME
    plugin.set_options()
    assert "FGS_REPORT_RETRIES" not in os.environ
    assert os.environ["FGS_REPORT_REGION"] == "cn-north-4"


@pytest.fixture
def plugin() -> Any:
    """The plugin as the loader of plugins makes it."""
    made = CallbackModule()
    made._load_name = made.CALLBACK_NAME
    definitions = yaml.safe_load(DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("callback", made._load_name, definitions)
    return made


def test_invalid_option_is_unset(monkeypatch: pytest.MonkeyPatch, plugin: Any) -> None:
    monkeypatch.setenv("FGS_REPORT_TIMEOUT", "abc")
    monkeypatch.setenv("FGS_REPORT_CONFIRM", "sometimes")
    monkeypatch.setenv("FGS_REPORT_RETRIES", "1")
    plugin.set_options()
    assert [plugin._option(name) for name in ("timeout", "confirm", "retries")] == [30.0, "always", 1]
    confirm, timeout = sorted(plugin._wrong_options)
    assert confirm.startswith("option confirm is invalid and treated as unset: ")
    assert timeout.startswith("option timeout is invalid and treated as unset: ")
    assert not timeout.endswith("..")


@pytest.mark.parametrize(
    ("option", "value", "default", "reason"),
    [
        ("timeout", "-1", 30.0, "timeout must be more than 0 and at most 86400 seconds, got -1"),
        ("timeout", "nan", 30.0, "timeout must be more than 0 and at most 86400 seconds, got nan"),
        ("retries", "1000", 3, "retries must be from 0 to 100, got 1000"),
        (
            "undelivered_path",
            "/dev/null",
            None,
            "undelivered_path must name a file or folder, got a device, pipe or socket: '/dev/null'",
        ),
    ],
)
def test_option_out_of_range_is_unset(
    monkeypatch: pytest.MonkeyPatch, plugin: Any, option: str, value: str, default: Any, reason: str
) -> None:
    monkeypatch.setenv("FGS_REPORT_" + option.upper(), value)
    plugin.set_options()
    assert plugin._option(option) == default
    assert plugin._wrong_options == [f"option {option} is invalid and treated as unset: {reason}."]


def test_endpoint_and_credentials_have_no_default(monkeypatch: pytest.MonkeyPatch, plugin: Any) -> None:
    wrong = {
        "region": "no region",
        "endpoint": "http://example.org",
        "iam_endpoint": "x",
        "project_id": "a/b",
        "ca_path": "/nonexistent",
        "credentials_file": "/nonexistent",
    }
    for name, value in wrong.items():
        monkeypatch.setenv("FGS_REPORT_" + name.upper(), value)
    plugin.set_options()
    assert {name: plugin._option(name) for name in wrong} == wrong
    assert plugin._wrong_options == []


def test_invalid_boolean_is_not_false(monkeypatch: pytest.MonkeyPatch, plugin: Any, tmp_path: Path) -> None:
    config = tmp_path / "ansible.cfg"
    config.write_text("[fgs_workflow_report]\nstrict = yess\nuse_ecs_agency = on ; of the ECS\n")
    monkeypatch.setattr(constants, "CONFIG_FILE", str(config))
    monkeypatch.setenv("FGS_REPORT_VALIDATE_CERTS", "flase")
    plugin.set_options()
    assert plugin._option("validate_certs") is True
    assert [sentence.split()[1] for sentence in sorted(plugin._wrong_options)] == ["strict", "validate_certs"]
    assert "'flase' is not a valid boolean" in sorted(plugin._wrong_options)[1]


def test_error_at_the_start_does_not_disable_it(monkeypatch: pytest.MonkeyPatch, plugin: Any) -> None:
    def broken(_reporter: Any, _playbook: Any) -> None:
        raise AttributeError("of a later ansible-core")

    started: list[str] = []
    run = SimpleNamespace(playbook_starts=lambda: started.append("one"))
    launch = launched.Launch({"workflow_id": "w"}, [], None)
    monkeypatch.setattr(PlaybookRun, "current", lambda: run)
    monkeypatch.setattr(launched, "launch", lambda *_given: launch)
    monkeypatch.setattr(reporter.Reporter, "start", broken)
    plugin.set_options()
    with pytest.raises(AttributeError):
        plugin.v2_playbook_on_start(None)
    assert (plugin.disabled, started) == (False, ["one"])
