# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that are closed after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.deliveries import Bench

from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections


@pytest.fixture
def connections() -> Iterator[Connections]:
    connections = Connections()
    yield connections
    connections.close()


@pytest.fixture
def bench(connections: Connections) -> Bench:
    return Bench(connections)
