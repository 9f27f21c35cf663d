# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examples that can be run: unchanged except for the IDs of a waiting run for each of them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import texts
import yaml
from support.playbooks import ROOT
from support.simulators import Simulator

CALLBACK = "functiongraph.workflow.fgs_workflow_callback"
EXECUTION = "functiongraph.workflow.fgs_workflow_execution"
INFO = "functiongraph.workflow.fgs_workflow_execution_info"
ROLE = "functiongraph.workflow.runbook"

# A workflow whose runs end by themselves.
ENDING = "00000000-0000-4000-8000-0000000e4d14"

BY_HAND = """ansible-playbook functiongraph.workflow.callback \\
  -e fgs_workflow_id="$WORKFLOW_ID" \\
  -e fgs_workflow_run_id="$RUN_ID" \\
  -e "fgs_workflow_state_name"""
HANGS = "tests/integration/reconcile runs it in each case of its page"
# Why a block is not run unchanged, by a beginning that identifies it.
NOT_RUN = {
    "make demo": "tests/demo runs it",
    "make demo   # ": "tests/demo runs it; make test is what runs this",
    "make check": "the tests would run themselves",
    "make watch FILE=": "runs until it is stopped",
    "ansible-galaxy collection install git+": "needs the network; make release-check installs the archive",
    "collections:\n  - name: https://github.com/": "needs the network",
    "ansible --version\n/the/python": "needs the network; every environment of the tests is made so",
    "{\n  export HUAWEICLOUD_SDK_AK": "test_terminal.py pastes it into a terminal",
    "$ ansible-builder build": "needs a container engine and the network",
    "$ export CONTROLLER_HOST": "needs an AWX; tests/awx runs the playbook against a stand-in",
    "ansible-rulebook -r work_here.yml": "needs a JDK; tests/eda runs it where there is one",
    "export FGS_WORKFLOW_IDS=": "needs a JDK; tests/eda runs it where there is one",
    "curl --request POST https://eda.example.com/": "needs the rulebook; tests/eda sends the same event",
    "TASK [Check libraries": "test_examples.py compares it with what a real run prints",
    "TASK [Report success": "test_examples.py compares it with what a real run prints",
    "a task in a playbook": "no program: test_facts.py compares the files that it names",
    "$ ansible-playbook -i hosts.ini": "tests/integration/tutorial runs it, with the files of the page",
    "$ ansible-playbook -e release_workflow_id": "tests/integration/tutorial runs it, with the files of the page",
    "[web]": "tests/integration/tutorial uses it",
    '{\n  "fgs_workflow_id"': "tests/integration/tutorial compares it with what the function launches",
    '{\n  "status"': "tests/integration/tutorial compares it with what a run becomes",
    '{"extra_vars": {"awx_note"': "a template of AWX; tests/awx sends what AWX makes of it",
    "$ export WORKFLOW_ID=": "variables of the commands after it",
    "$ export STATE_NAME=": "variables of the commands after it",
    "$ ansible-playbook functiongraph.workflow.awx_setup": "needs an AWX; tests/awx_setup has a stand-in",
    "ansible localhost -m functiongraph.workflow.fgs_workflow_execution_info \\\n  -a": HANGS,
    "ansible-playbook functiongraph.workflow.check -e fgs_workflow_id": HANGS,
    "ansible-playbook functiongraph.workflow.callback -e fgs_undelivered_file": HANGS,
    "ansible-playbook functiongraph.workflow.reconcile": HANGS,
    BY_HAND: HANGS,
    "parallel node, ends": "no program",
    "[basic]": "test_examples.py takes keys from it",
    "[defaults]": "test_examples.py runs the playbook beside it",
}


def all_blocks() -> list[texts.Block]:
    """Every code block of the pages and of the role's, and the EXAMPLES of every plugin."""
    plugins = [path for kind in ("modules", "callback") for path in (ROOT / "plugins" / kind).glob("[!_]*.py")]
    roles = [*(ROOT / "roles").glob("*/README.md")]
    return [block for path in [*texts.pages(), *roles, *sorted(plugins)] for block in texts.blocks(path)]


def why_not_run(block: texts.Block) -> str | None:
    """The reason in the list, None for a block that is run."""
    found = [reason for start, reason in NOT_RUN.items() if block.text.lstrip().startswith(start)]
    return found[0] if found else None


