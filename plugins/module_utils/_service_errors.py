# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
What an answer that is no success says: code, message and request id of every error body seen in the wild, and a hint.

The workflow API publishes no list of its codes, so an answer is classified by its HTTP status first. The numbers are
the API gateway's, whose prefix differs by site.
"""

from __future__ import annotations

import re
import time
import typing as t
from email.utils import mktime_tz, parsedate_tz

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import visible

_GATEWAY_CODE = re.compile(r"API(?:GW|G|C)\.(\d{4})\Z")
_MESSAGE_LIMIT = 512
_CLOCK_LIMIT = 15 * 60
# auth-and-errors: a refused signature may be answered with the whole request, which says nothing to a person.
_ECHO = re.compile(r"[\s,;]*\bcanonical[ _]?request\s*:.*", re.IGNORECASE)

IAM_UNAVAILABLE = "0613"

_CREDENTIALS_WRONG = (
    "Copy access key, secret key or token again: a character may be missing at an end, or one too many within; "
    "do not retry at once, as repeated failures lock the key."
)
_NOT_PERMITTED = (
    "Grant the IAM user of these credentials the right to call back workflows of FunctionGraph in this project; "
    "which action that is, the service does not document."
)
_REDIRECTED = "Check endpoint and proxy: most likely something other than the service answers there."
_HINTS_BY_NUMBER = {
    "0101": "Check endpoint, region and project_id: the gateway knows no such API there.",
    "0302": _NOT_PERMITTED,
    "0304": _NOT_PERMITTED,
    "0305": _CREDENTIALS_WRONG,
    "0306": _NOT_PERMITTED,
    "0307": "Get a new token: this one has expired, or is of another region or project.",
    "0308": "Call less often, or raise retries: the gateway throttles calls, and threw this one away.",
    "0310": "Check the project: it is not available, it may be frozen or deleted.",
    "0401": "Call from an address that the account's access rules allow.",
    "0402": "Call from an address that the account's access rules allow.",
    "0404": "Call from an address that the account's access rules allow.",
    "0501": "Check the account's quota.",
    "0502": "Check the account: it is frozen.",
    IAM_UNAVAILABLE: "Try again later: the gateway could not reach IAM.",
}
_HINTS_BY_STATUS = {
    401: _CREDENTIALS_WRONG,
    403: _NOT_PERMITTED,
    404: "Check workflow_id, workflow_run_id and region: the service does not know them there.",
    405: "Check endpoint: what answers there does not take this call.",
    407: "Check the proxy's user and password.",
    413: "Send a smaller output: the gateway takes bodies up to 12 MB.",
    414: "Check workflow_id: the address became too long.",
    429: "Call less often, or raise retries.",
}


class ServiceError(t.NamedTuple):
    """What an answer says of an error. Any of it may be missing. number is the gateway's four digits."""

    code: t.Optional[str]
    message: t.Optional[str]
    request_id: t.Optional[str]
    number: t.Optional[str]


def _text(value: t.Any) -> t.Optional[str]:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = visible(" ".join(str(value).split()))
    return (text if len(text) <= _MESSAGE_LIMIT else text[: _MESSAGE_LIMIT - 1] + "…") or None


def _first(document: t.Mapping[str, t.Any], *names: str) -> t.Optional[str]:
    return next((text for text in (_text(document.get(name)) for name in names) if text), None)


def request_id(headers: t.Mapping[str, str], document: t.Any) -> t.Optional[str]:
    """The id by which the service's support finds the request."""
    found = _text(headers.get("X-Request-Id")) or _text(headers.get("X-IAM-Trace-Id"))
    if found is None and isinstance(document, dict):
        found = _first(document, "request_id")
    return found


def read(headers: t.Mapping[str, str], document: t.Any) -> ServiceError:
    """The error in an answer. document is its body as JSON, None where it is none."""
    fields: t.Mapping[str, t.Any] = document if isinstance(document, dict) else {}
    if isinstance(fields.get("error"), dict):
        fields = {**fields["error"], "request_id": fields.get("request_id")}
    code = _first(fields, "error_code", "errorCode", "code")
    message = _first(fields, "error_msg", "errorMsg", "message", "title")
    match = _GATEWAY_CODE.match(code or "")
    message = _ECHO.sub("", message) or None if message else None
    return ServiceError(code, message, request_id(headers, document), match.group(1) if match else None)


def hint(status: int, error: ServiceError, headers: t.Mapping[str, str], now: float) -> t.Optional[str]:
    """What the user can do about an answer, None where nothing is known. now is in seconds since the epoch."""
    if status == 401 and error.number in (None, "0301"):
        return _of_clock(headers, now) or _CREDENTIALS_WRONG
    if error.number in _HINTS_BY_NUMBER:
        return _HINTS_BY_NUMBER[error.number]
    if (error.code or "").startswith(("FSS.1125", "FSS.1126", "FSS.1127", "FSS.1128")):
        return _NOT_PERMITTED
    return _REDIRECTED if 300 <= status < 400 else _HINTS_BY_STATUS.get(status)


def _clock_offset(headers: t.Mapping[str, str], now: float) -> t.Optional[int]:
    """Seconds that now is ahead of the answer's Date, None where it has none."""
    date = http_date(headers.get("Date", ""))
    return None if date is None else int(now - date)


def clock_is_wrong(headers: t.Mapping[str, str], now: float) -> bool:
    """Whether the answer's Date shows that signatures made at now are refused."""
    return abs(_clock_offset(headers, now) or 0) > _CLOCK_LIMIT


def _of_clock(headers: t.Mapping[str, str], now: float) -> t.Optional[str]:
    offset = _clock_offset(headers, now)
    if offset is None:
        return None
    if not clock_is_wrong(headers, now):
        return _CREDENTIALS_WRONG + " The clock is right: it differs by %d seconds from the service's." % abs(offset)
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
    """Seconds that the answer asks to wait, by number or by date. None where it does not, or not understandably."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        # More digits than that overflow a float.
        return float(value[:9])
    date = http_date(value)
    return None if date is None else max(0.0, date - now())
