# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What is said about the end of a playbook, and how it is sent: the same way as by the module.
"""

from __future__ import annotations

import datetime
import json
import os
import types
import typing as t

import yaml
from ansible import context
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.functiongraph.workflow.plugins.module_utils import _credentials, _options, _redaction, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import REJECTED
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import connection_spec
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun, loader_of
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import SWITCH, Failure, bounded, is_off

IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
# Where the ids come from, by option: the extra var is fgs_ and the option's name, the variable the same in capitals.
EXTRA_VARS = {name: "fgs_" + name for name in IDS}
ENVIRONMENT = {name: "FGS_" + name.upper() for name in IDS}
# The extra var by which the playbook callback learns that the job before it ran in check mode.
CHECK_MODE = "fgs_workflow_check_mode"
# The plugin's options that are the module's too. Secrets come from the environment.
OPTIONS = (
    *("confirm", "undelivered_path"),
    *(name for name, rules in connection_spec().items() if name != "run_on" and not rules.get("no_log")),
)
# How the report plugin calls itself in what it says.
NAME = "fgs_workflow_report"
KEY = "ansible"
# What stands under KEY has at most this many bytes as JSON.
LIMIT = 16384
MESSAGE_LIMIT = 4096
NAME_LIMIT = 512
# What AWX takes for its own address until somebody sets it.
AWX_DEFAULT_HOST = "https://towerhost"
AWX_HOST_HINT = 'AWX does not know its own address: set "Base URL of the service" in its system settings.'
# The names of what was left out, together.
NAMES_LIMIT = 2048
# What a playbook published has at most this many bytes as JSON: the gateway takes requests of up to 12 MB.
PUBLISHED_LIMIT = 11_900_000
PUBLISHED_LEFT_OUT = "published_left_out"
_TOO_LARGE = 413


def ids(extra_vars: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The ids of the state that waits, from the first source that has any, and what that source lacks."""
    for source, names in ((extra_vars, EXTRA_VARS), (environ, ENVIRONMENT)):
        found = {name: str(source[key]) for name, key in names.items() if source.get(key) not in (None, "")}
        if found:
            return found, [key for name, key in names.items() if name not in found]
    return {}, []


class Launch(t.NamedTuple):
    """What a launch says of the report.

    ids are those that were found, problems says in clauses why others were not. is_left_alone is what the extra var
    SWITCH says, None where it is unset: plays may say so then.
    """

    ids: dict[str, str]
    problems: list[str]
    is_left_alone: t.Optional[bool]


