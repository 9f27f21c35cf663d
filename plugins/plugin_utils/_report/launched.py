# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What a launch passes to a playbook: the IDs of the waiting state, and whether to report.
"""

from __future__ import annotations

import datetime
import os
import typing as t

import yaml
from ansible import context
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import STATE_OPTIONS
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun, loader_of
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import SWITCH, is_off

IDS = ("workflow_id", "workflow_run_id", *STATE_OPTIONS)
# The sources of the IDs by option: the extra var is fgs_ plus the option's name, the environment variable the same in
# capitals.
EXTRA_VARS = {name: "fgs_" + name for name in IDS}
ENVIRONMENT = {name: "FGS_" + name.upper() for name in IDS}


def unset(found: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> list[str]:
    """Returns the names under which missing IDs can be set. Of a state, its ID or its name is required."""
    missing = [names[option] for option in IDS if option not in (*STATE_OPTIONS, *found)]
    if not any(option in found for option in STATE_OPTIONS):
        missing.append(" or ".join(names[option] for option in reversed(STATE_OPTIONS)))
    return missing


def ids(extra_vars: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Returns the IDs of the waiting state from the first source that has any, and the names that it lacks."""
    for source, names in ((extra_vars, EXTRA_VARS), (environ, ENVIRONMENT)):
        found = {name: str(source[key]) for name, key in names.items() if source.get(key) not in (None, "")}
        if found:
            return found, unset(found, names)
    return {}, []


class Launch(t.NamedTuple):
    """The settings of a report from extra vars and environment.

    ids are those that were found, problems explains in clauses why others were not. is_disabled is the value of the
    extra var SWITCH; None if it is unset, so that plays may disable the report.
    """

    ids: dict[str, str]
    problems: list[str]
    is_disabled: t.Optional[bool]


def _warn(text: str) -> None:
    Display().warning("fgs_workflow_report: %s" % text)


def launch(run: PlaybookRun, playbook: t.Any, environ: t.Mapping[str, str]) -> Launch:
    """Reads the settings from extra vars and environment. playbook is the first one.

    An extra var may be a template. AWX marks what it passes on as unsafe, so that is not rendered.
    """
    loader = loader_of(playbook)
    extra_vars = run.extra_vars(loader)
    values = {name: extra_vars[name] for name in (*EXTRA_VARS.values(), SWITCH) if name in extra_vars}
    wrong: dict[str, str] = {}
    templar: t.Any = Templar(loader=loader, variables=run.variables(playbook)) if values else None
    for name, value in values.items():
        try:
            values[name] = templar.template(value)
        except Exception as error:  # pylint: disable=broad-exception-caught  # a template may raise anything
            wrong[name] = " ".join(str(error).split())
    switch = values.pop(SWITCH, None)
    for option, name in EXTRA_VARS.items():
        if name in values and name not in wrong:
            values[name] = written_id(option, values[name], _warn)
    found, missing = ids(values, environ)
    problems = ["%s is unset" % name for name in missing]
    for option, name in EXTRA_VARS.items():
        if name in wrong:
            del found[option]
            problems.append("%s cannot be evaluated: %s" % (name, wrong[name].rstrip(".")))
    return Launch(found, problems, None if switch in (None, "") else is_off(switch))


_LOSS = (
    "%(option)s arrived as a %(kind)s and is used as %(text)s: leading zeros, if it had any, are lost. To hand on an ID"
    ' unchanged, quote it: "00123" in YAML, -e \'{"%(variable)s": "00123"}\' on the command line.'
)


def written_id(option: str, value: t.Any, warn: t.Callable[[str], None]) -> t.Any:
    """Returns the ID of an option as the user wrote it; value itself unless it is a number, boolean or date.

    Calls warn if the original string cannot be determined.
    """
    if not _options.is_no_string(value):
        return value
    variable = _options.ID_VARIABLES[option]
    written = _written(variable, value)
    found = str(value) if written is None else str(written.value)
    if written is None or (written.style is None and found == str(value)):
        warn(_LOSS % {"option": option, "kind": _kind(value), "text": found, "variable": variable})
    return found


def _kind(value: t.Any) -> str:
    return "boolean" if isinstance(value, bool) else "date" if isinstance(value, datetime.date) else "number"


def _written(variable: str, value: t.Any) -> t.Optional[yaml.ScalarNode]:
    """Returns the YAML scalar in the extra vars that was parsed as value; None if value comes from elsewhere."""
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
    """Returns the YAML nodes of extra vars in Ansible's syntax; None if they cannot be read again."""
    try:
        if source.startswith("@"):
            path = os.path.expanduser(source[1:])
            # Ansible has already read a pipe: a second read would block forever.
            if not os.path.isfile(path):
                return None
            with open(path, encoding="utf-8") as file:
                source = file.read()
        return yaml.compose(source, yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
