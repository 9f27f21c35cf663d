# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No test finds what another one has left in this process."""

from __future__ import annotations

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import refusals
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.refusals import RefusedKeys

try:
    from ansible.module_utils._internal._secrets import _secret_masker
except ImportError:  # ansible-core before 2.22
    _secret_masker = None


@pytest.fixture(autouse=True)
def _no_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "refused_keys", RefusedKeys())


@pytest.fixture(autouse=True)
def _no_secret_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    if _secret_masker is not None:
        for name in ("_matcher", "_secrets", "_forms", "_json_forms"):
            monkeypatch.setattr(_secret_masker, name, type(getattr(_secret_masker, name))())
