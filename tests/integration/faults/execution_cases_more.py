# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of a stop, a retry and a list: one of each kind."""

from __future__ import annotations

from execution_case import LISTED, OPERATIONS, RETRIED, STOPPED, ExecutionCase, case, refused, unknown
from execution_cases_start import LOST, TWO_SECONDS, UNSEEN
from fault_case import always, once


def changes(state: str) -> tuple[ExecutionCase, ...]:
    """What a stop and a retry have in common."""
    no = f"The service refused to {OPERATIONS[state]} the run: "
    return (
        case("undisturbed", state, 1),
        case("applied_closed", state, 1, once("close_before_response_applied")),
        case("applied_500", state, 1, always("status_500_applied")),
        case("applied_hang", state, 1, always("hang_applied"), options=TWO_SECONDS),
        case("applied_cut_then_400", state, 1, always("applied_cut_then_400")),
        case("empty_200", state, 1, always("empty_200")),
        case("status_204", state, 1, always("status_204")),
        case("by_somebody_else", state, 1, always("ended_by_somebody_else"), changed=False),
        case("closed_during", state, 2, once("close_during_request")),
        case("closed", state, 2, once("close_before_response")),
        case("hang", state, 2, once("hang"), options=TWO_SECONDS),
        case("status_500", state, 2, once("status_500")),
        case("html_200", state, 2, once("html_200")),
        case("status_429", state, 2, once("status_429")),
        unknown("closed_for_ever", state, always("close_before_response"), LOST + UNSEEN, sent=2, done=False),
        unknown(
            "applied_unread",
            state,
            once("close_before_response_applied", read_fault="read_403", read_after=1),
            f"{LOST}; the run could not be read: status 403…",
        ),
        unknown(
            "applied_read_as_another",
            state,
            once("close_before_response_applied", read_fault="read_other_execution", read_after=1),
            f"{LOST}; the run could not be read: the response shows another execution_id",
        ),
        refused("status_400", state, always("status_400"), no + "status 400 (FGS.3002: Invalid parameters)."),
        refused("status_403", state, always("status_403"), no + "status 403 (APIGW.0302: …)….", hint="Grant"),
        refused("status_404", state, always("status_404"), no + "status 404 (APIGW.0101: …)…."),
        refused("status_503_iam", state, always("status_503_iam"), no + "status 503 (APIGW.0613: …)….", sent=2),
        refused(
            "unread",
            state,
            {"read_fault": "read_403"},
            "Nothing was sent, as the run could not be read: status 403….",
            sent=0,
        ),
        refused(
            "read_as_another",
            state,
            {"read_fault": "read_other_execution"},
            "Nothing was sent, as the run could not be read: the response shows another execution_id.",
            sent=0,
        ),
        case(
            "accepted_unread",
            state,
            1,
            {"read_fault": "read_500", "read_after": 1},
            warning=f"The run was {state}, but could not be read: status 500….",
        ),
    )


def listed(name: str, requests: int, fault: dict[str, object]) -> ExecutionCase:
    """A list that is read in the end, after so many requests."""
    return case(name, LISTED, 0, fault, changed=False, seen=requests, options=TWO_SECONDS)


def unlisted(name: str, fault: dict[str, object], reason: str, requests: int = 1, **fields: object) -> ExecutionCase:
    """A list that cannot be read."""
    message = f"The list of runs could not be read: {reason}."
    fixed: dict[str, object] = {"knows_id": False, "seen": requests, "options": TWO_SECONDS}
    return case(name, LISTED, 0, fault, changed=False, failed=True, message=message, **{**fixed, **fields})


LISTS = (
    # A page of one run, and an empty one.
    listed("undisturbed", 2, {}),
    listed("closed", 3, once("close_before_response")),
    listed("cut", 3, once("truncated_body")),
    listed("hang", 3, once("hang")),
    listed("status_500", 3, once("status_500")),
    listed("status_429", 3, once("status_429")),
    unlisted("closed_for_ever", always("close_before_response"), LOST, requests=2),
    unlisted("drip_body", always("drip_body"), "…", requests=2),
    unlisted("endless", always("endless_body"), "…"),
    unlisted("status_500_for_ever", always("status_500"), "status 500 (FGS.0500: Internal Error)", requests=2),
    unlisted("status_400", always("status_400"), "status 400 (FGS.3002: Invalid parameters)"),
    unlisted("status_403", always("status_403"), "status 403 (APIGW.0302: …)…"),
    unlisted("status_401", always("status_401_echo"), "the access key or secret key is wrong …", account=None),
    unlisted("redirect", always("redirect_302"), "status 302, a redirect to 127.0.0.1, which is not followed"),
    unlisted("html_200", always("html_200"), "the response …"),
    unlisted("array_200", always("array_200"), "the response shows no list of runs"),
    unlisted("no_list", always("missing_execution_id"), "the response shows no list of runs"),
    unlisted("nested", always("nested_200"), "the response …"),
    unlisted(
        "states_unread",
        {},
        "status 403…",
        requests=2,
        run={"read_fault": "read_403"},
        options={**TWO_SECONDS, "states": True},
    ),
)
STOPS = (*changes(STOPPED), case("shown_late", STOPPED, 1, once("close_before_response_applied", lag=2)))
RETRIES = changes(RETRIED)
