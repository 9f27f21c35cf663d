# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What to do where a library is missing.

Imported only where one is.
"""

from __future__ import annotations

import platform
import shlex
import sys
import typing as t

# As meta/requirements.txt has them; a managed host does not have that file.
REQUIREMENTS = ("requests>=2.25", "jsonschema>=3.2")

HINT = (
    "AWX and automation controller run playbooks in an execution environment, and this line in its definition for "
    "ansible-builder installs both: dependencies: {python: ['%s']}; project updates never install Python packages."
    % "', '".join(REQUIREMENTS)
)


def result(names: list[str]) -> dict[str, t.Any]:
    """The result of a task where the libraries of these names are missing."""
    # The interpreter by the name that it was started with: the file behind it may be that of another environment.
    command = " ".join(shlex.quote(word) for word in (sys.executable, "-m", "pip", "install", *REQUIREMENTS))
    text = "%s cannot be imported on %s; run %s." % (" and ".join(names), platform.node(), command)
    return {"failed": True, "changed": False, "msg": text, "hint": HINT}
