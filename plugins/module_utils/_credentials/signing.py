# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
How a request proves who sends it: SDK-HMAC-SHA256 with an access key and a secret key, or an IAM token.

Both are authentication objects of requests. The algorithm is the official SDKs' default; the tests compare it with
the official signer.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import typing as t
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"

# The HTTP library sets these, and may set them after the signature was made.
_NOT_SIGNED = frozenset(("accept", "accept-encoding", "authorization", "connection", "content-length"))

_AuthBase: t.Any = object if requests is None else requests.auth.AuthBase


def _text(value: t.Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _write_utf8(headers: t.MutableMapping[str, t.Any]) -> None:
    """Left alone, the HTTP library writes a header in Latin-1, or fails."""
    for name, value in list(headers.items()):
        if isinstance(value, str) and not value.isascii():
            headers[name] = value.encode("utf-8")


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def canonical_path(path: str) -> str:
    """The path of a URL as it is signed: decoded once, encoded by segment, with a slash at the end."""
    segments = "/".join(_encoded(segment) for segment in unquote(path).split("/"))
    return segments if segments.endswith("/") else segments + "/"


def canonical_query(query: str) -> str:
    """The query of a URL as it is signed: sorted by key and value, encoded like a path segment."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join("%s=%s" % (_encoded(key), _encoded(value)) for key, value in pairs)


def canonical_request(prepared: t.Any) -> tuple[str, str]:
    """The canonical form of a prepared request, and the names of its signed headers joined by semicolons."""
    url = urlsplit(prepared.url)
    headers = {name.lower(): _text(value).strip() for name, value in prepared.headers.items()}
    names = sorted(name for name in headers if name not in _NOT_SIGNED and "_" not in name)
    body = prepared.body or b""
    if isinstance(body, str):
        body = body.encode("utf-8")
    parts = (
        prepared.method.upper(),
        canonical_path(url.path),
        canonical_query(url.query),
        "".join("%s:%s\n" % (name, headers[name]) for name in names),
        ";".join(names),
        hashlib.sha256(body).hexdigest(),
    )
    return "\n".join(parts), ";".join(names)


class AccessKeyAuth(_AuthBase):  # type: ignore[misc]
    """Signs a request with an access key and a secret key.

    security_token goes with temporary keys. now gives the time in seconds since the epoch. A request that already
    carries X-Sdk-Date keeps it.
    """

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        security_token: t.Optional[str] = None,
        now: t.Callable[[], float] = time.time,
    ) -> None:
        self.access_key = access_key
        self._secret_key = secret_key
        self._security_token = security_token
        self._now = now

    def __call__(self, prepared: t.Any) -> t.Any:
        headers = prepared.headers
        if self._security_token:
            headers["X-Security-Token"] = self._security_token
        if "X-Sdk-Date" not in headers:
            headers["X-Sdk-Date"] = time.strftime(DATE_FORMAT, time.gmtime(self._now()))
        if "Host" not in headers:
            # What the HTTP library would send: the port only where it is not the scheme's own.
            url = urlsplit(prepared.url)
            default = {"http": 80, "https": 443}.get(url.scheme)
            host = url.netloc.rpartition("@")[2]
            headers["Host"] = host[: -len(":%d" % url.port)] if url.port and url.port == default else host
        _write_utf8(headers)
        request, names = canonical_request(prepared)
        to_sign = "\n".join(
            (ALGORITHM, _text(headers["X-Sdk-Date"]), hashlib.sha256(request.encode("utf-8")).hexdigest())
        )
        signature = hmac.new(self._secret_key.encode("utf-8"), to_sign.encode("utf-8"), hashlib.sha256).hexdigest()
        headers["Authorization"] = "%s Access=%s, SignedHeaders=%s, Signature=%s" % (
            ALGORITHM,
            self.access_key,
            names,
            signature,
        )
        return prepared


class TokenAuth(_AuthBase):  # type: ignore[misc]
    """Sends an IAM token instead of a signature."""

    def __init__(self, auth_token: str) -> None:
        self._auth_token = auth_token

    def __call__(self, prepared: t.Any) -> t.Any:
        prepared.headers["X-Auth-Token"] = self._auth_token
        _write_utf8(prepared.headers)
        return prepared


class Credentials:
    """A complete set of credentials. Its secrets are reachable through auth() only, and never printed.

    source names where they came from, in words that stand in a sentence. redactor knows these secrets, and those met
    while they were found. project_id and iam_endpoint are set where the credentials file names them.
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

    def key(self) -> tuple[tuple[str, str], ...]:
        """Equal for equal credentials: keeps connections and lookups of different ones apart."""
        return tuple(sorted(self._values.items()))

    def auth(self) -> t.Any:
        """The authentication object of requests for these credentials."""
        if "auth_token" in self._values:
            return TokenAuth(self._values["auth_token"])
        values = self._values
        return AccessKeyAuth(values["access_key"], values["secret_key"], values.get("security_token"))
