# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
The arguments that the faces share, built from the tables where they speak.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._contract import DEPTH, Violation, suggestion
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import CONFIRM, WHEN_UNKNOWN
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import SHORT, Redactor
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec_tables import field

RUN_ON = ("controller", "target")
SECRET_OPTIONS = ("access_key", "secret_key", "security_token", "auth_token")
# Whence playbooks take the ids, as the guide, the surveys and the role have it.
EXTRA_VARS = {
    "workflow_id": "fgs_workflow_id",
    "workflow_run_id": "fgs_workflow_run_id",
    "execution_id": "fgs_workflow_run_id",
    "workflow_state_id": "fgs_workflow_state_id",
}
MASKED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
TIMEOUT_LIMIT = 86400
RETRIES_LIMIT = 100


def connection_spec() -> dict[str, dict[str, t.Any]]:
    """What both modules take to reach the service."""
    return {
        "access_key": {"type": "str", "aliases": ["ak"], "no_log": True},
        "secret_key": {"type": "str", "aliases": ["sk"], "no_log": True},
        "security_token": {"type": "str", "no_log": True},
        "auth_token": {"type": "str", "no_log": True},
        "credentials_file": {"type": "path"},
        "use_ecs_agency": {"type": "bool", "default": False},
        "region": {"type": "str"},
        "endpoint": {"type": "str"},
        "iam_endpoint": {"type": "str"},
        "project_id": {"type": "str"},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 30.0},
        "retries": {"type": "int", "default": 3},
        "run_on": {"type": "str", "choices": list(RUN_ON), "default": RUN_ON[0]},
    }


def callback_spec() -> dict[str, dict[str, t.Any]]:
    """The arguments of fgs_workflow_callback."""
    return {
        "workflow_id": {"type": "str", "required": field("workflow_id").mandatory},
        "workflow_run_id": {"type": "str", "required": field("workflow_run_id").mandatory, "aliases": ["run_id"]},
        "workflow_state_id": {"type": "str", "required": field("workflow_state_id").mandatory, "aliases": ["state_id"]},
        "result": {"type": "str", "required": field("result").mandatory, "choices": list(field("result").enum)},
        "output": {"type": "dict", "default": {}},
        "output_schema": {"type": "dict"},
        "error": {"type": "str"},
        "truncate_error": {"type": "bool", "default": False},
        "confirm": {"type": "str", "choices": list(CONFIRM), "default": WHEN_UNKNOWN},
        "undelivered_path": {"type": "path"},
        **connection_spec(),
    }


def execution_info_spec() -> dict[str, dict[str, t.Any]]:
    """The arguments of fgs_workflow_execution_info."""
    return {
        "workflow_id": {"type": "str", "required": True},
        "execution_id": {"type": "str", "required": True, "aliases": ["workflow_run_id", "run_id"]},
        "workflow_state_id": {"type": "str", "aliases": ["state_id"]},
        **connection_spec(),
    }


def without_empty(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments that count as given: AWX fills optional fields that were left empty with ''."""
    return {name: value for name, value in arguments.items() if value is not None and value != ""}


def empty_ids(specification: t.Mapping[str, t.Mapping[str, t.Any]], arguments: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The required ids that are set to an empty string, by the options' own names."""
    found = {}
    for name in EXTRA_VARS:
        rules = specification.get(name, {})
        values = [arguments[key] for key in (name, *rules.get("aliases", ())) if key in arguments]
        if rules.get("required") and values and not any(value != "" for value in values):
            found[name] = ""
    return found


def named_if_empty(violation: Violation, params: t.Mapping[str, t.Any]) -> Violation:
    """A violation of "required" that says where an empty id most likely comes from; any other as it is."""
    if violation.rule != "required" or params.get(violation.option) != "":
        return violation
    text = "%s is empty; the extra var %s is probably missing" % (violation.option, EXTRA_VARS[violation.option])
    return violation._replace(message=text)


def without_short_secrets(
    specification: dict[str, dict[str, t.Any]], arguments: t.Mapping[str, t.Any]
) -> dict[str, dict[str, t.Any]]:
    """The specification for these arguments, in which a short secret is none.

    Ansible cuts a secret out of every text, be it a part of an id or a word; our own redaction does not.
    """
    found = {}
    for name, rules in specification.items():
        values = [arguments[key] for key in (name, *rules.get("aliases", ())) if key in arguments]
        short = rules.get("no_log") and any(len(str(value)) < SHORT for value in values)
        found[name] = dict(rules, no_log=False) if short else rules
    return found


def masked(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments as a result may show them: secret options hidden, and their values wherever else they stand."""
    connection = connection_spec()
    secret = {name for option in SECRET_OPTIONS for name in (option, *connection[option].get("aliases", []))}
    redactor = Redactor()
    redactor.add(*(str(arguments[name]) for name in secret if arguments.get(name)))
    shown: dict[str, t.Any] = redactor.within({n: v for n, v in arguments.items() if n not in secret}, DEPTH)
    shown.update((name, arguments[name] and MASKED) for name in secret if name in arguments)
    return shown


def limit_violations(params: t.Mapping[str, t.Any]) -> list[Violation]:
    """What the numbers of the connection break: rules that Ansible's argument specification cannot say."""
    found = []
    timeout, retries = params.get("timeout"), params.get("retries")
    if isinstance(timeout, (int, float)) and not 0 < timeout <= TIMEOUT_LIMIT:
        text = "timeout must be more than 0 and at most %d seconds, was %g" % (TIMEOUT_LIMIT, timeout)
        found.append(Violation("timeout", "range", [0, TIMEOUT_LIMIT], text))
    if isinstance(retries, int) and not 0 <= retries <= RETRIES_LIMIT:
        text = "retries must be from 0 to %d, was %d" % (RETRIES_LIMIT, retries)
        found.append(Violation("retries", "range", [0, RETRIES_LIMIT], text))
    return found


def _unsupported(message: str) -> t.Iterator[Violation]:
    """A violation for each option that Ansible's message names before those that it supports."""
    options, _separator, supported = message.partition(". Supported")
    known = re.findall(r"\w+", supported.partition(": ")[2])
    for option in options.split(", "):
        text = "%s is not an option of this module%s" % (option, suggestion(option, known))
        yield Violation(option, "unsupported", None, text)


_RULES = {
    "ArgumentTypeError": "type",
    "ArgumentValueError": "enum",
    "AliasError": "alias",
}
_NAMED = re.compile(r"(?:argument '|value of )(\w+)")


def specification_violations(errors: t.Iterable[t.Any], covered: t.Container[str]) -> list[Violation]:
    """What Ansible's own validation found, but for options in covered, of which the tables' validation says more."""
    found: list[Violation] = []
    for error in errors:
        kind, message = type(error).__name__, str(error.msg).rstrip(".")
        match = _NAMED.search(message)
        option = match.group(1) if match else ""
        if kind == "RequiredError" or option in covered:
            continue
        if kind == "UnsupportedError":
            found.extend(_unsupported(message))
            continue
        found.append(Violation(option, _RULES.get(kind, "specification"), None, message))
    return found
