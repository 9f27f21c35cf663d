# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation says what the code does: options, choices, defaults, environment names, limits."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ansible_collections.functiongraph.workflow.plugins.doc_fragments import attributes, connection
from ansible_collections.functiongraph.workflow.plugins.module_utils import _http, _options, _spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution import ExecutionTask
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks.execution_info import ExecutionInfoTask
from ansible_collections.functiongraph.workflow.plugins.modules import (
    fgs_workflow_callback,
    fgs_workflow_execution,
    fgs_workflow_execution_info,
)

MODULES = [
    (fgs_workflow_callback, _options.callback_spec()),
    (fgs_workflow_execution, ExecutionTask.SPECIFICATION),
    (fgs_workflow_execution_info, ExecutionInfoTask.SPECIFICATION),
]
FRAGMENTS = {
    "functiongraph.workflow.connection": yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION),
    "functiongraph.workflow.attributes": yaml.safe_load(attributes.ModuleDocFragment.DOCUMENTATION),
}
SHARED = FRAGMENTS["functiongraph.workflow.connection"]["options"]


def documentation(module: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(module.DOCUMENTATION)
    for name in found["extends_documentation_fragment"]:
        found["options"] = {**FRAGMENTS[name]["options"], **found["options"]}
        found["attributes"] = {
            attribute: {
                **FRAGMENTS[name].get("attributes", {}).get(attribute, {}),
                **found["attributes"].get(attribute, {}),
            }
            for attribute in [*FRAGMENTS[name].get("attributes", {}), *found["attributes"]]
        }
    return found


def text(option: dict[str, Any]) -> str:
    return " ".join(option["description"])


@pytest.mark.parametrize(("module", "specification"), MODULES)
def test_options_equal_the_argument_spec(module: Any, specification: dict[str, Any]) -> None:
    options = documentation(module)["options"]
    assert set(options) == set(specification)
    for name, spec in specification.items():
        for key, absent in (("type", None), ("required", False), ("default", None), ("choices", None), ("aliases", [])):
            assert options[name].get(key, absent) == spec.get(key, absent), (name, key)


@pytest.mark.parametrize(("module", "specification"), MODULES)
def test_every_module_declares_its_attributes(module: Any, specification: dict[str, Any]) -> None:
    found = documentation(module)["attributes"]
    wanted = {"action", "action_group", "async", "check_mode", "diff_mode", "idempotent", "platform"}
    assert set(found) == wanted
    assert all("support" in attribute for attribute in found.values())


def test_environment_variables_equal_the_code() -> None:
    for option, names in _options.ENVIRONMENT.items():
        documented = re.findall(r"E\((\w+)\)", text(SHARED[option]))
        if option == "endpoint":
            # And the one of a region, as an example.
            assert documented[-1] == "HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4"
            documented.pop()
        assert tuple(documented) == names, option
    bundles = re.findall(r"E\((\w+)\)", text(SHARED["ca_path"]))
    assert bundles == ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
    elsewhere = set(SHARED) - set(_options.ENVIRONMENT) - {"ca_path"}
    assert not [name for name in elsewhere if "E(" in text(SHARED[name])]


def test_limits_equal_the_tables() -> None:
    callback = documentation(fgs_workflow_callback)["options"]
    for option in ("workflow_id", "error", "project_id"):
        row = _spec.field(option)
        assert f"{row.min_length} to {row.max_length} characters" in text(callback[option]), option
    for option in ("workflow_run_id", "workflow_state_id", "output"):
        assert not re.search(r"\d+ (to \d+ )?characters", text(callback[option])), option
    assert f"more than {_spec.field('error').max_length} characters" in text(callback["truncate_error"])
    info = documentation(fgs_workflow_execution_info)["options"]
    assert text(info["workflow_id"]).startswith(text(callback["workflow_id"]).partition(".")[0])


def test_every_character_limit_is_in_the_tables() -> None:
    """Wherever it stands in the documentation: a limit that changes is found."""
    rows = [row for rows in _spec.TABLES.values() for row in rows]
    limits = {limit for row in rows for limit in (row.min_length, row.max_length) if limit is not None}
    # The sample of a message has an error of one more.
    pieces = [part for module, _spec in MODULES for part in (module.DOCUMENTATION, module.EXAMPLES)]
    pieces.append(connection.ModuleDocFragment.DOCUMENTATION)
    documented = [int(number) for piece in pieces for number in re.findall(r"(\d+) characters", piece)]
    assert documented
    assert set(documented) <= limits


def test_network_limits_equal_the_code() -> None:
    retries = text(SHARED["retries"])
    assert f"between 0 and {attempts.BACKOFF_BASE} seconds, doubled with every attempt" in retries
    assert f"at most {attempts.BACKOFF_CAP:g}." in retries
    assert f"at most {attempts.RETRY_AFTER_CAP:g}." in retries
    description = " ".join(documentation(fgs_workflow_execution_info)["description"])
    assert f"more than {_http.BODY_LIMIT // 1024**2} MiB" in description


def test_return_values_equal_the_code() -> None:
    returned = yaml.safe_load(fgs_workflow_callback.RETURN)
    assert tuple(returned["delivery"]["choices"]) == outcomes.DELIVERIES
    assert tuple(yaml.safe_load(fgs_workflow_execution_info.RETURN)["status"]["choices"]) == _spec.RUN_STATUSES
    documented = " ".join(returned["delivery"]["description"])
    assert all(f"V({delivery})" in documented for delivery in outcomes.DELIVERIES)
    confirm = text(documentation(fgs_workflow_callback)["options"]["confirm"])
    assert all(f"V({choice})" in confirm for choice in _options.CONFIRM)


@pytest.mark.parametrize(("module", "specification"), MODULES)
def test_examples_are_valid_tasks(module: Any, specification: dict[str, Any]) -> None:
    tasks = yaml.safe_load(module.EXAMPLES)
    name = f"functiongraph.workflow.{module.__name__.rpartition('.')[2]}"
    used = [task[name] for task in tasks if name in task]
    assert used
    for arguments in used:
        assert set(arguments) <= set(specification)
        assert {option for option, spec in specification.items() if spec.get("required")} <= set(arguments)


@pytest.mark.parametrize(("module", "specification"), MODULES)
def test_every_return_value_has_returned_and_sample(module: Any, specification: dict[str, Any]) -> None:
    for name, value in yaml.safe_load(module.RETURN).items():
        assert {"description", "type", "returned"} <= set(value), name
