# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The two libraries that the collection needs at run time, and what to say where one is missing.

Everything else in module_utils imports them from here, so that it can be imported where they are missing.
"""

from __future__ import annotations

import traceback
import typing as t

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]
    REQUESTS_IMPORT_ERROR: t.Optional[str] = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

try:
    import jsonschema
except ImportError:
    jsonschema = None  # type: ignore[assignment]
    JSONSCHEMA_IMPORT_ERROR: t.Optional[str] = traceback.format_exc()
else:
    JSONSCHEMA_IMPORT_ERROR = None

HINT = (
    "AWX and automation controller run playbooks in an execution environment: it must contain requests and jsonschema, "
    "as project updates never install Python packages."
)


def missing() -> tuple[list[str], str]:
    """Names of the libraries that could not be imported, and the tracebacks of their imports."""
    found = (("requests", REQUESTS_IMPORT_ERROR), ("jsonschema", JSONSCHEMA_IMPORT_ERROR))
    return [name for name, error in found if error], "\n".join(error for _name, error in found if error)


def missing_result() -> t.Optional[dict[str, t.Any]]:
    """The result of a task where a library is missing, None where none is."""
    names, _tracebacks = missing()
    if not names:
        return None
    # Only here, so that what needs no Ansible, the signature for one, can be used where there is none.
    from ansible.module_utils.basic import missing_required_lib

    return {"failed": True, "changed": False, "msg": missing_required_lib(" and ".join(names)), "hint": HINT}


__all__ = ("HINT", "jsonschema", "missing", "missing_result", "requests")
