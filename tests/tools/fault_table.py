# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's table of faults, made from the list that the tests run: python tests/tools/fault_table.py."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs/docsite/rst/_generated/faults.rst"
sys.path.insert(0, str(ROOT / "tests/integration/faults"))
CASES = importlib.import_module("cases").CASES

HEAD = """\
..
  Copyright (c) 2026, the functiongraph.workflow contributors
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by tests/tools/fault_table.py from tests/integration/faults: each row is a test.
"""
SENT = ("never sent", "sent once", "sent twice", "sent three times", "sent four times")
EXAMPLE = "https://functiongraph.cn-north-4.myhuaweicloud.com"


def literal(text: str) -> str:
    """text as reStructuredText that means nothing else."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def happened(case: Any) -> str:
    """What the task did, and what became of the run."""
    read = ", the run read" if case.reads else ""
    run = "waits on" if case.became == "running" else f"ended with ``{case.became}``"
    return f"{SENT[case.sent]}{read}; the state {run}"


def message(case: Any) -> str:
    """What the user reads."""
    if case.message:
        return literal(re.sub("…+", "…", case.message.replace("{endpoint}", EXAMPLE)))
    return f"warning: {literal(case.warning)}" if case.warning else "none"


def rows(cases: Any) -> str:
    """The rows of one table."""
    lines = []
    for case in cases:
        changed = ", changed" if case.changed else ""
        cells = (literal(case.fault), f"``{case.delivery}``{changed}", happened(case), message(case))
        lines += [f"   {'* -' if number == 0 else '  -'} {cell}" for number, cell in enumerate(cells)]
    return "\n".join(lines)


def table() -> str:
    """The whole file."""
    parts = [HEAD]
    for title, cases in CASES.items():
        heading = "   * - Fault\n     - Delivery\n     - What happens\n     - Message"
        options = "   :header-rows: 1\n   :widths: 26 16 22 36"
        parts.append(f".. list-table:: {title}\n{options}\n\n{heading}\n{rows(cases)}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(table(), "utf-8")
