# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that fail: reported as fail, with the reason."""

from __future__ import annotations

from situation import ONE_GONE, WEB, Situation, fails, meta, on, play, reaches, task, works

FAIL = {
    "fails": Situation("A task fails", [play(fails())], "fail", "web1: break: disk full", (2,)),
    "rescue_fails": Situation(
        "A task fails, and its ``rescue`` fails too",
        [play({"block": [fails()], "rescue": [fails("mend")]})],
        "fail",
        "web1: mend: disk full",
        (2,),
    ),
    "always_fails": Situation(
        "A task fails, and then its ``always`` does",
        [play({"block": [fails()], "always": [fails("clean up")]})],
        "fail",
        "web1: break: disk full",
        (2,),
    ),
    "after_rescue": Situation(
        "A task fails after another was rescued",
        [play({"block": [fails("first")], "rescue": [works()]}, fails("second"))],
        "fail",
        "web1: second: disk full",
        (2,),
    ),
    "after_clear": Situation(
        "A host fails after ``clear_host_errors`` has forgiven another",
        [play(fails("first", when=on("web2")), meta("clear_host_errors"), fails("second", when=on("web1")))],
        "fail",
        "web1: second: disk full",
        (2,),
        hosts=WEB,
    ),
    "unreachable": Situation(
        "A host is unreachable",
        [play(reaches())],
        "fail",
        "web2: reach: the host is gone",
        (4,),
        hosts=ONE_GONE,
        output={"ansible": {"hosts": {"web1": {"ok": 1}, "web2": {"unreachable": 1}}}},
    ),
    "all_unreachable": Situation(
        "All hosts are unreachable",
        [play(reaches())],
        "fail",
        "web2: reach: the host is gone",
        (4,),
        hosts={"web2": ONE_GONE["web2"]},
    ),
    "facts": Situation(
        "Facts cannot be gathered",
        [play(works(), gather_facts=True)],
        "fail",
        "web1: Gathering Facts: …",
        (2, 4),
        hosts={"web1": {"ansible_python_interpreter": "/nowhere/python"}},
    ),
    "handler": Situation(
        "A handler fails",
        [play(works("change", changed_when=True, notify="restart"), handlers=[fails("restart")])],
        "fail",
        "web1: restart: disk full",
        (2,),
    ),
    "role_missing": Situation(
        "An included role is missing",
        [play(task("bring in", "include_role", {"name": "nowhere"}))],
        "fail",
        "web1: bring in: …",
        (2,),
    ),
    "tasks_missing": Situation(
        "An included tasks file is missing",
        [play(task("bring in", "include_tasks", "nowhere.yml"))],
        "fail",
        "web1: bring in: …",
        (2,),
    ),
    "item": Situation(
        "One item of a loop fails",
        [play(task("install", "fail", {"msg": "no package"}, loop=["bash", "nginx"], when="item == 'nginx'"))],
        "fail",
        "web1: install: nginx: no package",
        (2,),
    ),
    "until": Situation(
        "``until`` is exhausted",
        [play(fails("wait", until=False, retries=1, delay=0))],
        "fail",
        "web1: wait: disk full",
        (2,),
    ),
    "no_log": Situation(
        "A task under ``no_log`` fails: its name only",
        [play(fails(no_log=True))],
        "fail",
        "web1: break: failed, and no_log hides why",
        (2,),
    ),
    "any_errors_fatal": Situation(
        "A host fails under ``any_errors_fatal``",
        [play(fails(when=on("web2")), works(), any_errors_fatal=True)],
        "fail",
        "web2: break: disk full",
        (2,),
        hosts=WEB,
    ),
    "max_fail_percentage_abort": Situation(
        "More hosts fail than ``max_fail_percentage`` allows",
        [play(fails(when=on("web2")), works(), max_fail_percentage=10)],
        "fail",
        "web2: break: disk full",
        (2,),
        hosts=WEB,
    ),
    "max_fail_percentage": Situation(
        "Fewer hosts fail than ``max_fail_percentage`` allows",
        [play(fails(when=on("web2")), works(), max_fail_percentage=90)],
        "fail",
        "web2: break: disk full",
        (2,),
        hosts=WEB,
    ),
    "serial_fails": Situation(
        "The second batch of ``serial`` fails",
        [play(fails(when=on("web2")), serial=1)],
        "fail",
        "web2: break: disk full",
        (2,),
        hosts=WEB,
    ),
    "earlier_play": Situation(
        "A host fails, later plays go well",
        [play(fails(when=on("web2"))), play(works())],
        "fail",
        "web2: break: disk full",
        (2,),
        hosts=WEB,
    ),
    "free_fails": Situation(
        "A host fails with strategy ``free``",
        [play(fails(when=on("web2")), works(), strategy="free")],
        "fail",
        "web2: break: disk full",
        (2,),
        hosts=WEB,
    ),
    "no_hosts": Situation(
        "No host matches any play", [play(works(), hosts="databases")], "fail", "no host matched: nothing was done"
    ),
    "start_at_nothing": Situation(
        "``--start-at-task`` names no task",
        [play(works())],
        "fail",
        "no task to start at: nowhere",
        arguments=("--start-at-task", "nowhere"),
    ),
    "first_playbook_fails": Situation(
        "The first of several playbooks fails",
        [play(fails())],
        "fail",
        "web1: break: disk full",
        (2,),
        more={"second.yml": "- {hosts: all, gather_facts: false, tasks: []}"},
    ),
    "publishes_and_fails": Situation(
        "The playbook publishes, then fails: what was published is sent",
        [play(task("publish", "set_stats", {"data": {"release": "1.4"}}), fails())],
        "fail",
        "web1: break: disk full",
        (2,),
        output={"release": "1.4", "ansible": {"failed_task": {"host": "web1", "task": "break"}}},
    ),
}
