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
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import Failure, bounded

IDS = ("workflow_id", "workflow_run_id", "workflow_state_id")
# Where the ids come from, by option: the extra var is fgs_ and the option's name, the variable the same in capitals.
EXTRA_VARS = {name: "fgs_" + name for name in IDS}
ENVIRONMENT = {name: "FGS_" + name.upper() for name in IDS}
# The extra var that tells the playbook callback of a job before it that ran in check mode.
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


def ids(extra_vars: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The ids of the state that waits, from the first source that has any, and what that source lacks."""
    for source, names in ((extra_vars, EXTRA_VARS), (environ, ENVIRONMENT)):
        found = {name: str(source[key]) for name, key in names.items() if source.get(key) not in (None, "")}
        if found:
            return found, [key for name, key in names.items() if name not in found]
    return {}, []


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
        """Everything that can be known before the end to stand in the way of the report. Sends nothing."""
        missing = _libraries.missing_result()
        if missing is not None:
            return ["%s %s" % (missing["msg"], missing["hint"])]
        params, errors = self._validated(result="success")
        task = _task.Task(_contract.CALLBACK, params, errors, self._environ, _transport.Connections())
        found = [violation.message for violation in task.violations()]
        lacking = self.learn_secrets(params)
        if lacking is not None and not params.get("use_ecs_agency"):
            found.append(lacking)
        return [self.redactor.known(text) for text in found]

    def learn_secrets(self, options: t.Mapping[str, t.Any]) -> t.Optional[str]:
        """Learns every secret that may show in what a task says, and gives why there are no credentials, if so.

        The keys of an agency are not among them: they are fetched when the report is sent.
        """
        if not _libraries.missing()[0]:
            route = _transport.route("https://" + KEY, self._environ, False, None)
            self.redactor.add(*_transport.proxy_secrets(route))
        try:
            _credentials.find({**options, "use_ecs_agency": False}, self._environ, self.redactor)
        except _credentials.CredentialsError as error:
            # What single values break is among the violations.
            return None if error.violations else str(error).rstrip(".")
        return None

    def send(
        self, result: str, output: dict[str, t.Any], error: t.Optional[str], check_mode: bool = False
    ) -> dict[str, t.Any]:
        """Delivers, and gives the result as the module would. Never raises but for an interruption of the process."""
        params, errors = self._validated(result=result, output=output, error=error)
        task = _callback.CallbackTask(params, errors, self._environ, _transport.Connections(), check_mode=check_mode)
        try:
            return task.run()
        except KeyboardInterrupt:
            return task.interrupted("it was interrupted (Ctrl-C)")

    def output(
        self,
        published: t.Mapping[str, t.Any],
        recap: t.Mapping[str, t.Any],
    ) -> dict[str, t.Any]:
        """The output: what the playbook published, and the recap under its key unless the playbook uses that itself."""
        output: dict[str, t.Any] = self.redactor.within(dict(published))
        output.setdefault(KEY, recap)
        return output

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


def recap(
    hosts: t.Mapping[str, t.Mapping[str, t.Any]],
    failure: t.Optional[Failure],
    check_mode: bool,
    job: t.Optional[str],
) -> dict[str, t.Any]:
    """What stands under KEY: at most LIMIT bytes of JSON. hosts have their counts and what they published.

    Failed hosts come first. What finds no room is marked: first what a host published, then hosts, which are counted.
    """
    found: dict[str, t.Any] = {"check_mode": check_mode, "hosts": {}, **linked(job)}
    if failure is not None:
        found["failed_task"] = failed_task(failure)
    bad_first = sorted(hosts, key=lambda host: not _is_bad(hosts[host]))
    left_out = {"hosts": 0, "failed_or_unreachable": 0}
    room = LIMIT - _size({**found, "hosts_left_out": {name: len(hosts) for name in left_out}})
    for host in bad_first:
        for entry in _entries(hosts[host]):
            needed = _size({host: entry})
            if needed <= room:
                room -= needed
                found["hosts"][host] = entry
                break
        else:
            left_out["hosts"] += 1
            left_out["failed_or_unreachable"] += _is_bad(hosts[host])
    if left_out["hosts"]:
        found["hosts_left_out"] = left_out
    return found


def failed_task(failure: Failure) -> dict[str, t.Optional[str]]:
    """A failure as it is sent in output."""
    return {
        "host": _fitting(failure.host, NAME_LIMIT),
        "task": _fitting(failure.task, NAME_LIMIT),
        "message": None if failure.message is None else _fitting(failure.message, MESSAGE_LIMIT),
    }


def _is_bad(host: t.Mapping[str, t.Any]) -> bool:
    return bool(host["failed"] or host["unreachable"])


def _entries(host: t.Mapping[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    """A host's entry, and the smaller one to take where it finds no room."""
    yield dict(host)
    if "published" in host:
        yield {**{name: value for name, value in host.items() if name != "published"}, "published_left_out": True}


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
