# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a response says of an error, and what the user can do about it.

The workflow API publishes no list of its error codes, so a response is classified by its HTTP status first. The numbers
are the API gateway's, whose prefix differs by site.
"""

from __future__ import annotations

import re
import time
import typing as t
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import urlsplit

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction.texts import short
from ansible_collections.functiongraph.workflow.plugins.module_utils._spec import (
    CREDENTIALS_WRONG,
    HINTS_BY_GATEWAY_CODE,
    HINTS_BY_STATUS,
    NOT_PERMITTED,
    REDIRECTED,
)

_GATEWAY_CODE = re.compile(r"API(?:GW|G|C)\.(\d{4})\Z")
_CLOCK_LIMIT = 15 * 60
# Statuses that say what is wrong, whoever responds: the request, or access to the service.
_OF_REQUEST = (413, 414)
_OF_ACCESS = (401, 403, 405, 407)
# auth-and-errors: the response to a refused signature may hold the whole request, which says nothing to a person.
_ECHO = re.compile(r"[\s,;]*\bcanonical[ _]?request\s*:.*", re.IGNORECASE)


class ServiceError(t.NamedTuple):
    """What a response says of an error. Any of it may be missing. number is the gateway's four digits."""

    code: t.Optional[str]
    message: t.Optional[str]
    number: t.Optional[str]


def _first(document: t.Mapping[str, t.Any], *names: str) -> t.Optional[str]:
    return next((text for text in (short(document.get(name)) for name in names) if text), None)


def service_error(document: t.Any) -> ServiceError:
    """The error in a response. document is its body as JSON, None where it is none."""
    fields: t.Mapping[str, t.Any] = document if isinstance(document, dict) else {}
    if isinstance(fields.get("error"), dict):
        fields = fields["error"]
    code = _first(fields, "error_code", "errorCode", "code")
    message = _first(fields, "error_msg", "errorMsg", "message", "title")
    match = _GATEWAY_CODE.match(code or "")
    message = _ECHO.sub("", message) or None if message else None
    return ServiceError(code, message, match.group(1) if match else None)


def hint_for(status: int, error: ServiceError, headers: t.Mapping[str, str], now: float) -> t.Optional[str]:
    """What the user can do about an error, None where nothing is known. now is in seconds since the epoch."""
    if status == 401 and error.number in (None, "0301"):
        return _of_clock(headers, now) or CREDENTIALS_WRONG
    if error.number in HINTS_BY_GATEWAY_CODE:
        return HINTS_BY_GATEWAY_CODE[error.number]
    if (error.code or "").startswith(("FSS.1125", "FSS.1126", "FSS.1127", "FSS.1128")):
        return NOT_PERMITTED
    return REDIRECTED if 300 <= status < 400 else HINTS_BY_STATUS.get(status)


def refuses_access(response: t.Any) -> bool:
    """Whether a refusal says nothing about the request: other credentials, permissions or addresses may lift it."""
    if response.status in _OF_REQUEST:
        return False
    if response.status in _OF_ACCESS or 300 <= response.status < 400:
        return True
    # A response that is not JSON comes from another server.
    if response.problem is not None:
        return True
    return service_error(response.document).number in HINTS_BY_GATEWAY_CODE or hint(response) == NOT_PERMITTED


def clock_offset(headers: t.Mapping[str, str], now: float) -> t.Optional[int]:
    """Seconds that now is ahead of the response's Date, None where it has none."""
    date = http_date(headers.get("Date", ""))
    return None if date is None else int(now - date)


def clock_is_wrong(headers: t.Mapping[str, str], now: float) -> bool:
    """Whether the response's Date shows that signatures made at now are refused."""
    return abs(clock_offset(headers, now) or 0) > _CLOCK_LIMIT


def _of_clock(headers: t.Mapping[str, str], now: float) -> t.Optional[str]:
    offset = clock_offset(headers, now)
    if offset is None:
        return None
    if not clock_is_wrong(headers, now):
        return CREDENTIALS_WRONG + " The clock is right: it differs by %d seconds from the service's." % abs(offset)
    direction = "ahead of" if offset > 0 else "behind"
    return (
        "Set the clock of the machine that makes the call: it is %d minutes %s the service's, and a signature is "
        "refused when it is more than 15 minutes off." % (abs(offset) // 60, direction)
    )


def http_date(text: str) -> t.Optional[float]:
    """An HTTP date in seconds since the epoch, None where text is no date."""
    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    try:
        return float(mktime_tz(parsed))
    except (OverflowError, ValueError):
        return None


def retry_after(headers: t.Mapping[str, str], now: t.Callable[[], float] = time.time) -> t.Optional[float]:
    """Seconds to wait by Retry-After, a number or a date. None where it is unset or neither."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        # More digits than that overflow a float.
        return float(value[:9])
    date = http_date(value)
    return None if date is None else max(0.0, date - now())


def unreadable(error: Exception, headers: t.Mapping[str, str]) -> str:
    """What is wrong with a body that cannot be read as JSON, as error says."""
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return "is HTML, from a proxy or another server" if kind == "text/html" else "is not JSON"


def hint(response: t.Any) -> t.Optional[str]:
    """What the user can do about a response that is no success, None where nothing is known."""
    return hint_for(response.status, service_error(response.document), response.headers, response.received_at)


def clause(response: t.Any) -> str:
    """What a message says of a response that is no success. A 401 or 403 names the source of the credentials."""
    if 300 <= response.status < 400:
        return "status %d, a redirect to %s, which is not followed" % (response.status, redirected_to(response))
    error = service_error(response.document)
    if response.status == 401:
        # Without the message, which may be a whole canonical request.
        status = "status 401" if error.code in (None, "401") else "status 401, %s" % error.code
        return _refused(response.credentials, status, clock_is_wrong(response.headers, response.received_at))
    text = ": ".join(part for part in (error.code, error.message) if part).rstrip(".")
    if not text and response.problem:
        text = "the body %s" % response.problem
    clause = "status %d%s" % (response.status, " (%s)" % text if text else "")
    # A proxy that refuses has not seen them.
    if response.status == 403 and response.problem is None:
        clause += ", with %s from %s" % (response.credentials.kind, response.credentials.source)
    return clause


def _refused(credentials: t.Any, status: str, is_clock_wrong: bool) -> str:
    """What a message says of a 401 to a request with these credentials. status is its status and code."""
    if not credentials.is_key:
        return "the IAM token is wrong or has expired (%s); it comes from %s" % (status, credentials.source)
    if is_clock_wrong:
        why = "the signature is refused, as the clock is wrong"
    elif credentials.kind != "AK/SK":
        why = "the access key, secret key or security token is wrong or has expired"
    else:
        why = "the access key or secret key is wrong"
    return "%s (%s); the keys come from %s" % (why, status, credentials.source)


def redirected_to(response: t.Any) -> str:
    """The host that a 3xx names. Only the host: the rest of a location may hold secrets."""
    location = response.headers.get("Location")
    try:
        return (urlsplit(location).hostname if location else None) or "the same host"
    except ValueError:
        return "an invalid address"
