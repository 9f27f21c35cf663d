# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every situation through a real playbook: what the service saw, and what the run became."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from situation import Situation
from situations import every
from support import reporting
from support.playbooks import Run, ansible_playbook
from support.simulators import Simulator

pytestmark = pytest.mark.core


class Met(NamedTuple):
    """What a situation gave: the finished playbook, and the run as the simulator has it."""

    finished: Run
    run: dict[str, Any]


def ids(situation: Situation, run: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Extra vars and environment of a launch."""
    given = reporting.extra_vars(run)
    if situation.ids == "environment":
        return {}, {name.upper(): value for name, value in given.items()}
    kinds = {
        "extra_vars": given,
        "none": {},
        "empty": dict.fromkeys(given, ""),
        "some": {**given, "fgs_workflow_state_id": ""},
        "invalid": {**given, "fgs_workflow_state_id": f" {run['workflow_state_id']}"},
    }
    return kinds[situation.ids], {}


def meet(name: str, simulator: Simulator, place: Path) -> Met:
    """Run the playbook of a situation."""
    situation = every()[name]
    run = simulator.start_run(name=name)
    variables, env = ids(situation, run)
    playbook = place / "playbook.yml"
    playbook.write_text(json.dumps(situation.playbook))
    for file, text in situation.more.items():
        (place / file).write_text(text)
    more = [str(place / file) for file in situation.more if file.endswith(".yml")]
    finished = ansible_playbook(
        str(playbook),
        *situation.arguments,
        home=place,
        hosts=dict(situation.hosts),
        extra_vars={**variables, **situation.extra_vars},
        env=reporting.environment(simulator, ANSIBLE_ASYNC_DIR=str(place / "async"), **env, **situation.env),
        further=more,
    )
    return Met(finished, simulator.run(run))


# Each resembles another one, which `make test` runs.
VARIANTS = (
    *("ignore_unreachable", "role_missing_rescued", "end_host", "end_batch", "free", "host_pinned", "limit"),
    *("start_at_task", "set_stats_nan", "set_stats_too_large", "publishes_ansible", "environment"),
    *("always_fails", "after_clear", "all_unreachable", "handler", "tasks_missing", "item", "until"),
    *("max_fail_percentage", "serial_fails", "earlier_play", "free_fails", "start_at_nothing"),
    *("variables_broken", "vault_without_password", "later_hosts_undefined"),
    *("empty_ids", "completed_hidden_in_loop", "completed_in_loop", "completed_by_alias", "limit_matches_nothing"),
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.test_all if name in VARIANTS else ()) for name in every()]
)
def test_situation(simulator: Simulator, tmp_path: Path, name: str) -> None:
    situation = every()[name]
    finished, run = meet(name, simulator, tmp_path)
    assert finished.returncode in situation.returncodes, finished.output
    seen = (run["callback_requests"], run["completed_times"], run["status"])
    status = situation.became or situation.result or "running"
    assert seen == (situation.requests, situation.requests, status), finished.output
    if situation.result:
        assert reporting.contains(run["output"], situation.output), run["output"]
        assert not [text for text in situation.not_sent if f'"{text}"' in json.dumps(run["output"])]
        assert reporting.matches(situation.error, run["error"] or ""), run["error"]
        assert len(run["error"] or "") <= 64
        assert f"fgs_workflow_report: reported to run {run['workflow_run_id']}: {situation.result}" in finished.output
    assert reporting.unwrapped(situation.says) in reporting.unwrapped(finished.output), finished.output
    said = finished.output.count("fgs_workflow_report: ")
    if situation.ids in ("none", "empty") or situation.became:
        assert said == 0, finished.output
    if situation.ids in ("some", "invalid"):
        assert said == 2, finished.output
