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

import socket
import threading
import time
import typing as t
import warnings
import zlib
from contextlib import contextmanager, suppress
from types import SimpleNamespace

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

    def end(self) -> bool:
        """No piece is sent after this, and the thread is woken wherever it waits. Tells whether any piece was sent."""
        with self._lock:
            self._closed = True
        for sock in self.sockets:
            with suppress(OSError):
                # TLS through a proxy that speaks TLS itself is no socket, and has one.
                socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)
        return self.sent


class RawResponse(SimpleNamespace):
    """A response: status, headers (by any case), and the body's first bytes, as many as are read, decompressed.

    complete is false where the body was longer, or cannot be decompressed.
    """

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    complete: bool


class Route(SimpleNamespace):
    """How to reach a server: whom to trust, and through which proxies. verify is a CA bundle's path or a yes or no."""

    verify: t.Union[bool, str]
    proxies: tuple[tuple[str, str], ...]

    def __hash__(self) -> int:  # type: ignore[override]
        return hash((self.verify, self.proxies))


@contextmanager
def no_outcome_lost(sent: bool) -> t.Iterator[None]:
    """Raises every error of the block as a Failure, so that it is always known whether anything was sent."""
    try:
        yield
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the outcome counts
        # Here, and below: Ansible compiles what is imported at each start, and most attempts bring a response.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure, unexpected

        if isinstance(error, Failure):
            raise
        raise unexpected(error, sent) from error


def exchange(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float, limit: int = BODY_LIMIT) -> RawResponse:
    """Sends a prepared request once and reads its response, all within timeout seconds. Raises Failure.

    limit is the largest body that is read, in bytes.

    What interrupts it is raised on, with an attribute request_sent like Failure.sent.
    """
    attempt = Attempt()
    outcome: list[t.Any] = []

    def run() -> None:
        current.attempt = attempt
        try:
            outcome.append(_send(adapter, prepared, chosen, timeout, limit))
        except BaseException as error:  # pylint: disable=broad-exception-caught  # handed to the waiting thread
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True, name="fgs-attempt")
    try:
        thread.start()
        _wait(thread, timeout)
    except BaseException as interruption:  # Ctrl-C, or a task's timeout
        sent = attempt.end()
        if isinstance(interruption, Exception):
            from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import unexpected

            raise unexpected(interruption, sent) from None
        interruption.request_sent = sent  # type: ignore[attr-defined]
        raise
    result = outcome[0] if outcome else None
    if isinstance(result, RawResponse):
        return result
    # First: nothing may be sent while the import goes on.
    sent = attempt.end() if result is None else attempt.sent
    from ansible_collections.functiongraph.workflow.plugins.module_utils._http import failures

    if result is None:
        raise failures.late(timeout, sent)
    raise failures.failure_of(result, sent, timeout) from None


def _wait(thread: threading.Thread, timeout: float) -> None:
    """Waits for thread, in pieces: a signal that comes just before a wait begins is noticed only after it."""
    end = time.monotonic() + timeout
    while thread.is_alive() and time.monotonic() < end:
        thread.join(min(_WAIT, max(0.0, end - time.monotonic())))


def _send(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float, limit: int) -> RawResponse:
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
            return RawResponse(status=response.status_code, headers=response.headers, body=b"", complete=True)
        body, complete = _body(response, limit)
        finished = complete
        return RawResponse(status=response.status_code, headers=response.headers, body=body, complete=complete)
    finally:
        if finished:
            response.raw.release_conn()
        else:
            # The rest would be taken for the next response.
            response.raw.close()
        response.close()


def _body(response: t.Any, limit: int) -> tuple[bytes, bool]:
    """The body's first limit bytes, and whether that is all of it. Memory is bounded before decompression too."""
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
                chunk = inflate.decompress(chunk, limit + 1 - len(body))
            except zlib.error:
                return b"", False
        body += chunk
        if len(body) > limit or received > limit:
            return bytes(body[:limit]), False
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
