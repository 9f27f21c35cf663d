# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two functions of the demo's flow, which FunctionGraph would run. Here the simulator does."""

from __future__ import annotations

from typing import Any


def launch(event: Any, context: Any) -> dict[str, Any]:
    """Stands before the callback node. One that launches for real is extensions/functiongraph/launch_awx_job.py."""
    context.getLogger().info(f"launching for the state {context.getWorkflowStateID()}")
    return dict(event)


def announce(event: Any, context: Any) -> dict[str, Any]:
    """Stands behind the callback node: its event is the output of the callback."""
    text = f"release {event.get('release', 'unknown')} is ready"
    context.getLogger().info(text)
    return {"announced": text}
