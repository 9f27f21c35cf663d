# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""What the playbook reconcile displays: a line for each state that waits, and for each job without a run."""

from __future__ import annotations

import typing as t

from ansible import constants as C


def shown(result: dict[str, t.Any], display: t.Any) -> dict[str, t.Any]:
    """Shows the rows of a ReconcileTask's result. Returns the result, in which a failure is one more problem."""
    rows = result.get("rows", [])
    width = max((len(row["verdict"]) for row in rows), default=0)
    for row in rows:
        color = C.COLOR_ERROR if row["is_problem"] else C.COLOR_CHANGED if row["delivery"] else C.COLOR_OK
        display.display("%-*s  %s" % (width, row["verdict"], row["line"]), color=color)
    problems = list(result.get("problems", []))
    if result.get("failed"):
        problems.append(" ".join(filter(None, [result["msg"], result.get("hint")])))
    return {**result, "failed": False, "rows": rows, "problems": problems}
