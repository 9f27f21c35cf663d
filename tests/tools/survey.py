# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the surveys of extensions/awx from the service's tables, or with --check tell whether they are fresh.

survey_ids.json asks for the three ids: it belongs on every template that a workflow launches. survey.json asks for
the outcome too: it belongs on the job template that only reports.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import trees

sys.path.insert(0, str(trees.link()))

from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import field

FOLDER = trees.ROOT / "extensions/awx"
IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
# fgs_workflow_output is no question: as an artifact of the job before it is a dictionary, which no answer can be.
OUTCOME = ("result", "error")


def question(option: str) -> dict[str, Any]:
    """The question for one option of the callback, with the limits of its field."""
    row = field(option)
    variable = f"fgs_{option}" if option.startswith("workflow_") else f"fgs_workflow_{option}"
    asked: dict[str, Any] = {
        "question_name": re.sub(r"\bid\b", "ID", option.replace("_", " ").capitalize()),
        "question_description": row.meaning[0].upper() + row.meaning[1:],
        "variable": variable,
        "type": "multiplechoice" if row.enum else "text",
        "required": row.mandatory,
        "default": "",
    }
    if row.enum:
        asked["choices"] = list(row.enum)
    else:
        # An empty answer is no answer; where one is needed, it has at least one character, limit or none.
        asked["min"] = (row.min_length or 1) if row.mandatory else 0
        if row.max_length is not None:
            asked["max"] = row.max_length
    return asked


def survey(options: tuple[str, ...], description: str) -> dict[str, Any]:
    """A survey specification as AWX takes it."""
    return {
        "name": "FunctionGraph workflow",
        "description": description,
        "spec": [question(option) for option in options],
    }


def surveys() -> dict[Path, str]:
    """Every file and what belongs into it."""
    documents = {
        "survey_ids.json": survey(IDS, "The state of the run that waits for this job"),
        "survey.json": survey(IDS + OUTCOME, "The state of the run that waits, and how it ended"),
    }
    return {FOLDER / name: json.dumps(document, indent=2) + "\n" for name, document in documents.items()}


def main(files: dict[Path, str], check: bool) -> int:
    """Write the files, or with check name those that differ; the exit status."""
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(trees.ROOT)} is not what its source says; write it anew.")
        else:
            path.write_text(files[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(surveys(), "--check" in sys.argv[1:]))
