# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the guide as a site: build.py FOLDER, with antsibull-docs and Sphinx beside this interpreter.

The site is in FOLDER/build/html. Fails when antsibull-docs or Sphinx warns of anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import tables
import trees
import yaml

NAME = "functiongraph.workflow"
METADATA = yaml.safe_load((trees.ROOT / "galaxy.yml").read_text(encoding="utf-8"))
TITLE = f"{NAME} {METADATA['version']}"
# antsibull-docs assumes that every collection is on Galaxy, and this one is not.
ELSEWHERE = {
    "https://galaxy.ansible.com/ui/repo/published/{namespace}/{name}/": METADATA["repository"],
    "collection install {namespace}.{name}": f"collection install git+{METADATA['repository']}.git",
}

# The comment in a page where a table belongs. An include would be a missing file for whoever reads the page itself.
MARK = re.compile(r"^\.\. make docs inserts the table of (\w+)\.$", re.MULTILINE)
SITE = Path(__file__).with_name("site")


def run(*command: str, folder: Path) -> None:
    """Run a program of this environment."""
    place = Path(sys.executable).parent
    env = {**os.environ, "PATH": os.pathsep.join([str(place), os.environ.get("PATH", os.defpath)])}
    env["ANSIBLE_COLLECTIONS_PATH"] = str(trees.link())
    subprocess.run([str(place / command[0]), *command[1:]], cwd=folder, env=env, check=True)


def build(folder: Path) -> Path:
    """Build the site in folder, which is emptied first, and return the folder of its pages."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(
        *("antsibull-docs", "sphinx-init", "--use-current", "--squash-hierarchy", NAME, "--dest-dir", str(folder)),
        *("--sphinx-theme", "furo", "--project", TITLE, "--copyright", "the functiongraph.workflow contributors"),
        *("--extra-conf", "antsibull_ext_color_scheme=default-autodark", "--title", TITLE, "--fail-on-error"),
        folder=folder,
    )
    settings = folder / "antsibull-docs.cfg"
    text = settings.read_text(encoding="utf-8")
    for galaxy, ours in ELSEWHERE.items():
        text = text.replace(galaxy, ours)
    settings.write_text(text, encoding="utf-8")
    with (folder / "conf.py").open("a", encoding="utf-8") as configuration:
        configuration.write((SITE / "conf.py").read_text(encoding="utf-8"))
    pages = folder / "rst"
    pages.chmod(0o755)
    run(
        *("antsibull-docs", "--config-file", "antsibull-docs.cfg", "collection", "--cleanup", "everything"),
        *("--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", "rst", NAME),
        folder=folder,
    )
    for page in (pages / "docsite").glob("*.rst"):
        source = page.read_text(encoding="utf-8")
        page.write_text(MARK.sub(lambda mark: tables.text(mark[1]), source), encoding="utf-8")
    # The pages name pictures as they do in the repository, so that they show there too.
    shutil.copytree(trees.ROOT / "docs/images", folder / "images")
    (folder / "static").mkdir()
    shutil.copyfile(SITE / "guide.css", folder / "static/guide.css")
    run("sphinx-build", "-M", "html", "rst", "build", "-c", ".", "-W", "--keep-going", "-q", folder=folder)
    return folder / "build/html"


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve()) / "index.html")
