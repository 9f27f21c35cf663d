# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the playbook check: a row for everything that a callback needs, with the remedy for a problem."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest
from support.servers import Call, scripted
from support.tasks import SECRET, check_task

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import errors
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import check

LIST = ("GET", "/v2/p/fgs/workflows?limit=1")
SHOW = ("GET", "/v2/p/fgs/workflows/w")
LISTED = Call(*LIST, 200, {"workflows": []})
NODES = [{"id": "n1", "name": "launch", "type": "Operation"}, {"id": "n2", "name": "等待 / 1", "type": "Callback"}]


def dated(seconds: int) -> Call:
    """A response of a service whose clock is that far ahead."""
    return Call(*LIST, 200, {}, {"Date": formatdate(time.time() + seconds, usegmt=True)})


def workflow(states: Any, **more: Any) -> Call:
    return Call(*SHOW, 200, {"definition": {"states": states, **more}})


def result_of(*calls: Call, environ: dict[str, str] | None = None, **arguments: Any) -> dict[str, Any]:
    with scripted(*calls) as server:
        result = check_task({"endpoint": server.url, **arguments}, environ).run()
    assert SECRET not in json.dumps(result)
    problems = [f"{row['check']}: {row['found']}" for row in result["rows"] if row["status"] == "problem"]
    assert result["problems"] == problems
    return result


def rows(*calls: Call, **arguments: Any) -> dict[str, tuple[str, str, str]]:
    found = result_of(*calls, **arguments)["rows"]
    return {row["check"]: (row["status"], row["found"], row["remedy"]) for row in found}


def test_every_row_is_ok_if_nothing_is_wrong() -> None:
    found = rows(dated(0), workflow(NODES), workflow_id="w")
    assert {status for status, _found, _remedy in found.values()} == {"ok"}
    assert list(found) == [
        *("Python", "requests", "jsonschema", "credentials", "region", "endpoint", "proxy", "project", "connection"),
        *("clock", "permission to read", "workflow", "node 'launch'", "node '等待 / 1'"),
    ]
    assert found["node 'launch'"] == ("ok", "id n1, type Operation", "")
    assert found["workflow"][1] == "its definition has 2 nodes"


def test_nodes_are_not_shown_without_a_workflow() -> None:
    assert rows(dated(0))["workflow"] == (
        "skipped",
        "fgs_workflow_id is unset",
        "Set it to see the nodes of a workflow.",
    )
    assert rows(dated(0), fgs_check_round_trip=True)["workflow"][0] == "problem"


@pytest.mark.parametrize(
    ("states", "status", "remedy"),
    [
        (None, "warning", "Set workflow_state_id: a name can be looked up only while a run shows the node."),
        ([], "warning", "Set workflow_state_id: a name can be looked up only while a run shows the node."),
        ([{"id": str(number), "name": str(number)} for number in range(100)], "ok", ""),
    ],
)
def test_definition_shows_a_row_for_each_node(states: Any, status: str, remedy: str) -> None:
    found = rows(dated(0), workflow(states), workflow_id="w")
    assert (found["workflow"][0], found["workflow"][2]) == (status, remedy)
    assert sum(name.startswith("node ") for name in found) == len(states or ())


def test_nodes_of_one_name_are_a_warning() -> None:
    nodes = [{"id": "n1", "name": "twice"}, {"id": "n2", "name": "twice"}, {"id": 3, "name": None, "type": "\x1b[2J"}]
    result = result_of(dated(0), workflow(nodes), workflow_id="w")
    twice = [row for row in result["rows"] if row["check"] == "node 'twice'"]
    assert [(row["status"], row["found"]) for row in twice] == [
        ("warning", "id n1, type None"),
        ("warning", "id n2, type None"),
    ]
    (nameless,) = [row for row in result["rows"] if row["check"] == "node without a name"]
    assert "\x1b" not in nameless["found"]


def test_express_workflow_is_a_problem() -> None:
    found = rows(dated(0), workflow(NODES, mode="EXPRESS"), workflow_id="w")
    assert found["workflow"] == (
        "problem",
        "an express workflow",
        "Make a standard workflow: only those have callback nodes.",
    )
    assert "node 'launch'" not in found


