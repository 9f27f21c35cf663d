# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that could not be delivered is saved as a file of variables, and sent from it later, unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import faces, playbooks
from support.faces import FACES, callback
from support.playbooks import Run
from support.simulators import Simulator

OUTPUT = {
    "template": "{{ never_defined }} {% raw %} {# no comment #}",
    "text": "ünï 😀 \x85 \u2028 'quoted' \"twice\" \\ # no comment\n: - [",
    "numbers": [0.1, 1e300, -0.0, 12345678901234567890123, True, None],
    "YAML": ["yes", "no", "null", "1.0", "2026-01-01", "!vault x", "~", "=", "<<", "@", "%"],
    "nested": {"": {"empty": {}}},
}
# A template must reach the first task as it is.
LITERAL = "{{ literal }}"

# The case, the simulator's run, and why it is not delivered.
CASES: dict[str, dict[str, Any]] = {
    "file": {"fault": "close_before_response", "times": 1},
    "folder": {"fault": "close_before_response", "times": 1},
    "not sent": {},
    "no folder": {"fault": "close_before_response", "times": 1},
    "no disk": {"fault": "close_before_response", "times": 1},
    "refused": {"fault": "status_400", "times": 1},
}
# Strings that YAML could take for something else.
ERRORS = {"file": "1e3", "folder": "yes", "not sent": "<<"}
LATER = """
- hosts: all
  gather_facts: false
  tasks:
    - name: read {0}
      ansible.builtin.include_vars: "{{{{ kept['{0}'] }}}}"
      no_log: true
    - name: later {0}
      functiongraph.workflow.fgs_workflow_callback:
        access_key: "{{{{ account.access_key }}}}"
        secret_key: "{{{{ account.secret_key }}}}"
        project_id: "{{{{ fgs_project_id }}}}"
        endpoint: "{{{{ account.endpoint }}}}"
        workflow_id: "{{{{ fgs_workflow_id }}}}"
        workflow_run_id: "{{{{ fgs_workflow_run_id }}}}"
        workflow_state_id: "{{{{ fgs_workflow_state_id }}}}"
        result: "{{{{ fgs_workflow_result }}}}"
        output: "{{{{ fgs_workflow_output }}}}"
        error: "{{{{ fgs_workflow_error }}}}"
        run_on: "{{{{ run_on }}}}"
"""


class Undelivered(NamedTuple):
    run: Run
    hosts: dict[str, dict[str, Any]]
    home: Path


@pytest.fixture(scope="module")
def undelivered(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Undelivered:
    home = tmp_path_factory.mktemp("home")
    hosts = faces.hosts(simulator, CASES)
    for face in FACES:
        (home / face).mkdir()
    paths = {
        "folder": f"{home}/{{{{ run_on }}}}",
        "no folder": f"{home}/absent/kept.yml",
        # The kernel refuses new files here, to root too.
        "no disk": "/proc/kept.yml",
    }
    tasks = []
    for case in CASES:
        path = paths.get(case, f"{home}/{{{{ run_on }}}} {case}.yml")
        given = {
            "output": LITERAL,
            "result": "fail",
            "error": ERRORS.get(case, "it's: broken"),
            "confirm": "never",
            "retries": 0,
        }
        at = {"endpoint": simulator["refused"]} if case == "not sent" else {}
        tasks.append(callback(case, {**given, "undelivered_path": path, **at}, ignore_errors=True))
    (home / "output.yml").write_text(_unsafe())
    play = faces.play(tasks, faces.connection(simulator), vars_files=[str(home / "output.yml")])
    run = playbooks.ansible_playbook([play], home=home, hosts=hosts)
    return Undelivered(run, hosts, home)


def _unsafe() -> str:
    """OUTPUT as a file of variables whose templates Ansible leaves alone."""
    import yaml

    class Unsafe(str):
        pass

    def marked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: marked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [marked(item) for item in value]
        return Unsafe(value) if isinstance(value, str) and "{" in value else value

    class Dumper(yaml.SafeDumper):
        pass

    Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))
    return str(yaml.dump({"literal": marked(OUTPUT)}, Dumper=Dumper))


@pytest.mark.parametrize("case", ["file", "folder", "not sent"])
@pytest.mark.parametrize("face", FACES)
def test_callback_is_saved_for_the_owner_alone(
    undelivered: Undelivered, simulator: Simulator, face: str, case: str
) -> None:
    result = undelivered.run.result(case, face)
    assert result["delivery"] == ("not_sent" if case == "not sent" else "unknown")
    kept = Path(result["undelivered_file"])
    assert result["msg"].endswith(f" The callback was saved in {kept} to be sent later.")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not [
        secret for secret in simulator.secrets() if secret in kept.read_text() and secret != simulator.project_id
    ]
    folder = undelivered.home / face if case == "folder" else undelivered.home
    assert kept.parent == folder
    assert not list(folder.glob(".fgs-*"))


@pytest.mark.parametrize("face", FACES)
def test_callback_that_cannot_be_saved_adds_a_sentence(undelivered: Undelivered, face: str) -> None:
    for case in ("no folder", "no disk"):
        result = undelivered.run.result(case, face)
        assert result["delivery"] == "unknown"
        assert result["msg"].startswith("It is not known whether the callback arrived: ")
        assert " The callback could not be saved in undelivered_path " in result["msg"]
        assert result["msg"].endswith(": no such file or directory.")
        assert "undelivered_file" not in result


@pytest.mark.parametrize("face", FACES)
def test_refused_callback_is_not_saved(undelivered: Undelivered, face: str) -> None:
    assert "undelivered_file" not in undelivered.run.result("refused", face)
    assert not (undelivered.home / f"{face} refused.yml").exists()


def test_saved_callback_is_sent_later_unchanged(undelivered: Undelivered, simulator: Simulator, home: Path) -> None:
    cases = ("file", "folder", "not sent")
    hosts = {}
    for face in FACES:
        kept = {case: undelivered.run.result(case, face)["undelivered_file"] for case in cases}
        account = {**simulator.accounts["permanent"], "endpoint": simulator["http"]}
        hosts[face] = {"run_on": face, "kept": kept, "account": account}
    finished = playbooks.ansible_playbook("".join(LATER.format(case) for case in cases), home=home, hosts=hosts)
    assert finished.returncode == 0, finished.output
    for face in FACES:
        for case in cases:
            became = simulator.run(undelivered.hosts[face]["runs"][case])
            assert (became["result"], became["error"], became["output"]) == ("fail", ERRORS[case], OUTPUT)
