# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does ansible-builder find what the collection needs? execution_environment.py FOLDER.

Images cannot be built everywhere, but what would go into one can be looked at everywhere.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import trees
import yaml

WANTED = ("requests>=2.25", "jsonschema>=3.2")


def main() -> int:
    place = Path(sys.argv[1]).resolve()
    shutil.rmtree(place, ignore_errors=True)
    trees.copy(place)
    found = yaml.safe_load(
        subprocess.run(
            ["ansible-builder", "introspect", "--sanitize", str(place)], check=True, capture_output=True, text=True
        ).stdout
    )
    print(found)
    needs = " ".join(found.get("python", []))
    missing = [wanted for wanted in WANTED if wanted not in needs]
    for wanted in missing:
        print(f"An execution environment with this collection would not have {wanted}.")

    recipe = place / "execution-environment.yml"
    recipe.write_text(
        yaml.safe_dump({"version": 3, "dependencies": {"galaxy": {"collections": ["functiongraph.workflow"]}}}),
        encoding="utf-8",
    )
    context = place / "context"
    subprocess.run(["ansible-builder", "create", "-f", str(recipe), "-c", str(context)], check=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
