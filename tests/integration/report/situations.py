# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way in which a playbook can end that we know of: the tests run the list, the guide shows it."""

from __future__ import annotations

import situations_fail
import situations_interrupted
import situations_quiet
import situations_success
from situation import Situation

SITUATIONS = {
    "Reported as success": situations_success.SUCCESS,
    "Reported as fail": situations_fail.FAIL,
    "Interrupted": situations_interrupted.INTERRUPTED,
    "Nothing is reported": situations_quiet.QUIET,
}


def every() -> dict[str, Situation]:
    """All situations by name."""
    return {name: situation for group in SITUATIONS.values() for name, situation in group.items()}
