# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that was saved because of a wrong key is sent from its file, and the file is removed."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import faces, reporting
from support.playbooks import Run
from support.simulators import Simulator

pytestmark = pytest.mark.core

Playbook = Callable[..., Run]
PLAYBOOK = "functiongraph.workflow.callback"
WRONG = "SKwrong-0123456789"
OUTPUT = {"template": "{{ never_defined }}", "text": "等待 🙂"}


@pytest.fixture
def saved(simulator: Simulator, ansible_playbook: Playbook, home: Path) -> Callable[..., tuple[Path, dict[str, str]]]:
    """Saves the callback of a new run with a wrong key. Returns its file, and the run."""

    def save(**options: Any) -> tuple[Path, dict[str, str]]:
        run = simulator.start_run()
        (home / "a folder").mkdir()
        ids = {name: run[name] for name in reporting.NAMES}
        report = {"result": "success", "output": "{{ literal }}", "undelivered_path": str(home / "a folder")}
        task = {"name": "report", faces.CALLBACK: {**ids, **report, **options}, "ignore_errors": True}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        (home / "literal.yml").write_text(
            'literal:\n  template: !unsafe "{{ never_defined }}"\n  text: "等待 🙂"\n', encoding="utf-8"
        )
        env = reporting.environment(simulator, HUAWEICLOUD_SDK_SK=WRONG)
        finished = ansible_playbook([{**play, "vars_files": [str(home / "literal.yml")]}], env=env)
        return Path(finished.result("report")["undelivered_file"]), run

    return save


@pytest.mark.parametrize("project_id", [pytest.param("set", marks=pytest.mark.test_all), "looked up"])
def test_callback_with_an_expired_key_is_sent_with_the_command_in_its_file(
    simulator: Simulator, ansible_playbook: Playbook, saved: Any, project_id: str
) -> None:
    """The key is refused by the service, or by IAM."""
    file, run = saved(**({"project_id": simulator.project_id} if project_id == "set" else {}))
    text = file.read_text(encoding="utf-8")
    assert "is wrong (status 401" in text
    assert WRONG not in text
    command = next(line for line in text.splitlines() if "ansible-playbook" in line).removeprefix("#")
    playbook, *arguments = shlex.split(command)[1:]
    # With the expired key, it is left.
    wrong = reporting.environment(simulator, HUAWEICLOUD_SDK_SK=WRONG)
    finished = ansible_playbook(playbook, *arguments, env=wrong)
    assert finished.returncode == 2, finished.output
    assert file.read_text(encoding="utf-8") == text
    env = reporting.environment(simulator)
    finished = ansible_playbook(playbook, *arguments, "--check", env=env)
    assert (finished.returncode, file.exists()) == (0, True), finished.output
    finished = ansible_playbook(playbook, *arguments, env=env)
    assert finished.returncode == 0, finished.output
    became = simulator.run(run)
    assert (became["status"], became["output"]) == ("success", OUTPUT)
    assert not file.exists()
    sentence = f"The file {file} was removed, as it is no longer needed."
    assert finished.result("Show what happened to the file")["msg"] == sentence


def test_file_of_a_run_that_was_stopped_is_removed(
    simulator: Simulator, ansible_playbook: Playbook, saved: Any
) -> None:
    file, run = saved()
    simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": "cancel"})
    finished = ansible_playbook(
        PLAYBOOK, extra_vars={"fgs_undelivered_file": str(file)}, env=reporting.environment(simulator)
    )
    assert finished.returncode == 2, finished.output
    result = finished.result("Send the callback")
    assert result["delivery"] == "superseded"
    assert result["msg"].endswith(f" The file {file} was removed, as it is no longer needed.")
    assert not file.exists()


@pytest.mark.test_all
def test_copy_is_sent_to_the_addresses_of_the_environment_and_its_original_left(
    simulator: Simulator, ansible_playbook: Playbook, saved: Any, home: Path
) -> None:
    file, run = saved(project_id=simulator.project_id)
    copy = home / "copy.yml"
    copy.write_text(file.read_text(encoding="utf-8").replace(simulator["http"], simulator["refused"]), encoding="utf-8")
    finished = ansible_playbook(PLAYBOOK, "-e", f"@{copy}", env=reporting.environment(simulator))
    assert finished.returncode == 0, finished.output
    assert "those of the environment were used instead" in finished.result("Send the callback")["warnings"][0]
    assert simulator.run(run)["status"] == "success"
    assert (copy.exists(), file.exists()) == (False, True)
