# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses with a 2xx status that are not as the service documents them."""

from __future__ import annotations

import gzip
import json

from aiohttp import web

from ..tables import longest
from .registry import Exchange, add, fault

MEBIBYTE = 1024 * 1024
HUGE = 1024 * MEBIBYTE
NESTED = 200_000

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to this network.</body></html>"


@fault(applied=True)
async def truncated_body(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect; the response promises more bytes than come before the connection is closed."""
    body = exchange.complete().body
    body = body if isinstance(body, bytes) else b""
    return exchange.close(exchange.head(200, {"Content-Length": str(len(body) + 100)}), body)


@fault(applied=True)
async def invalid_length(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's Content-Length is a superscript two."""
    return _with_length(exchange, "\N{SUPERSCRIPT TWO}")


@fault(applied=True)
async def long_length(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's Content-Length has 5,000 digits."""
    return _with_length(exchange, "9" * 5000)


@fault(applied=True)
async def negative_chunk(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's first chunk has the size -5."""
    return exchange.close(exchange.head(200, {"Transfer-Encoding": "chunked"}), b"-5\r\n{}\r\n0\r\n\r\n")


def _with_length(exchange: Exchange, length: str) -> web.StreamResponse:
    body = exchange.complete().body
    return exchange.close(exchange.head(200, {"Content-Length": length}), body if isinstance(body, bytes) else b"")


@fault(applied=True)
async def endless_body(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's body never ends."""
    return await _stream(exchange, None)


@fault(applied=True)
async def huge_body_plain(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's body is a gigabyte, in chunks."""
    return await _stream(exchange, HUGE)


@fault(applied=True)
async def huge_body_gzip(exchange: Exchange) -> web.StreamResponse:
    """The callback takes effect, and the response's body is a megabyte that unpacks to a gigabyte."""
    # Many members, each of a mebibyte: as good a bomb as one, and made in a moment.
    body = gzip.compress(b" " * MEBIBYTE) * (HUGE // MEBIBYTE)
    return web.Response(body=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})


async def _stream(exchange: Exchange, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(exchange.request)
    chunk = b" " * (MEBIBYTE // 16)
    sent = 0
    while length is None or sent < length:
        await response.write(chunk)
        sent += len(chunk)
    await response.write_eof()
    return response


def _fixed(
    name: str, applied: bool, description: str, body: bytes, status: int = 200, kind: str = "application/json"
) -> None:
    async def act(_exchange: Exchange) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=kind) if body else web.Response(status=status)

    add(name, applied, description, act)


_TOO_LONG = "x" * (longest("response_200", "execution_id") + 1)

_fixed("status_204", True, "The callback takes effect, and the response is 204 without a body.", b"", 204)
_fixed("empty_200", True, "The callback takes effect, and the response is 200 without a body.", b"")
_fixed(
    "html_200", False, "200 with a web page, not from the service; the callback has no effect.", PAGE, kind="text/html"
)
_fixed("array_200", True, "The callback takes effect, and the response is a JSON array.", b'["execution_id"]')
_fixed("number_200", True, "The callback takes effect, and the response is a JSON number.", b"42")
_fixed(
    "invalid_utf8_200",
    True,
    "The callback takes effect, and the response is not UTF-8.",
    b'{"execution_id": "\xff\xfe\xc3"}',
)
_fixed(
    "nested_200",
    True,
    "The callback takes effect, and the response is 200,000 nested arrays.",
    b"[" * NESTED + b"]" * NESTED,
)
_fixed("missing_execution_id", True, "The callback takes effect, and the response has no execution_id.", b"{}")
_fixed("empty_execution_id", True, "The callback takes effect, and execution_id is empty.", b'{"execution_id": ""}')
_fixed(
    "long_execution_id",
    True,
    "The callback takes effect, and execution_id is one character too long.",
    json.dumps({"execution_id": _TOO_LONG}).encode(),
)
