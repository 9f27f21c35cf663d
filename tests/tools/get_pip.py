# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let ansible-test bootstrap pip where its own source of the bootstrap script cannot be reached.

ansible-test fetches one script from a host that is not a package index, so a machine that only reaches an index
cannot run it. The script's place in ansible-test's cache is filled beforehand with a stand-in that runs the very pip
that ansible-test asks for, as installed from the index.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_STAND_IN = """\
import runpy
import sys

sys.path.insert(0, {pip_folder!r})
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.argv[1:] = ["install", "--ignore-installed"] + wanted
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def provide(ansible_test: Path, home: Path) -> None:
    """Fill the cache below home for the ansible-test whose package folder is given."""
    requirements = ansible_test / "_internal/python_requirements.py"
    found = re.search(r"pip='([\d.]+)'", requirements.read_text(encoding="utf-8"))
    if not found:
        raise SystemExit(f"No version of pip in {requirements}: tests/tools/get_pip.py must follow this ansible-test.")
    version = found[1]
    script = home / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    script.parent.mkdir(parents=True, exist_ok=True)
    folder = script.parent / f"pip-{version}"
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(folder)]
    subprocess.run([*command, f"pip=={version}"], check=True)
    script.write_text(_STAND_IN.format(pip_folder=str(folder)), encoding="utf-8")
