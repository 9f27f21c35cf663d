# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault bench: what can go wrong between a client and the service, each as a small function with a name.

Names are stable; `python -m simulator --list-faults` prints them.
"""

from __future__ import annotations

from . import answers, bodies, chance, connections, reads
from .bench import FAULTS, GONE, Fault, before_body, choose, meet, random_seed

__all__ = [
    "FAULTS",
    "GONE",
    "Fault",
    "answers",
    "before_body",
    "bodies",
    "chance",
    "choose",
    "connections",
    "meet",
    "random_seed",
    "reads",
]
