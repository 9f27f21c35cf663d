# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What the user can do where there was no connection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import UNRESOLVED
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import region_meant


def network_hint(region: t.Optional[str], reason: str) -> str:
    """What to do where reason, a clause, says why there was no connection."""
    meant = region_meant(region) if UNRESOLVED in reason else ""
    return "Check endpoint, region%s, proxy and CA certificates as seen from where the call is made." % meant
