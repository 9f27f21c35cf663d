# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every error body seen in the wild, and what to do about it."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from ansible_collections.functiongraph.workflow.plugins.module_utils import _api
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors

NOW = 1_700_000_000.0


def headers(**values: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in values.items()})


def hint(status: int, code: str | None = None, **values: str) -> str | None:
    response_headers = headers(**values)
    error = errors.service_error({"error_code": code} if code else None)
    return errors.hint_for(status, error, response_headers, NOW)


@pytest.mark.parametrize(
    ("document", "code", "message", "request_id"),
    [
        ({"error_code": "FGS.3002", "error_msg": "Bad.", "request_id": "r"}, "FGS.3002", "Bad.", "r"),
        ({"errorCode": "FSS.0400", "errorMsg": "Bad."}, "FSS.0400", "Bad.", None),
        ({"code": "FSS.0400", "message": "Bad."}, "FSS.0400", "Bad.", None),
        ({"error": {"code": 401, "message": "No.", "title": "Unauthorized"}}, "401", "No.", None),
        ({"error": {"code": 401, "title": "Unauthorized"}, "request_id": "r"}, "401", "Unauthorized", "r"),
        ({"error_code": "IAM.0011", "error_msg": "IAM."}, "IAM.0011", "IAM.", None),
        ({"error": "text", "error_msg": "m"}, None, "m", None),
        ({"error_code": True, "error_msg": ["x"], "request_id": {}}, None, None, None),
        ({"error_code": "", "code": "second"}, "second", None, None),
        ({"error_msg": "two\n  lines\t"}, None, "two lines", None),
        ({"error_code": "\x1b[2J", "error_msg": "\x1b[31mred\x07"}, "\\x1b[2J", "\\x1b[31mred\\x07", None),
        ({"error_msg": "fail, ak: AK, canonicalRequest:POST|/v2/|x"}, None, "fail, ak: AK", None),
        ({"error_msg": "Canonical request: GET"}, None, None, None),
        ({}, None, None, None),
        ([1], None, None, None),
        ("text", None, None, None),
        (None, None, None, None),
    ],
)
def test_reads_every_error_format(document: Any, code: str | None, message: str | None, request_id: str | None) -> None:
    error = errors.service_error(document)
    assert (error.code, error.message, _api.request_id(headers(), document)) == (code, message, request_id)


def test_long_message_is_truncated() -> None:
    message = errors.service_error({"error_msg": "x" * 5000}).message
    assert message == "x" * 511 + "…"


def test_request_id_of_the_header_wins() -> None:
    document = {"request_id": "body"}
    assert _api.request_id(headers(x_request_id="head", X_IAM_Trace_Id="iam"), document) == "head"
    assert _api.request_id(headers(X_IAM_Trace_Id="iam"), document) == "iam"
    assert _api.request_id(headers(), document) == "body"
    assert _api.request_id(headers(), None) is None


# Numbers of auth-and-errors.md: status, and a word of the hint.
NUMBERS = [
    ("0101", 404, "endpoint, region and project_id"),
    ("0201", 413, "smaller output"),
    ("0201", 414, "address became too long"),
    ("0201", 502, None),
    ("0201", 504, None),
    ("0201", 400, None),
    ("0301", 401, "access key, secret key or token"),
    ("0302", 403, "Grant the IAM user"),
    ("0304", 403, "Grant the IAM user"),
    ("0305", 401, "access key, secret key or token"),
    ("0306", 403, "Grant the IAM user"),
    ("0307", 401, "new token"),
    ("0308", 429, "throttled"),
    ("0310", 403, "project"),
    ("0401", 403, "address"),
    ("0402", 403, "address"),
    ("0404", 403, "address"),
    ("0501", 405, "quota"),
    ("0502", 405, "frozen"),
    ("0601", 500, None),
    ("0602", 400, None),
    ("0605", 500, None),
    ("0612", 500, None),
    ("0613", 503, "could not reach IAM"),
]


@pytest.mark.parametrize("prefix", ["APIGW", "APIG", "APIC"])
@pytest.mark.parametrize(("number", "status", "word"), NUMBERS)
def test_hint_for_every_gateway_code(prefix: str, number: str, status: int, word: str | None) -> None:
    code = f"{prefix}.{number}"
    assert errors.service_error({"error_code": code}).number == number
    found = hint(status, code)
    if word is None:
        assert found is None
    else:
        assert found is not None
        assert word in found


@pytest.mark.parametrize("code", ["APIGX.0101", "XAPIG.0101", "APIG.01011", "APIG.101", "FGS.0101", "apig.0101"])
def test_codes_of_other_services_get_no_gateway_hint(code: str) -> None:
    assert errors.service_error({"error_code": code}).number is None


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [
        (400, "FGS.3002", None),
        (404, "FGS.5002", "workflow_id, workflow_run_id and region"),
        (403, None, "Grant the IAM user"),
        (500, "FSS.1125", "Grant the IAM user"),
        (400, "FSS.1128", "Grant the IAM user"),
        (400, "FSS.1129", None),
        (405, None, "does not accept this request"),
        (407, None, "proxy"),
        (413, None, "smaller output"),
        (429, None, "less often"),
        (500, None, None),
        (302, None, "Check endpoint and proxy"),
    ],
)
def test_hint_by_status_code(status: int, code: str | None, word: str | None) -> None:
    found = hint(status, code)
    assert (found is None) if word is None else (found is not None and word in found)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (0, "differs by 0 seconds"),
        (-899, "differs by 899 seconds"),
        (900, "differs by 900 seconds"),
        (901, "it is 15 minutes ahead of the service's"),
        (-7200, "it is 120 minutes behind the service's"),
    ],
)
@pytest.mark.parametrize("code", ["APIGW.0301", None])
def test_refused_signature_reports_the_clock_difference(offset: int, words: str, code: str | None) -> None:
    found = hint(401, code, Date=formatdate(NOW - offset, usegmt=True))
    assert found is not None
    assert words in found
    assert ("Set the clock" in found) == (abs(offset) > 900)
    assert ("do not retry at once" in found) == (abs(offset) <= 900)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT", "Mon, 01 Jan 99999999 00:00:00 GMT"]
)
def test_invalid_date_header_reports_no_clock_difference(date: str) -> None:
    found = hint(401, "APIGW.0301", Date=date)
    assert found is not None
    assert "clock" not in found


def test_expired_token_reports_no_clock_difference() -> None:
    found = hint(401, "APIGW.0307", Date=formatdate(0, usegmt=True))
    assert found is not None
    assert "clock" not in found


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 400, 999999999.0),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("²", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert errors.retry_after(headers(Retry_After=value), lambda: NOW) == seconds


def test_retry_after_is_none_without_the_header() -> None:
    assert errors.retry_after(headers()) is None
