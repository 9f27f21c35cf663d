# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
A callback that could not be delivered, saved in a file of variables for the playbook functiongraph.workflow.callback.

Imported only where there is one, or where a path for it is set.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
import time
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation, quoted

# What each saved file begins with, and how its name begins in a folder, and while it is written.
FILE_HEAD = "---\n# A callback of a FunctionGraph workflow that could not be delivered."
NAME_PREFIX = "fgs-undelivered-"
TEMPORARY_PREFIX = "." + NAME_PREFIX
_REASON_LIMIT = 400
_COMMENTS = """
# Saved at: %s
# Reason: %s
# To send it:
#   ansible-playbook functiongraph.workflow.callback -e %s
"""


def _scalar(text: str) -> str:
    """text as a YAML scalar. JSON's escapes are YAML's, but for characters beyond U+FFFF."""

    def whole(match: t.Match[str]) -> str:
        return "\\U%08x" % ord(json.loads('"%s"' % match.group(0)))

    scalar = re.sub(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", whole, json.dumps(text))
    return "!unsafe " + scalar if "{" in text or text.startswith("#jinja2:") else scalar


def variables(callback: Callback, addresses: t.Mapping[str, t.Optional[str]]) -> dict[str, str]:
    """The variables of the playbook functiongraph.workflow.callback that send the callback.

    addresses are options by name: where the service is, and workflow_state_name where its ID is not known yet.
    """
    found = {
        "fgs_workflow_id": callback.workflow_id,
        "fgs_workflow_run_id": callback.workflow_run_id,
        "fgs_workflow_state_id": callback.workflow_state_id,
        "fgs_workflow_result": callback.result,
        "fgs_workflow_output": json.dumps(callback.output),
        "fgs_workflow_error": callback.error or "",
    }
    found.update(("fgs_" + name, value) for name, value in addresses.items() if value)
    return found


def violation(path: str) -> t.Optional[Violation]:
    """What is wrong with a path for write(), found before anything is sent. A path that does not exist yet is right."""
    try:
        mode = os.stat(os.path.expanduser(path)).st_mode
    except OSError:
        return None
    except ValueError:  # NUL, or half of a surrogate pair
        text = "undelivered_path must be a valid path, got %s" % quoted(path)
        return Violation("undelivered_path", "path", None, text)
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    text = "undelivered_path must name a file or folder, got a device, pipe or socket: %s" % quoted(path)
    return Violation("undelivered_path", "file", None, text)


def _file_name(values: t.Mapping[str, str]) -> str:
    """A file name of at most 200 characters that people can read, and that no other ids have."""
    ids = [values["fgs_workflow_%sid" % part] for part in ("", "run_", "state_")]
    ids[2] = ids[2] or values["fgs_workflow_state_name"]
    digest = hashlib.sha256(json.dumps(ids).encode("ascii")).hexdigest()[:16]
    run, state = (re.sub(r"[^A-Za-z0-9-]", "_", text)[:80] for text in ids[1:])
    return "%s%s-%s-%s.yml" % (NAME_PREFIX, run, state, digest)


def _comment(text: str) -> str:
    """text on one line, without the characters that must not be in YAML."""
    line = " ".join(text.split())
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in line)


def _head(path: str, reason: str) -> str:
    """The comments of a file that path leads to, after it was written."""
    # Here, as the report plugin imports this file for its path.
    from shlex import quote

    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.shortening import shortened
    from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import TIME_FORMAT

    file = os.path.abspath(path)
    # A comment has one line, which only such a name fits into.
    name = file if file.isprintable() else "THIS_FILE"
    saved_at = time.strftime(TIME_FORMAT, time.gmtime())
    why = _comment(shortened(reason, _REASON_LIMIT))
    return FILE_HEAD + _COMMENTS % (saved_at, why, quote("@" + name))


def write(path: str, values: t.Mapping[str, str], reason: str) -> str:
    """Writes the variables to path, whole or not at all, readable by the owner only. Gives the file's path.

    In a folder, the file is named after the run and the state, and no two sets of IDs share a file. reason, in words
    without secrets, stands above the variables. Raises OSError.
    """
    path = os.path.expanduser(path)
    if os.path.isdir(path):
        path = os.path.join(path, _file_name(values))
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_head(path, reason))
            file.writelines("%s: %s\n" % (name, _scalar(value)) for name, value in values.items())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def save(
    path: str, callback: Callback, addresses: t.Mapping[str, t.Optional[str]], reason: str
) -> tuple[str, t.Optional[str]]:
    """Saves the callback. Gives a sentence on that without its full stop, and the file, None where it was not saved.

    reason is as in write().
    """
    try:
        file = write(path, variables(callback, addresses), reason)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the outcome must not be lost with it
        why = (getattr(error, "strerror", None) or type(error).__name__).lower()
        return "The callback could not be saved in undelivered_path %s either: %s" % (path, why), None
    return "The callback was saved in %s to be sent later" % file, file
