# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places where the working tree is a collection that Ansible finds.

Ansible looks for collections under ansible_collections/NAMESPACE/NAME, and our repository is the collection itself.
A link is enough for imports and playbooks; ansible-test insists on a real folder.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = Path("ansible_collections/functiongraph/workflow")


def link(parent: Path = ROOT / ".collections") -> Path:
    """A folder for PYTHONPATH and ANSIBLE_COLLECTIONS_PATH in which the collection is this working tree."""
    here = parent / COLLECTION
    here.parent.mkdir(parents=True, exist_ok=True)
    # Two sessions may begin at the same moment.
    with contextlib.suppress(FileExistsError):
        here.symlink_to("../../..", target_is_directory=True)
    return parent


def copy(parent: Path) -> Path:
    """A fresh copy of every file that is tracked, or would be; returns the copied collection."""
    target = parent / COLLECTION
    shutil.rmtree(target, ignore_errors=True)
    for name in files():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place, follow_symlinks=False)
    # A repository of its own: tools that ask git for the files would hear of the one around it, which ignores this one.
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
    return target


def files() -> list[str]:
    """The names of all files that git tracks, or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # A file that is deleted but not yet committed is still listed.
    return sorted(name for name in listed.split("\0") if (ROOT / name).is_symlink() or (ROOT / name).is_file())
