# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that are not reported: no workflow waits, or its state is completed already."""

from __future__ import annotations

from typing import Any

from situation import Situation, Task, fails, play, task, works

IDS = {f"workflow_{name}": f"{{{{ fgs_workflow_{name} }}}}" for name in ("id", "run_id", "state_id")}


def callback(**keywords: Any) -> Task:
    """A task that completes the state itself."""
    arguments = {**IDS, "result": "success", **keywords.pop("arguments", {})}
    return {"name": "callback", "functiongraph.workflow.fgs_workflow_callback": arguments, **keywords}


QUIET = {
    "no_ids": Situation("No IDs are given", [play(works())], "", ids="none"),
    "empty_ids": Situation("The IDs are empty", [play(works())], "", ids="empty"),
    "some_ids": Situation(
        "Only some of the IDs are given: a warning at the start and at the end",
        [play(works())],
        "",
        ids="some",
        says="fgs_workflow_state_id is unset",
    ),
    "invalid_ids": Situation(
        "An ID is not valid: a warning at the start and at the end",
        [play(works())],
        "",
        ids="invalid",
        says="must not have leading or trailing whitespace",
    ),
    "check": Situation(
        "``--check``: what would be sent is shown",
        [play(works())],
        "",
        arguments=("--check",),
        says="check mode, so this was not sent:\nPOST http",
    ),
    "completed": Situation("The playbook completes the state itself", [play(callback())], "", became="success"),
    "completed_then_fails": Situation(
        "The playbook completes the state itself, and fails afterwards",
        [play(callback(), fails())],
        "",
        returncodes=(2,),
        became="success",
    ),
    "completed_hidden": Situation(
        "The same by a task under ``no_log``", [play(callback(no_log=True))], "", became="success"
    ),
    "completed_hidden_in_loop": Situation(
        "The same by an item of a loop under ``no_log``",
        [
            play(
                callback(
                    loop=["{{ fgs_workflow_state_id }}"], arguments={"workflow_state_id": "{{ item }}"}, no_log=True
                )
            )
        ],
        "",
        became="success",
    ),
    "completed_in_loop": Situation(
        "The same by an item of a loop",
        [play(callback(loop=["{{ fgs_workflow_state_id }}"], arguments={"workflow_state_id": "{{ item }}"}))],
        "",
        became="success",
    ),
    "completed_by_target": Situation(
        "The same by a host of the play (``run_on: target``)",
        [play(callback(arguments={"run_on": "target"}))],
        "",
        became="success",
    ),
    "completed_by_alias": Situation(
        "The same with ``run_id`` and ``state_id``",
        [
            play(
                {
                    "name": "callback",
                    "functiongraph.workflow.fgs_workflow_callback": {
                        "workflow_id": IDS["workflow_id"],
                        "run_id": IDS["workflow_run_id"],
                        "state_id": IDS["workflow_state_id"],
                        "result": "success",
                    },
                }
            )
        ],
        "",
        became="success",
    ),
    "completed_later": Situation(
        "The same by a task with ``async``, ``poll: 0`` and ``run_on: target``",
        [
            play(
                callback(arguments={"run_on": "target"}, **{"async": 60, "poll": 0, "register": "started"}),
                task(
                    "wait",
                    "async_status",
                    {"jid": "{{ started.ansible_job_id }}"},
                    register="ended",
                    until="ended.finished",
                    retries=100,
                    delay=0.2,
                ),
            )
        ],
        "",
        became="success",
    ),
    "left_alone": Situation(
        "A play has the variable ``fgs_workflow_report: false``",
        [play(works(), vars={"fgs_workflow_report": False})],
        "",
    ),
    "switched_off": Situation(
        "The extra var ``fgs_workflow_report`` is ``false``",
        [play(works())],
        "",
        extra_vars={"fgs_workflow_report": False},
    ),
    "limit_matches_nothing": Situation(
        "``--limit`` matches no host of the inventory: Ansible ends with exit code 1 before it loads the plugin",
        [play(works())],
        "",
        returncodes=(1,),
        says="Could not match supplied host pattern, ignoring: databases",
        arguments=("--limit", "databases"),
    ),
    "unreadable": Situation(
        "The first playbook cannot be read: the same",
        [{"hosts": "all", "tasks": "nonsense"}],
        "",
        returncodes=(1, 4),
        says="nonsense",
    ),
}