def launch(run: PlaybookRun, playbook: t.Any, environ: t.Mapping[str, str]) -> Launch:
    """What extra vars and environment say. playbook is the first one.

    An extra var may be a template. What AWX hands on is marked as unsafe, and then is no template.
    """
    loader = loader_of(playbook)
    extra_vars = run.extra_vars(loader)
    values = {name: extra_vars[name] for name in (*EXTRA_VARS.values(), SWITCH) if name in extra_vars}
    wrong: dict[str, str] = {}
    templar: t.Any = Templar(loader=loader, variables=run.variables(playbook)) if values else None
    for name, value in values.items():
        try:
            values[name] = templar.template(value)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a template may raise
            wrong[name] = " ".join(str(error).split())
    switch = values.pop(SWITCH, None)
    for option, name in EXTRA_VARS.items():
        if name in values and name not in wrong:
            values[name] = written_id(option, values[name], lambda text: Display().warning("%s: %s" % (NAME, text)))
    found, lacking = ids(values, environ)
    problems = ["%s is unset" % name for name in lacking]
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
    """The ID of an option as it was written; value itself where it is no number, boolean or date.

    Calls warn where what was written is not known to be a string.
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


def is_too_large(came: t.Mapping[str, t.Any]) -> bool:
    """Whether a result of the module says that the service refused the request as too large."""
    return (came.get("delivery"), came.get("http_status")) == (REJECTED, _TOO_LARGE)


class Report:
    """What is said of one end: output and error, without secrets. environ is that of the report."""

    def __init__(self, environ: t.Mapping[str, str]) -> None:
        self.environ = environ
        self.redactor = _redaction.Redactor()

    def learn_secrets(self, options: t.Mapping[str, t.Any]) -> None:
        """Learns every secret that may show in what a task says.

        The keys of an agency are not among them: they are fetched when the report is sent.
        """
        self.credentials(options)

    def credentials(
        self, options: t.Mapping[str, t.Any]
    ) -> tuple[t.Optional[_credentials.Credentials], t.Optional[str]]:
        """The credentials, but for those of an agency, and why there are none, if so. Every secret is learned."""
        try:
            return _credentials.find({**options, "use_ecs_agency": False}, self.environ, self.redactor), None
        except _credentials.CredentialsError as error:
            # What single values break is among the violations.
            return None, None if error.violations else str(error)

    def output(
        self,
        published: t.Mapping[str, t.Any],
        hosts: t.Mapping[str, t.Mapping[str, t.Any]],
        failure: t.Optional[Failure],
        check_mode: bool,
        job: t.Any,
        refused: bool = False,
        more: t.Optional[t.Mapping[str, t.Any]] = None,
        limit: int = LIMIT,
    ) -> tuple[dict[str, t.Any], list[str]]:
        """The output, redacted and small enough to be sent, and sentences on what is not in it.

        published is what was published for all hosts, by name. hosts have their counts, and what they published for
        themselves under "published". failure must be redacted. job is what is known of the job in AWX, None elsewhere.
        refused says that an output with all of published was refused as too large. more stands in the recap too, which
        has at most limit bytes.

        The recap stands under KEY, unless the playbook has published that itself.
        """
        output, left_out, notes = self.publishable(published, refused)
        entries = self.redactor.within(
            {host: _with_sendable(entry, self.redactor.known) for host, entry in hosts.items()}
        )
        if KEY in output:
            notes.append("output does not include the recap, as the playbook published %s itself." % KEY)
            if left_out:
                output.setdefault(PUBLISHED_LEFT_OUT, left_out)
        else:
            output[KEY] = recap(entries, failure, check_mode, job, left_out, more or {}, limit)
        return output, notes

    def publishable(
        self, published: t.Mapping[str, t.Any], refused: bool = False
    ) -> tuple[dict[str, t.Any], list[str], list[str]]:
        """What of published is sent, redacted; the names of the rest; and sentences on it."""
        kept, reasons = _sendable(published, self.redactor.known)
        _leave_out_largest(kept, reasons, 0 if refused else PUBLISHED_LIMIT)
        notes = []
        if reasons:
            each = self.redactor.text(", ".join("%s (%s)" % pair for pair in reasons.items()))
            notes.append("output does not include what cannot be sent: %s." % bounded(each, MESSAGE_LIMIT))
        return self.redactor.within(kept), _names(self.redactor.known(name) for name in reasons), notes

    def redacted(self, failure: Failure) -> Failure:
        """The failure as it may be sent."""
        hide = self.redactor.text
        return Failure(
            hide(failure.host),
            hide(failure.task),
            None if failure.line is None else hide(failure.line),
            None if failure.message is None else hide(failure.message),
        )


def job_link(environ: t.Mapping[str, str]) -> t.Optional[str]:
    """The page of the job in AWX, where this is one."""
    host, job = environ.get("AWX_HOST"), environ.get("JOB_ID")
    return "%s/#/jobs/playbook/%s" % (host.rstrip("/"), job) if host and job else None


def linked(link: t.Optional[str]) -> dict[str, str]:
    """What output says of the page of a job: nothing where there is none, a hint where the link leads nowhere."""
    if link is None:
        return {}
    hint = {"job_hint": AWX_HOST_HINT} if link.startswith(AWX_DEFAULT_HOST + "/") else {}
    return {"job": _fitting(link, NAME_LIMIT), **hint}


def job_fields(environ: t.Mapping[str, str], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Link, ID and name of the job in AWX, where this is one. variables are those of a task."""
    link = job_link(environ)
    if link is None:
        return {}
    name = variables.get("awx_job_template_name", variables.get("tower_job_template_name", ""))
    number = environ["JOB_ID"]
    named = {"job_name": bounded(str(name), NAME_LIMIT)} if name else {}
    return {**linked(link), "job_id": int(number) if number.isdigit() else number, **named}


