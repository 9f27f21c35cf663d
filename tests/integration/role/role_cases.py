# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can become of a runbook in the role, as data: each case is a play with a run of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]

WEB = ("web1", "web2")
ONE = ("web1",)
HUSH = "hush-hush"


@dataclass(frozen=True)
class Case:
    """A runbook in the role, on two hosts, and what comes of it.

    result is empty where nothing is sent. In error and refused, … stands for anything. refused is what the user reads
    where the role refuses before the runbook starts.
    """

    tasks: list[Task] = field(default_factory=lambda: [works()])
    result: str = ""
    error: str = ""
    output: Mapping[str, Any] | None = None
    refused: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    before: list[Task] = field(default_factory=list)
    play: Mapping[str, Any] = field(default_factory=dict)
    include: Mapping[str, Any] = field(default_factory=dict)
    hosts: tuple[str, ...] = WEB
    failed_hosts: tuple[str, ...] = ()


def task(name: str, action: str, arguments: Any = None, **keywords: Any) -> Task:
    return {"name": name, f"ansible.builtin.{action}": arguments, **keywords}


# None of these starts a Python for a module, which would take most of the time.
def works(name: str = "work", **keywords: Any) -> Task:
    return task(name, "set_fact", {"made": "made"}, **keywords)


def fails(host: str = "", name: str = "break", **keywords: Any) -> Task:
    when = f"inventory_hostname == '{host}'" if host else True
    return task(name, "fail", {"msg": HUSH}, when=when, **keywords)


def reaches() -> Task:
    return task("reach", "raw", "true", changed_when=False)


def publishes(values: Mapping[str, Any], **keywords: Any) -> Task:
    return task("publish", "set_stats", {"data": dict(values)}, run_once=True, **keywords)


def adds(host: str) -> Task:
    return task("add", "add_host", {"name": host}, changed_when=False)


EARLIER = {"block": [fails(name="earlier")], "rescue": [works("rescue")]}
HOST = "{{ inventory_hostname }}"
CHANGE = works("change", changed_when=True, notify="restart")
LATER = {"runbook_output": {"made": "{{ made | default('') }}"}}
SCHEMA = {"runbook_output_schema": {"type": "object", "required": ["address"]}}

