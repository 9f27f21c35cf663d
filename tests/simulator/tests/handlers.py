# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions for the flows of the tests."""

from __future__ import annotations

from typing import Any


def show_context(event: Any, context: Any) -> dict[str, Any]:
    """What the function learns of its call."""
    context.getLogger().info(f"called by {context.getWorkflowStateID()}")
    return {
        "event": event,
        "ids": [context.getProjectID(), context.getWorkflowID(), context.getWorkflowRunID()],
        "state_id": context.getWorkflowStateID(),
        "settings": [context.getUserData("SET"), context.getUserData("UNSET")],
        "function": [context.getPackage(), context.getFunctionName(), context.getVersion()],
        "seconds": [context.getRunningTimeInSeconds(), context.getRemainingTimeInMilliSeconds() / 1000],
        "request_id": bool(context.getRequestID()),
    }


def fail(event: Any, _context: Any) -> None:
    """Fail as the event says."""
    raise ValueError(f"no good: {event['why']}")


def give_no_object(_event: Any, _context: Any) -> list[str]:
    """Give what cannot be an input."""
    return ["a list"]
