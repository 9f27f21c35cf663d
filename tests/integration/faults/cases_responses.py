# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that are errors, and successes that are none."""

from __future__ import annotations

from typing import Any

from cases_breaks import DOUBT, LOOK, NEVER, WAITS, read_back, unknown
from fault_case import Case, always, once

NO_ID = "the response has no valid execution_id: its body "
MEETS_NOT = "is not what the service documents for status 200"
REFUSED = "The service refused the callback: "
REDIRECTED = "Check endpoint and proxy"
ENDED = "Check the run: the state may be finished already"


def odd(name: str, fault: str, problem: str, sent: int = 1, status: int = 200) -> tuple[Case, Case]:
    """A success that is none: confirmed by reading the run, and what is said without that."""
    without = unknown(
        name + "_never",
        fault + ", with confirm=never",
        NO_ID + problem + "; confirm=never.",
        "success" if sent == 1 else "running",
        run=always(name),
        options=NEVER,
        also={"http_status": status},
        faces=("controller",),
    )
    return read_back(name, fault, once(name), sent=sent, also={"http_status": 200 if sent == 2 else status}), without


KEYS = "the options access_key and secret_key"


def rejected(name: str, fault: str, message: str, status: int, hint: str = "", **fields: Any) -> Case:
    """A refusal that is believed and never sent again."""
    said = f"status {status}" + message
    if status == 401:
        said = f"the access key or secret key is wrong ({said}); the keys come from {KEYS}"
    text = f"{REFUSED}{said}."
    also = {"http_status": status, **fields.pop("also", {})}
    fixed = {"run": always(name), "options": {"retries": 3}, "sent": 1, "became": "running"}
    hint = hint or {302: REDIRECTED, 307: REDIRECTED, 400: ENDED}.get(status, "")
    return Case(name, fault, "rejected", message=text, hint=hint, also=also, **{**fixed, **fields})


def redirect(status: int) -> Case:
    """A redirect to another host, which must not see anything."""
    message = ", a redirect to 127.0.0.1, which is not followed"
    return rejected(f"redirect_{status}", f"{status} to another host", message, status)


SUCCESSES = (
    *odd("status_204", "204 without a body", "is empty", status=204),
    *odd("empty_200", "200 without a body", "is empty"),
    *odd(
        "html_200", "200 with a web page, of a proxy or a captive portal", "is HTML, from a proxy or another server", 2
    ),
    *odd("array_200", "200 with a JSON array", MEETS_NOT),
    *odd("number_200", "200 with a number", MEETS_NOT),
    *odd("invalid_utf8_200", "200 with a body that is not UTF-8", "is not UTF-8"),
    *odd("nested_200", "200 with 200,000 nested brackets", "is not JSON"),
    *odd("missing_execution_id", "200 without execution_id", MEETS_NOT),
    *odd("empty_execution_id", "200 with an empty execution_id", MEETS_NOT),
    *odd("long_execution_id", "200 with an execution_id that is too long", MEETS_NOT),
    *odd("endless_body", "200 with a body that never ends", "is larger than 1 MiB or compressed in an unknown way"),
    *odd("huge_body_plain", "200 with a body of a gigabyte", "is larger than 1 MiB or compressed in an unknown way"),
    *odd(
        "huge_body_gzip",
        "200 with a megabyte that unpacks to a gigabyte",
        "is larger than 1 MiB or compressed in an unknown way",
    ),
)

REFUSALS = (
    *(
        read_back(f"status_{status}", f"{status}, and the callback took effect", once(f"status_{status}"))
        for status in (101, 102, 103)
    ),
    redirect(302),
    redirect(307),
    rejected("status_400", "400", " (FGS.3002: Invalid parameters)", 400, also={"error_code": "FGS.3002"}),
    rejected("empty_400", "400 without a body", " (the body is empty)", 400),
    rejected("errorCode_shape", "400 in the shape errorCode, errorMsg", " (FSS.0400: Bad request)", 400),
    rejected("code_message_shape", "400 in the shape code, message", " (FSS.0400: Bad request)", 400),
    rejected(
        "status_401_echo",
        "401 that echoes the request and its secrets",
        ", …0301",
        401,
        "clock is right",
        own_key=True,
    ),
    rejected("iam_shape", "401 in the shape of IAM", "", 401, "lock the key", own_key=True),
    rejected("status_403", "403, not permitted", f" (…), with AK/SK from {KEYS}", 403, "Grant the IAM user"),
    rejected("status_404", "404, no such API", " (…0101: …)", 404, "Check endpoint, region"),
    rejected("status_405", "405, the account is frozen", " (…0502: …)", 405, "frozen"),
    read_back("status_408", "408 once", once("status_408"), sent=2),
    rejected("status_413", "413, too large", " (…0201: …)", 413, "12 MB"),
    rejected(
        "ended_by_somebody_else",
        "400, as somebody else has completed the state",
        " (FGS.3002: …)",
        400,
        became="fail",
    ),
    Case("status_429_once", "429 once, with Retry-After", "delivered", 2, run=once("status_429")),
    Case("status_429_no_header", "429 once, without Retry-After", "delivered", 2, run=once("status_429_no_header")),
    rejected("status_429", "429 for ever", " (…0308: …)", 429, "raise retries", sent=3, options={"retries": 2}),
    Case(
        "status_503_iam_once",
        "503 once, as the gateway's IAM is unavailable",
        "delivered",
        2,
        run=once("status_503_iam"),
    ),
    rejected(
        "status_503_iam",
        "503 for ever, as the gateway's IAM is unavailable",
        " (…0613: …)",
        503,
        "could not reach IAM",
        sent=3,
        options={"retries": 2},
    ),
    read_back("status_503", "503 of the service once", once("status_503"), sent=2),
    read_back("status_500", "500 once", once("status_500"), sent=2),
    read_back("status_500_applied", "500, and the callback took effect", once("status_500_applied")),
    Case(
        "status_500_for_ever",
        "500 for ever",
        "unknown",
        2,
        "running",
        DOUBT + "status 500 (FGS.0500: Internal Error)" + WAITS,
        run=always("status_500"),
        reads=True,
        hint=LOOK,
        also={"http_status": 500, "error_code": "FGS.0500"},
    ),
    read_back("status_502_html", "502 with a web page once", once("status_502_html"), sent=2),
    read_back("status_502_applied", "502, and the callback took effect", once("status_502_applied")),
    read_back("status_504", "504 once", once("status_504"), sent=2),
    read_back("status_504_applied", "504, and the callback took effect", once("status_504_applied")),
    Case(
        "large",
        "None, with a body close to the 12 MB of the gateway",
        "delivered",
        1,
        options={"output": {"blob": "x" * 12_500_000}},
    ),
    rejected(
        "too_large",
        "A body larger than the 12 MB of the gateway",
        " (…0201: …)",
        413,
        "Send a smaller output",
        run={},
        faces=("controller",),
        options={"output": {"blob": "x" * 12_600_000}},
    ),
)