def kind(block: texts.Block) -> str:
    """ "playbook", "tasks", "file" of another example, "shell", or "" for what cannot be run."""
    if block.language in ("shell", "bash"):
        return "shell"
    if block.language not in ("yaml", "yaml+jinja"):
        return ""
    document = yaml.safe_load(block.text)
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        return ""
    if block.caption and block.caption not in ("complete.yml", "playbook.yml"):
        return "file"
    return (
        "playbook"
        if all("hosts" in item or "ansible.builtin.import_playbook" in item for item in document)
        else "tasks"
    )


def _let_its_run_end(task: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
    """Gives a task that waits for the end of a run, or a loop that does, a workflow whose runs end."""
    options = task.get(EXECUTION) or task.get(INFO)
    starts = any(EXECUTION in one for one in tasks)
    if options and starts and options.get("execution_id") in (None, "{{ started.execution_id }}"):
        task["vars"] = {"fgs_workflow_id": ENDING}


class Stage:
    """Runs that wait for examples, and their outcomes."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.waiting: dict[str, str] = {}
        function = {"id": "build-1", "name": "build", "type": "Operation", "end": True}
        function["actions"] = [{"function_ref": {"ref_name": "echo"}}]
        flow = {"start": "build-1", "states": [function], "functions": [{"name": "echo"}]}
        simulator.ask("POST", "/_simulator/workflows", {"workflow_id": ENDING, "definition": {"name": "end", **flow}})

    def ids(self, who: str, **options: Any) -> dict[str, str]:
        """The variables of a run that waits for who."""
        run = self._simulator.start_run(name=who, **options)
        self.waiting[run["workflow_run_id"]] = who
        names = ("workflow_id", "workflow_run_id", "workflow_state_id")
        return {"fgs_" + name: run[name] for name in names}

    def incomplete(self) -> list[str]:
        """Examples that have not completed their run exactly once."""
        found = []
        for run_id, who in self.waiting.items():
            run = self._simulator.run(run_id)
            if run["completed_times"] != 1 or run["completed_by"] != "callback":
                found.append(f"{who}: {run['status']}, {run['callback_requests']} requests")
        return found

    def finished(self) -> dict[str, str]:
        """The variables of a run that has already finished."""
        ids = self.ids("finished")
        del self.waiting[ids["fgs_workflow_run_id"]]
        self._simulator.ask("POST", f"/_simulator/runs/{ids['fgs_workflow_run_id']}/end", {"status": "success"})
        return ids

    def playbook(self, block: texts.Block) -> list[dict[str, Any]]:
        """A block of plays or tasks as plays, each task that completes a state with a run of its own."""
        document: list[dict[str, Any]] = yaml.safe_load(block.text)
        if kind(block) == "tasks":
            document = [{"name": str(block), "hosts": "localhost", "gather_facts": False, "tasks": document}]
        plays = copy.deepcopy(document)
        for play in plays:
            tasks = [task for section in ("pre_tasks", "tasks", "post_tasks") for task in play.get(section, [])]
            callbacks = [task for task in tasks if CALLBACK in task]
            roles = [role for role in play.get("roles", []) if ROLE in (role, dict(role).get("role"))]
            if callbacks or roles:
                play.setdefault("vars", {}).update(self.ids(str(block)))
            elif any(INFO in task or EXECUTION in task for task in tasks):
                play.setdefault("vars", {}).update(self.finished())
            for task in tasks:
                _let_its_run_end(task, tasks)
            for task in callbacks[1:]:
                task.setdefault("vars", {}).update(self.ids(f"{block}, {task['name']}"))
        return plays

    def write(self, folder: Path, blocks: list[texts.Block]) -> Path:
        """All blocks as one playbook, with the files that they name beside it."""
        main = []
        for number, block in enumerate(blocks):
            if kind(block) == "file":
                (folder / block.caption).write_text(block.text, encoding="utf-8")
                continue
            name = f"{number:02}.yml"
            (folder / name).write_text(yaml.safe_dump(self.playbook(block), sort_keys=False), encoding="utf-8")
            main.append({"ansible.builtin.import_playbook": name})
        (folder / "all.yml").write_text(yaml.safe_dump(main), encoding="utf-8")
        return folder / "all.yml"
