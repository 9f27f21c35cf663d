# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signal handlers that are restored after a test."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _playbook


@pytest.fixture
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _playbook.SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
