# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's table of situations, made from the list that the tests run: python tests/tools/report_table.py."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs/docsite/rst/_generated/report_situations.rst"
sys.path.insert(0, str(ROOT / "tests/integration/report"))
SITUATIONS = importlib.import_module("situations").SITUATIONS

HEAD = """\
..
  Copyright (c) 2026, the functiongraph.workflow contributors
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by tests/tools/report_table.py from tests/integration/report: each row is a test.
"""


def literal(text: str) -> str:
    """text as reStructuredText that means nothing else."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def told(situation: Any) -> str:
    """What the workflow gets to know."""
    if situation.became:
        return f"nothing: it has been told ``{situation.became}``"
    return f"``{situation.result}``" if situation.result else "nothing"


def error(situation: Any) -> str:
    """The error that goes with it, where it is the same with every release of ansible-core."""
    return "" if situation.error.strip("…") != situation.error else literal(situation.error)


def rows(situations: Any) -> str:
    """The rows of one table."""
    lines = []
    with_error = any(map(error, situations.values()))
    for situation in situations.values():
        cells = (situation.what, told(situation), *([error(situation)] if with_error else []))
        lines += [f"   {'* -' if number == 0 else '  -'} {cell}".rstrip() for number, cell in enumerate(cells)]
    return "\n".join(lines)


def table() -> str:
    """The whole file."""
    parts = [HEAD]
    for title, situations in SITUATIONS.items():
        with_error = any(map(error, situations.values()))
        heading = "   * - Situation\n     - The workflow is told" + "\n     - Error" * with_error
        options = "   :header-rows: 1\n   :widths: " + ("50 20 30" if with_error else "70 30")
        parts.append(f".. list-table:: {title}\n{options}\n\n{heading}\n{rows(situations)}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(table(), "utf-8")
