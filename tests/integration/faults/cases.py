# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault that the tests let a task meet, by where it happens. The guide's table is made from this list."""

from __future__ import annotations

from cases_breaks import BREAKS, CONFIRMATION
from cases_connections import CONNECTIONS
from cases_responses import REFUSALS, SUCCESSES
from fault_case import Case

CASES: dict[str, tuple[Case, ...]] = {
    "Connecting to the service": CONNECTIONS,
    "After the request began to be sent": BREAKS,
    "Reading the run back": CONFIRMATION,
    "Invalid success responses": SUCCESSES,
    "Refusals and errors": REFUSALS,
}


def every() -> dict[str, Case]:
    """All cases by name."""
    return {case.name: case for cases in CASES.values() for case in cases}