CASES = {
    "works": Case(
        [EARLIER, works()],
        "success",
        output={"ansible": {"check_mode": False, "hosts": {host: {"failed": 0, "unreachable": 0} for host in WEB}}},
        before=[EARLIER],
    ),
    "output": Case(
        [works(), task("tell", "set_fact", {"runbook_output": {"made": "{{ made }}", "on": HOST}})],
        "success",
        variables={"runbook_output_schema": {"type": "object", "required": ["made"]}},
        output={"made": "made", "on": "web1"},
    ),
    "output_breaks_schema": Case(
        result="fail",
        error="web1: Validate the output: Nothing was sent: output…",
        variables={**SCHEMA, "runbook_output": {"street": "x"}},
        failed_hosts=ONE,
        hosts=ONE,
    ),
    "output_cannot_be_made": Case(
        [task("tell", "set_fact", {"gone": True})],
        "fail",
        "web1: Render the output: …",
        variables={"runbook_output": "{{ {'x': nowhere} if gone | default(false) else {} }}"},
        failed_hosts=ONE,
        hosts=ONE,
    ),
    "one_fails": Case(
        [works(), fails("web2")],
        "fail",
        f"web2: break: {HUSH}",
        output={"ansible": {"failed_hosts": ["web2"]}},
        failed_hosts=("web2",),
    ),
    "no_log": Case([fails("web1", no_log=True)], "fail", "web1: break: …hides why", failed_hosts=ONE, hosts=ONE),
    "all_fail": Case([fails()], "fail", f"web1: break: {HUSH}", failed_hosts=WEB),
    "no_log_block": Case([{"block": [fails()], "no_log": True}], "fail", "web1: break: …hides why", failed_hosts=WEB),
    "stderr": Case(
        [task("break", "command", f"sh -c 'echo {HUSH} >&2; exit 3'", changed_when=False)],
        "fail",
        f"web1: break: {HUSH}",
        failed_hosts=ONE,
        hosts=ONE,
    ),
    "no_log_item": Case(
        [fails("web1", loop=[1], no_log="{{ item == 1 }}")],
        "fail",
        "web1: break: …hides why",
        failed_hosts=ONE,
        hosts=ONE,
    ),
    "fails_after_a_rescue": Case(
        [task("say", "fail", {"msg": "the second"})],
        "fail",
        "web1: say: the second",
        before=[EARLIER],
        failed_hosts=ONE,
        hosts=ONE,
    ),
    "handler_works": Case(
        [CHANGE],
        "success",
        variables=LATER,
        output={"made": "made"},
        play={"handlers": [works("restart")]},
        hosts=ONE,
    ),
    "handler_fails": Case(
        [CHANGE], "fail", "web1: …", play={"handlers": [fails(name="restart")]}, failed_hosts=ONE, hosts=ONE
    ),
    "publishes": Case(
        [publishes({"release": "1.4", "address": "published"})],
        "success",
        variables={**SCHEMA, "runbook_output": {"address": "own"}},
        output={"release": "1.4", "address": "own"},
        before=[publishes({"early": HUSH})],
    ),
    "publishes_what_the_schema_wants": Case(
        [publishes({"address": "published"})], "success", variables=SCHEMA, output={"address": "published"}, hosts=ONE
    ),
    "publishes_and_fails": Case(
        [publishes({"step": 2}), fails()],
        "fail",
        f"web1: break: {HUSH}",
        output={"step": 2, "ansible": {"failed_hosts": ["web1"]}},
        failed_hosts=ONE,
        hosts=ONE,
    ),
    "publishes_under_no_log": Case(
        [
            publishes({"password": HUSH}, no_log=True),
            publishes({"list": ["open"]}),
            publishes({"list": [HUSH]}, no_log=True),
        ],
        "success",
        hosts=ONE,
    ),
    "publishes_what_cannot_be_sent": Case(
        [publishes({"size": math.nan, "name": "web"})],
        "success",
        output={"name": "web", "ansible": {"published_left_out": ["size"]}},
        hosts=ONE,
    ),
    "adds_hosts_to_the_play": Case([adds("web9"), works()], "success", before=[adds("web8")], play={"hosts": "all"}),
    "checks": Case(play={"check_mode": True}),
    "role": Case(result="success", variables={"runbook_tasks_file": "", "runbook_role": "a_role"}, hosts=ONE),
    "one_batch": Case(result="success", play={"serial": "100%"}),
    "one_host_free": Case(result="success", hosts=ONE, play={"strategy": "free"}),
    "serial": Case(refused="With serial the outcome of all hosts cannot be known once: …", play={"serial": 1}),
    "free": Case(refused="All hosts of the play must come to the role together, …", play={"strategy": "free"}),
    "host_pinned": Case(
        refused="All hosts of the play must come to the role together, …", play={"strategy": "host_pinned"}
    ),
    "when": Case(
        refused="All hosts of the play must come to the role together, …",
        include={"when": "inventory_hostname != 'web2'"},
    ),
    "run_once": Case(refused="All hosts of the play must come to the role together, …", include={"run_once": True}),
    "file_missing": Case(
        refused="runbook_tasks_file must be a file on the controller, and there is none at …/nowhere.yml.",
        variables={"runbook_tasks_file": "nowhere.yml"},
        hosts=ONE,
    ),
    "nothing_to_run": Case(
        refused="Give either runbook_tasks_file or runbook_role.", variables={"runbook_tasks_file": ""}, hosts=ONE
    ),
    "two_to_run": Case(
        refused="Give either runbook_tasks_file or runbook_role.", variables={"runbook_role": "a_role"}, hosts=ONE
    ),
    "no_id": Case(
        refused="Nothing was sent: workflow_run_id is empty; the extra var fgs_workflow_run_id is probably missing.",
        variables={"runbook_workflow_run_id": ""},
        hosts=ONE,
    ),
    "bad_options": Case(
        refused="Nothing was sent: …retries must be from 0 to 100, got 1000…region must be a name like cn-north-4, …",
        variables={"runbook_retries": 1000, "runbook_region": "Nowhere!"},
        hosts=ONE,
    ),
    "no_project": Case(
        refused="Nothing was sent: project_id is unset and cannot be looked up without a region; …",
        play={"environment": {"HW_REGION_NAME": ""}},
        hosts=ONE,
    ),
    "no_region": Case(
        refused="Nothing was sent: region or endpoint is required, …",
        play={"environment": {"HW_REGION_NAME": "", "FGS_ENDPOINT": ""}},
        hosts=ONE,
    ),
    "wrong_confirm": Case(
        refused="Validation of arguments failed:…", variables={"runbook_confirm": "perhaps"}, hosts=ONE
    ),
}
