# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is private to the collection: breaking changes can come with any release.

"""
Callbacks that undelivered_path has saved: read, sent, and removed where sending them once more has no use.

For the playbooks callback and reconcile. What a file says is never evaluated as a template.
"""

from __future__ import annotations

import calendar
import errno
import functools
import hashlib
import json
import os
import re
import stat
import tempfile
import time
import typing as t
from contextlib import suppress

import yaml
from ansible import context

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes, undelivered
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import TIME_FORMAT

_LIMIT = 16 * 1024 * 1024
_FILE_NAME = re.compile(re.escape(undelivered.NAME_PREFIX) + r".+\.yml\Z")
_SAVED_AT = re.compile(r"^# Saved at: (.+)$", re.MULTILINE)
ADDRESSES = ("region", "endpoint", "iam_endpoint", "project_id")
# Variables of a file, by the option of the module.
_VARIABLES = {
    **{name: "fgs_" + name for name in ("workflow_id", "workflow_run_id", "workflow_state_id", "workflow_state_name")},
    **{name: "fgs_workflow_" + name for name in ("result", "output", "error")},
    **{name: "fgs_" + name for name in ADDRESSES},
}
_REQUIRED = ("workflow_id", "workflow_run_id", "result", "output")
# Of YAML, without its scalars.
_FLAT_MAPPING = [
    *(yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.MappingStartEvent),
    *(yaml.MappingEndEvent, yaml.DocumentEndEvent, yaml.StreamEndEvent),
]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SENTENCES = {
    outcomes.DELIVERED: "The callback was delivered.",
    outcomes.ALREADY_DELIVERED: "The state already has this result.",
}
_WOULD_BE_SENT = "The callback would be sent."
_REMOVED = "The file %s was removed, as it is no longer needed."
_CHANGED = "The file %s was left, as another callback was saved in it in the meantime."
_NOT_REMOVED = "The file %s could not be removed: %s."
_LEFT = "The file %s was left: %s."
_ELSEWHERE = "The addresses in the file do not work any more, so those of the environment were used instead. %s"

Result = dict[str, t.Any]
# Sends a callback by these arguments of the module, and returns the module's result.
Deliver = t.Callable[[dict[str, t.Any]], Result]


class HeldError(Exception):
    """The callback must not be sent yet. The message is a clause."""


class UnusableFileError(Exception):
    """The file is none that undelivered_path has saved for this user. The message is a clause."""


class SavedCallback(t.NamedTuple):
    """The callback in a file. options are those of the module; digest is that of the file's content.

    saved_at is when it was saved, in seconds since the epoch, 0 if the file does not say that.
    """

    file: str
    digest: str
    options: dict[str, t.Any]
    saved_at: int = 0

    def addresses(self) -> dict[str, str]:
        return {name: self.options[name] for name in ADDRESSES if name in self.options}

    def is_made_of(self, options: t.Mapping[str, t.Any]) -> bool:
        """Whether options, which may have an output in JSON and empty values, say the same of the same state."""
        given = _options.without_empty({name: options.get(name) for name in _VARIABLES if name not in ADDRESSES})
        try:
            given["output"] = _mapping(given.get("output", {}))
        except ValueError:
            return False
        return given == {name: value for name, value in self.options.items() if name not in ADDRESSES}


class SentFile(t.NamedTuple):
    """What happened to one file. Where that is not usable, all but file and sentence are empty.

    is_held is whether it was left for a reason that passes.
    """

    file: str
    workflow_id: str = ""
    workflow_run_id: str = ""
    # Its ID, else its name.
    state: str = ""
    # As in the module's result.
    delivery: str = ""
    sentence: str = ""
    is_held: bool = False


