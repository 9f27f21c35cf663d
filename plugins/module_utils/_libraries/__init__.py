# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The two libraries that the collection needs at run time, and whether one is missing.

Everything else in module_utils imports them from here, so that it can be imported where they are missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import traceback
import typing as t
from contextlib import suppress


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


def missing() -> tuple[list[str], str]:
    """Names of the libraries that could not be imported, and the tracebacks of their imports."""
    found = (("requests", REQUESTS_IMPORT_ERROR), ("jsonschema", JSONSCHEMA_IMPORT_ERROR))
    return [name for name, error in found if error], "\n".join(error for _name, error in found if error)


def missing_result() -> t.Optional[dict[str, t.Any]]:
    """The result of a task where a library is missing, None where none is."""
    names, _tracebacks = missing()
    if not names:
        return None
    # Here, as Ansible compiles what is imported at each start, and mostly nothing is missing.
    from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import advice

    return advice.result(names)


def guarded(work: t.Callable[[], dict[str, t.Any]], nothing_done: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What work gives, or the result of a task where a library is missing: it has nothing_done in it then."""
    if missing_result() is None:
        with suppress(Unusable):
            return work()
    return {**(missing_result() or {}), **nothing_done}


__all__ = ("Unusable", "guarded", "jsonschema", "missing", "missing_result", "requests")
