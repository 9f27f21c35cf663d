# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
Who calls: the credentials, from options, environment, credentials file or ECS agency, in that order.

The only room that reads secrets. Options are one set and the environment is one set: a set that is half given is an
error that names what is missing, never completed from the next source. An empty value counts as not given. Sources
of the names: official SDKs, Terraform provider with its OpenStack fallback, samples of the service's page.
"""

from __future__ import annotations

import configparser
import json
import os
import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _transport
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor
from ansible_collections.functiongraph.workflow.plugins.module_utils._signing import AccessKeyAuth, TokenAuth

ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "access_key": ("HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "OS_ACCESS_KEY", "CLOUD_SDK_AK"),
    "secret_key": ("HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY", "OS_SECRET_KEY", "CLOUD_SDK_SK"),
    "security_token": ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN", "OS_SECURITY_TOKEN"),
    "auth_token": ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN"),
    "credentials_file": ("HUAWEICLOUD_SDK_CREDENTIALS_FILE",),
    "region": ("HW_REGION_NAME", "OS_REGION_NAME"),
    "endpoint": ("FGS_ENDPOINT",),
    "iam_endpoint": ("HUAWEICLOUD_SDK_IAM_ENDPOINT",),
    "project_id": ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID"),
}
SECRETS = ("access_key", "secret_key", "security_token", "auth_token")
DEFAULT_FILE = os.path.join("~", ".huaweicloud", "credentials")
_SECTION = "basic"
_FILE_KEYS = {"access_key": "ak", "secret_key": "sk", "security_token": "security_token"}

# The metadata service of an ECS. Tests put another address here; nothing else can.
METADATA_SERVICE = "http://169.254.169.254"
_METADATA_TIMEOUT = 5.0
_METADATA_TOKEN_SECONDS = 21600


class CredentialsError(Exception):
    """No usable credentials. The message is one sentence for the user; hint tells more where there is more."""

    def __init__(self, message: str, hint: t.Optional[str] = None) -> None:
        super().__init__(message)
        self.hint = hint


class Credentials:
    """A complete set of credentials. Its secrets are reachable through auth() only, and never printed.

    source names where they came from. project_id and iam_endpoint are set where the credentials file names them.
    """

    def __init__(
        self,
        values: t.Mapping[str, str],
        source: str,
        project_id: t.Optional[str] = None,
        iam_endpoint: t.Optional[str] = None,
    ) -> None:
        self._values = dict(values)
        self.source = source
        self.project_id = project_id
        self.iam_endpoint = iam_endpoint

    def __repr__(self) -> str:
        return "Credentials(%s from %s)" % (self.kind, self.source)

    @property
    def kind(self) -> str:
        if "auth_token" in self._values:
            return "an IAM token"
        return "temporary AK/SK" if "security_token" in self._values else "AK/SK"

    def key(self) -> tuple[tuple[str, str], ...]:
        """Equal for equal credentials: tells connections and look-ups of different ones apart."""
        return tuple(sorted(self._values.items()))

    def auth(self) -> t.Any:
        """The authentication object of requests for these credentials."""
        if "auth_token" in self._values:
            return TokenAuth(self._values["auth_token"])
        values = self._values
        return AccessKeyAuth(values["access_key"], values["secret_key"], values.get("security_token"))


def from_environment(name: str, environ: t.Mapping[str, str]) -> t.Optional[str]:
    """The first variable for an option that is set and not empty."""
    return next((environ[variable] for variable in ENVIRONMENT[name] if environ.get(variable)), None)


def _complete(values: dict[str, t.Optional[str]], names: t.Mapping[str, str], source: str) -> t.Optional[Credentials]:
    """The credentials in one set, None when it has nothing. names says how the user calls each value there."""
    given = {name: value for name, value in values.items() if value}
    if not given:
        return None
    pair = ("access_key", "secret_key")
    if all(name in given for name in pair):
        given.pop("auth_token", None)
        return Credentials(given, source)
    missing = " and ".join(names[name] for name in pair if name not in given)
    present = next((names[name] for name in (*pair, "security_token") if name in given), None)
    if present is not None:
        verb = "are" if " and " in missing else "is"
        raise CredentialsError("%s is there but %s %s not: the %s must give both." % (present, missing, verb, source))
    return Credentials({"auth_token": given["auth_token"]}, source)


def _from_file(path: str, redactor: Redactor) -> Credentials:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        message = "credentials_file %s cannot be read: %s." % (path, (error.strerror or "unreadable").lower())
        raise CredentialsError(message) from None
    except (configparser.Error, UnicodeDecodeError):
        # The parser's own words quote the line, which may hold a secret.
        raise CredentialsError("credentials_file %s must be an INI file, and cannot be parsed." % path) from None
    if not parser.has_section(_SECTION):
        raise CredentialsError("credentials_file %s must have a section [%s], and has none." % (path, _SECTION))
    section = {key: value.strip() for key, value in parser.items(_SECTION) if value and value.strip()}
    values = {name: section.get(key) for name, key in _FILE_KEYS.items()}
    redactor.add(*values.values())
    missing = [_FILE_KEYS[name] for name in ("access_key", "secret_key") if not values[name]]
    if missing:
        keys = " and ".join(missing)
        raise CredentialsError("credentials_file %s must give %s in its section [%s]." % (path, keys, _SECTION))
    given = {name: value for name, value in values.items() if value}
    source = "credentials file %s" % path
    return Credentials(given, source, section.get("project_id"), section.get("iam_endpoint"))


def _metadata(method: str, path: str, headers: dict[str, str]) -> _transport.Response:
    """One request to the metadata service, never through a proxy: it hands out secrets."""
    prepared = requests.Request(method, METADATA_SERVICE + path, headers=headers).prepare()
    connections = _transport.Connections()
    try:
        route = _transport.Route(True, ())
        return _transport.exchange(connections.adapter("metadata"), prepared, route, _METADATA_TIMEOUT)
    except _transport.Failure as failure:
        raise CredentialsError(
            "use_ecs_agency needs the metadata service of an ECS, which does not answer: %s." % failure.message,
            "Use use_ecs_agency only where the call is made on an ECS, with run_on=target for a host that is one.",
        ) from None
    finally:
        connections.close()


def _from_agency(redactor: Redactor) -> Credentials:
    """Temporary keys of the agency of this ECS, from either form of the metadata service."""
    headers: dict[str, str] = {}
    lifetime = {"X-Metadata-Token-Ttl-Seconds": str(_METADATA_TOKEN_SECONDS)}
    answer = _metadata("PUT", "/meta-data/latest/api/token", lifetime)
    if answer.status == 200:
        token = answer.body.decode("latin-1").strip()
        redactor.add(token)
        headers["X-Metadata-Token"] = token
    elif answer.status not in (404, 405, 503):
        raise CredentialsError("The metadata service of the ECS refused a token with status %d." % answer.status)
    answer = _metadata("GET", "/openstack/latest/securitykey", headers)
    if answer.status == 401:
        hint = "Set an agency for the cloud server in its basic information, or give credentials another way."
        raise CredentialsError("use_ecs_agency needs an agency, and this ECS has none.", hint)
    try:
        found = json.loads(answer.body.decode("utf-8"))["credential"]
        keys = (("access_key", "access"), ("secret_key", "secret"), ("security_token", "securitytoken"))
        values = {name: found[key] for name, key in keys}
    except (ValueError, KeyError, TypeError, RecursionError):
        values = {}
    if answer.status != 200 or not values or not all(value and isinstance(value, str) for value in values.values()):
        text = "The metadata service of the ECS gave no temporary keys, it answered with status %d." % answer.status
        raise CredentialsError(text)
    redactor.add(*values.values())
    return Credentials(values, "ECS agency")


def find(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> Credentials:
    """The credentials to use. Every secret that is met is made known to redactor. Raises CredentialsError."""
    values = {name: options.get(name) for name in SECRETS}
    redactor.add(*values.values())
    found = _complete(values, {name: name for name in SECRETS}, "options")
    if found is not None:
        return found
    values = {name: from_environment(name, environ) for name in SECRETS}
    redactor.add(*values.values())
    # As the user set them; what is missing is named after the official SDKs.
    names = {name: next((v for v in ENVIRONMENT[name] if environ.get(v)), ENVIRONMENT[name][0]) for name in SECRETS}
    found = _complete(values, names, "environment")
    if found is not None:
        return found
    named = options.get("credentials_file") or from_environment("credentials_file", environ)
    path = _expanded(named or DEFAULT_FILE, environ)
    if named or os.path.exists(path):
        return _from_file(path, redactor)
    if options.get("use_ecs_agency"):
        return _from_agency(redactor)
    raise CredentialsError(
        "No credentials were found: give access_key and secret_key, or auth_token, as options or by environment.",
        "In AWX attach a credential to the job template; elsewhere set %s and %s, or write %s."
        % (ENVIRONMENT["access_key"][0], ENVIRONMENT["secret_key"][0], DEFAULT_FILE),
    )


def _expanded(path: str, environ: t.Mapping[str, str]) -> str:
    home = environ.get("HOME")
    if home and (path == "~" or path.startswith("~" + os.sep)):
        return home + path[1:]
    return os.path.expanduser(path)
