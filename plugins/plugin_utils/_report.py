# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
What is said about the end of a playbook, and how it is sent: the same way as by the module.
"""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.functiongraph.workflow.plugins.module_utils import (
    _arguments,
    _callback,
    _contract,
    _credentials,
    _libraries,
    _redaction,
    _task,
    _transport,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import REJECTED
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._action import plain
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import Failure, bounded

IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
# Where the ids come from, by option: the extra var is fgs_ and the option's name, the variable the same in capitals.
EXTRA_VARS = {name: "fgs_" + name for name in IDS}
ENVIRONMENT = {name: "FGS_" + name.upper() for name in IDS}
# The extra var by which the playbook callback learns that the job before it ran in check mode.
CHECK_MODE = "fgs_workflow_check_mode"
# The plugin's options that are the module's too.
OPTIONS = (
    "confirm",
    "undelivered_path",
    "timeout",
    "retries",
    "region",
    "endpoint",
    "iam_endpoint",
    "project_id",
    "validate_certs",
    "ca_path",
    "use_ecs_agency",
    "credentials_file",
)
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
_INTERRUPTED = "a signal interrupted it"


def ids(extra_vars: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The ids of the state that waits, from the first source that has any, and what that source lacks."""
    for source, names in ((extra_vars, EXTRA_VARS), (environ, ENVIRONMENT)):
        found = {name: str(source[key]) for name, key in names.items() if source.get(key) not in (None, "")}
        if found:
            return found, [key for name, key in names.items() if name not in found]
    return {}, []


def is_too_large(came: t.Mapping[str, t.Any]) -> bool:
    """Whether a result of the module says that the service refused the request as too large."""
    return (came.get("delivery"), came.get("http_status")) == (REJECTED, _TOO_LARGE)


class Delivery:
    """The delivery of one result."""

    def __init__(self, task: _callback.CallbackTask) -> None:
        self._task = task
        self._came: t.Optional[dict[str, t.Any]] = None

    def run(self) -> dict[str, t.Any]:
        """Delivers. Gives the module's result. Raises only what a signal does."""
        self._came = _libraries.guarded(self._task.run, self._task.NOTHING_DONE)
        return self._came

    def interrupted(self) -> dict[str, t.Any]:
        """The result where a signal has interrupted run()."""
        return self._came or self._task.interrupted(_INTERRUPTED)


class Report:
    """One report, from ids and options to the result of the delivery."""

    def __init__(
        self, found: t.Mapping[str, str], options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]
    ) -> None:
        chosen = {name: options[name] for name in OPTIONS if name in options}
        self._arguments = _arguments.without_empty({**chosen, **found})
        self._environ = environ
        self.redactor = _redaction.Redactor()

    def _validated(self, **arguments: t.Any) -> tuple[dict[str, t.Any], list[t.Any]]:
        given = {**self._arguments, "truncate_error": True, **arguments}
        validation = ArgumentSpecValidator(_arguments.callback_spec()).validate(given)
        return validation.validated_parameters, list(validation.errors)

    def problems(self) -> list[str]:
        """Everything that can be known before the end to stand in the way of the report, as clauses. Sends nothing."""
        came = _libraries.guarded(lambda: {"problems": self._problems()}, {})
        return came["problems"] if "problems" in came else [_clauses(came["msg"], came["hint"])]

    def _problems(self) -> list[str]:
        """The problems where both libraries are there. Raises Unusable where one turns out not to be."""
        params, errors = self._validated(result="success")
        task = _task.Task(_contract.CALLBACK, params, errors, self._environ, _transport.Connections())
        found = [violation.message for violation in task.violations()]
        credentials, lacking = self._credentials(params)
        if lacking is not None and not params.get("use_ecs_agency"):
            found.append(lacking)
        if not found:
            found.extend(filter(None, [task.project_problem(credentials)]))
        return [self.redactor.known(_clauses(text)) for text in found]

    def learn_secrets(self, options: t.Mapping[str, t.Any]) -> None:
        """Learns every secret that may show in what a task says.

        The keys of an agency are not among them: they are fetched when the report is sent.
        """
        self._credentials(options)

    def _credentials(
        self, options: t.Mapping[str, t.Any]
    ) -> tuple[t.Optional[_credentials.Credentials], t.Optional[str]]:
        """The credentials, but for those of an agency, and why there are none, if so. Every secret is learned."""
        try:
            return _credentials.find({**options, "use_ecs_agency": False}, self._environ, self.redactor), None
        except _credentials.CredentialsError as error:
            # What single values break is among the violations.
            return None, None if error.violations else str(error)

    def delivery(
        self, result: str, output: dict[str, t.Any], error: t.Optional[str], check_mode: bool = False, **options: t.Any
    ) -> Delivery:
        """The delivery of a result, as the module would do it. options win over those of the report."""
        params, errors = self._validated(result=result, output=output, error=error, **options)
        return Delivery(
            _callback.CallbackTask(params, errors, self._environ, _transport.Connections(), check_mode=check_mode)
        )

    def output(
        self,
        published: t.Mapping[str, t.Any],
        hosts: t.Mapping[str, t.Mapping[str, t.Any]],
        failure: t.Optional[Failure],
        check_mode: bool,
        job: t.Any,
        refused: bool = False,
    ) -> tuple[dict[str, t.Any], list[str]]:
        """The output, redacted and small enough to be sent, and sentences on what is not in it.

        published is what was published for all hosts, by name. hosts have their counts, and what they published for
        themselves under "published". failure must be redacted. job is what is known of the job in AWX, None elsewhere.
        refused says that an output with all of published was refused as too large.

        The recap stands under KEY, unless the playbook has published that itself.
        """
        output, left_out, notes = self.publishable(published, refused)
        entries = self.redactor.within(
            {host: _with_sendable(entry, self.redactor.known) for host, entry in hosts.items()}
        )
        if KEY in output:
            notes.append("The recap is left out of output, as the playbook has published %s itself." % KEY)
            if left_out:
                output.setdefault(PUBLISHED_LEFT_OUT, left_out)
        else:
            output[KEY] = recap(entries, failure, check_mode, job, left_out)
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
            notes.append("What cannot be sent is left out of output: %s." % bounded(each, MESSAGE_LIMIT))
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


def _clauses(*sentences: str) -> str:
    """Sentences as one text without the last full stop."""
    return ". ".join(sentence.strip().rstrip(".") for sentence in sentences)


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


def recap(
    hosts: t.Mapping[str, t.Mapping[str, t.Any]],
    failure: t.Optional[Failure],
    check_mode: bool,
    job: t.Optional[str],
    left_out: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """What stands under KEY: at most LIMIT bytes of JSON. hosts have their counts and what they published.

    left_out are the names of what the playbook published and cannot be sent.

    Failed hosts come first. What finds no room is marked: first what a host published, then hosts, which are counted.
    """
    found: dict[str, t.Any] = {"check_mode": check_mode, "hosts": {}, **linked(job)}
    if failure is not None:
        found["failed_task"] = failed_task(failure)
    if left_out:
        found[PUBLISHED_LEFT_OUT] = list(left_out)
    bad_first = sorted(hosts, key=lambda host: not _is_bad(hosts[host]))
    hosts_left_out = {"hosts": 0, "failed_or_unreachable": 0}
    room = LIMIT - _size({**found, "hosts_left_out": {name: len(hosts) for name in hosts_left_out}})
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
            violations = _contract.argument_violations(_contract.CALLBACK, {"output": output}, redact)
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
