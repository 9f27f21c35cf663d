# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of README, guide and EXAMPLES does what it says, against the simulator."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import examples
import texts
import yaml
from support import playbooks
from support.playbooks import Run
from support.simulators import Simulator

README = texts.READMES[0]


def _keys(simulator: Simulator) -> dict[str, str]:
    account = simulator.accounts["permanent"]
    return {"HUAWEICLOUD_SDK_AK": account["access_key"], "HUAWEICLOUD_SDK_SK": account["secret_key"]}


def _as_the_region(simulator: Simulator) -> dict[str, str]:
    """The simulator stands for the real addresses of the region, so that examples need not be changed."""
    return {**_keys(simulator), "HTTPS_PROXY": simulator["proxy"], "REQUESTS_CA_BUNDLE": simulator["ca"]}


def _as_the_endpoint(simulator: Simulator) -> dict[str, str]:
    """The variables that make demo-stay prints."""
    address = simulator["http"]
    region = {"HW_REGION_NAME": simulator.region, "FGS_ENDPOINT": address, "HUAWEICLOUD_SDK_IAM_ENDPOINT": address}
    return {**_keys(simulator), **region}


def _block(page: str, start: str) -> texts.Block:
    return next(one for one in examples.all_blocks() if one.file.endswith(page) and one.text.startswith(start))


def test_every_block_is_run_or_has_a_reason() -> None:
    unknown = [
        f"{block}: {block.text.splitlines()[0]}"
        for block in examples.all_blocks()
        if not examples.kind(block) and examples.why_not_run(block) is None
    ]
    assert unknown == []
    idle = [
        start
        for start in examples.NOT_RUN
        if not any(block.text.lstrip().startswith(start) for block in examples.all_blocks())
    ]
    assert idle == []


def test_all_tasks_and_playbooks_complete_their_states(
    simulator: Simulator, home: Path, ansible_playbook: Callable[..., Run]
) -> None:
    blocks = [
        block
        for block in examples.all_blocks()
        if examples.kind(block) in ("playbook", "tasks", "file") and examples.why_not_run(block) is None
    ]
    stage = examples.Stage(simulator)
    main = stage.write(home, blocks)
    assert len(stage.waiting) > 12
    account = simulator.accounts["permanent"]
    finished = ansible_playbook(
        str(main),
        env={**_as_the_region(simulator), "MY_AK": account["access_key"], "MY_SK": account["secret_key"]},
        extra_vars={
            "my_ca_file": simulator["ca"],
            "my_proxy": simulator["proxy"],
            "my_undelivered_folder": str(home),
        },
    )
    assert finished.returncode == 0, finished.output
    assert stage.incomplete() == []


def _shell(block: texts.Block, folder: Path, home: Path, env: dict[str, str]) -> str:
    """The output of a shell block that bash runs in folder. It must succeed."""
    environment = {**playbooks.environment(home), **env, "ANSIBLE_INVENTORY": str(folder / "inventory.yml")}
    finished = playbooks.run_to_end(["bash", "-euo", "pipefail", "-c", block.text], folder, environment)
    assert finished.returncode == 0, f"{block}:\n{finished.stdout}"
    return finished.stdout


def _undelivered(simulator: Simulator, home: Path, ansible_playbook: Callable[..., Run], ids: dict[str, str]) -> str:
    """A file that a real task has saved, because the outcome of its callback was unknown."""
    fault = {"fault": "close_before_response", "times": 1}
    simulator.ask("PUT", f"/_simulator/runs/{ids['fgs_workflow_run_id']}/fault", fault)
    example = yaml.safe_load(_block("delivery.rst", "- name: Complete the state, or save the callback").text)
    example[0][examples.CALLBACK]["confirm"] = "never"
    play = {"hosts": "localhost", "gather_facts": False, "tasks": example}
    finished = ansible_playbook(
        [play], env=_as_the_endpoint(simulator), extra_vars={**ids, "my_undelivered_folder": str(home)}
    )
    saved: str = finished.result(example[0]["name"])["undelivered_file"]
    return saved


def test_all_commands_succeed(
    simulator: Simulator, home: Path, tmp_path: Path, ansible_playbook: Callable[..., Run]
) -> None:
    stage = examples.Stage(simulator)
    ran = 0
    checks: set[str] = set()
    for page in texts.pages():
        folder = tmp_path / page.stem
        folder.mkdir()
        (folder / "inventory.yml").write_text(playbooks.inventory())
        for block in texts.blocks(page):
            if block.caption and "/" not in block.caption:
                (folder / block.caption).write_text(block.text, encoding="utf-8")
            if examples.kind(block) != "shell" or examples.why_not_run(block) is not None:
                continue
            if "workflow.check" in block.text:
                # The same on several pages.
                if block.text in checks:
                    continue
                checks.add(block.text)
            ids = stage.ids(str(block))
            env = {**_as_the_endpoint(simulator), "WORKFLOW_ID": ids["fgs_workflow_id"]}
            env |= {"RUN_ID": ids["fgs_workflow_run_id"], "STATE_ID": ids["fgs_workflow_state_id"]}
            if "UNDELIVERED_FILE" in block.text:
                env["UNDELIVERED_FILE"] = _undelivered(simulator, home, ansible_playbook, ids)
            said = _shell(block, folder, home, env)
            ran += 1
            if "curl" in block.text or "workflow.check" in block.text:
                # It completes no run but its own.
                del stage.waiting[ids["fgs_workflow_run_id"]]
            if "curl" in block.text:
                assert said.startswith("{"), f"{block}: {said}"
                assert "error_code" not in said, f"{block}: {said}"
    assert ran >= 5
    assert stage.incomplete() == []


