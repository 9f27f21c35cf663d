# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook with the report plugin switched on, against the simulator."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

from support.playbooks import ROOT
from support.simulators import Simulator

# Since 2.22 ansible-core itself redacts registered secrets, before a test sees them.
MASK = "$REDACTED$" if importlib.util.find_spec("ansible.module_utils.secrets") else "********"
NAMES = ("workflow_id", "workflow_run_id", "workflow_state_id")


def environment(simulator: Simulator, **more: str) -> dict[str, str]:
    """The environment of a launch whose credentials and addresses lead to the simulator."""
    account = simulator.accounts["permanent"]
    return {
        "ANSIBLE_CALLBACKS_ENABLED": "fgs_test_record,functiongraph.workflow.fgs_workflow_report",
        "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests/support/connection_plugins"),
        "HUAWEICLOUD_SDK_AK": account["access_key"],
        "HUAWEICLOUD_SDK_SK": account["secret_key"],
        "HW_REGION_NAME": simulator.region,
        "FGS_ENDPOINT": simulator["http"],
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator["http"],
        **more,
    }


def extra_vars(run: dict[str, str]) -> dict[str, str]:
    """The ids as a launch hands them on."""
    return {f"fgs_{name}": run[name] for name in NAMES}


def unwrapped(output: str) -> str:
    """What a user reads, without the line breaks that Ansible puts into warnings."""
    return re.sub(r"\s+", " ", output)


def contains(whole: Any, part: Any) -> bool:
    """Whether all of part is in whole: mappings may have more keys there."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and contains(whole[key], part[key]) for key in part)
    return bool(whole == part)


def matches(pattern: str, text: str) -> bool:
    """Whether text is pattern, where … stands for anything."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("…")), text, re.DOTALL) is not None
