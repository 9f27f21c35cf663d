# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages of awx_setup about missing variables, and without the collection awx.awx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.playbooks import Run

pytestmark = pytest.mark.test_all

PLAYBOOK = "functiongraph.workflow.awx_setup"
VARIABLES = {
    "fgs_awx_host": "https://awx.example.com",
    "fgs_awx_token": "a-token",
    "fgs_awx_image": "registry.example.com/image:1",
    "fgs_awx_project_url": "https://git.example.com/runbooks.git",
    "fgs_access_key": "ak",
    "fgs_secret_key": "sk",
    "fgs_region": "cn-north-4",
}
CHECK = "Check that all required variables are set"


def test_all_missing_variables_are_reported_at_once(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK)
    message = run.result(CHECK)["msg"]
    for variable in (
        "fgs_awx_host",
        "fgs_awx_token",
        "fgs_awx_image",
        "fgs_awx_project_url",
        "fgs_auth_token",
        "fgs_region",
    ):
        assert variable in message
    assert message.startswith("awx_setup cannot begin. Set fgs_awx_host")


def test_access_key_without_secret_key_is_refused(ansible_playbook: Callable[..., Run]) -> None:
    half: dict[str, Any] = {**VARIABLES, "fgs_secret_key": ""}
    run = ansible_playbook(PLAYBOOK, extra_vars=half)
    expected = "awx_setup cannot begin. Set both fgs_access_key and fgs_secret_key; one of them is empty."
    assert run.result(CHECK)["msg"] == expected


def test_smoke_part_requires_neither_key_nor_region(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK, extra_vars={**VARIABLES, "fgs_access_key": "", "fgs_awx_only": "smoke"})
    assert run.result(CHECK)["msg"] == "All assertions passed"


def test_unknown_part_is_refused(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK, extra_vars={**VARIABLES, "fgs_awx_only": "keys"})
    expected = "fgs_awx_only must be credential, notification, reconcile, smoke or empty, got keys."
    assert run.result(CHECK)["msg"] == f"awx_setup cannot begin. {expected}"


def test_missing_collection_is_reported(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK, extra_vars=VARIABLES)
    assert run.returncode == 2
    assert (
        "awx_setup needs the collection awx.awx, which is not installed here"
        in (run.result("Require the collection awx.awx")["msg"])
    )
