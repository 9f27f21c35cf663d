# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""The table of the playbook check, as it is displayed."""

from __future__ import annotations

import typing as t

from ansible import constants as C

_COLORS = {"ok": C.COLOR_OK, "warning": C.COLOR_WARN, "problem": C.COLOR_ERROR, "skipped": C.COLOR_SKIP}


def table(rows: t.Sequence[t.Mapping[str, str]]) -> list[tuple[str, str]]:
    """Returns the lines of the table, each with its color; a remedy has a line of its own."""
    width = max(len(row["check"]) for row in rows)
    lines = []
    for row in rows:
        color = _COLORS[row["status"]]
        lines.append(("%-7s  %-*s  %s" % (row["status"], width, row["check"], row["found"]), color))
        if row["remedy"]:
            lines.append(("%s  -> %s" % (" " * (9 + width - 2), row["remedy"]), color))
    return lines


def shown(result: dict[str, t.Any], display: t.Any) -> dict[str, t.Any]:
    """Shows the table of a CheckTask's result, and returns the result."""
    if "rows" not in result:
        # Nothing could be checked, for example because a library is missing.
        row = {"check": "check", "status": "problem", "found": result["msg"], "remedy": result.get("hint", "")}
        result = {**result, "failed": False, "rows": [row], "problems": [result["msg"]]}
    for line, color in table(result["rows"]):
        display.display(line, color=color)
    return result
