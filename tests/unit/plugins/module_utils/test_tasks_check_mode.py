# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode and diff of a callback task: what would be sent is shown, and at the most the run is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.servers import Call, scripted
from support.tasks import GET, SECRET, YES, callback_task, failed_callback, shows


@pytest.mark.parametrize("confirm", ["never", "when_unknown"])
def test_check_mode_sends_nothing_and_shows_the_request(confirm: str) -> None:
    with scripted() as server:
        result = callback_task({"endpoint": server.url, "confirm": confirm}, check_mode=True).run()
    assert (result["changed"], result["delivery"], result["requests_sent"]) == (True, "not_sent", 0)
    assert "failed" not in result
    assert result["diff"]["before"] == ""
    assert result["diff"]["after"].startswith(f"POST {server.url}/v2/p/fgs/workflows/w/callback\n")


@pytest.mark.parametrize(
    ("seen", "changed", "delivery"),
    [("running", True, "not_sent"), ("success", False, "already_delivered"), ("fail", False, "superseded")],
)
def test_check_mode_reads_with_confirm_always(seen: str, changed: bool, delivery: str) -> None:
    with scripted(shows(seen)) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}, check_mode=True).run()
    assert (result["changed"], result["delivery"]) == (changed, delivery)
    assert result.get("failed", False) == (delivery == "superseded")


def test_check_mode_warns_if_the_run_cannot_be_read() -> None:
    with scripted(Call(*GET, 404)) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}, check_mode=True).run()
    assert len(result["warnings"]) == 1


def test_check_mode_saves_nothing(tmp_path: Path) -> None:
    """A file from check mode would be sent later, although nothing was done."""
    with scripted(Call("GET", "/v3/projects?name=cn-north-4", 503)) as iam:
        options = {"iam_endpoint": iam.url, "project_id": None, "undelivered_path": str(tmp_path)}
        result = failed_callback(options, check_mode=True)
    assert "undelivered_file" not in result
    assert list(tmp_path.iterdir()) == []


def test_diff_shows_the_request_that_was_sent() -> None:
    with scripted(YES) as server:
        result = callback_task({"endpoint": server.url, "output": {"key": SECRET}}, diff=True).run()
    assert '"key": "********"' in result["diff"]["after"]
    assert SECRET not in json.dumps(result)
