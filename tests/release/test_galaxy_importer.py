# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Galaxy says when the archive is uploaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from support.playbooks import run_to_end


def test_galaxy_imports_the_archive_without_a_warning(tmp_path: Path) -> None:
    # It writes its result into the current folder, and runs ansible-lint as a program.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {"GALAXY_IMPORTER_RUN_FLAKE8": "false", "ANSIBLE_LOCALHOST_WARNING": "false", "PATH": path}
    command = [sys.executable, "-m", "galaxy_importer.main", os.environ["FGS_ARCHIVE"]]
    done = run_to_end(command, tmp_path, {**os.environ, **settings})
    assert done.returncode == 0, done.stdout
    assert "...ansible-lint run complete" in done.stdout
    assert "Loading eda/plugins/event_source waiting_states" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith(("WARNING", "ERROR", "CRITICAL"))] == []
