# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The built site and a browser, each made once."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.playbooks import ROOT

# The figures of the benchmarks are written by a tool that is no package.
sys.path.insert(0, str(ROOT / "tests/bench"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the guide's pages, as `make docs` builds them; FGS_SITE names one that is built already."""
    if os.environ.get("FGS_SITE"):
        return Path(os.environ["FGS_SITE"])
    if importlib.util.find_spec("antsibull_docs") is None:
        pytest.skip("antsibull-docs is not in this environment")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "tests/docs/build.py"), str(folder / "guide")]
    built = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert built.returncode == 0, built.stdout
    return folder / "guide/build/html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, without a proxy: it talks to this machine only."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    # Tests that look at no page run without it.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-proxy-server"])
        yield browser.new_context()
        browser.close()
