# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What awx_setup says where something is missing. Here awx.awx is missing too: there is ansible-core only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.playbooks import Run

PLAYBOOK = "functiongraph.workflow.awx_setup"
GIVEN = {
    "fgs_awx_host": "https://awx.example.com",
    "fgs_awx_token": "a-token",
    "fgs_awx_image": "registry.example.com/image:1",
    "fgs_awx_project_url": "https://git.example.com/runbooks.git",
    "fgs_access_key": "ak",
    "fgs_secret_key": "sk",
    "fgs_region": "cn-north-4",
}
CHECK = "Check that everything is set"


def test_names_everything_that_is_missing_at_once(ansible_playbook: Callable[..., Run]) -> None:
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


def test_half_a_key(ansible_playbook: Callable[..., Run]) -> None:
    half: dict[str, Any] = {**GIVEN, "fgs_secret_key": ""}
    run = ansible_playbook(PLAYBOOK, extra_vars=half)
    expected = "awx_setup cannot begin. Set both fgs_access_key and fgs_secret_key; one of them is empty."
    assert run.result(CHECK)["msg"] == expected


def test_keys_and_regions_that_are_not_needed_are_not_asked_for(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK, extra_vars={**GIVEN, "fgs_access_key": "", "fgs_awx_only": "smoke"})
    assert run.result(CHECK)["msg"] == "All assertions passed"


def test_a_part_that_is_none(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK, extra_vars={**GIVEN, "fgs_awx_only": "keys"})
    expected = "fgs_awx_only must be credential, notification, smoke or empty, got keys."
    assert run.result(CHECK)["msg"] == f"awx_setup cannot begin. {expected}"


def test_without_the_collection(ansible_playbook: Callable[..., Run]) -> None:
    run = ansible_playbook(PLAYBOOK, extra_vars=GIVEN)
    assert run.returncode == 2
    assert (
        "awx_setup needs the collection awx.awx, which is not installed here"
        in (run.result("Refuse to go on without the collection awx.awx")["msg"])
    )