def test_a_run_with_a_fault_ends_as_the_guide_says(simulator: Simulator, home: Path, tmp_path: Path) -> None:
    (tmp_path / "inventory.yml").write_text(playbooks.inventory())
    (tmp_path / "complete.yml").write_text(_block("getting_started.rst", "- name: Complete a waiting").text)
    env = _as_the_endpoint(simulator)
    started = json.loads(_shell(_block("delivery.rst", "curl --silent --data"), tmp_path, home, env))
    record = tmp_path / "record.jsonl"
    env |= {"WORKFLOW_ID": started["workflow_id"], "RUN_ID": started["workflow_run_id"]}
    env |= {"STATE_ID": started["workflow_state_id"], "FGS_TEST_RECORD": str(record)}
    _shell(_block("getting_started.rst", "ansible-playbook complete.yml"), tmp_path, home, env)
    result = next(t.result for t in playbooks.recorded(record) if "Report success" in t.task)
    assert (result["delivery"], result["requests_sent"]) == ("delivered", 1)
    run = simulator.run(started["workflow_run_id"])
    assert (run["status"], run["callback_requests"]) == ("success", 1)


def test_the_credentials_file_is_used(simulator: Simulator, home: Path, ansible_playbook: Callable[..., Run]) -> None:
    block = _block("authentication.rst", "[basic]")
    keys = simulator.accounts["permanent"]
    text = block.text.replace("your access key", keys["access_key"]).replace("your secret key", keys["secret_key"])
    assert keys["access_key"] in text
    path = home / block.caption.removeprefix("~/")
    path.parent.mkdir()
    path.write_text(text)
    stage = examples.Stage(simulator)
    env = _as_the_region(simulator)
    env = {name: value for name, value in env.items() if not name.startswith("HUAWEICLOUD_SDK")}
    play = stage.playbook(_block("README.md", "- name: Complete a waiting"))
    finished = ansible_playbook(play, env=env)
    assert finished.returncode == 0, finished.output
    assert stage.incomplete() == []


def test_the_configuration_enables_the_report_plugin(simulator: Simulator, home: Path, tmp_path: Path) -> None:
    for block in texts.blocks(texts.GUIDE / "runbooks.rst"):
        if block.caption in ("ansible.cfg", "site.yml"):
            (tmp_path / block.caption).write_text(block.text)
    (tmp_path / "inventory.yml").write_text(playbooks.inventory({"web1": {}, "web2": {}}))
    stage = examples.Stage(simulator)
    ids = stage.ids("site.yml")
    environment = playbooks.environment(home, **_as_the_region(simulator))
    # What a user would not have set.
    for name in ("ANSIBLE_CALLBACKS_ENABLED", "ANSIBLE_CALLBACK_PLUGINS"):
        del environment[name]
    extra = [argument for name, value in ids.items() for argument in ("-e", f"{name}={value}")]
    finished = subprocess.run(
        ["ansible-playbook", "-i", "inventory.yml", "site.yml", *extra],
        cwd=tmp_path,
        env={**environment, "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert stage.incomplete() == []
    run = simulator.run(ids["fgs_workflow_run_id"])
    assert run["output"]["release"] == "1.4"
    assert run["output"]["ansible"]["hosts"].keys() == {"web1", "web2"}


def _comparable(text: str) -> list[str]:
    """The lines of an output, without what differs from run to run."""
    return [re.sub(r"(request_id: ).*", r"\1…", line).strip() for line in text.splitlines() if line.strip()]


def test_the_error_in_the_readme_is_real(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> None:
    stage = examples.Stage(simulator)
    play: list[dict[str, Any]] = stage.playbook(_block("README.md", "- name: Complete a waiting"))
    play[0]["vars"]["fgs_workflow_id"] = "11111111-2222-4333-8444-555555555555"
    env = {**_as_the_region(simulator), "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}
    finished = ansible_playbook(play, env=env)
    shown = _comparable(_block("README.md", "TASK [Report success").text)
    printed = _comparable(finished.output)
    assert len(shown) > 10
    assert [line for line in shown if line not in printed] == [], finished.output


def test_the_table_of_the_check_is_real(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> None:
    function = {"id": "after-1", "name": "after", "type": "Operation", "end": True}
    function["actions"] = [{"function_ref": {"ref_name": "echo"}}]
    callback = {"id": "wait-1", "name": "wait", "type": "Callback", "transition": "after-1"}
    definition = {"start": "wait-1", "states": [callback, function], "functions": [{"name": "echo"}]}
    flow = {"workflow_id": "table-of-the-check", "definition": {"name": "check", **definition}}
    simulator.ask("POST", "/_simulator/workflows", flow)
    variables = {"fgs_region": "cn-north-4", "fgs_workflow_id": flow["workflow_id"]}
    finished = ansible_playbook("functiongraph.workflow.check", extra_vars=variables, env=_as_the_region(simulator))
    assert finished.returncode == 0, finished.output
    # Versions, proxy and clock are those of the machine.
    shown, printed = (
        [re.sub(r"(Python|requests|jsonschema|proxy|clock) .*", r"\1 …", line) for line in _comparable(text)]
        for text in (_block("findings.rst", "TASK [Check libraries").text, finished.output)
    )
    assert len(shown) > 10
    assert [line for line in shown if line not in printed] == [], finished.output
