# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Credentials from the credentials file of the official SDKs, an INI file.
"""

from __future__ import annotations

import configparser
import os
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import (
    PAIR,
    CredentialsError,
    Source,
    checked,
    joined,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import from_environment

DEFAULT_FILE = os.path.join("~", ".huaweicloud", "credentials")
_SECTION = "basic"
KEYS = {"access_key": "ak", "secret_key": "sk", "security_token": "security_token"}


def _unquoted(value: t.Optional[str]) -> str:
    """A value of the credentials file without whitespace and one pair of quotes around it."""
    text = (value or "").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


class CredentialsFile(Source):
    """The file that option or environment names, else the default one where it exists."""

    def _named(self) -> t.Optional[str]:
        return self.options.get("credentials_file") or from_environment("credentials_file", self.environ)

    def _path(self) -> str:
        path = self._named() or DEFAULT_FILE
        home = self.environ.get("HOME")
        if home and (path == "~" or path.startswith("~" + os.sep)):
            return home + path[1:]
        return os.path.expanduser(path)

    def is_set(self) -> bool:
        return bool(self._named()) or os.path.exists(self._path())

    def authenticate(self) -> Credentials:
        path = self._path()
        parser = configparser.ConfigParser(interpolation=None)
        try:
            # Editors of Windows begin a file with a byte-order mark.
            with open(path, encoding="utf-8-sig") as file:
                parser.read_file(file)
        except OSError as error:
            message = "credentials_file %s cannot be read: %s." % (path, (error.strerror or "unreadable").lower())
            raise CredentialsError(message) from None
        except configparser.MissingSectionHeaderError:
            # Said below: the parser gave up at the first key, and knows no section.
            pass
        except (configparser.Error, ValueError):
            # The parser's own words quote the line, which may hold a secret.
            raise CredentialsError("credentials_file %s must be an INI file, and cannot be parsed." % path) from None
        if not parser.has_section(_SECTION):
            text = "credentials_file %s must have a section [%s], and has none above its keys; "
            text = (text + "put the line [%s] above ak and sk.") % (path, _SECTION, _SECTION)
            raise CredentialsError(text)
        section = {key: _unquoted(value) for key, value in parser.items(_SECTION)}
        given = {name: section[key] for name, key in KEYS.items() if section.get(key)}
        self.redactor.add(*given.values())
        missing = [KEYS[name] for name in PAIR if name not in given]
        if missing:
            keys = joined(missing)
            raise CredentialsError("credentials_file %s must set %s in its section [%s]." % (path, keys, _SECTION))
        place = "section [%s] of the credentials file %s" % (_SECTION, path)
        checked(given, {name: "%s in %s" % (key, place) for name, key in KEYS.items()})
        project_id, iam_endpoint = (section.get(key) or None for key in ("project_id", "iam_endpoint"))
        return Credentials(given, place, self.redactor, project_id, iam_endpoint)
