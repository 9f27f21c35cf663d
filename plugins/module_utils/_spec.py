# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Tables 1 to 7 of the service's page CreateCallbackWorkflow ("Calling Back a Flow", 2024-12-06), as data.

This is the only place where a limit, a name or an enumeration of the service stands. JSON Schemas, argument
specification, documentation and simulator agree with it, and tests say so.
"""

from __future__ import annotations

from typing import Optional, Tuple


class Field:
    """One row of a table of the service's page.

    option is the module option that fills the field, None in responses. Lengths are in characters; None means that
    the page gives no limit.
    """

    def __init__(
        self,
        name: str,
        mandatory: bool,
        kind: str,
        min_length: Optional[int],
        max_length: Optional[int],
        enum: Tuple[str, ...],
        meaning: str,
        option: Optional[str] = None,
    ) -> None:
        self.name = name
        self.mandatory = mandatory
        self.type = kind
        self.min_length = min_length
        self.max_length = max_length
        self.enum = enum
        self.meaning = meaning
        self.option = option


def _error_response() -> tuple[Field, ...]:
    """Tables 5, 6 and 7, which are the same but for the status.

    request_id is not on the page but in the machine-readable definition behind it, there for 400 and 500 only.
    """
    return (
        Field("error_code", False, "String", 1, 36, (), "error code"),
        Field("error_msg", False, "String", 2, 512, (), "error description"),
    )


_REQUEST_ID = Field("request_id", False, "String", 2, 512, (), "id of the request, for the service's support")

TABLES: dict[str, tuple[Field, ...]] = {
    # Table 1
    "path": (
        Field("project_id", True, "String", 1, 64, (), "id of the project", "project_id"),
        Field("workflow_id", True, "String", 1, 512, (), "id of the workflow definition", "workflow_id"),
    ),
    # Table 2
    "header": (
        Field("X-Workflow-Run-Id", True, "String", None, None, (), "id of the waiting run", "workflow_run_id"),
        Field("X-Workflow-State-Id", True, "String", None, None, (), "id of the waiting state", "workflow_state_id"),
    ),
    # Table 3
    "body": (
        Field("result", True, "String", 1, 64, ("success", "fail"), "outcome of the state", "result"),
        Field("error", False, "String", 1, 64, (), "error information", "error"),
        Field("output", True, "Object", None, None, (), "result of the state as a JSON object", "output"),
    ),
    # Table 4. The page describes execution_id as "error code", a slip.
    "response_200": (Field("execution_id", True, "String", 1, 64, (), "id of the run that is resumed"),),
    # Tables 5, 6 and 7
    "response_400": _error_response() + (_REQUEST_ID,),
    "response_404": _error_response(),
    "response_500": _error_response() + (_REQUEST_ID,),
}

# Of a run and of a node of it, from the page ShowWorkflowExecution. A state that waits for its callback has no status
# of its own there; it most likely shows "running".
RUN_STATUSES = ("success", "fail", "running", "timeout", "cancel")

# A run that waits shows this status, and so does a state.
RUNNING = "running"

# Of ListWorkflowExecutions: how many runs, and how many days between start_time and end_time, one response has at most.
LIST_LIMIT, LIST_DAYS = 200, 3
# How the service writes and takes times, which are in UTC.
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

# The mode of a workflow whose runs leave no history, from the page ShowWorkFlow.
EXPRESS = "EXPRESS"


# What the user can do about an error: by the four digits of the API gateway's code, else by the HTTP status. The
# workflow API publishes no list of its own codes.
IAM_UNAVAILABLE = "0613"

CREDENTIALS_WRONG = (
    "Copy access key, secret key or token again: a character may be missing at an end, or one too many within; "
    "do not retry at once, as repeated failures lock the key."
)
NOT_PERMITTED = (
    "Grant the IAM user of these credentials the right to call back workflows of FunctionGraph in this project; "
    "which action that is, the service does not document."
)
REDIRECTED = "Check endpoint and proxy: most likely another server responds there."
HINTS_BY_GATEWAY_CODE = {
    "0101": "Check endpoint, region and project_id: the gateway knows no such API there.",
    "0302": NOT_PERMITTED,
    "0304": NOT_PERMITTED,
    "0305": CREDENTIALS_WRONG,
    "0306": NOT_PERMITTED,
    "0307": "Get a new token: this one has expired, or is of another region or project.",
    "0308": "Call less often, or raise retries: the gateway throttled this request.",
    "0310": "Check the project: it is not available, it may be frozen or deleted.",
    "0401": "Call from an address that the account's access rules allow.",
    "0402": "Call from an address that the account's access rules allow.",
    "0404": "Call from an address that the account's access rules allow.",
    "0501": "Check the account's quota.",
    "0502": "Check the account: it is frozen.",
    IAM_UNAVAILABLE: "Try again later: the gateway could not reach IAM.",
}
HINTS_BY_STATUS = {
    401: CREDENTIALS_WRONG,
    403: NOT_PERMITTED,
    404: "Check workflow_id, workflow_run_id and region: the service does not know them there.",
    405: "Check endpoint: the server there does not accept this request.",
    407: "Check the proxy's user and password.",
    413: "Send a smaller output: the gateway accepts bodies of up to 12 MB.",
    414: "Check workflow_id: the address became too long.",
    429: "Call less often, or raise retries.",
}


def field(name: str) -> Field:
    """The request field of that name, or the one that the option of that name fills. KeyError when there is none."""
    for table in ("path", "header", "body"):
        for row in TABLES[table]:
            if name in (row.name, row.option):
                return row
    raise KeyError(name)
