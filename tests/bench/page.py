# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the section of docs/benchmarks.md about delivery. Each script replaces its own part."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/benchmarks.md"
SECTION = "## Delivery under faults"


def machine() -> str:
    """Describes the machine of the measurement in a clause."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def import_collection() -> None:
    """Makes the collection and shared test code importable without pytest."""
    sys.path[:0] = [str(ROOT / ".collections"), str(ROOT / "tests")]


def replace_part(title: str, text: str) -> None:
    """Replaces the text under the title in the section."""
    page = PAGE.read_text("utf-8") if PAGE.exists() else ""
    if SECTION not in page:
        page = f"{page.rstrip()}\n\n{SECTION}\n".lstrip()
    before, _unused, rest = page.partition(SECTION + "\n")
    end = re.search(r"^## ", rest, re.MULTILINE)
    own, after = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    part = re.compile(rf"^### {re.escape(title)}\n.*?(?=^### |\Z)", re.MULTILINE | re.DOTALL)
    own = part.sub("", own).rstrip() + f"\n\n### {title}\n\n{text.strip()}\n"
    PAGE.write_text(f"{before}{SECTION}\n\n{own.lstrip()}" + (f"\n{after}" if after else ""), "utf-8")
