# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report plugin and the role hand the module's options on: what they document is what they take and what is called.

What each option does is tested with the module.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.playbooks import ROOT

from ansible_collections.functiongraph.workflow.plugins.callback import fgs_workflow_report
from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report

MODULE = _options.callback_spec()
PLUGIN = yaml.safe_load(fgs_workflow_report.DOCUMENTATION)["options"]
ROLE = ROOT / "roles/runbook"
# What the role itself decides: the call is made on the controller, with the outcome of the runbook.
DECIDED = {"result", "error", "truncate_error", "run_on"}


def _of_role(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


DEFAULTS: dict[str, Any] = _of_role("defaults/main.yml")
DOCUMENTED: dict[str, Any] = _of_role("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
CALL: dict[str, str] = _of_role("tasks/step.yml")[0]["functiongraph.workflow._fgs_workflow_callback"]
OPTIONS: dict[str, str] = _of_role("vars/main.yml")["__runbook_options"]
IDS_OF_ROLE: dict[str, str] = _of_role("vars/main.yml")["__runbook_ids"]
(OUTPUT,) = (
    task["ansible.builtin.set_fact"]["__runbook_output"]["value"]
    for part in _of_role("tasks/main.yml")
    for task in part.get("block", [])
    if task["name"] == "Render the output"
)


def test_action_group_has_every_module() -> None:
    """By which a play hands options on to all of them, with module_defaults."""
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert sorted(groups["fgs"]) == sorted(path.stem for path in (ROOT / "plugins/modules").glob("fgs_*.py"))


def test_plugin_documents_the_options_that_it_reads() -> None:
    assert set(PLUGIN) == set(fgs_workflow_report._OPTIONS)
    assert set(PLUGIN) - set(MODULE) == {"strict", "no_hosts"}
    # A secret in ansible.cfg would be one in a repository.
    assert not set(PLUGIN) & set(_options.SECRET_OPTIONS)


@pytest.mark.parametrize("name", PLUGIN)
def test_plugin_option_has_its_own_variable(name: str) -> None:
    assert PLUGIN[name]["env"] == [{"name": f"FGS_REPORT_{name.upper()}"}]
    assert PLUGIN[name]["ini"] == [{"section": "fgs_workflow_report", "key": name}]


@pytest.mark.parametrize("name", _report.OPTIONS)
def test_plugin_option_equals_the_module_option(name: str) -> None:
    ours, theirs = PLUGIN[name], MODULE[name]
    assert (ours["type"], ours.get("choices")) == (theirs["type"], theirs.get("choices"))
    assert ours.get("default") == ("always" if name == "confirm" else theirs.get("default"))


def test_role_has_every_module_option() -> None:
    runbook = {"runbook_tasks_file", "runbook_role"}
    assert set(DOCUMENTED) == set(DEFAULTS) == runbook | {f"runbook_{name}" for name in set(MODULE) - DECIDED}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_role_default_is_the_documented_one(name: str) -> None:
    default = DEFAULTS[name]
    if "{{" in str(default):
        # By the name that the launch gives it, else empty.
        assert default == f"{{{{ fgs_{name.removeprefix('runbook_')} | default('') }}}}"
        default = ""
    assert DOCUMENTED[name].get("default", "") == default
    required = ("runbook_workflow_id", "runbook_workflow_run_id")
    assert DOCUMENTED[name].get("required", False) == (name in required)


@pytest.mark.parametrize("name", sorted(set(MODULE) - DECIDED))
def test_role_option_reaches_the_module(name: str) -> None:
    ours, theirs = DOCUMENTED[f"runbook_{name}"], MODULE[name]
    assert (ours["type"], ours.get("choices")) == (theirs["type"], theirs.get("choices"))
    if name != "confirm":
        assert ours.get("default") in (theirs.get("default"), {} if ours["type"] == "dict" else "", None)
    # output goes by a fact of the host that has made it once the runbook has ended.
    assert f"runbook_{name}" in {**CALL, **OPTIONS, **IDS_OF_ROLE, "output": OUTPUT}[name]


def test_role_passes_only_known_options() -> None:
    own = {"step", "state", "options", "tasks_file", "role"}
    assert set(OPTIONS) | set(CALL) == set(MODULE) - DECIDED - {"output"} | own
