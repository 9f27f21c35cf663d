# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that succeed: reported as success."""

from __future__ import annotations

from situation import ONE_GONE, WEB, Situation, fails, meta, on, play, reaches, task, works

SUCCESS = {
    "works": Situation("All goes well", [play(works())], "success"),
    "rescued": Situation(
        "A task fails and is rescued",
        [play({"block": [fails()], "rescue": [works()]})],
        "success",
    ),
    "ignore_errors": Situation(
        "A task fails under ``ignore_errors``", [play(fails(ignore_errors=True), works())], "success"
    ),
    "ignore_unreachable": Situation(
        "A host is unreachable under ``ignore_unreachable``",
        [play(reaches(ignore_unreachable=True), task("go on", "debug", {"msg": ""}))],
        "success",
        hosts=ONE_GONE,
    ),
    "role_missing_rescued": Situation(
        "An included role is missing, and that is rescued",
        [play({"block": [task("bring in", "include_role", {"name": "nowhere"})], "rescue": [works()]})],
        "success",
    ),
    "clear_host_errors": Situation(
        "A host fails, ``clear_host_errors`` forgives it",
        [play(fails(when=on("web2")), meta("clear_host_errors")), play(works())],
        "success",
        hosts=WEB,
    ),
    "end_play": Situation(
        "A play ends itself with ``end_play``", [play(works(), meta("end_play"), fails())], "success"
    ),
    "end_host": Situation(
        "A host ends its play with ``end_host``",
        [play(meta("end_host", when=on("web2")), works(), fails(when=on("web2")))],
        "success",
        hosts=WEB,
    ),
    "end_batch": Situation(
        "A batch of ``serial`` ends itself with ``end_batch``",
        [play(meta("end_batch"), fails(), serial=1)],
        "success",
        hosts=WEB,
    ),
    "several_plays": Situation(
        "Several plays, one of them without a host",
        [play(works()), play(fails(), hosts="databases"), play(works())],
        "success",
    ),
    "serial": Situation("All goes well, in batches of ``serial``", [play(works(), serial=1)], "success", hosts=WEB),
    "free": Situation(
        "All goes well with strategy ``free``", [play(works(), works("more"), strategy="free")], "success", hosts=WEB
    ),
    "host_pinned": Situation(
        "All goes well with strategy ``host_pinned``", [play(works(), strategy="host_pinned")], "success", hosts=WEB
    ),
    "limit": Situation(
        "``--limit`` to hosts on which all goes well",
        [play(fails(when=on("web2")), works())],
        "success",
        hosts=WEB,
        arguments=("--limit", "web1"),
    ),
    "tags": Situation(
        "``--tags`` leaves out what would fail",
        [play(works(tags=["some"]), fails())],
        "success",
        arguments=("--tags", "some"),
    ),
    "start_at_task": Situation(
        "``--start-at-task`` leaves out what would fail",
        [play(fails(), works())],
        "success",
        arguments=("--start-at-task", "work"),
    ),
    "set_stats": Situation(
        "The playbook publishes with ``set_stats``",
        [play(task("publish", "set_stats", {"data": {"release": "1.4", "hosts": 2}}))],
        "success",
        output={"release": "1.4", "hosts": 2},
    ),
    "set_stats_per_host": Situation(
        "A host publishes for itself (``per_host``)",
        [play(task("publish", "set_stats", {"data": {"release": "{{ inventory_hostname }}"}, "per_host": True}))],
        "success",
        output={"ansible": {"hosts": {"web1": {"published": {"release": "web1"}}}}},
    ),
    "set_stats_no_log": Situation(
        "A task under ``no_log`` publishes: that is not sent",
        [
            play(
                task("publish", "set_stats", {"data": {"release": "1.4", "token": "open"}}),
                task("hide", "set_stats", {"data": {"token": "hidden", "key": "hidden"}}, no_log=True),
            )
        ],
        "success",
        output={"release": "1.4"},
        not_sent=("token", "key", "hidden"),
    ),
    "set_stats_nan": Situation(
        "The playbook publishes what JSON does not have: that is left out, and named",
        [play(task("publish", "set_stats", {"data": {"release": "1.4", "ratio": float("nan")}}))],
        "success",
        output={"release": "1.4", "ansible": {"published_left_out": ["ratio"]}},
        says="output does not include what cannot be sent: ratio",
    ),
    "set_stats_too_large": Situation(
        "The playbook publishes more than the gateway takes: the same",
        [
            play(
                task("publish", "set_stats", {"data": {"release": "1.4"}}),
                task("publish more", "set_stats", {"data": {"dump": "{{ 'x' * 13000000 }}"}}),
            )
        ],
        "success",
        output={"release": "1.4", "ansible": {"published_left_out": ["dump"]}},
        says="output does not include what cannot be sent: dump",
    ),
    "publishes_ansible": Situation(
        "The playbook publishes ``ansible`` itself: the recap gives way",
        [play(task("publish", "set_stats", {"data": {"ansible": "mine"}}))],
        "success",
        output={"ansible": "mine"},
        says="output does not include the recap",
    ),
    "no_hosts_ignored": Situation(
        "No host matches any play, with ``no_hosts=ignore``",
        [play(works(), hosts="databases")],
        "success",
        env={"FGS_REPORT_NO_HOSTS": "ignore"},
    ),
    "environment": Situation("The IDs come from the environment", [play(works())], "success", ids="environment"),
    "several_playbooks": Situation(
        "Several playbooks on one command line: one report, after the last",
        [play(works())],
        "success",
        more={"second.yml": "- {hosts: all, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: second}}]}"},
        output={"ansible": {"hosts": {"web1": {"ok": 2}}}},
    ),
}