def test_workflow_that_cannot_be_read_is_a_problem() -> None:
    found = rows(dated(0), Call(*SHOW, 404, {"error_code": "FGS.5002", "error_msg": "not found"}), workflow_id="w")
    assert found["workflow"][:2] == ("problem", "it cannot be read: status 404 (FGS.5002: not found)")
    assert rows(dated(0), workflow_id="..")["workflow"][0] == "problem"


@pytest.mark.parametrize(
    ("ahead", "status", "found"),
    [(300, "warning", " seconds behind the service's"), (-2000, "problem", " seconds ahead of the service's")],
)
def test_wrong_clock_has_a_remedy(ahead: int, status: str, found: str) -> None:
    clock = rows(dated(ahead))["clock"]
    assert (clock[0], found in clock[1]) == (status, True)
    assert clock[2] == "Set the clock of this machine: signatures are refused from 15 minutes on."


def test_response_without_a_date_is_a_warning() -> None:
    assert rows(Call(*LIST, 200, {}, {"Date": ""}))["clock"][:2] == (
        "warning",
        "the response has no Date to compare it with",
    )


@pytest.mark.parametrize(
    ("ahead", "found"), [(0, "as the service's"), (20, "20 seconds behind the service's"), (-20, "20 seconds ahead of")]
)
def test_clock_row_names_the_difference(monkeypatch: pytest.MonkeyPatch, ahead: int, found: str) -> None:
    monkeypatch.setattr(errors, "clock_offset", lambda _headers, _now: -ahead)
    clock = rows(LISTED)["clock"]
    assert (clock[0], clock[1].startswith(found)) == ("ok", True)


def test_missing_permission_to_read_is_a_problem() -> None:
    no = {"error_code": "APIGW.0302", "error_msg": "no permission"}
    found = rows(Call(*LIST, 403, no, {"Date": formatdate(usegmt=True)}))
    assert found["permission to read"][0] == "problem"
    assert "status 403 (APIGW.0302: no permission" in found["permission to read"][1]
    assert (found["workflow"][0], found["clock"][0]) == ("skipped", "ok")


def test_failed_connection_is_a_problem_and_skips_what_needs_it() -> None:
    found = rows(Call(*LIST, cut=True))
    assert found["connection"][0] == "problem"
    assert "Check endpoint, region, proxy and CA certificates" in found["connection"][2]
    assert {found[name][0] for name in ("clock", "permission to read", "workflow")} == {"skipped"}


@pytest.mark.parametrize(
    ("arguments", "name", "start"),
    [
        ({"access_key": "", "secret_key": ""}, "credentials", "No credentials are set"),
        ({"region": "cn north 4"}, "region", "region must be a name like cn-north-4, got 'cn north 4'"),
        ({"endpoint": "http://example.com"}, "endpoint", "endpoint must use https"),
        ({"iam_endpoint": "example.com"}, "iam_endpoint", "iam_endpoint must be a URL like https://host"),
        ({"ca_path": "/nonexistent/ca.pem"}, "CA certificates", "ca_path "),
        ({"fgs_check_timeout": "soon"}, "variables", "argument 'fgs_check_timeout' is of type"),
    ],
)
def test_wrong_settings_are_found_before_anything_is_sent(arguments: dict[str, Any], name: str, start: str) -> None:
    found = rows(**arguments)
    assert (found[name][0], found[name][1].startswith(start)) == ("problem", True)
    assert {found[each][0] for each in ("project", "connection", "clock", "permission to read")} == {"skipped"}


def test_proxy_is_shown_without_its_user() -> None:
    proxy = {"HTTPS_PROXY": "http://user:password@127.0.0.1:1"}
    found = rows(environ=proxy, endpoint="https://fgs.example.com", retries=0)
    assert found["proxy"][:2] == ("ok", "127.0.0.1:1")
    assert found["connection"][0] == "problem"
    found = rows(environ={"HTTPS_PROXY": "http://"}, endpoint="https://fgs.example.com")
    assert found["proxy"][:2] == ("problem", "HTTPS_PROXY must be a URL like http://host:3128, and is not one")


