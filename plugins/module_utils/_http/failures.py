# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
An attempt that brought no response, in words for the user: no URL, no header and no secret is in them.

Not imported by a callback that is delivered at once.
"""

from __future__ import annotations

import os
import socket
import ssl
import traceback
import typing as t
import zlib

# OpenSSL's codes where the certificate does not name the host or the address. Old libraries check that themselves.
_FOR_ANOTHER_HOST = (62, 64)
UNRESOLVED = "the host name cannot be resolved"
_ANOTHER_HOST = "the server's certificate is for another host"


class Failure(Exception):
    """An attempt that brought no response.

    kind is "connect", "tls", "proxy", "timeout", "lost", "unexpected" or "refused", where the credentials were refused
    before. sent tells whether anything of the request may have reached the server. permanent is true where another
    attempt cannot end differently. hint says what to do, where more is known than that of the kind.
    """

    def __init__(
        self, kind: str, message: str, sent: bool, permanent: bool = False, hint: t.Optional[str] = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.sent = sent
        self.permanent = permanent
        self.hint = hint


def unexpected(error: BaseException, sent: bool) -> Failure:
    """A Failure for an error that is none of the network. Its own words may hold a header, so its place stands for it.

    Where nothing was sent, another attempt would raise it again.
    """
    what = type(error).__name__
    for place in traceback.extract_tb(error.__traceback__)[-1:]:
        what += " in %s, line %s" % (os.path.basename(place.filename), place.lineno)
    return Failure("unexpected", "an unexpected error occurred (%s)" % what, sent, not sent)


def late(timeout: float, sent: bool) -> Failure:
    """The Failure of an attempt that was not complete within timeout seconds."""
    what = "no complete response" if sent else "no connection"
    return Failure("timeout", "%s within %g seconds" % (what, timeout), sent)


def failure_of(error: BaseException, sent: bool, timeout: float) -> Failure:
    """The Failure for an error that was raised while an attempt was made."""
    found = explained(error, sent)
    if found is None:
        return unexpected(error, sent)
    # A single read is bounded by the same time, and may be the first to notice.
    return late(timeout, sent) if found.kind == "timeout" else Failure(found.kind, found.message, sent, found.permanent)


def _causes(error: t.Optional[BaseException]) -> list[BaseException]:
    """error and everything it was made from, by cause, context, reason and arguments."""
    found: list[BaseException] = []
    waiting: list[t.Any] = [error]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting.extend((item.__cause__, item.__context__, getattr(item, "reason", None)))
            waiting.extend(item.args)
    return found


class Explanation(t.NamedTuple):
    """kind and permanent as in Failure. message is a clause."""

    kind: str
    message: str
    permanent: bool = False


def explained(error: BaseException, sent: bool) -> t.Optional[Explanation]:
    """What error means, raised while an attempt was made. None where it is none of the network.

    sent tells whether anything of the request may have reached the server.
    """
    causes = _causes(error)
    if not any(isinstance(cause, (OSError, zlib.error)) or _of_http(cause) for cause in causes):
        return None
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if getattr(cause, "verify_code", None) in _FOR_ANOTHER_HOST:
                return Explanation("tls", _ANOTHER_HOST, True)
            why = str(cause.verify_message).rstrip(".")
            return Explanation("tls", "the server's certificate is not trusted: %s" % why, True)
    names = {type(cause).__name__ for cause in causes}
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None and not sent:
        reason = getattr(tls, "reason", None) or ""
        words = reason.replace("_", " ").lower() or "it was cut"
        return Explanation("tls", "the TLS handshake failed: %s" % words, reason == "WRONG_VERSION_NUMBER")
    if names & {"CertificateError", "SSLCertVerificationError"}:
        return Explanation("tls", _ANOTHER_HOST, True)
    if "ProxyError" in names and not sent:
        return Explanation("proxy", "the proxy did not connect: %s" % _reason(causes))
    if any(isinstance(cause, (socket.timeout, TimeoutError)) for cause in causes) or names & {"ReadTimeoutError"}:
        return Explanation("timeout", "no response in time")
    if not sent:
        return Explanation("connect", _reason(causes))
    return Explanation("lost", "the connection was lost: %s" % _reason(causes))


def _of_http(cause: BaseException) -> bool:
    return type(cause).__module__.partition(".")[0] in ("http", "urllib3", "requests")


def _reason(causes: list[BaseException]) -> str:
    """The most telling of the causes: the system's own words, else the innermost error's."""
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return UNRESOLVED
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror and not _of_http(cause):
            return cause.strerror.lower()
    for cause in causes:
        text = str(cause)
        if cause.__class__ is OSError and text:  # http.client's word on a proxy's refusal
            return text.splitlines()[0].lower()
    names = [type(cause).__name__ for cause in causes]
    return next((words for name, words in _WORDS.items() if name in names), names[-1])


# By name, as urllib3 and http.client have some of them twice.
_WORDS = {
    "RemoteDisconnected": "closed without a response",
    "BadStatusLine": "the response is not HTTP",
    "IncompleteRead": "the response was cut short",
    "InvalidChunkLength": "the response was cut short",
}
