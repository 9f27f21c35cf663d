# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the JSON Schema of a callback's arguments, as it is published: docs/schema/arguments.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import trees

FILE = trees.ROOT / "docs/schema/arguments.json"


def text() -> str:
    """The schema as the file holds it."""
    sys.path.insert(0, str(trees.link()))
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import arguments_schema

    return json.dumps(arguments_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    print(f"written: {FILE.relative_to(trees.ROOT)}")
