# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of the guide that are made from code and from the lists that the tests run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

import trees

sys.path += [str(trees.link()), *(str(trees.ROOT / "tests/integration" / name) for name in ("faults", "report"))]

from cases import CASES
from situations import SITUATIONS

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.verdicts import FAILURES, RESPONSES

# title, width and heading of each column, rows of cells as reStructuredText
Table = tuple[str, dict[str, int], list[tuple[str, ...]]]

ACTIONS = {
    outcomes.DELIVERED: "succeeds",
    outcomes.RETRY: "retries",
    outcomes.REFUSED: "fails, without a retry",
    outcomes.UNKNOWN: "reads the run, as ``confirm`` says",
}
REQUESTS = ("none", "one", "two", "three", "four")
ENDPOINT = "https://functiongraph.cn-north-4.myhuaweicloud.com"


def literal(text: str) -> str:
    """text as reStructuredText without markup."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def verdicts() -> Iterable[Table]:
    """What a task does after an attempt: the first row that applies decides."""
    columns = {"Attempt": 65, "The task": 35}
    for title, rows in (("With a response", RESPONSES), ("Without a response", FAILURES)):
        yield title, columns, [(literal(row.event), ACTIONS[row.verdict]) for row in rows]


def _fault(case: Any) -> tuple[str, ...]:
    changed = ", changed" if case.changed else ""
    read = ", and the run was read" if case.reads else ""
    run = "still waits" if case.became == "running" else f"finished with ``{case.became}``"
    message = re.sub("…+", "…", case.message.replace("{endpoint}", ENDPOINT))
    if case.warning:
        message = message or f"warning: {case.warning}"
    requests = f"{REQUESTS[case.sent]}{read}; the state {run}"
    return literal(case.fault), f"``{case.delivery}``{changed}", requests, literal(message or "none")


def faults() -> Iterable[Table]:
    """What a task returns for every fault."""
    columns = {"Fault": 26, "``delivery``": 16, "Requests": 22, "Message": 36}
    for title, cases in CASES.items():
        yield title, columns, [_fault(case) for case in cases]


def situations() -> Iterable[Table]:
    """What is reported for every way in which a playbook can end."""
    columns = {"Situation": 50, "Reported": 20, "``error``": 30}
    for title, group in SITUATIONS.items():
        rows = []
        for one in group.values():
            reported = f"``{one.result}``" if one.result else "nothing"
            if one.became:
                reported = f"nothing: a task has reported ``{one.became}``"
            # Where the error differs between releases of ansible-core, it has no beginning or no end here.
            rows.append((one.what, reported, literal(one.error) if one.error == one.error.strip("…") else ""))
        with_error = any(row[2] for row in rows)
        yield title, dict(list(columns.items())[: 2 + with_error]), [row[: 2 + with_error] for row in rows]


TABLES = {"verdicts": verdicts, "faults": faults, "situations": situations}


def text(name: str) -> str:
    """The tables of this name as reStructuredText."""
    lines = []
    for title, columns, rows in TABLES[name]():
        widths = " ".join(map(str, columns.values()))
        lines += [f".. list-table:: {title}", "   :header-rows: 1", f"   :widths: {widths}", ""]
        for first, *others in (tuple(columns), *rows):
            lines += [f"   * - {first}", *(f"     - {cell}".rstrip() for cell in others)]
        lines.append("")
    return "\n".join(lines)
