# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that break or hang once the request has begun to be sent, and what reading the run back decides."""

from __future__ import annotations

from typing import Any

from fault_case import Case, always, once

DOUBT = "It is not known whether the callback arrived: "
WAITS = "; the run still shows the state as waiting, and all retries are used up."
LOOK = "Check the run before you send again"
LOST = "the connection was lost: …"
TWO_SECONDS = {"timeout": 2, "retries": 1}
NEVER = {"confirm": "never"}
ALWAYS = {"confirm": "always"}


def unknown(name: str, fault: str, message: str, became: str, sent: int = 1, **fields: Any) -> Case:
    """A fault after which nobody knows."""
    return Case(name, fault, "unknown", sent, became, DOUBT + message, hint=LOOK, **fields)


def read_back(name: str, fault: str, run: dict[str, Any], sent: int = 1, **fields: Any) -> Case:
    """A fault that reading the run back, and sending again where the state waits, makes good."""
    return Case(name, fault, "delivered", sent, run=run, reads=True, **fields)


BREAKS = (
    unknown(
        "closed_at_once",
        "The connection is closed before the request is read",
        LOST + "…",
        "running",
        at="close",
        seen=0,
    ),
    unknown(
        "reset_at_once", "The connection is reset before the request is read", LOST + "…", "running", at="reset", seen=0
    ),
    read_back("closed_during", "Closed in the middle of the request", once("close_during_request"), sent=2),
    read_back("closed_after", "Closed after the request", once("close_before_response"), sent=2),
    unknown(
        "closed_for_ever",
        "Closed after every request",
        LOST + WAITS,
        "running",
        sent=2,
        run=always("close_before_response"),
        reads=True,
    ),
    unknown(
        "closed_never",
        "Closed after the request, with confirm=never",
        LOST + "; confirm=never.",
        "running",
        run=always("close_before_response"),
        options=NEVER,
    ),
    read_back("applied_closed", "Took effect, then closed without a response", once("close_before_response_applied")),
    unknown(
        "applied_closed_never",
        "Took effect, then closed, with confirm=never",
        LOST + "; confirm=never.",
        "success",
        run=once("close_before_response_applied"),
        options=NEVER,
    ),
    read_back(
        "applied_closed_always",
        "Took effect, then closed, with confirm=always",
        once("close_before_response_applied"),
        options=ALWAYS,
    ),
    read_back(
        "applied_closed_execution",
        "Took effect, then closed; the state is named by the id of its execution",
        once("close_before_response_applied", state_ids="execution"),
    ),
    read_back("reset_in_headers", "Took effect, then reset in the response's headers", once("reset_in_headers")),
    Case(
        "reset_in_body",
        "Took effect, then reset in the response's body",
        "delivered",
        1,
        run=once("reset_in_body"),
        reads=True,
    ),
    read_back("applied_then_cut", "Took effect, then the response's headers are cut", once("applied_then_cut")),
    read_back(
        "not_applied_then_cut",
        "Took no effect, and the response's headers are cut",
        once("not_applied_then_cut"),
        sent=2,
    ),
    read_back("truncated_body", "Took effect, and the response's body is cut", once("truncated_body")),
    read_back(
        "invalid_length", "Took effect, and the response's Content-Length is a superscript two", once("invalid_length")
    ),
    read_back("long_length", "Took effect, and the response's Content-Length has 5,000 digits", once("long_length")),
    read_back("negative_chunk", "Took effect, and a chunk of the response has the size -5", once("negative_chunk")),
    unknown(
        "negative_chunk_never",
        "Took effect, and a chunk of the response has the size -5, with confirm=never",
        "an unexpected error occurred (ValueError in …); confirm=never.",
        "success",
        run=always("negative_chunk"),
        options=NEVER,
        faces=("controller",),
    ),
    read_back(
        "applied_cut_then_400",
        "Took effect, then cut; the status lags behind; the second request is answered with 400",
        always("applied_cut_then_400", lag=3),
        sent=2,
    ),
    Case(
        "closed_between", "The kept connection is closed without a word", "delivered", 1, run=always("keep_alive_close")
    ),
    unknown(
        "silent_server",
        "Connections are accepted and never answered",
        "no complete response within 2 seconds; the run could not be read back: no complete response within 2 seconds.",
        "running",
        at="hang",
        seen=0,
        options={"timeout": 2, "retries": 0},
    ),
    read_back("hang", "Took no effect, and no response comes", once("hang"), sent=2, options=TWO_SECONDS),
    read_back("hang_applied", "Took effect, and no response comes", once("hang_applied"), options=TWO_SECONDS),
    read_back(
        "drip_headers",
        "The response's headers come one byte a second",
        once("drip_headers"),
        sent=2,
        options=TWO_SECONDS,
    ),
    read_back("drip_body", "The response's body comes one byte a second", once("drip_body"), options=TWO_SECONDS),
    Case(
        "ended_meanwhile",
        "No response comes, and the state times out meanwhile",
        "superseded",
        1,
        "timeout",
        "The callback did not complete the state: the state was already finished with status timeout.",
        run=once("hang"),
        options=TWO_SECONDS,
        ended=("callback", "timeout"),
        reads=True,
        hint="somebody else completed the state",
    ),
)


