# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugins of the collection in this process."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar


def action(plugin: Any, arguments: dict[str, Any], **keywords: Any) -> Any:
    """An action as the task executor makes it, for a host without a shell of its own."""
    task = Task()
    task.args = arguments
    task.check_mode = task.diff = False
    for name, value in keywords.items():
        setattr(task, name, value)
    loader = DataLoader()
    shell = SimpleNamespace(tmpdir=None, env_prefix=lambda **_environment: "")
    return plugin.ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=shell),
        play_context=SimpleNamespace(check_mode=False, diff=False),
        loader=loader,
        templar=Templar(loader=loader, variables={}),
        shared_loader_obj=None,
    )
