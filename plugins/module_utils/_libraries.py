# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The two libraries that the collection needs at run time, and what to say where one is missing.

Everything else in module_utils imports them from here, so that it can be imported where they are missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import platform
import shlex
import sys
import traceback
import typing as t


class Unusable(Exception):
    """A library that seemed to be there and cannot be imported. missing_result() knows it from then on."""


class _Later:
    """jsonschema, imported when it is first needed: it takes long, and most tasks do without."""

    def __getattr__(self, name: str) -> t.Any:
        global JSONSCHEMA_IMPORT_ERROR
        try:
            return getattr(importlib.import_module("jsonschema"), name)
        except ImportError:
            JSONSCHEMA_IMPORT_ERROR = traceback.format_exc()
            raise Unusable from None


try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]
    REQUESTS_IMPORT_ERROR: t.Optional[str] = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

jsonschema: t.Any = _Later()
JSONSCHEMA_IMPORT_ERROR: t.Optional[str] = None
if importlib.util.find_spec("jsonschema") is None:
    try:
        importlib.import_module("jsonschema")
    except ImportError:
        JSONSCHEMA_IMPORT_ERROR = traceback.format_exc()

# As meta/requirements.txt has them; a managed host does not have that file.
REQUIREMENTS = ("requests>=2.25", "jsonschema>=3.2")

HINT = (
    "AWX and automation controller run playbooks in an execution environment, and this line in its definition for "
    "ansible-builder installs both: dependencies: {python: ['%s']}; project updates never install Python packages."
    % "', '".join(REQUIREMENTS)
)


def missing() -> tuple[list[str], str]:
    """Names of the libraries that could not be imported, and the tracebacks of their imports."""
    found = (("requests", REQUESTS_IMPORT_ERROR), ("jsonschema", JSONSCHEMA_IMPORT_ERROR))
    return [name for name, error in found if error], "\n".join(error for _name, error in found if error)


def missing_result() -> t.Optional[dict[str, t.Any]]:
    """The result of a task where a library is missing, None where none is."""
    names, _tracebacks = missing()
    return _told(names) if names else None


def _told(names: list[str]) -> dict[str, t.Any]:
    # The interpreter by the name that it was started with: the file behind it may be that of another environment.
    command = " ".join(shlex.quote(word) for word in (sys.executable, "-m", "pip", "install", *REQUIREMENTS))
    text = "%s cannot be imported on %s; run %s." % (" and ".join(names), platform.node(), command)
    return {"failed": True, "changed": False, "msg": text, "hint": HINT}


def guarded(work: t.Callable[[], dict[str, t.Any]], nothing_done: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What work gives, or the result of a task where a library is missing: it has nothing_done in it then."""
    result = missing_result()
    if result is None:
        try:
            return work()
        except Unusable:
            result = _told(missing()[0])
    return {**result, **nothing_done}


__all__ = ("HINT", "Unusable", "guarded", "jsonschema", "missing", "missing_result", "requests")