def unreadable(name: str, fault: str, message: str, retries: int = 0, **fields: Any) -> Case:
    """The response is lost, and the run cannot be read back either."""
    run = once("close_before_response_applied", read_fault="read_" + name)
    text = LOST + "; the run could not be read back: " + message
    options = {"retries": retries, **fields.pop("options", {})}
    return unknown("unreadable_" + name, fault, text, "success", run=run, reads=True, options=options, **fields)


CONFIRMATION = (
    unreadable(
        "403",
        "The response is lost, and reading the run is not permitted",
        "status 403 (…), with AK/SK from ….",
        retries=1,
    ),
    unreadable("404", "The response is lost, and the run cannot be found", "status 404 (…).", retries=1),
    unreadable("500", "The response is lost, and reading the run fails with 500", "status 500 (…)."),
    unreadable(
        "cut",
        "The response is lost, and so is that of reading the run",
        "the connection was lost: the response was cut short.",
    ),
    unreadable(
        "html",
        "The response is lost, and reading the run gives a web page",
        "the response is HTML, from a proxy or another server.",
    ),
    unreadable(
        "hang",
        "The response is lost, and reading the run gets none",
        "no complete response within 2 seconds.",
        options={"timeout": 2},
    ),
    unreadable(
        "other_execution",
        "The response is lost, and reading the run shows another run",
        "the response shows another execution_id.",
    ),
    unreadable(
        "other_workflow",
        "The response is lost, and reading the run shows another workflow",
        "the response shows another workflow_id.",
    ),
    read_back(
        "newest_first",
        "The response is lost, and the run lists the state twice, the newest first",
        once("close_before_response_applied", read_fault="read_newest_first"),
    ),
    Case(
        "refused_on_reading",
        "The credentials are refused when the run is read, with confirm=always",
        "not_sent",
        0,
        "running",
        "Nothing was sent, as the access key or secret key is wrong (status 401, …0301); the keys come from ….",
        run={"read_fault": "read_401"},
        options=ALWAYS,
        reads=True,
        hint="lock the key",
        also={"http_status": 401, "error_code": "APIGW.0301"},
        own_key=True,
    ),
    read_back(
        "read_500_once",
        "The response is lost, and reading the run fails with 500 once",
        once("close_before_response_applied", read_fault="read_500", read_times=1),
    ),
    Case("always", "None, with confirm=always", "delivered", 1, options=ALWAYS, reads=True),
    Case(
        "always_lag",
        "The status lags behind, with confirm=always",
        "delivered",
        1,
        run={"lag": 2},
        options=ALWAYS,
        reads=True,
    ),
    Case(
        "always_lags_on",
        "The status lags behind for long, with confirm=always",
        "delivered",
        1,
        run={"lag": 100},
        options=ALWAYS,
        reads=True,
        warning="The service accepted the callback, but the run does not confirm it: it still shows the state as …",
    ),
    Case(
        "always_unreadable",
        "The run cannot be read, with confirm=always",
        "delivered",
        1,
        run={"read_fault": "read_403"},
        options=ALWAYS,
        reads=True,
        warning="The run could not be read before sending (…), so it is unknown whether the state had finished.",
    ),
    Case(
        "already_delivered",
        "The state has ended so before, with confirm=always",
        "already_delivered",
        0,
        ended=("before", "success"),
        options=ALWAYS,
        reads=True,
    ),
    Case(
        "already_delivered_check",
        "The state has ended so before, with confirm=always, in check mode",
        "already_delivered",
        0,
        ended=("before", "success"),
        options=ALWAYS,
        reads=True,
        check=True,
    ),
    Case(
        "superseded_before",
        "The state has ended otherwise before, with confirm=always",
        "superseded",
        0,
        "cancel",
        "The callback did not complete the state: the state was already finished with status cancel.",
        ended=("before", "cancel"),
        options=ALWAYS,
        reads=True,
        hint="somebody else completed the state",
    ),
)
