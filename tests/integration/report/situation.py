# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a playbook can end, as data: what a row of the guide's table and a test of it share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]
Play = dict[str, Any]


@dataclass(frozen=True)
class Situation:
    """A playbook, how it is run, and what is reported of it to the workflow.

    result is empty where nothing is sent. In error, … stands for anything. output is what must be in the output, none
    of not_sent may be.
    returncodes are those of ansible-playbook, which differ between releases of ansible-core where there are several.
    says is in what the user reads.
    """

    what: str
    playbook: list[Play]
    result: str
    error: str = ""
    returncodes: tuple[int, ...] = (0,)
    says: str = ""
    output: Mapping[str, Any] = field(default_factory=dict)
    not_sent: tuple[str, ...] = ()
    hosts: Mapping[str, dict[str, Any]] = field(default_factory=lambda: {"web1": {}})
    arguments: tuple[str, ...] = ()
    ids: str = "extra_vars"
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    became: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many callbacks the service sees."""
        return 1 if self.result or self.became else 0


WEB: dict[str, dict[str, Any]] = {"web1": {}, "web2": {}}
ONE_GONE: dict[str, dict[str, Any]] = {"web1": {}, "web2": {"ansible_connection": "fgs_test_gone"}}


def play(*tasks: Task, **keywords: Any) -> Play:
    """A play on all hosts."""
    return {"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}


def task(name: str, action: str, arguments: Any = None, **keywords: Any) -> Task:
    """A task with an action of ansible-core."""
    return {"name": name, f"ansible.builtin.{action}": arguments, **keywords}


# None of these starts a Python for a module, which would double the time of a playbook.
def fails(name: str = "break", **keywords: Any) -> Task:
    """A task that fails."""
    return task(name, "fail", {"msg": "disk full"}, **keywords)


def works(name: str = "work", **keywords: Any) -> Task:
    """A task that succeeds."""
    return task(name, "debug", {"msg": name}, **keywords)


def reaches(**keywords: Any) -> Task:
    """A task that needs its host."""
    return task("reach", "raw", "true", changed_when=False, **keywords)


def meta(what: str, **keywords: Any) -> Task:
    """A task that steers Ansible itself."""
    return task(what, "meta", what, **keywords)


def on(host: str) -> str:
    """A condition that is true on one host."""
    return f"inventory_hostname == '{host}'"
