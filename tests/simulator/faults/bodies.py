# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers with status 200 (or near it) that are not what the service's page promises."""

from __future__ import annotations

import gzip
import json

from aiohttp import web

from ..tables import longest
from .bench import Strike, add, fault

MEBIBYTE = 1024 * 1024
HUGE = 1024 * MEBIBYTE
NESTED = 200_000

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to this network.</body></html>"


@fault(applied=True)
async def truncated_body(strike: Strike) -> web.StreamResponse:
    """The callback takes effect; the answer promises more bytes than come before the connection is closed."""
    body = strike.complete().body
    body = body if isinstance(body, bytes) else b""
    return strike.close(strike.head(200, {"Content-Length": str(len(body) + 100)}), body)


@fault(applied=True)
async def invalid_length(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's Content-Length is a superscript two."""
    return _with_length(strike, "\N{SUPERSCRIPT TWO}")


@fault(applied=True)
async def long_length(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's Content-Length has 5,000 digits."""
    return _with_length(strike, "9" * 5000)


@fault(applied=True)
async def negative_chunk(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's first chunk has the size -5."""
    return strike.close(strike.head(200, {"Transfer-Encoding": "chunked"}), b"-5\r\n{}\r\n0\r\n\r\n")


def _with_length(strike: Strike, length: str) -> web.StreamResponse:
    body = strike.complete().body
    return strike.close(strike.head(200, {"Content-Length": length}), body if isinstance(body, bytes) else b"")


@fault(applied=True)
async def endless_body(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's body never ends."""
    return await _stream(strike, None)


@fault(applied=True)
async def huge_body_plain(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's body is a gigabyte, in chunks."""
    return await _stream(strike, HUGE)


@fault(applied=True)
async def huge_body_gzip(strike: Strike) -> web.StreamResponse:
    """The callback takes effect, and the answer's body is a megabyte that unpacks to a gigabyte."""
    # Many members, each of a mebibyte: as good a bomb as one, and made in a moment.
    body = gzip.compress(b" " * MEBIBYTE) * (HUGE // MEBIBYTE)
    return web.Response(body=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})


async def _stream(strike: Strike, length: int | None) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    answer.enable_chunked_encoding()
    await answer.prepare(strike.request)
    chunk = b" " * (MEBIBYTE // 16)
    sent = 0
    while length is None or sent < length:
        await answer.write(chunk)
        sent += len(chunk)
    await answer.write_eof()
    return answer


def _fixed(
    name: str, applied: bool, description: str, body: bytes, status: int = 200, kind: str = "application/json"
) -> None:
    async def act(_strike: Strike) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=kind) if body else web.Response(status=status)

    add(name, applied, description, act)


_TOO_LONG = "x" * (longest("response_200", "execution_id") + 1)

_fixed("status_204", True, "The callback takes effect, and the answer is 204 without a body.", b"", 204)
_fixed("empty_200", True, "The callback takes effect, and the answer is 200 without a body.", b"")
_fixed(
    "html_200", False, "A web page with 200 answers instead of the service; nothing is done.", PAGE, kind="text/html"
)
_fixed("array_200", True, "The callback takes effect, and the answer is a JSON array.", b'["execution_id"]')
_fixed("number_200", True, "The callback takes effect, and the answer is a JSON number.", b"42")
_fixed(
    "invalid_utf8_200",
    True,
    "The callback takes effect, and the response is not UTF-8.",
    b'{"execution_id": "\xff\xfe\xc3"}',
)
_fixed(
    "nested_200",
    True,
    "The callback takes effect, and the answer is 200,000 nested arrays.",
    b"[" * NESTED + b"]" * NESTED,
)
_fixed("missing_execution_id", True, "The callback takes effect, and the answer has no execution_id.", b"{}")
_fixed("empty_execution_id", True, "The callback takes effect, and execution_id is empty.", b'{"execution_id": ""}')
_fixed(
    "long_execution_id",
    True,
    "The callback takes effect, and execution_id is one character too long.",
    json.dumps({"execution_id": _TOO_LONG}).encode(),
)
