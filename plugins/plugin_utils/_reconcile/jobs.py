# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
A job of AWX, as far as it matters to a state that waits.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

ACTIVE = ("new", "pending", "waiting", "running")
SUCCESSFUL, CANCELED = "successful", "canceled"
# The extra variables with the IDs of a run.
IDS = ("fgs_workflow_id", "fgs_workflow_run_id")


class Job(t.NamedTuple):
    """A job or workflow job. Times are in seconds since the epoch; finished is 0 if it is unset.

    root is the ID of the workflow job that it is part of, else its own. variables are its extra variables.
    """

    number: int
    kind: str
    name: str
    status: str
    created: float
    finished: float
    root: int
    variables: dict[str, t.Any]

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    def is_of_run(self, workflow_id: str, run_id: str) -> bool:
        """Whether its extra variables have the ID of the run: as in any UUID, case may differ.

        The ID of the workflow may be in the environment of the job instead. Nobody else has the ID of the run.
        """
        workflow, run = (self.variables.get(name) for name in IDS)
        return folded(run) == folded(run_id) and folded(workflow or workflow_id) == folded(workflow_id)

    @property
    def ended(self) -> float:
        """When it ended: AWX has no time for some jobs that it lost."""
        return max(self.created, self.finished)

    def title(self) -> str:
        return "AWX %s %d" % (self.kind.replace("_", " "), self.number)


def folded(found: t.Any) -> str:
    """An ID as it is compared."""
    return str(found).lower()


def timestamp(time: t.Any) -> float:
    """A time of AWX or FunctionGraph in seconds since the epoch, 0 if it is unset or no time."""
    try:
        found = datetime.fromisoformat(str(time).replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()
