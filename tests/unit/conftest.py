# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No test finds what another one has left in this process."""

from __future__ import annotations

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _client
from ansible_collections.functiongraph.workflow.plugins.module_utils._refused_keys import RefusedKeys


@pytest.fixture(autouse=True)
def _no_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "refused_keys", RefusedKeys())