def recap(
    hosts: t.Mapping[str, t.Mapping[str, t.Any]],
    failure: t.Optional[Failure],
    check_mode: bool,
    job: t.Optional[str],
    left_out: t.Sequence[str] = (),
    more: t.Mapping[str, t.Any] = types.MappingProxyType({}),
    limit: int = LIMIT,
) -> dict[str, t.Any]:
    """What stands under KEY: at most limit bytes of JSON. hosts have their counts and what they published.

    left_out are the names of what the playbook published and cannot be sent.

    Failed hosts come first. What finds no room is marked: first what a host published, then hosts, which are counted.
    """
    found: dict[str, t.Any] = {"check_mode": check_mode, "hosts": {}, **linked(job), **more}
    if failure is not None:
        found["failed_task"] = failed_task(failure)
    if left_out:
        found[PUBLISHED_LEFT_OUT] = list(left_out)
    bad_first = sorted(hosts, key=lambda host: not _is_bad(hosts[host]))
    hosts_left_out = {"hosts": 0, "failed_or_unreachable": 0}
    room = limit - _size({**found, "hosts_left_out": {name: len(hosts) for name in hosts_left_out}})
    for host in bad_first:
        for entry in _entries(hosts[host]):
            needed = _size({host: entry})
            if needed <= room:
                room -= needed
                found["hosts"][host] = entry
                break
        else:
            hosts_left_out["hosts"] += 1
            hosts_left_out["failed_or_unreachable"] += _is_bad(hosts[host])
    if hosts_left_out["hosts"]:
        found["hosts_left_out"] = hosts_left_out
    return found


def failed_task(failure: Failure) -> dict[str, t.Optional[str]]:
    """A failure as it is sent in output."""
    return {
        "host": _fitting(failure.host, NAME_LIMIT),
        "task": _fitting(failure.task, NAME_LIMIT),
        "message": None if failure.message is None else _fitting(failure.message, MESSAGE_LIMIT),
    }


def _sendable(
    published: t.Mapping[str, t.Any], redact: t.Callable[[str], str]
) -> tuple[dict[str, t.Any], dict[str, str]]:
    """What of published can be sent, as plain JSON, and why the rest cannot, by name."""
    kept: dict[str, t.Any] = {}
    reasons: dict[str, str] = {}
    for name, value in published.items():
        try:
            plain_value = plain(value)
            output = {str(name): plain_value}
            violations = _schema.argument_violations(_schema.CALLBACK, {"output": output}, redact)
        except Exception as error:  # pylint: disable=broad-exception-caught  # the playbook may publish anything
            reasons[str(name)] = type(error).__name__
            continue
        reason = next((violation.message for violation in violations if violation.option == "output"), None)
        if reason is None:
            kept.update(output)
        else:
            reasons[str(name)] = reason
    return kept, reasons


def _leave_out_largest(kept: dict[str, t.Any], reasons: dict[str, str], limit: int) -> None:
    """Moves the largest of kept to reasons, until the rest has at most limit bytes."""
    sizes = {name: _size({name: value}) for name, value in kept.items()}
    total = sum(sizes.values())
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if total <= limit:
            return
        total -= sizes[name]
        del kept[name]
        reasons[name] = "too large, %d bytes" % sizes[name]


def _with_sendable(entry: t.Mapping[str, t.Any], redact: t.Callable[[str], str]) -> dict[str, t.Any]:
    """A host's entry with what can be sent of what it published."""
    found = {name: value for name, value in entry.items() if name != "published"}
    kept, reasons = _sendable(entry.get("published", {}), redact)
    if kept:
        found["published"] = kept
    if reasons:
        found[PUBLISHED_LEFT_OUT] = True
    return found


def _names(names: t.Iterable[str]) -> list[str]:
    """As many of the names as have room; "…" stands for the rest."""
    found: list[str] = []
    for name in names:
        if _size([*found, name, "…"]) > NAMES_LIMIT:
            return [*found, "…"]
        found.append(name)
    return found


def _is_bad(host: t.Mapping[str, t.Any]) -> bool:
    return bool(host["failed"] or host["unreachable"])


def _entries(host: t.Mapping[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    """A host's entry, and the smaller one to take where it finds no room."""
    yield dict(host)
    if "published" in host:
        yield {**{name: value for name, value in host.items() if name != "published"}, PUBLISHED_LEFT_OUT: True}


def _size(value: t.Any) -> int:
    """The bytes of value in the request's body."""
    return len(json.dumps(value))


def _fitting(text: str, limit: int) -> str:
    """text, its middle left out where it would need more than limit bytes."""
    characters = limit
    while _size(text) > limit:
        text = bounded(text, characters)
        characters = characters * 3 // 4
    return text
