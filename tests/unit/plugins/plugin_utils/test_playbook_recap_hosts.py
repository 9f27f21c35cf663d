# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the recap says of each host."""

from __future__ import annotations

from typing import Any

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _recap


class Statistics:
    """ansible-core's, by host."""

    def __init__(self, counted: dict[str, dict[str, int]]) -> None:
        self.processed = dict.fromkeys(counted, 1)
        self._counted = counted

    def summarize(self, host: str) -> dict[str, int]:
        names = ("ok", "failures", "unreachable", "changed", "skipped", "rescued", "ignored")
        return {name: self._counted.get(host, {}).get(name, 0) for name in names}


def row(**counted: Any) -> dict[str, Any]:
    columns = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
    return {**dict.fromkeys(columns, 0), **counted}


def test_hosts_have_their_counts_and_what_they_published() -> None:
    stats = Statistics(
        {
            "web2": {"ok": 3, "changed": 1, "skipped": 4, "rescued": 5, "ignored": 6},
            "web1": {"ok": 1, "failures": 2},
            "web3": {"unreachable": 1},
        },
    )
    found = _recap.hosts_of_stats(stats, ["web1", "web3"], {"web2": {"version": "1.2"}})
    assert list(found) == ["web1", "web2", "web3"]
    assert found == {
        "web1": row(ok=1, failed=2),
        "web2": row(ok=3, changed=1, skipped=4, rescued=5, ignored=6, published={"version": "1.2"}),
        "web3": row(unreachable=1),
    }


def test_failed_host_is_never_counted_as_successful() -> None:
    """Nor left out, where ansible-core has not counted it at all."""
    assert _recap.hosts_of_stats(Statistics({"web1": {"ok": 1}}), ["web1", "web0"], {}) == {
        "web0": row(failed=1),
        "web1": row(ok=1, failed=1),
    }
