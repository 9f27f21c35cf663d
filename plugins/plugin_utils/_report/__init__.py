# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
The contents of a report about the end of a playbook.
"""

from __future__ import annotations

import types
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _credentials, _redaction, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery.outcomes import REJECTED
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import connection_spec
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import Failure, bounded
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report.awx_job import (
    KEY,
    MESSAGE_LIMIT,
    NAME_LIMIT,
    fit,
    linked,
    size,
)

# The extra var that tells the playbook callback that the previous job ran in check mode.
CHECK_MODE = "fgs_workflow_check_mode"
# The options that plugin and module share. The plugin takes secrets from the environment only.
OPTIONS = (
    *("confirm", "undelivered_path"),
    *(name for name, rules in connection_spec().items() if name != "run_on" and not rules.get("no_log")),
)
# The prefix of the report plugin's messages.
NAME = "fgs_workflow_report"
# The maximum size in bytes of the JSON under KEY.
LIMIT = 16384
# The maximum size in bytes of the list of names that were left out.
NAMES_LIMIT = 2048
# The maximum size in bytes of the published data as JSON: the gateway accepts requests of up to 12 MB.
PUBLISHED_LIMIT = 11_900_000
PUBLISHED_LEFT_OUT = "published_left_out"
_TOO_LARGE = 413


def is_too_large(result: t.Mapping[str, t.Any]) -> bool:
    """Whether, by the module's result, the service refused the request as too large."""
    return (result.get("delivery"), result.get("http_status")) == (REJECTED, _TOO_LARGE)


class Report:
    """Output and error of one report, without secrets. environ is the environment of the report."""

    def __init__(self, environ: t.Mapping[str, str]) -> None:
        self.environ = environ
        self.redactor = _redaction.Redactor()

    def learn_secrets(self, options: t.Mapping[str, t.Any]) -> None:
        """Registers every secret that a task's result may contain.

        Keys of an agency are not included: they are fetched when the report is sent.
        """
        self.credentials(options)

    def credentials(
        self, options: t.Mapping[str, t.Any]
    ) -> tuple[t.Optional[_credentials.Credentials], t.Optional[str]]:
        """Returns the credentials, except for those of an agency, and else the reason. Registers every secret."""
        try:
            return _credentials.find({**options, "use_ecs_agency": False}, self.environ, self.redactor), None
        except _credentials.CredentialsError as error:
            # Violations of single options are reported elsewhere.
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
        """Returns the output, redacted and within the size limits, and sentences about what was left out.

        published is the data published for all hosts, by name. hosts maps each host to its counts, and under
        "published" to the data that it published for itself. failure must be redacted. job is the link to the job in
        AWX, None elsewhere. refused means that an output with all of published was refused as too large. more is added
        to the recap, which has at most limit bytes.

        The recap is under KEY, unless the playbook has published that key itself.
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
        """Returns the redacted data that can be sent, the names that were left out, and sentences about these."""
        sendable, reasons = _sendable(published, self.redactor.known)
        _leave_out_largest(sendable, reasons, 0 if refused else PUBLISHED_LIMIT)
        notes = []
        if reasons:
            each = self.redactor.text(", ".join("%s (%s)" % pair for pair in reasons.items()))
            notes.append("output does not include what cannot be sent: %s." % bounded(each, MESSAGE_LIMIT))
        return self.redactor.within(sendable), _names(self.redactor.known(name) for name in reasons), notes

    def redacted(self, failure: Failure) -> Failure:
        """Returns the failure without secrets."""
        redact = self.redactor.text
        return Failure(
            redact(failure.host),
            redact(failure.task),
            None if failure.line is None else redact(failure.line),
            None if failure.message is None else redact(failure.message),
        )


def job_link(environ: t.Mapping[str, str]) -> t.Optional[str]:
    """Returns the URL of the job in AWX; None outside AWX."""
    host, job = environ.get("AWX_HOST"), environ.get("JOB_ID")
    return "%s/#/jobs/playbook/%s" % (host.rstrip("/"), job) if host and job else None


def job_fields(environ: t.Mapping[str, str], variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Returns link, ID and name of the job in AWX; empty outside AWX. variables are those of a task."""
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
    """Returns the value under KEY: at most limit bytes of JSON. hosts maps hosts to counts and published data.

    left_out are the names of published data that cannot be sent.

    Failed hosts come first. If a host does not fit, its published data is left out, then the host is only counted.
    """
    found: dict[str, t.Any] = {"check_mode": check_mode, "hosts": {}, **linked(job), **more}
    if failure is not None:
        found["failed_task"] = failed_task(failure)
    if left_out:
        found[PUBLISHED_LEFT_OUT] = list(left_out)
    failed_first = sorted(hosts, key=lambda host: not _has_failed(hosts[host]))
    hosts_left_out = {"hosts": 0, "failed_or_unreachable": 0}
    room = limit - size({**found, "hosts_left_out": {name: len(hosts) for name in hosts_left_out}})
    for host in failed_first:
        for entry in _entries(hosts[host]):
            needed = size({host: entry})
            if needed <= room:
                room -= needed
                found["hosts"][host] = entry
                break
        else:
            hosts_left_out["hosts"] += 1
            hosts_left_out["failed_or_unreachable"] += _has_failed(hosts[host])
    if hosts_left_out["hosts"]:
        found["hosts_left_out"] = hosts_left_out
    return found


