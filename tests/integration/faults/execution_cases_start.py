# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of a start: every one that the simulator has, where a second start would run the workflow twice."""

from __future__ import annotations

from typing import Any

from execution_case import STARTED, ExecutionCase, case, refused, unknown
from fault_case import always, once

# A second start with the same ID is another run, so that a case fails that sends one too many.
ANOTHER = {"second_start": "another"}
TWO_SECONDS = {"timeout": 2}
LOST = "the connection was lost: …"
UNSEEN = "; the run does not show it, and all retries are used up"
REFUSED = "The service refused to start the run: "

# Faults that take effect, and break the response: the run is read, and not started again.
APPLIED = (
    *("close_before_response_applied", "reset_in_headers", "reset_in_body", "applied_then_cut", "applied_cut_then_400"),
    *("keep_alive_close", "truncated_body", "invalid_length", "long_length", "negative_chunk"),
    *("huge_body_plain", "huge_body_gzip", "status_204", "empty_200", "array_200", "number_200", "invalid_utf8_200"),
    *("nested_200", "missing_execution_id", "empty_execution_id", "long_execution_id"),
    *("status_500_applied", "status_502_applied", "status_504_applied", "status_101", "status_102", "status_103"),
    "endless_body",
)
APPLIED_SLOWLY = ("hang_applied", "drip_body")
# Faults without an effect after which that is not known: the run is read, is not there, and is started again.
NOT_APPLIED = {
    "close_before_response": LOST,
    "close_during_request": LOST,
    "not_applied_then_cut": LOST,
    "html_200": "the response is HTML, from a proxy or another server",
    "status_408": "status 408 (FSS.0408: Request Timeout)",
    "status_500": "status 500 (FGS.0500: Internal Error)",
    "status_502_html": "status 502…",
    "status_503": "status 503 (FSS.0503: Service Unavailable)",
    "status_504": "status 504 (APIGW.0201: Backend timeout)",
}
NOT_APPLIED_SLOWLY = ("hang", "drip_headers")
# The service has not seen the request.
THROTTLED = {
    "status_429": "status 429 (APIGW.0308: The throttling threshold has been reached)…",
    "status_429_no_header": "status 429 (APIGW.0308: The throttling threshold has been reached)…",
    "status_503_iam": "status 503 (APIGW.0613: IAM is unavailable)…",
}
NOT_OFFERED = "The service's documentation says that starting a run is not offered on the international site."
REFUSALS = {
    "status_400": "status 400 (FGS.3002: Invalid parameters)",
    "status_403": "status 403 (APIGW.0302: …)…",
    "status_404": "status 404 (APIGW.0101: …)…",
    "status_405": "status 405 (APIGW.0502: The app has been frozen)…",
    "status_413": "status 413 (APIGW.0201: Request entity too large)…",
    "redirect_302": "status 302, a redirect to 127.0.0.1, which is not followed",
    "redirect_307": "status 307, a redirect to 127.0.0.1, which is not followed",
    "status_401_echo": "the access key or secret key is wrong (status 401…); the keys come from …",
    "iam_shape": "the access key or secret key is wrong (status 401…); the keys come from …",
    "errorCode_shape": "status 400 (FSS.0400: Bad request)",
    "code_message_shape": "status 400 (FSS.0400: Bad request)",
    "empty_400": "status 400 (the body is empty)",
}
HINTS = {"status_403": NOT_OFFERED, "status_404": NOT_OFFERED, "status_405": NOT_OFFERED}
# Reads that fail while it is not known whether the run was started.
UNREADABLE = {
    "read_401": "the access key or secret key is wrong (status 401, …); the keys come from …",
    "read_403": "status 403…",
    "read_500": "status 500…",
    "read_cut": LOST,
    "read_html": "the response …",
    "read_other_execution": "the response shows another execution_id",
    "read_other_workflow": "the response shows another workflow_id",
    "read_hang": "…",
}


def start(name: str, sent: int, fault: dict[str, Any] | None = None, **fields: Any) -> ExecutionCase:
    """A start that ends well."""
    return case(name, STARTED, sent, fault, flow=ANOTHER, **fields)


def unread(name: str, reason: str) -> ExecutionCase:
    """The run was started, the response lost, and the run cannot be read."""
    fault = once("close_before_response_applied", read_fault=name)
    account = None if name == "read_401" else "permanent"
    reason = f"{LOST}; the run could not be read: {reason}"
    return unknown(f"applied_{name}", STARTED, fault, reason, flow=ANOTHER, options=TWO_SECONDS, account=account)


STARTS: tuple[ExecutionCase, ...] = (
    start("undisturbed", 1),
    start("undisturbed_own_id", 1, own_id=True),
    *(start(name, 1, always(name)) for name in APPLIED),
    *(start(name, 1, always(name), options=TWO_SECONDS) for name in APPLIED_SLOWLY),
    *(start(name, 2, once(name)) for name in (*NOT_APPLIED, *THROTTLED)),
    *(start(name, 2, once(name), options=TWO_SECONDS) for name in NOT_APPLIED_SLOWLY),
    *(
        unknown(f"{name}_for_ever", STARTED, always(name), reason + UNSEEN, sent=2, done=False)
        for name, reason in NOT_APPLIED.items()
    ),
    *(
        refused(f"{name}_for_ever", STARTED, always(name), f"{REFUSED}{reason}.", sent=2)
        for name, reason in THROTTLED.items()
    ),
    *(
        refused(
            name,
            STARTED,
            always(name),
            f"{REFUSED}{reason}.",
            hint=HINTS.get(name, ""),
            account=None if "401" in reason else "permanent",
        )
        for name, reason in REFUSALS.items()
    ),
    refused(
        "international",
        STARTED,
        {},
        REFUSED + "status 403 (FSS.0403: The operation is not supported at this site)….",
        flow={"international": True},
        hint=NOT_OFFERED,
    ),
    *(unread(name, reason) for name, reason in UNREADABLE.items()),
    # Somebody else starts the run of the same ID at the same time: it is there, but not by this task.
    case("by_somebody_else", STARTED, 1, once("ended_by_somebody_else"), changed=False, own_id=True),
    # The run is shown late: it is waited for before it is started again.
    case("shown_late", STARTED, 1, once("hang_applied", start_lag=2), flow=ANOTHER, options=TWO_SECONDS),
    # It is shown so late that it is started again, which the service refuses: nobody may say that there is no run.
    unknown(
        "shown_too_late",
        STARTED,
        once("close_before_response_applied", start_lag=20),
        "status 400 (FGS.3002: …); the run does not show it",
        sent=2,
    ),
    # A run that is there already, with a start that would do harm.
    case("lost_own_id", STARTED, 1, once("close_before_response_applied"), flow=ANOTHER, own_id=True),
    unknown(
        "unread_own_id",
        STARTED,
        once("close_before_response_applied", read_fault="read_403", read_after=1),
        f"{LOST}; the run could not be read: status 403…",
        flow=ANOTHER,
        own_id=True,
    ),
    refused(
        "unread_before_own_id",
        STARTED,
        {"read_fault": "read_403"},
        "Nothing was sent, as the run could not be read: status 403….",
        sent=0,
        own_id=True,
    ),
)
