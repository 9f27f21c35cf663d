# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The items of a loop share a connection, different credentials and endpoints never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import faces
from support.playbooks import Run
from support.simulators import Simulator

ITEMS = 4
ACCOUNTS = ("permanent", "temporary")
NO_ACCOUNT = {"access_key": "", "secret_key": "", "security_token": ""}


@pytest.fixture
def loop(simulator: Simulator, ansible_playbook: Callable[..., Run]) -> Callable[..., tuple[list[dict[str, Any]], int]]:
    """Completes a run for every item; gives the results, and the number of connections to the listener."""

    def run(listener: str, items: list[dict[str, Any]], **options: Any) -> tuple[list[dict[str, Any]], int]:
        arguments = {
            **NO_ACCOUNT,
            **faces.connection(simulator),
            "endpoint": simulator[listener],
            "ca_path": simulator["ca"],
            "confirm": "when_unknown",
        }
        own = {
            name: f"{{{{ item.{name} | default('{value}') }}}}"
            for name, value in {**arguments, "run_on": "controller"}.items()
        }
        runs = [simulator.start_run(**options) for _unused in items]
        before = simulator.ask("GET", "/_simulator/connections")[listener]
        task = faces.callback(
            "loop",
            own,
            loop=[{**item, "run": n} for n, item in enumerate(items)],
            vars={"runs": {f"run {n}": run for n, run in enumerate(runs)}},
        )
        task["vars"]["case"] = "run {{ item.run }}"
        finished = ansible_playbook([faces.play([task], {})])
        assert finished.returncode == 0, finished.output
        used = simulator.ask("GET", "/_simulator/connections")[listener] - before
        assert [simulator.run(run)["callback_requests"] for run in runs] == [1] * len(items)
        return finished.items("loop"), used

    return run


def test_one_tls_handshake_for_all_items(loop: Callable[..., Any]) -> None:
    results, used = loop("https", [{}] * ITEMS)
    assert [result["delivery"] for result in results] == ["delivered"] * ITEMS
    assert used == 1


def test_without_reading_back_each_callback_has_a_connection_of_its_own(loop: Callable[..., Any]) -> None:
    results, used = loop("https", [{"confirm": "never"}] * ITEMS)
    assert [result["delivery"] for result in results] == ["delivered"] * ITEMS
    assert used == ITEMS


def test_accounts_never_share(loop: Callable[..., Any], simulator: Simulator) -> None:
    items = [{**NO_ACCOUNT, **simulator.accounts[ACCOUNTS[n % 2]]} for n in range(ITEMS)]
    results, used = loop("https", items)
    assert [result["delivery"] for result in results] == ["delivered"] * ITEMS
    assert used == len(ACCOUNTS)


def test_endpoints_never_share(loop: Callable[..., Any], simulator: Simulator) -> None:
    names = [simulator["https"], simulator["https"].replace("localhost", "127.0.0.1")]
    results, used = loop("https", [{"endpoint": names[n % 2]} for n in range(ITEMS)])
    assert [result["delivery"] for result in results] == ["delivered"] * ITEMS
    assert used == len(names)


def test_a_connection_that_the_server_closed_is_no_failure(loop: Callable[..., Any]) -> None:
    results, used = loop("https", [{}] * ITEMS, fault="keep_alive_close")
    assert [(result["delivery"], result["requests_sent"]) for result in results] == [("delivered", 1)] * ITEMS
    assert used == ITEMS