def test_region_may_be_unknown_or_unset() -> None:
    assert rows(dated(0), region="cn-north-44")["region"] == (
        "warning",
        "cn-north-44",
        "Workflows were known in these regions in 2025: cn-north-4, cn-east-2, cn-east-3, cn-south-1, ap-southeast-3.",
    )
    assert rows(dated(0), region="")["region"][:2] == ("ok", "unset, and not needed with endpoint and project_id")


def test_project_is_looked_up_by_region() -> None:
    listed = Call("GET", "/v3/projects?name=cn-north-4", 200, {"projects": [{"id": "p", "name": "cn-north-4"}]})
    with scripted(listed, dated(0)) as server:
        result = check_task({"endpoint": server.url, "iam_endpoint": server.url, "project_id": ""}).run()
    assert {row["check"]: row["found"] for row in result["rows"]}["project"] == "looked up in IAM"
    found = rows(project_id="", region="")
    assert found["region"][::2] == ("warning", "Set region, as the project is looked up by it.")
    assert found["project"][0] == "problem"
    assert {found[name][0] for name in ("connection", "clock", "permission to read", "workflow")} == {"skipped"}


@pytest.mark.parametrize("seconds", ["-5", "0", "nan", "inf", "1e9"])
def test_timeout_must_be_positive_and_finite(seconds: str) -> None:
    found = rows(fgs_check_timeout=seconds, fgs_check_round_trip=True, workflow_id="w")
    text = f"fgs_check_timeout must be more than 0 and at most 86400 seconds, got {float(seconds):g}"
    assert found["variables"][:2] == ("problem", text)
    assert found["workflow"][0] == "skipped"


def test_invalid_project_id_is_not_sent() -> None:
    found = rows(project_id="..")
    text = "project_id must not be a path segment that URLs treat specially, got '..'"
    assert found["project"][:2] == ("problem", text)
    assert {found[name][0] for name in ("connection", "clock", "permission to read", "workflow")} == {"skipped"}


def test_project_may_be_that_of_the_credentials_file(tmp_path: Any) -> None:
    file = tmp_path / "credentials"
    file.write_text("[basic]\nak = AKEXAMPLE0002\nsk = another-secret-0002\nproject_id = p\n")
    found = rows(dated(0), access_key="", secret_key="", project_id="", credentials_file=str(file))
    assert found["project"] == ("ok", "of the credentials file", "")


def test_library_that_is_missing_is_left_to_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Any:
        raise _libraries.Unusable

    monkeypatch.setattr(check, "newest_validator", gone)
    with pytest.raises(_libraries.Unusable):
        check_task({}).run()


def test_library_of_unknown_version_is_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(check, "version", unknown)
    assert rows(dated(0))["jsonschema"] == ("ok", "of unknown version", "")


def test_unexpected_error_is_a_problem_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_task: Any) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr(check.CheckTask, "_check_credentials", broken)
    result = check_task({}).run()
    (problem,) = result["problems"]
    assert problem.startswith("check: an unexpected error occurred (KeyError in ")
    assert SECRET not in json.dumps(result)


def test_interrupted_check_fails() -> None:
    result = check_task({}).interrupted("it was stopped")
    assert (result["failed"], result["msg"]) == (True, "The check was not finished, as it was stopped.")


def test_round_trip_needs_the_name_of_a_known_node() -> None:
    given = {"workflow_id": "w", "fgs_check_round_trip": True, "fgs_check_state_name": "wait"}
    found = rows(dated(0), workflow(NODES), **given)
    assert found["fgs_check_state_name"][:2] == ("problem", "no node of the workflow is named 'wait'")


def test_round_trip_is_not_made_in_check_mode() -> None:
    with scripted(dated(0), workflow(NODES)) as server:
        given = {"endpoint": server.url, "workflow_id": "w", "fgs_check_round_trip": True}
        result = check_task(given, check_mode=True).run()
    assert result["rows"][-1]["found"] == "not made in check mode, as it starts a run"
    assert (result["changed"], "findings" in result) == (False, False)
