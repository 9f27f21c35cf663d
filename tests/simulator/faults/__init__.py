# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong between a client and the service, each fault a small function with a name."""

from __future__ import annotations

from . import bodies, connections, random_faults, reads, responses
from .registry import CLOSED, FAULTS, Fault, before_body, respond, seed_random, set_fault, table

__all__ = [
    "CLOSED",
    "FAULTS",
    "Fault",
    "before_body",
    "bodies",
    "connections",
    "random_faults",
    "reads",
    "respond",
    "responses",
    "seed_random",
    "set_fault",
    "table",
]
