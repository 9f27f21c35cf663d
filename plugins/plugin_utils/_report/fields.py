# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The fields of a report under KEY: what size they may have, and the link to a job of AWX.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import bounded

KEY = "ansible"
# The maximum size in bytes of a field as JSON.
MESSAGE_LIMIT = 4096
NAME_LIMIT = 512
# The default of AWX for its own address.
AWX_DEFAULT_HOST = "https://towerhost"
AWX_HOST_HINT = 'AWX does not know its own address: set "Base URL of the service" in its system settings.'


def linked(link: t.Optional[str]) -> dict[str, str]:
    """Returns the output fields for the URL of a job, with a hint if AWX does not know its own address."""
    if link is None:
        return {}
    hint = {"job_hint": AWX_HOST_HINT} if link.startswith(AWX_DEFAULT_HOST + "/") else {}
    return {"job": fit(link, NAME_LIMIT), **hint}


def fit(text: str, limit: int) -> str:
    """Shortens text to limit bytes of JSON by omitting the middle."""
    characters = limit
    while size(text) > limit:
        text = bounded(text, characters)
        characters = characters * 3 // 4
    return text


def size(value: t.Any) -> int:
    """Returns the size in bytes of value in the request body."""
    return len(json.dumps(value))
