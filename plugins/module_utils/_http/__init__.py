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
import threading
import time
import traceback
import typing as t
import warnings
import zlib
from contextlib import contextmanager, suppress

BODY_LIMIT = 1024 * 1024
_CHUNK = 64 * 1024
# Of a Content-Length: more than any response has, and few enough for int() of every Python.
_DIGITS = 18
# Seconds.
_WAIT = 0.25


# attempt: the Attempt that this thread makes.
current = threading.local()


class Attempt:
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
            with suppress(OSError):
                # TLS through a proxy that speaks TLS itself is no socket, and has one.
                socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)


class RawResponse(t.NamedTuple):
    """A response: status, headers (by any case), and the body's first BODY_LIMIT bytes, decompressed.

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


@contextmanager
def no_outcome_lost(sent: bool) -> t.Iterator[None]:
    """Raises every error of the block as a Failure, so that it is always known whether anything was sent."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the outcome counts
        raise unexpected(error, sent) from error


def exchange(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float) -> RawResponse:
    """Sends a prepared request once and reads its response, all within timeout seconds. Raises Failure.

    What interrupts it is raised on, with an attribute request_sent like Failure.sent.
    """
    attempt = Attempt()
    outcome: list[t.Any] = []

    def run() -> None:
        current.attempt = attempt
        try:
            outcome.append(_send(adapter, prepared, chosen, timeout))
        except BaseException as error:  # pylint: disable=broad-exception-caught  # handed to the waiting thread
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True, name="fgs-attempt")
    try:
        thread.start()
        _wait(thread, timeout)
    except BaseException as interruption:  # Ctrl-C, or a task's timeout
        sent = attempt.close()
        attempt.abort()
        if isinstance(interruption, Exception):
            raise unexpected(interruption, sent) from None
        interruption.request_sent = sent  # type: ignore[attr-defined]
        raise
    if not outcome:
        sent = attempt.close()
        attempt.abort()
        raise _late(timeout, sent)
    result = outcome[0]
    if isinstance(result, RawResponse):
        return result
    # Here, as Ansible compiles what is imported at each start, and most attempts bring a response.
    from ansible_collections.functiongraph.workflow.plugins.module_utils._http.explanation import explained

    explanation = explained(result, attempt.sent)
    if explanation is None:
        raise unexpected(result, attempt.sent) from None
    # A single read is bounded by the same time, and may be the first to notice.
    raise (
        _late(timeout, attempt.sent)
        if explanation.kind == "timeout"
        else Failure(explanation.kind, explanation.message, attempt.sent, explanation.permanent)
    ) from None


def _wait(thread: threading.Thread, timeout: float) -> None:
    """Waits for thread, in pieces: a signal that comes just before a wait begins is noticed only after it."""
    end = time.monotonic() + timeout
    while thread.is_alive() and time.monotonic() < end:
        thread.join(min(_WAIT, max(0.0, end - time.monotonic())))


def _late(timeout: float, sent: bool) -> Failure:
    what = "no complete response" if sent else "no connection"
    return Failure("timeout", "%s within %g seconds" % (what, timeout), sent)


def _send(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float) -> RawResponse:
    with warnings.catch_warnings():
        # Who sets validate_certs=false knows it, and it would be said in the middle of the playbook's output.
        warnings.filterwarnings("ignore", module="urllib3")
        response = adapter.send(
            prepared, stream=True, timeout=timeout, verify=chosen.verify, proxies=dict(chosen.proxies), cert=None
        )
    finished = False
    try:
        if response.status_code < 200:
            # The final response is still to come, and would be taken for that of the next request.
            return RawResponse(response.status_code, response.headers, b"", True)
        body, complete = _body(response)
        finished = complete
        return RawResponse(response.status_code, response.headers, body, complete)
    finally:
        if finished:
            response.raw.release_conn()
        else:
            # The rest would be taken for the next response.
            response.raw.close()
        response.close()


def _body(response: t.Any) -> tuple[bytes, bool]:
    """The body's first BODY_LIMIT bytes, and whether that is all of it. Memory is bounded before decompression too."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    inflate = None
    if encoding in ("gzip", "x-gzip", "deflate"):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    elif encoding not in ("", "identity"):
        return b"", False
    body = bytearray()
    received = 0
    while True:
        chunk = response.raw.read(_CHUNK, decode_content=False)
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
    if _cut(response, received) or (inflate is not None and not inflate.eof and received):
        raise OSError("the response was cut short")
    return bytes(body), True


def _cut(response: t.Any, received: int) -> bool:
    """Whether the response ended early. http.client takes headers that are cut short for complete ones."""
    lengths = {length.strip() for length in response.headers.get("Content-Length", "").split(",")} - {""}
    if lengths:
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdigit() and len(length) <= _DIGITS):
            # Where such a response ends is not known (RFC 9112, section 6.3).
            raise OSError("the response has an invalid content length")
        return received < int(length) and response.raw.status not in (204, 304)
    framed = "Transfer-Encoding" in response.headers or response.raw.status == 204
    return 200 <= response.raw.status < 300 and not framed and not received
