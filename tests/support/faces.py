# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same task through both faces, side by side: a host calls from the controller, another from the target."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from support.playbooks import Run
from support.simulators import Simulator

FACES = ("controller", "target")

CALLBACK = "functiongraph.workflow.fgs_workflow_callback"
EXECUTION = "functiongraph.workflow.fgs_workflow_execution"
EXECUTION_INFO = "functiongraph.workflow.fgs_workflow_execution_info"

# The ids of the run that the host has for a case; "case" is a variable of the task.
IDS = {name: f"{{{{ runs[case].{name} }}}}" for name in ("workflow_id", "workflow_run_id", "workflow_state_id")}


def connection(simulator: Simulator, account: str = "permanent") -> dict[str, Any]:
    """Arguments that lead to the simulator."""
    return {
        **{name: value for name, value in simulator.accounts[account].items() if name != "name"},
        "endpoint": simulator["http"],
        "project_id": simulator.project_id,
        "run_on": "{{ run_on }}",
    }


def hosts(
    simulator: Simulator, cases: Iterable[str] | Mapping[str, dict[str, Any]], **variables: Any
) -> dict[str, dict[str, Any]]:
    """A host for each face, each with a waiting run for every case. The values of cases are options of its run.

    Cases that only read, named "info…", share a run: its times and ids are in the result.
    """
    options = cases if isinstance(cases, Mapping) else {case: {} for case in cases}
    shared = {case: simulator.start_run(**options[case]) for case in options if case.startswith("info")}
    own = [case for case in options if case not in shared]
    return {
        face: {
            "run_on": face,
            "runs": {**shared, **{case: simulator.start_run(**options[case]) for case in own}},
            **variables,
        }
        for face in FACES
    }


def play(tasks: list[dict[str, Any]], defaults: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    """A play on all hosts whose tasks reach the simulator by module_defaults."""
    return {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/functiongraph.workflow.fgs": defaults},
        "tasks": tasks,
        **keywords,
    }


def callback(case: str, arguments: dict[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
    """A task that completes the case's run with success, named after the case."""
    arguments = {**IDS, "result": "success", **(arguments or {})}
    return _task(case, CALLBACK, arguments, keywords)


def execution_info(case: str, arguments: dict[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
    """A task that reads the case's run and its waiting state."""
    arguments = {**IDS, "execution_id": IDS["workflow_run_id"], **(arguments or {})}
    del arguments["workflow_run_id"]
    return _task(case, EXECUTION_INFO, arguments, keywords)


def of_flow(case: str, module: str, arguments: dict[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
    """A task of EXECUTION or EXECUTION_INFO for the flow that the host has for the case."""
    return _task(case, module, {"workflow_id": "{{ flows[case] }}", **(arguments or {})}, keywords)


def _task(case: str, module: str, arguments: dict[str, Any], keywords: dict[str, Any]) -> dict[str, Any]:
    arguments = {name: value for name, value in arguments.items() if value is not ...}
    return {"name": case, module: arguments, "vars": {"case": case, **keywords.pop("vars", {})}, **keywords}


# ansible-core 2.19 and 2.20 note it where failed_when lets a failed module pass, but not a failed action plugin.
OF_ANSIBLE = ("failed_when_suppressed_exception",)


def plain(result: dict[str, Any], host: str, run: dict[str, str] | None = None) -> dict[str, Any]:
    """A result without what must differ: the run's own ids, the request's, the face's name, Ansible's own keys."""
    text = json.dumps({n: value for n, value in result.items() if not n.startswith("_ansible") and n not in OF_ANSIBLE})
    for name in ("workflow_run_id", "workflow_state_id"):
        text = text.replace((run or {}).get(name, "\0"), f"<{name}>")
    document: dict[str, Any] = json.loads(text)
    if "request_id" in document:
        document["request_id"] = "<request_id>"
    arguments = document.get("invocation", {}).get("module_args", {})
    if arguments.get("run_on") == host:
        arguments["run_on"] = "<face>"
    return document


def same(finished: Run, inventory: dict[str, dict[str, Any]], case: str) -> dict[str, Any]:
    """The result of a case's task, after checking that both faces gave it key for key."""
    one, other = (plain(finished.result(case, host=face), face, inventory[face]["runs"].get(case)) for face in FACES)
    differing = {
        key: (one.get(key), other.get(key))
        for key in one.keys() | other.keys()
        if one.get(key, ...) != other.get(key, ...)
    }
    assert not differing, f"{case}: {differing}"
    return one