def send_all(
    path: str,
    deliver: t.Callable[[SavedCallback, dict[str, t.Any]], Result],
    environ: t.Mapping[str, str],
    check_mode: bool = False,
    addresses: t.Mapping[str, t.Any] | None = None,
) -> list[SentFile]:
    """Sends what undelivered_path, a folder or a file, has saved. Returns a row for each file.

    A file is removed where the state has this result, or where it cannot have it any more. addresses are options that
    override those of the files. In check mode deliver must not send anything, and no file is removed. Another process
    may send and remove the same files at the same time. deliver may raise HeldError.
    """
    rows = []
    overriding = _options.without_empty(addresses or {})
    try:
        files = _files(os.path.expanduser(path))
    except OSError as error:
        return [SentFile(path, sentence=_LEFT % (path, "it cannot be read: %s" % _reason(error)))]
    for file in files:
        try:
            saved = read(file)
        except FileNotFoundError:
            # Another process has sent and removed it.
            continue
        except UnusableFileError as error:
            rows.append(SentFile(file, sentence=_LEFT % (file, error)))
            continue
        options = saved.options
        state = options.get("workflow_state_id") or options.get("workflow_state_name", "")
        ids = (options["workflow_id"], options["workflow_run_id"], state)
        arguments = {**options, **overriding, "truncate_error": True, "confirm": _options.ALWAYS}
        try:
            result = send(arguments, saved, functools.partial(deliver, saved), environ, check_mode)
        except HeldError as error:
            rows.append(SentFile(file, *ids, sentence=_LEFT % (file, error), is_held=True))
            continue
        rows.append(SentFile(file, *ids, str(result.get("delivery", "")), _described(result, check_mode)))
    return rows


def _files(path: str) -> list[str]:
    """The files that undelivered_path has saved in a folder; or the file itself, where it exists. Raises OSError."""
    if os.path.isdir(path):
        return [os.path.join(path, name) for name in sorted(os.listdir(path)) if _FILE_NAME.match(name)]
    return [path] if os.path.lexists(path) else []


def _described(result: t.Mapping[str, t.Any], check_mode: bool) -> str:
    if result.get("failed"):
        parts = [result["msg"], result.get("hint")]
    else:
        would = check_mode and result.get("delivery") not in _SENTENCES
        parts = [_WOULD_BE_SENT if would else _SENTENCES[result["delivery"]], result.get("file_sentence")]
    return " ".join([*filter(None, parts), *result.get("warnings", ())])


def read(path: str) -> SavedCallback:
    """The callback in the file. Raises UnusableFileError, and FileNotFoundError."""
    try:
        content = _content(path)
        text = content.decode("utf-8")
        options = _options_of(_variables(text) if text.startswith(undelivered.FILE_HEAD) else {})
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else "it cannot be read: %s" % _reason(error)
        raise UnusableFileError(reason) from None
    except (ValueError, RecursionError, yaml.YAMLError):
        raise UnusableFileError("it is not a callback as undelivered_path saves it") from None
    return SavedCallback(path, _digest(content), options, _saved_at(text))


def _saved_at(text: str) -> int:
    """When a file was saved, in seconds since the epoch, 0 if it does not say that."""
    match = _SAVED_AT.search(text)
    try:
        return calendar.timegm(time.strptime(match.group(1), TIME_FORMAT)) if match else 0
    except ValueError:
        return 0


def _content(path: str) -> bytes:
    """The content of a regular file of this user. Raises OSError and UnusableFileError."""
    # A pipe must not block, and a link may lead to what nobody saved here.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFileError("it is not a regular file")
        # Its addresses decide where this user's credentials are used.
        if status.st_uid != os.geteuid():
            raise UnusableFileError("it belongs to another user")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(_LIMIT + 1)
    finally:
        os.close(handle)
    if len(content) > _LIMIT:
        raise UnusableFileError("it is larger than 16 MiB")
    return content


def _variables(text: str) -> dict[str, str]:
    """The variables of a file, which is one mapping of strings. Raises ValueError and yaml.YAMLError.

    Of the events, as building what somebody has nested deeply can exhaust the stack of the process.
    """
    scalars: list[str] = []
    structure = []
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.ScalarEvent) and event.tag in (None, "!unsafe"):
            scalars.append(event.value)
            continue
        structure.append(type(event))
        if structure != _FLAT_MAPPING[: len(structure)]:
            raise ValueError
    return dict(zip(scalars[::2], scalars[1::2], strict=True))


