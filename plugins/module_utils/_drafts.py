# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The drafts of JSON Schema that the installed jsonschema can validate by.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import jsonschema

# The newest first. An older jsonschema lacks the first of them.
_VALIDATORS = (
    "Draft202012Validator",
    "Draft201909Validator",
    "Draft7Validator",
    "Draft6Validator",
    "Draft4Validator",
    "Draft3Validator",
)


def by_name() -> dict[str, t.Any]:
    """The validators by what $schema calls their drafts, the newest first."""
    found = [getattr(jsonschema, name) for name in _VALIDATORS if hasattr(jsonschema, name)]
    return {(draft.META_SCHEMA.get("$id") or draft.META_SCHEMA["id"]).rstrip("#"): draft for draft in found}


def newest() -> t.Any:
    """The validator of the newest draft."""
    return next(iter(by_name().values()))
