# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ansible-core whose private names have changed: the end of a playbook is reported all the same, with a warning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from situation import fails, on, play, task, works
from support import reporting
from support.playbooks import ROOT, Run
from support.simulators import Simulator

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook import run

pytestmark = [pytest.mark.core, pytest.mark.test_all]

EXECUTOR = r"ansible\.executor\.playbook_executor"
CORE = r"ansible\.(executor|playbook|plugins|cli|vars)\..*"
NAMES = dict.fromkeys(run._MANAGER_ATTRIBUTES, CORE) | {
    "PlaybookExecutor": rf"{EXECUTOR}|ansible\.cli\.playbook",
    "_tqm": CORE,
    run._EXIT_CODE: EXECUTOR,
    "TaskTimeoutError": r"ansible\..*",
    "_workers": CORE,
}
# Without the first nothing changes. ansible-core 2.16 has the other only after the start, when it is too late to warn.
SILENT = {"TaskTimeoutError", "_workers"}
WEB: dict[str, dict[str, Any]] = {"web1": {}, "web2": {}}


@pytest.mark.parametrize("ends", ["success", "fail"])
@pytest.mark.parametrize("name", NAMES)
def test_the_end_is_reported(simulator: Simulator, ansible_playbook: Callable[..., Run], name: str, ends: str) -> None:
    run = simulator.start_run()
    published = task("publish", "set_stats", {"data": {"release": "1.4"}})
    last = fails(when=on("web2")) if ends == "fail" else works()
    finished = ansible_playbook(
        [play(published, works(), last)],
        hosts=WEB,
        extra_vars=reporting.extra_vars(run),
        env=reporting.environment(
            simulator,
            PYTHONPATH=str(ROOT / "tests/support/changed_core"),
            FGS_TEST_RENAME=name,
            FGS_TEST_RENAME_IN=NAMES[name],
        ),
    )
    became = simulator.run(run)
    assert (became["callback_requests"], became["status"]) == (1, ends), finished.output
    assert finished.returncode == (2 if ends == "fail" else 0), finished.output
    warned = "fgs_workflow_report: this ansible-core has changed" in reporting.unwrapped(finished.output)
    assert warned is (name not in SILENT), finished.output
    recap = became["output"]["ansible"]
    assert list(recap["hosts"]) == (["web2", "web1"] if ends == "fail" else ["web1", "web2"])
    if ends == "fail":
        assert became["error"] == "web2: break: disk full"
        assert recap["failed_task"]["host"] == "web2"