def _options_of(variables: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The options of the module in the variables of a file, without empty ones. Raises ValueError."""
    found = _options.without_empty({name: variables.get(variable) for name, variable in _VARIABLES.items()})
    if any(name not in found for name in _REQUIRED):
        raise ValueError
    found["output"] = _mapping(found["output"])
    return found


def _mapping(value: t.Any) -> dict[str, t.Any]:
    """A mapping, or what is one in JSON. Raises ValueError."""
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def origin(path: str, variables: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> SavedCallback:
    """The saved callback that options come from: in the file at path, or in one that the command line has as -e @FILE.

    Of its options only the addresses. Without a file, and with the addresses in variables, where there is none: where
    somebody wrote the file by hand, or other extra vars override it.
    """
    extra_vars = context.CLIARGS.get("extra_vars") or ()
    files = [os.path.abspath(os.path.expanduser(one[1:])) for one in extra_vars if one.startswith("@")]
    for file in filter(None, [path, *files]):
        with suppress(FileNotFoundError, UnusableFileError):
            saved = read(file)
            if saved.is_made_of(options):
                return saved._replace(options=saved.addresses())
    addresses = {name: variables.get(_VARIABLES[name]) for name in ADDRESSES}
    return SavedCallback("", "", _options.without_empty(addresses))


def send(
    arguments: t.Mapping[str, t.Any],
    saved: SavedCallback,
    deliver: Deliver,
    environ: t.Mapping[str, str],
    check_mode: bool,
) -> Result:
    """Sends a callback by the arguments of the module, which came from saved, and removes its file if it is obsolete.

    Where the addresses of saved lead nowhere, those of the environment are used. Where the file of saved is empty,
    nothing is removed. Returns the module's result; file_sentence says what happened to the file.
    """
    result = _sent(dict(arguments), saved.addresses(), deliver, environ)
    if check_mode or not saved.file or result.get("delivery") not in outcomes.FINISHED:
        return result
    sentence = _remove(saved.file, saved.digest)
    if sentence and result.get("failed"):
        result["msg"] = "%s %s" % (result["msg"], sentence)
    return {**result, "file_sentence": sentence}


def _sent(
    arguments: dict[str, t.Any], of_file: t.Mapping[str, str], deliver: Deliver, environ: t.Mapping[str, str]
) -> Result:
    result = deliver(arguments)
    current = _current(arguments, of_file, environ) if did_not_connect(result) else None
    if current is None:
        return result
    second = deliver(current)
    if did_not_connect(second):
        # With the addresses that the user saved: those of the environment may be of something else.
        return result
    return {**second, "warnings": [_ELSEWHERE % result["msg"], *second.get("warnings", ())]}


def did_not_connect(result: t.Mapping[str, t.Any]) -> bool:
    """Whether the service was not reached by the addresses: no response, no such region, or an invalid address."""
    if not result.get("failed") or result.get("delivery") != outcomes.NOT_SENT:
        return False
    wrong = {violation["option"] for violation in result.get("violations") or ()}
    # IAM knows no project of a region that does not exist, and says so with status 200.
    return wrong <= set(ADDRESSES) and result.get("http_status") in (None, 200)


def _current(
    arguments: t.Mapping[str, t.Any], of_file: t.Mapping[str, str], environ: t.Mapping[str, str]
) -> dict[str, t.Any] | None:
    """The arguments with the addresses of the environment instead of those of the file. None where they are the same.

    Region and project of the file remain where the environment has none, and is not of another region.
    """
    found = {name: value for name, value in arguments.items() if name not in ADDRESSES or value != of_file.get(name)}

    def now(name: str) -> t.Any:
        return found.get(name) or _options.from_environment(name, environ)

    if not now("region") and not now("endpoint"):
        return None
    region = of_file.get("region")
    if now("region") in (None, region):
        found.update({name: of_file[name] for name in ("region", "project_id") if name in of_file and not now(name)})
    before, after = (_options.find_addresses(each, environ)[0] for each in (arguments, found))
    is_same_project = now("project_id") == (arguments.get("project_id") or now("project_id"))
    return None if before == after and is_same_project else found


def _remove(file: str, digest: str) -> str:
    """Removes the file if it still has the content. Returns a sentence on that, empty where it is gone."""
    try:
        is_removed = _is_removed(file, digest)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return _NOT_REMOVED % (file, _reason(error))
    return (_REMOVED if is_removed else _CHANGED) % file


def _is_removed(file: str, digest: str) -> bool:
    """Removes the file if it has the content. Raises OSError.

    It is moved aside first: so nothing can be saved in it between reading its content and removing it.
    """
    handle, aside = tempfile.mkstemp(prefix=undelivered.TEMPORARY_PREFIX, dir=os.path.dirname(os.path.abspath(file)))
    os.close(handle)
    is_same = False
    try:
        os.replace(file, aside)
        try:
            with suppress(UnusableFileError):
                is_same = _digest(_content(aside)) == digest
        finally:
            if not is_same:
                _put_back(aside, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(aside)
    return is_same


def _put_back(aside: str, file: str) -> None:
    try:
        os.link(aside, file, follow_symlinks=False)
    except FileExistsError:
        # What was saved last stays, as ever.
        pass
    except OSError:
        # Not every file system has links.
        os.replace(aside, file)
