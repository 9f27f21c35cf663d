# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let galaxy-importer judge the archive: galaxy_import.py FOLDER. Its warnings are failures here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import archive

# The ansible-lint that the importer starts does not see the collection that it looks at as an installed one, so it
# cannot follow the sample project's import of our playbook. The session "lint" follows it.
NOT_FOLLOWED = "Failed to find functiongraph.workflow.callback playbook."


def main() -> int:
    place = Path(sys.argv[1]).resolve()
    built = archive.build(place)
    # It writes its result into the current folder, and runs ansible-lint as a program.
    settings = {"GALAXY_IMPORTER_RUN_FLAKE8": "false", "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", str(built)],
        check=False,
        cwd=place,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)
    bad = [line for line in done.stdout.splitlines() if line.startswith(("WARNING", "ERROR", "CRITICAL"))]
    bad = [line for line in bad if not line.endswith(NOT_FOLLOWED)]
    print(f"galaxy-importer: {len(bad)} warnings and errors, exit code {done.returncode}")
    return 1 if bad or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
