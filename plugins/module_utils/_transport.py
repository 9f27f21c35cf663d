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
import ssl
import threading
import time
import typing as t
import warnings
import zlib
from contextlib import contextmanager

from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Attempt, Connections, current
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._network_failures import (
    Failure,
    explained,
    unexpected,
)

BODY_LIMIT = 1024 * 1024
_CHUNK = 64 * 1024
# Of a Content-Length: more than any response has, and few enough for int() of every Python.
_DIGITS = 18
# Seconds.
_WAIT = 0.25


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


# The CA bundles that could be read, as they were then: the items of a loop do not read the same one again.
_read: set[tuple[str, int, int]] = set()


def _readable(name: str, path: str) -> str:
    try:
        status = os.stat(path)
        bundle = (path, status.st_mtime_ns, status.st_size)
        if bundle not in _read:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(**({"capath": path} if os.path.isdir(path) else {"cafile": path}))
            _read.add(bundle)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError("%s must name a file or folder of CA certificates, %s: %s" % (name, path, reason)) from None
    return path


def proxy_of(url: str, chosen: Route) -> t.Optional[str]:
    """The proxy through which the route leads to url, None where there is none."""
    proxy: t.Optional[str] = requests.utils.select_proxy(url, dict(chosen.proxies))
    return proxy


def exchange(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float) -> Response:
    """Sends a prepared request once and reads its answer, all within timeout seconds. Raises Failure.

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
    if isinstance(result, Response):
        return result
    failure = explained(result, attempt.sent)
    # A single read is bounded by the same time, and may be the first to notice.
    raise (_late(timeout, failure.sent) if failure.kind == "timeout" else failure) from None


def _wait(thread: threading.Thread, timeout: float) -> None:
    """Waits for thread, in pieces: a signal that comes just before a wait begins is noticed only after it."""
    end = time.monotonic() + timeout
    while thread.is_alive() and time.monotonic() < end:
        thread.join(min(_WAIT, max(0.0, end - time.monotonic())))


def _late(timeout: float, sent: bool) -> Failure:
    what = "no complete answer" if sent else "no connection"
    return Failure("timeout", "%s within %g seconds" % (what, timeout), sent)


def _send(adapter: t.Any, prepared: t.Any, chosen: Route, timeout: float) -> Response:
    with warnings.catch_warnings():
        # Who sets validate_certs=false knows it, and it would be said in the middle of the playbook's output.
        warnings.filterwarnings("ignore", module="urllib3")
        answer = adapter.send(
            prepared, stream=True, timeout=timeout, verify=chosen.verify, proxies=dict(chosen.proxies), cert=None
        )
    finished = False
    try:
        if answer.status_code < 200:
            # The final response is still to come, and would be taken for that of the next request.
            return Response(answer.status_code, answer.headers, b"", True)
        body, complete = _body(answer)
        finished = complete
        return Response(answer.status_code, answer.headers, body, complete)
    finally:
        if finished:
            answer.raw.release_conn()
        else:
            # The rest would be taken for the next response.
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
    if _cut(answer, received) or (inflate is not None and not inflate.eof and received):
        raise OSError("the answer was cut")
    return bytes(body), True


def _cut(answer: t.Any, received: int) -> bool:
    """Whether the answer ended before its end. http.client takes headers that break off for all headers."""
    lengths = {length.strip() for length in answer.headers.get("Content-Length", "").split(",")} - {""}
    if lengths:
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdigit() and len(length) <= _DIGITS):
            # Where such a response ends is not known (RFC 9112, section 6.3).
            raise OSError("the response has an invalid content length")
        return received < int(length) and answer.raw.status not in (204, 304)
    framed = "Transfer-Encoding" in answer.headers or answer.raw.status == 204
    return 200 <= answer.raw.status < 300 and not framed and not received


__all__ = (
    "BODY_LIMIT",
    "Connections",
    "Failure",
    "Response",
    "Route",
    "exchange",
    "proxy_of",
    "route",
)
