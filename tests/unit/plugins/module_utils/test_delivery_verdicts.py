# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each response and each failure means for a callback, by the table of the interface."""

from __future__ import annotations

from typing import Any

import pytest
from support.deliveries import CREDENTIALS

from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Response
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import verdicts
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure

COMPLETED = {"execution_id": "run"}
IAM_UNAVAILABLE = {"error_code": "APIG.0613", "error_msg": "IAM."}


def verdict(status: int, document: Any = None) -> str:
    return verdicts.verdict(Response(status, {}, document, None, 0.0, CREDENTIALS))


@pytest.mark.parametrize(
    "document", [None, [], {}, {"execution_id": ""}, {"execution_id": 7}, IAM_UNAVAILABLE, COMPLETED]
)
def test_every_status_code(document: Any) -> None:
    found = {status: verdict(status, document) for status in range(100, 600)}
    expected = dict.fromkeys(range(100, 200), "unknown")
    expected.update(dict.fromkeys(range(200, 300), "delivered" if document is COMPLETED else "unknown"))
    expected.update(dict.fromkeys(range(300, 500), "refused"))
    expected.update(dict.fromkeys(range(500, 600), "unknown"))
    expected.update({408: "unknown", 429: "retry"})
    if document is IAM_UNAVAILABLE:
        expected[503] = "retry"
    assert found == expected


@pytest.mark.parametrize(
    ("sent", "permanent", "expected"),
    [(False, False, "retry"), (False, True, "refused"), (True, False, "unknown"), (True, True, "unknown")],
)
def test_every_failure(sent: bool, permanent: bool, expected: str) -> None:
    assert verdicts.verdict(Failure("connect", "connection refused", sent, permanent)) == expected


@pytest.mark.parametrize("table", [verdicts.RESPONSES, verdicts.FAILURES])
def test_the_last_row_is_for_everything_else(table: tuple[verdicts.Verdict, ...]) -> None:
    assert table[-1].applies(None)
