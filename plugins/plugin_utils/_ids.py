# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
IDs that arrive as numbers, as strings again.

YAML reads an ID like 00123 as the number 83. ansible-core 2.19 and later do so even where the ID is quoted, if it is
marked !unsafe, as AWX marks every variable of a launch. The sources of the extra vars still have what was written.
"""

from __future__ import annotations

import datetime
import os
import typing as t

import yaml
from ansible import context

# The options that are IDs, aliases too, and the extra vars by which a launch hands them on.
VARIABLES = {
    "workflow_id": "fgs_workflow_id",
    "workflow_run_id": "fgs_workflow_run_id",
    "run_id": "fgs_workflow_run_id",
    "execution_id": "fgs_workflow_run_id",
    "workflow_state_id": "fgs_workflow_state_id",
    "state_id": "fgs_workflow_state_id",
}
# What YAML makes of a scalar that it does not read as a string.
_READ = (bool, int, float, datetime.date)
_LOSS = (
    "%(option)s arrived as a %(kind)s and is used as %(text)s: leading zeros, if it had any, are lost. To hand on an ID"
    ' unchanged, quote it: "00123" in YAML, -e \'{"%(variable)s": "00123"}\' on the command line.'
)


def is_read(value: t.Any) -> bool:
    """Whether value is a number, a boolean or a date, which an ID never is."""
    return isinstance(value, _READ)


def text(option: str, value: t.Any, warn: t.Callable[[str], None]) -> t.Any:
    """The ID of an option as it was written; value itself where it is no number, boolean or date.

    Calls warn where what was written is not known to be a string.
    """
    if not is_read(value):
        return value
    variable = VARIABLES[option]
    written = _written(variable, value)
    found = str(value) if written is None else str(written.value)
    if written is None or (written.style is None and found == str(value)):
        warn(_LOSS % {"option": option, "kind": _kind(value), "text": found, "variable": variable})
    return found


def _kind(value: t.Any) -> str:
    return "boolean" if isinstance(value, bool) else "date" if isinstance(value, datetime.date) else "number"


def _written(variable: str, value: t.Any) -> t.Optional[yaml.ScalarNode]:
    """The scalar in the extra vars of the command line that was read as value; None where value is from elsewhere."""
    for source in reversed(context.CLIARGS.get("extra_vars") or ()):
        tree = _tree(source)
        for key, node in reversed(tree.value if isinstance(tree, yaml.MappingNode) else ()):
            if key.value == variable:
                return node if isinstance(node, yaml.ScalarNode) and _reads_as(node.value, value) else None
    return None


def _reads_as(written: str, value: t.Any) -> bool:
    try:
        return str(yaml.safe_load(written)) == str(value)
    except (ValueError, yaml.YAMLError):
        return False


def _tree(source: str) -> t.Optional[yaml.Node]:
    """The nodes of extra vars, given as Ansible takes them. None where they cannot be read once more."""
    try:
        if source.startswith("@"):
            path = os.path.expanduser(source[1:])
            # A pipe has been read already, and another reader would wait for ever.
            if not os.path.isfile(path):
                return None
            with open(path, encoding="utf-8") as file:
                source = file.read()
        return yaml.compose(source, yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
