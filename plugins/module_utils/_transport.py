# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
One attempt at one HTTP request: bounded in time and size, no redirect, no netrc, and always knowing whether anything
of the request may have reached the server.

Built on the transport adapter of requests. What it adds: a deadline for the attempt as a whole (requests bounds only
single reads), and the moment at which the first byte of the request was handed to the network.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import typing as t
import zlib
from contextlib import contextmanager
from urllib.parse import urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests

BODY_LIMIT = 1024 * 1024
_CHUNK = 64 * 1024

_current = threading.local()


class Failure(Exception):
    """An attempt that brought no answer.

    kind is "connect", "tls", "proxy", "timeout", "lost" or "response". sent tells whether anything of the request may
    have reached the server. lasting is true where another attempt cannot end differently.
    """

    def __init__(self, kind: str, message: str, sent: bool, lasting: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.sent = sent
        self.lasting = lasting


class Response(t.NamedTuple):
    """An answer: status, headers (by any case), and the body's first BODY_LIMIT bytes, decompressed.

    complete is false where the body was longer, or cannot be decompressed.
    """

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    complete: bool


class Route(t.NamedTuple):
    """How to reach a server: whom to trust, and through which proxies. verify is a CA bundle's path or a yes or no."""

    verify: t.Union[bool, str]
    proxies: tuple[tuple[str, str], ...]


class _Attempt:
    """What the thread that makes the attempt and the one that waits for it know together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self.sent = False
        self.sockets: list[t.Any] = []

    def sending(self) -> None:
        """Called before each piece of the request is handed to the network."""
        with self._lock:
            if self._closed:
                raise OSError("the attempt is over")
            self.sent = True

    def close(self) -> bool:
        """No piece is sent after this. Tells whether any was."""
        with self._lock:
            self._closed = True
            return self.sent

    def abort(self) -> None:
        """Wakes the thread wherever it waits for the network."""
        for sock in self.sockets:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass


if requests is not None:
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class _Watched:
        """Tells the thread's attempt when the request, not the set-up of the connection, begins to be sent."""

        _connecting = False

        def _new_conn(self) -> t.Any:
            sock = super()._new_conn()  # type: ignore[misc]
            _current.attempt.sockets.append(sock)
            return sock

        def connect(self) -> None:
            self._connecting = True
            try:
                super().connect()  # type: ignore[misc]
            finally:
                self._connecting = False

        def send(self, data: t.Any) -> None:
            if self.sock is None:  # type: ignore[has-type]
                self.connect()
            if not self._connecting:
                _current.attempt.sockets.append(self.sock)  # type: ignore[has-type]
                _current.attempt.sending()
            super().send(data)  # type: ignore[misc]

    class _PlainConnection(_Watched, HTTPConnection):  # type: ignore[misc]
        pass

    class _TLSConnection(_Watched, HTTPSConnection):  # type: ignore[misc]
        pass

    class _PlainPool(HTTPConnectionPool):
        ConnectionCls = _PlainConnection

    class _TLSPool(HTTPSConnectionPool):
        ConnectionCls = _TLSConnection

    class _Adapter(requests.adapters.HTTPAdapter):
        """The adapter of requests with connections that are watched."""

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}

        def proxy_manager_for(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}
            return manager


@contextmanager
def _process_environment(environ: t.Mapping[str, str]) -> t.Iterator[None]:
    """For the moment in which requests looks for proxies: it only knows the environment of the process."""
    kept = dict(os.environ)
    if kept == dict(environ):
        yield
        return
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def route(url: str, environ: t.Mapping[str, str], validate_certs: bool, ca_path: t.Optional[str]) -> Route:
    """The route to url, by the options and by the proxies and CA bundles that the environment names.

    Raises ValueError where a CA bundle cannot be read.
    """
    with _process_environment(environ):
        proxies = requests.utils.get_environ_proxies(url)
    verify: t.Union[bool, str] = validate_certs
    if validate_certs:
        sources = (("ca_path", ca_path),) + tuple((n, environ.get(n)) for n in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        for name, path in sources:
            if path:
                verify = _readable(name, path)
                break
    return Route(verify, tuple(sorted(proxies.items())))


def _readable(name: str, path: str) -> str:
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(**({"capath": path} if os.path.isdir(path) else {"cafile": path}))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError("%s must name a file or folder of CA certificates, %s: %s" % (name, path, reason)) from None
    return path


def proxy_secrets(chosen: Route) -> list[str]:
    """The passwords in the route's proxies, as written and as meant."""
    found = []
    for _scheme, proxy in chosen.proxies:
        password = urlsplit(proxy).password
        if password:
            found.extend((password, requests.utils.unquote(password)))
    return found


class Connections:
    """Open connections, kept per key: never shared between endpoints, credentials or routes."""

    def __init__(self) -> None:
        self._adapters: dict[t.Hashable, t.Any] = {}

    def adapter(self, key: t.Hashable) -> t.Any:
        if key not in self._adapters:
            self._adapters[key] = _Adapter()
        return self._adapters[key]

    def close(self) -> None:
        while self._adapters:
            self._adapters.popitem()[1].close()


def exchange(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float) -> Response:
    """Sends a prepared request once and reads its answer, all within timeout seconds. Raises Failure.

    What interrupts it is raised on, with an attribute request_sent like Failure.sent.
    """
    attempt = _Attempt()
    outcome: list[t.Any] = []

    def run() -> None:
        _current.attempt = attempt
        try:
            outcome.append(_send(adapter, prepared, chosen, timeout))
        except BaseException as error:  # pylint: disable=broad-exception-caught  # handed to the waiting thread
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True, name="fgs-attempt")
    thread.start()
    try:
        thread.join(timeout)
    except BaseException as interruption:  # Ctrl-C, or a task's timeout
        interruption.request_sent = attempt.close()  # type: ignore[attr-defined]
        attempt.abort()
        raise
    if not outcome:
        sent = attempt.close()
        attempt.abort()
        what = "no complete answer" if sent else "no connection"
        raise Failure("timeout", "%s within %g seconds" % (what, timeout), sent)
    result = outcome[0]
    if isinstance(result, Response):
        return result
    raise _failure(result, attempt.sent) from None


