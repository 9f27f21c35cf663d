# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The items of a loop share a connection, different credentials and endpoints never do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import faces, playbooks
from support.simulators import Simulator

pytestmark = pytest.mark.core

ITEMS = 4
ACCOUNTS = ("permanent", "temporary")
NO_ACCOUNT = {"access_key": "", "secret_key": "", "security_token": ""}
COUNT = "{{ lookup('ansible.builtin.url', control ~ '/_simulator/connections', split_lines=false) }}"


def cases(simulator: Simulator) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Options of the runs, and the arguments of each item, by case."""
    names = [simulator["https"], simulator["https"].replace("localhost", "127.0.0.1")]
    accounts = [{**NO_ACCOUNT, **simulator.accounts[account]} for account in ACCOUNTS]
    return {
        "same": ({}, [{}] * ITEMS),
        "never": ({}, [{"confirm": "never"}] * ITEMS),
        "accounts": ({}, [accounts[n % 2] for n in range(ITEMS)]),
        "endpoints": ({}, [{"endpoint": names[n % 2]} for n in range(ITEMS)]),
        "closed": ({"fault": "keep_alive_close"}, [{}] * ITEMS),
    }


@pytest.fixture(scope="module")
def loops(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[Any], int]]:
    """The results of each case, a loop that completes a run for every item, and the number of connections it made."""
    arguments = {
        **NO_ACCOUNT,
        **faces.connection(simulator),
        "endpoint": simulator["https"],
        "ca_path": simulator["ca"],
        "confirm": "when_unknown",
        "run_on": "controller",
    }
    own = {name: f"{{{{ item.{name} | default('{value}') }}}}" for name, value in arguments.items()}
    count = {"ansible.builtin.debug": {"msg": COUNT}, "vars": {"control": simulator["http"]}}
    tasks, runs = [{**count, "name": "before"}], {}
    for case, (options, items) in cases(simulator).items():
        runs[case] = [simulator.start_run(**options) for _unused in items]
        task = faces.callback(case, own, loop=[{**item, "run": n} for n, item in enumerate(items)])
        task["vars"] = {"case": "run {{ item.run }}", "runs": {f"run {n}": run for n, run in enumerate(runs[case])}}
        tasks += [task, {**count, "name": f"after {case}"}]
    finished = playbooks.ansible_playbook([faces.play(tasks, {})], home=tmp_path_factory.mktemp("home"))
    assert finished.returncode == 0, finished.output
    counts = [result.result["msg"] for result in finished.tasks if result.task.startswith(("before", "after"))]
    made = [json.loads(count)["https"] if isinstance(count, str) else count["https"] for count in counts]
    assert [simulator.run(run)["callback_requests"] for case in runs for run in runs[case]] == [1] * len(runs) * ITEMS
    return {case: (finished.items(case), made[n + 1] - made[n]) for n, case in enumerate(runs)}


def connections(loops: dict[str, tuple[list[Any], int]], case: str) -> int:
    """How many connections a case made, after checking that every callback was delivered at once."""
    results, made = loops[case]
    assert [(result["delivery"], result["requests_sent"]) for result in results] == [("delivered", 1)] * ITEMS
    return made


def test_one_tls_handshake_for_all_items(loops: Any) -> None:
    assert connections(loops, "same") == 1


def test_without_reading_back_each_callback_has_a_connection_of_its_own(loops: Any) -> None:
    assert connections(loops, "never") == ITEMS


def test_accounts_never_share(loops: Any) -> None:
    assert connections(loops, "accounts") == len(ACCOUNTS)


def test_endpoints_never_share(loops: Any) -> None:
    assert connections(loops, "endpoints") == 2


def test_a_connection_that_the_server_closed_is_no_failure(loops: Any) -> None:
    assert connections(loops, "closed") == ITEMS
