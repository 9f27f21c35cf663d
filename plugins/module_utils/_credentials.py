# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
Who calls: the credentials, from options, environment, credentials file or ECS agency, in that order.

The only room that reads secrets. Options are one set, and so is each family of variables: half a set is an error that
names what is missing, never completed from another one. An empty value counts as unset. Sources of the names: official
SDKs, Terraform provider with its OpenStack fallback, samples of the service's page.
"""

from __future__ import annotations

import base64
import configparser
import json
import os
import typing as t
from urllib.parse import unquote, urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils import _contract, _transport
from ansible_collections.functiongraph.workflow.plugins.module_utils._contract import Violation
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
# Each family of variables is one set. The first that has any part of access key and secret key decides.
FAMILIES: tuple[dict[str, str], ...] = tuple(
    {option: variable for option in SECRETS for variable in ENVIRONMENT[option] if variable.startswith(prefix)}
    for prefix in ("HUAWEICLOUD_SDK_", "HW_", "OS_", "CLOUD_SDK_")
)
DEFAULT_FILE = os.path.join("~", ".huaweicloud", "credentials")
_SECTION = "basic"
_PAIR = ("access_key", "secret_key")
_FILE_KEYS = {"access_key": "ak", "secret_key": "sk", "security_token": "security_token"}

# The metadata service of an ECS. Tests put another address here; nothing else can.
METADATA_SERVICE = "http://169.254.169.254"
_METADATA_TIMEOUT = 5.0
_METADATA_TOKEN_SECONDS = 21600


class CredentialsError(Exception):
    """No usable credentials. The message is one sentence for the user; hint tells more where there is more.

    violations are what single values break, where that is the reason.
    """

    def __init__(
        self, message: str, hint: t.Optional[str] = None, violations: t.Optional[t.Sequence[Violation]] = None
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.violations = violations


class Credentials:
    """A complete set of credentials. Its secrets are reachable through auth() only, and never printed.

    source names where they came from, in words that stand in a sentence. redactor knows these secrets, and those met
    on the way to them. project_id and iam_endpoint are set where the credentials file names them.
    """

    def __init__(
        self,
        values: t.Mapping[str, str],
        source: str,
        redactor: t.Optional[Redactor] = None,
        project_id: t.Optional[str] = None,
        iam_endpoint: t.Optional[str] = None,
    ) -> None:
        self._values = dict(values)
        self.source = source
        self.redactor = Redactor() if redactor is None else redactor
        self.redactor.add(*values.values())
        self.project_id = project_id
        self.iam_endpoint = iam_endpoint

    def __repr__(self) -> str:
        return "Credentials(%s from %s)" % (self.kind, self.source)

    @property
    def kind(self) -> str:
        if "auth_token" in self._values:
            return "an IAM token"
        return "temporary AK/SK" if "security_token" in self._values else "AK/SK"

    @property
    def is_key(self) -> bool:
        """Whether refusals lock these. No lock of a token is documented, and it may be refused for one project only."""
        return "auth_token" not in self._values

    def refused(self, status: str, clock_is_wrong: bool) -> str:
        """What a message says of a 401 to a request with these credentials. status is its status and code."""
        if "auth_token" in self._values:
            return "the IAM token is wrong or has expired (%s); it comes from %s" % (status, self.source)
        if clock_is_wrong:
            why = "the signature is refused, as the clock is wrong"
        elif "security_token" in self._values:
            why = "the access key, secret key or security token is wrong or has expired"
        else:
            why = "the access key or secret key is wrong"
        return "%s (%s); the keys come from %s" % (why, status, self.source)

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


def _joined(words: t.Sequence[str]) -> str:
    return " and ".join(text for text in (", ".join(words[:-1]), words[-1]) if text)


def _complete(values: t.Mapping[str, t.Optional[str]], names: t.Mapping[str, str], instead: str = "") -> dict[str, str]:
    """What is to be used of one set: the keys, or else the token. Empty where the set has nothing.

    names says how the user calls each value there, instead what else can be done about half a set.
    """
    given = {name: value for name, value in values.items() if value}
    if all(name in given for name in _PAIR):
        given.pop("auth_token", None)
    elif set(given) - {"auth_token"}:
        present = next(names[name] for name in (*_PAIR, "security_token") if name in given)
        missing = [names[name] for name in _PAIR if name not in given]
        verb = "is" if len(missing) == 1 else "are"
        text = "%s is set but %s %s not; set both%s."
        raise CredentialsError(text % (present, _joined(missing), verb, instead))
    return given


def _checked(values: dict[str, str], names: t.Mapping[str, str]) -> dict[str, str]:
    """values, where each can be sent as it is. names says how the user calls each. Raises CredentialsError."""
    found = []
    for name, value in values.items():
        if value != value.strip():
            text = "%s must not have leading or trailing whitespace" % names[name]
            found.append(Violation(name, "whitespace", None, text))
        elif not value.isprintable():
            text = "%s must not contain control characters or other invisible characters" % names[name]
            found.append(Violation(name, "control_characters", None, text))
    if found:
        raise CredentialsError(_contract.sentence(found), violations=found)
    return values


def _from_options(options: t.Mapping[str, t.Any], redactor: Redactor) -> t.Optional[Credentials]:
    names = {name: name for name in SECRETS}
    values = _checked(_complete({name: options.get(name) for name in SECRETS}, names), names)
    return Credentials(values, _source("option", list(values)), redactor) if values else None


def _from_environment(environ: t.Mapping[str, str], redactor: Redactor) -> t.Optional[Credentials]:
    def have(families: t.Iterable[dict[str, str]], names: t.Sequence[str], count: t.Any) -> list[dict[str, str]]:
        return [one for one in families if count(environ.get(one.get(name, "")) for name in names)]

    families = have(FAMILIES, _PAIR, any) or have(FAMILIES, SECRETS, any)
    if not families:
        return None
    names = families[0]
    instead = ""
    for other in have(families[1:], _PAIR, all)[:1]:
        present = _joined([names[name] for name in names if environ.get(names[name])])
        pair = _joined([other[name] for name in _PAIR])
        instead = ", or unset %s to use %s, which are both set" % (present, pair)
    values = {name: environ.get(variable) for name, variable in names.items()}
    given = _checked(_complete(values, names, instead), names)
    return Credentials(given, _source("variable", [names[name] for name in given]), redactor)


def _source(kind: str, names: t.Sequence[str]) -> str:
    return "the %s%s %s" % (kind, "" if len(names) == 1 else "s", _joined(names))


def _unquoted(value: t.Optional[str]) -> str:
    """A value of the credentials file without whitespace and one pair of quotes around it."""
    text = (value or "").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _from_file(path: str, redactor: Redactor) -> Credentials:
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
    given = {name: section[key] for name, key in _FILE_KEYS.items() if section.get(key)}
    redactor.add(*given.values())
    missing = [_FILE_KEYS[name] for name in _PAIR if name not in given]
    if missing:
        keys = _joined(missing)
        raise CredentialsError("credentials_file %s must give %s in its section [%s]." % (path, keys, _SECTION))
    place = "section [%s] of the credentials file %s" % (_SECTION, path)
    _checked(given, {name: "%s in %s" % (key, place) for name, key in _FILE_KEYS.items()})
    project_id, iam_endpoint = (section.get(key) or None for key in ("project_id", "iam_endpoint"))
    return Credentials(given, place, redactor, project_id, iam_endpoint)


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
        if not token.isprintable():
            raise CredentialsError("The metadata service of the ECS gave a token that cannot be sent.")
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
    names = {name: "the %s of the ECS agency" % name.replace("_", " ") for name in values}
    return Credentials(_checked(values, names), "the ECS agency", redactor)


def _of_proxy(proxy: str) -> list[str]:
    """The password in the URL of a proxy: as written, as meant, and with its user as it is sent."""
    try:
        user, password = urlsplit(proxy).username, urlsplit(proxy).password
    except ValueError:
        # Where the password is in it, nobody knows.
        return [proxy] if "@" in proxy else []
    if not password:
        return []
    pair = "%s:%s" % (unquote(user or ""), unquote(password))
    sent = (base64.b64encode(pair.encode(charset, "replace")) for charset in ("utf-8", "latin-1"))
    return [password, unquote(password), *(value.decode("ascii") for value in sent)]


def learn(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> None:
    """Makes the secrets of options and environment, those of proxies too, known to redactor, used or not."""
    redactor.add(*(options.get(name) for name in SECRETS))
    redactor.add(*(environ.get(variable) for name in SECRETS for variable in ENVIRONMENT[name]))
    for name, proxy in environ.items():
        if name.lower().endswith("_proxy"):
            redactor.add(*_of_proxy(proxy))


def local(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> t.Optional[Credentials]:
    """The credentials of options, environment or file, None where none of them has any. Raises CredentialsError.

    Every secret that is met, used or not, is made known to redactor.
    """
    learn(options, environ, redactor)
    found = _from_options(options, redactor) or _from_environment(environ, redactor)
    if found is not None:
        return found
    named = options.get("credentials_file") or from_environment("credentials_file", environ)
    path = _expanded(named or DEFAULT_FILE, environ)
    return _from_file(path, redactor) if named or os.path.exists(path) else None


def violations(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> list[Violation]:
    """What single values of the credentials that would be used break. Nothing is sent to find out."""
    try:
        local(options, environ, redactor)
    except CredentialsError as error:
        return list(error.violations or ())
    return []


def find(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> Credentials:
    """The credentials to use. Every secret that is met is made known to redactor. Raises CredentialsError."""
    found = local(options, environ, redactor)
    if found is not None:
        return found
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