def failed_task(failure: Failure) -> dict[str, t.Optional[str]]:
    """Returns a failure in the form used in output."""
    return {
        "host": fit(failure.host, NAME_LIMIT),
        "task": fit(failure.task, NAME_LIMIT),
        "message": None if failure.message is None else fit(failure.message, MESSAGE_LIMIT),
    }


def _sendable(
    published: t.Mapping[str, t.Any], redact: t.Callable[[str], str]
) -> tuple[dict[str, t.Any], dict[str, str]]:
    """Returns the published data that can be sent, as plain JSON, and for the rest the reason by name."""
    sendable: dict[str, t.Any] = {}
    reasons: dict[str, str] = {}
    for name, value in published.items():
        try:
            plain_value = plain(value)
            output = {str(name): plain_value}
            violations = _schema.argument_violations(_schema.CALLBACK, {"output": output}, redact)
        except Exception as error:  # pylint: disable=broad-exception-caught  # playbooks may publish any object
            reasons[str(name)] = type(error).__name__
            continue
        reason = next((violation.message for violation in violations if violation.option == "output"), None)
        if reason is None:
            sendable.update(output)
        else:
            reasons[str(name)] = reason
    return sendable, reasons


def _leave_out_largest(sendable: dict[str, t.Any], reasons: dict[str, str], limit: int) -> None:
    """Moves the largest entries of sendable to reasons, until the rest has at most limit bytes."""
    sizes = {name: size({name: value}) for name, value in sendable.items()}
    total = sum(sizes.values())
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if total <= limit:
            return
        total -= sizes[name]
        del sendable[name]
        reasons[name] = "too large, %d bytes" % sizes[name]


def _with_sendable(entry: t.Mapping[str, t.Any], redact: t.Callable[[str], str]) -> dict[str, t.Any]:
    """Returns a host's entry with only the published data that can be sent."""
    found = {name: value for name, value in entry.items() if name != "published"}
    sendable, reasons = _sendable(entry.get("published", {}), redact)
    if sendable:
        found["published"] = sendable
    if reasons:
        found[PUBLISHED_LEFT_OUT] = True
    return found


def _names(names: t.Iterable[str]) -> list[str]:
    """Returns the names within NAMES_LIMIT; "…" replaces the rest."""
    found: list[str] = []
    for name in names:
        if size([*found, name, "…"]) > NAMES_LIMIT:
            return [*found, "…"]
        found.append(name)
    return found


def _has_failed(host: t.Mapping[str, t.Any]) -> bool:
    return bool(host["failed"] or host["unreachable"])


def _entries(host: t.Mapping[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    """Yields a host's entry, then a smaller one to use if that does not fit."""
    yield dict(host)
    if "published" in host:
        yield {**{name: value for name, value in host.items() if name != "published"}, PUBLISHED_LEFT_OUT: True}