def _send(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float) -> Response:
    answer = adapter.send(
        prepared, stream=True, timeout=timeout, verify=chosen.verify, proxies=dict(chosen.proxies), cert=None
    )
    finished = False
    try:
        body, complete = _body(answer)
        finished = complete
        return Response(answer.status_code, answer.headers, body, complete)
    finally:
        if finished:
            answer.raw.release_conn()
        else:
            # Rest of the body would be taken for the next answer.
            answer.raw.close()
        answer.close()


def _body(answer: t.Any) -> tuple[bytes, bool]:
    """The body's first BODY_LIMIT bytes, and whether that is all of it. Memory is bounded before decompression too."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    inflate = None
    if encoding in ("gzip", "x-gzip", "deflate"):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    elif encoding not in ("", "identity"):
        return b"", False
    body = bytearray()
    received = 0
    while True:
        chunk = answer.raw.read(_CHUNK, decode_content=False)
        if not chunk:
            break
        received += len(chunk)
        if inflate is not None:
            try:
                chunk = inflate.decompress(chunk, BODY_LIMIT + 1 - len(body))
            except zlib.error:
                return b"", False
        body += chunk
        if len(body) > BODY_LIMIT or received > BODY_LIMIT:
            return bytes(body[:BODY_LIMIT]), False
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and received < int(length) and answer.raw.status not in (204, 304):
        raise ConnectionResetError("the answer ended after %d of %s bytes" % (received, length))
    if inflate is not None and not inflate.eof and received:
        raise ConnectionResetError("the compressed answer ended early")
    return bytes(body), True


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


def _failure(error: BaseException, sent: bool) -> Failure:
    """What went wrong, in words that name no URL and no header. Errors that are no network's are raised as they are."""
    causes = _causes(error)
    if not any(isinstance(cause, (OSError, zlib.error)) or _of_http(cause) for cause in causes):
        raise error
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure("tls", "the server's certificate is not trusted: %s" % cause.verify_message, sent, True)
    names = {type(cause).__name__ for cause in causes}
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None and not sent:
        reason = (tls.reason or "").replace("_", " ").lower() or "it was cut"
        return Failure("tls", "the TLS handshake failed: %s" % reason, sent, tls.reason == "WRONG_VERSION_NUMBER")
    if names & {"CertificateError", "SSLCertVerificationError"}:
        return Failure("tls", "the server's certificate is for another host", sent, True)
    if "ProxyError" in names and not sent:
        return Failure("proxy", "the proxy did not connect: %s" % _reason(causes), sent)
    if any(isinstance(cause, (socket.timeout, TimeoutError)) for cause in causes) or names & {"ReadTimeoutError"}:
        return Failure("timeout", "no answer in time", sent)
    if not sent:
        return Failure("connect", _reason(causes), sent)
    return Failure("lost", "the connection was lost: %s" % _reason(causes), sent)


def _of_http(cause: BaseException) -> bool:
    return type(cause).__module__.partition(".")[0] in ("http", "urllib3", "requests")


def _reason(causes: list[BaseException]) -> str:
    """The most telling of the causes: the system's own words, else the innermost error's."""
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return "the host name cannot be resolved"
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror and not _of_http(cause):
            return cause.strerror.lower()
    for cause in causes:
        text = str(cause)
        if type(cause) is OSError and text:  # http.client's word on a proxy's refusal
            return text.splitlines()[0].lower()
    return {
        "RemoteDisconnected": "closed without an answer",
        "IncompleteRead": "the answer was cut",
        "BadStatusLine": "the answer is not HTTP",
        "InvalidChunkLength": "the answer was cut",
    }.get(type(causes[-1]).__name__, type(causes[-1]).__name__)
