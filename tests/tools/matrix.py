# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ansible-core is tested on which Python. The first Python of a row that this machine has is taken."""

from __future__ import annotations

CORES: dict[str, tuple[str, ...]] = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}
CANDIDATE = "2.22"
# Between the rows above, and the candidate for the next one: units, sanity and a few playbooks run on them.
SMOKE_CORES: dict[str, tuple[str, ...]] = {
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.22": ("3.13", "3.14"),
}
# 2.16 came with rules of its day that contradict today's.
SANITY_CORES = {core: pythons for core, pythons in (CORES | SMOKE_CORES).items() if core != "2.16"}
# What the cores before and after the newest one check; that one checks everything.
SANITY_TESTS = ("validate-modules", "import", "compile")
# The official SDK, which the simulator's tests use, is slower in following new Pythons.
SIMULATOR = ("3.12", "3.13", "3.11", "3.10")
FLOOR_CORE = "2.16"
NEWEST_CORE = "2.21"

# What a managed host may have: sanity compiles and imports the plugins on each that the machine has.
TARGET_PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def choose(pythons: tuple[str, ...], available: dict[str, str]) -> str | None:
    """The interpreter to take for a row, or None where the machine has none of them."""
    return next((available[python] for python in pythons if python in available), None)
