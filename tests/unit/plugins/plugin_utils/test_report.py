# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report says: never more than it may, never a secret, and nothing that the playbook published gets lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.servers import Call, scripted
from support.tasks import POST, SECRET

from ansible_collections.functiongraph.workflow.plugins.module_utils import _libraries, _tasks
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import advice
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import Failure
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import awx_job, launched, reporter

FOUND = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_id": "state"}
ENVIRON = {
    "HOME": "/nonexistent",
    "HUAWEICLOUD_SDK_AK": "AKEXAMPLE0001",
    "HUAWEICLOUD_SDK_SK": SECRET,
    "HW_REGION_NAME": "cn-north-4",
}
OPTIONS = {"project_id": "p", "retries": 0, "confirm": "when_unknown", "strict": True}


def report(options: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> reporter.Sender:
    return reporter.Sender(FOUND, {**OPTIONS, **(options or {})}, ENVIRON if environ is None else environ)


VARIABLES = {"FGS_WORKFLOW_ID": "we", "FGS_WORKFLOW_RUN_ID": "re", "FGS_WORKFLOW_STATE_ID": "se"}
EXTRA_VARS = {"fgs_workflow_id": "w", "fgs_workflow_run_id": 2, "fgs_workflow_state_id": "s"}


@pytest.mark.parametrize(
    ("extra_vars", "environ", "ids", "lacking"),
    [
        (EXTRA_VARS, VARIABLES, ("w", "2", "s"), []),
        ({}, VARIABLES, ("we", "re", "se"), []),
        ({"fgs_workflow_id": "", "fgs_workflow_run_id": None}, VARIABLES, ("we", "re", "se"), []),
        # Two sources are never mixed: half of each would be the id of nothing.
        (
            {"fgs_workflow_id": "w"},
            VARIABLES,
            ("w",),
            ["fgs_workflow_run_id", "fgs_workflow_state_name or fgs_workflow_state_id"],
        ),
        ({}, {**VARIABLES, "FGS_WORKFLOW_RUN_ID": ""}, ("we", None, "se"), ["FGS_WORKFLOW_RUN_ID"]),
        ({}, {"FGS_WORKFLOW": "x"}, (), []),
    ],
)
def test_ids_come_from_one_source(
    extra_vars: dict[str, Any], environ: dict[str, str], ids: tuple[str | None, ...], lacking: list[str]
) -> None:
    expected = {name: value for name, value in zip(launched.IDS, ids, strict=False) if value is not None}
    assert launched.ids(extra_vars, environ) == (expected, lacking)


def test_no_problem_with_complete_options() -> None:
    assert report().problems() == []
    assert report({"undelivered_path": "", "region": None}).problems() == []


def test_every_problem_is_found_at_the_start() -> None:
    options = {"timeout": "soon", "retries": 1000}
    found = report(options, {"HOME": "/nonexistent"}).problems()
    named = ("argument 'timeout'", "retries must be", "region", "No credentials are set")
    assert [any(text.startswith(name) for name in named) for text in found] == [True] * 4, found


NO_REGION = {name: value for name, value in ENVIRON.items() if name != "HW_REGION_NAME"}


@pytest.mark.parametrize("environ", [NO_REGION, {"HOME": "/nonexistent"}])
def test_unknown_project_is_found_at_the_start(environ: dict[str, str]) -> None:
    options = {"endpoint": "https://fg.example", "project_id": None, "use_ecs_agency": True}
    (found,) = report(options, environ).problems()
    assert found == "project_id is unset and cannot be looked up without a region; set project_id or region"
    assert report({**options, "project_id": "p"}, environ).problems() == []
    assert report({**options, "region": "cn-north-4"}, environ).problems() == []


def test_credentials_file_may_name_the_project(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[basic]\nak = AKEXAMPLE0001\nsk = SKEXAMPLE-secret-0001\nproject_id = p\n")
    options = {"endpoint": "https://fg.example", "project_id": None, "credentials_file": str(file)}
    assert report(options, {"HOME": "/nonexistent"}).problems() == []


def test_agency_is_read_only_at_the_end() -> None:
    assert report({"use_ecs_agency": True}, {"HOME": "/nonexistent", "HW_REGION_NAME": "cn-north-4"}).problems() == []


def test_library_that_fails_to_import_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_tasks: Any) -> Any:
        monkeypatch.setattr(_libraries, "JSONSCHEMA_IMPORT_ERROR", "Traceback")
        raise _libraries.Unusable

    monkeypatch.setattr(_tasks.Task, "validate", broken)
    (found,) = report().problems()
    assert found.startswith("jsonschema cannot be imported on ")


def test_missing_library_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "REQUESTS_IMPORT_ERROR", "Traceback")
    (found,) = report().problems()
    assert "requests" in found
    assert found.endswith(advice.HINT.rstrip("."))
    assert f"'jsonschema>=3.2'. {advice.HINT[:20]}" in found
    # The role asks for secrets without looking whether there are libraries.
    made = report()
    made.learn_secrets({})
    assert made.redactor.known(SECRET) == "********"


def test_problems_are_redacted() -> None:
    (found,) = report({"confirm": SECRET}).problems()
    assert SECRET not in found
    assert "********" in found


def test_secret_that_cannot_be_sent_is_one_problem() -> None:
    environ = {"HOME": "/nonexistent", "HW_REGION_NAME": "cn-north-4", "HW_AUTH_TOKEN": f"{SECRET}\n"}
    assert report(environ=environ).problems() == ["HW_AUTH_TOKEN must not have leading or trailing whitespace"]
    came = report(environ=environ).delivery("success", {}, None).run()
    assert (came["delivery"], [one["rule"] for one in came["violations"]]) == ("not_sent", ["whitespace"])
    assert SECRET not in str(came)


def test_every_secret_is_registered() -> None:
    environ = {**ENVIRON, "https_proxy": "http://me:proxy%2Dpassword@127.0.0.1:3128"}
    made = report(environ=environ)
    made.learn_secrets({"auth_token": "token-0000001"})
    text = f"{SECRET} proxy%2Dpassword proxy-password token-0000001 harmless"
    assert made.redactor.known(text) == "******** ******** ******** ******** harmless"


def test_report_is_delivered() -> None:
    with scripted(Call(*POST, 200, {"execution_id": "run"})) as server:
        came = report({"endpoint": server.url}).delivery("fail", {"ansible": {"check_mode": False}}, "e" * 99).run()
    assert (came["delivery"], came["changed"]) == ("delivered", True)
    (call,) = server.came
    body = json.loads(call.body)
    assert (body["result"], body["output"], len(body["error"])) == ("fail", {"ansible": {"check_mode": False}}, 64)


def test_check_mode_sends_nothing() -> None:
    with scripted() as server:
        came = report({"endpoint": server.url}).delivery("success", {}, None, check_mode=True).run()
    assert came["delivery"] == "not_sent"
    assert "POST " in came["diff"]["after"]


def test_library_that_is_missing_at_the_end_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "REQUESTS_IMPORT_ERROR", "Traceback")
    monkeypatch.setattr(_libraries, "requests", None)
    came = report().delivery("success", {}, None).run()
    assert (came["failed"], came["delivery"], came["requests_sent"]) == (True, "not_sent", 0)
    assert "requests cannot be imported on " in came["msg"]


def test_interrupted_delivery_has_a_result() -> None:
    with scripted(Call(*POST, 200, {"execution_id": "run"})) as server:
        delivery = report({"endpoint": server.url}).delivery("success", {}, None)
        assert delivery.interrupted()["msg"] == "Nothing was sent, as a signal interrupted it."
        came = delivery.run()
    # Where the signal comes too late, it changes nothing.
    assert delivery.interrupted() == came


def output(published: Mapping[str, Any], hosts: Any = None, **more: Any) -> tuple[dict[str, Any], list[str]]:
    made = report()
    made.redactor.add(SECRET)
    return made.output(published, hosts or {}, None, False, None, **more)


def test_published_stats_are_sent() -> None:
    published = {"ticket": 7, "nested": {"list": ["a", 1, None, {"deep": 1.5}]}}
    expected = {**published, "ansible": {"check_mode": False, "hosts": {}}}
    assert output(published) == (expected, [])
    assert "ansible" not in published


def test_key_published_by_the_playbook_wins() -> None:
    note = "output does not include the recap, as the playbook published ansible itself."
    assert output({"ansible": "mine"}) == ({"ansible": "mine"}, [note])


def test_published_stats_are_redacted() -> None:
    hosts = {"web1": host(published={SECRET: f"<{SECRET}>"})}
    found, notes = output({f"key {SECRET}": [{"deep": f"<{SECRET}>"}], "number": 7}, hosts)
    assert notes == []
    assert found["key ********"] == [{"deep": "<********>"}]
    assert found["ansible"]["hosts"]["web1"]["published"] == {"********": "<********>"}


def deep(levels: int) -> Any:
    value: Any = 1
    for _unused in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "output.wrong must be a finite number, got nan"),
        ({"a": [float("-inf")]}, "output.wrong.a[0] must be a finite number, got -inf"),
        (deep(300), "output must be nested at most 200 levels deep"),
        (deep(200_000), "RecursionError"),
        (object(), "TypeError"),
    ],
    ids=["nan", "infinity", "deep", "too deep for Python", "no JSON"],
)
def test_invalid_stats_are_omitted(value: Any, reason: str) -> None:
    hosts = {"web1": host(published={"wrong": value, "right": 2}), "web2": host(published={"wrong": value})}
    found, notes = output({"wrong": value, "right": 1}, hosts)
    assert json.loads(json.dumps(found, allow_nan=False)) == {
        "right": 1,
        "ansible": {
            "check_mode": False,
            "published_left_out": ["wrong"],
            "hosts": {
                "web1": host(published={"right": 2}, published_left_out=True),
                "web2": host(published_left_out=True),
            },
        },
    }
    assert notes == [f"output does not include what cannot be sent: wrong ({reason})."]


def test_omitted_stats_are_named_without_a_recap() -> None:
    left_out = {"wrong": float("nan")}
    assert output({"ansible": "mine", **left_out})[0] == {"ansible": "mine", "published_left_out": ["wrong"]}
    mine = {"ansible": "mine", "published_left_out": "mine too"}
    assert output({**mine, **left_out})[0] == mine


def test_recap_replaces_an_invalid_key() -> None:
    found, _notes = output({"ansible": float("nan")})
    assert found["ansible"]["published_left_out"] == ["ansible"]


def test_largest_stats_are_omitted_first() -> None:
    published = {"small": "x", "large": "x" * 7_000_000, "larger": "x" * 8_000_000}
    found, notes = output(published)
    assert found.keys() == {"small", "large", "ansible"}
    assert found["large"] == published["large"]
    assert found["ansible"]["published_left_out"] == ["larger"]
    assert notes == ["output does not include what cannot be sent: larger (too large, 8000014 bytes)."]


def test_output_refused_as_too_large_has_no_published_stats() -> None:
    found, _notes = output({"small": "x", "large": "xx"}, refused=True)
    assert found.keys() == {"ansible"}
    assert found["ansible"]["published_left_out"] == ["large", "small"]


def test_list_of_omitted_names_is_limited() -> None:
    found, (note,) = output({f"a_long_name_{number}": float("nan") for number in range(1000)})
    names = found["ansible"]["published_left_out"]
    assert (names[0], names[-1]) == ("a_long_name_0", "…")
    assert len(json.dumps(names)) <= 2048
    assert len(note) < 5000


def test_failure_is_redacted() -> None:
    made = report()
    made.redactor.add(SECRET)
    signed = f"{SECRET} Access=AKEXAMPLE0001"
    redacted_result = "******** Access=********"
    assert made.redacted(Failure(signed, signed, signed, signed)) == Failure(
        redacted_result, redacted_result, redacted_result, redacted_result
    )
    assert made.redacted(Failure(signed, "task", None, None)) == Failure(redacted_result, "task", None, None)


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        ({"AWX_HOST": "https://awx.example/", "JOB_ID": "7"}, "https://awx.example/#/jobs/playbook/7"),
        ({"AWX_HOST": "https://awx.example"}, None),
        ({"AWX_HOST": "", "JOB_ID": "7"}, None),
        ({}, None),
    ],
)
def test_link_to_the_job(environ: dict[str, str], link: str | None) -> None:
    assert _report.job_link(environ) == link


def test_default_address_of_awx_gets_a_hint() -> None:
    link = _report.job_link({"AWX_HOST": awx_job.AWX_DEFAULT_HOST, "JOB_ID": "7"})
    assert awx_job.linked(link) == {
        "job": "https://towerhost/#/jobs/playbook/7",
        "job_hint": awx_job.AWX_HOST_HINT,
    }
    assert awx_job.linked("https://towerhost.example/#/jobs/playbook/7").keys() == {"job"}
    assert awx_job.linked(None) == {}


def host(failed: int = 0, unreachable: int = 0, **more: Any) -> dict[str, Any]:
    return {"ok": 1, "failed": failed, "unreachable": unreachable, **more}


def test_recap_of_a_playbook() -> None:
    hosts = {"a": host(published={"version": "1"}), "b": host(failed=1), "c": host(unreachable=1)}
    found = _report.recap(hosts, Failure("b", "do it", "gone", "gone for good"), True, "https://awx.example/7")
    assert found == {
        "check_mode": True,
        "job": "https://awx.example/7",
        "failed_task": {"host": "b", "task": "do it", "message": "gone for good"},
        "hosts": hosts,
    }
    assert list(found["hosts"]) == ["b", "c", "a"]


def test_empty_recap() -> None:
    assert _report.recap({}, None, False, None) == {"check_mode": False, "hosts": {}}


def test_stats_of_hosts_are_omitted_first() -> None:
    hosts = {"a": host(published="x" * _report.LIMIT), "b": host(published="small")}
    found = _report.recap(hosts, None, False, None)
    assert found["hosts"] == {"a": host(published_left_out=True), "b": hosts["b"]}
    assert "hosts_left_out" not in found


def test_hosts_are_omitted_next_and_failed_ones_last() -> None:
    hosts = {f"web{number:04}": host(failed=int(number >= 900)) for number in range(1000)}
    found = _report.recap(hosts, None, False, None)
    shown = found["hosts"]
    assert {name for name in hosts if hosts[name]["failed"]} < set(shown)
    assert found["hosts_left_out"] == {"hosts": 1000 - len(shown), "failed_or_unreachable": 0}
    # Room is used as far as it goes: one more host would have been too much.
    assert _report.LIMIT - 2 * len(json.dumps({"web0000": host()})) < len(json.dumps(found)) <= _report.LIMIT


def test_omitted_failed_hosts_are_counted() -> None:
    hosts = {f"web{number:04}": host(unreachable=1) for number in range(1000)}
    found = _report.recap(hosts, None, False, None)
    left = 1000 - len(found["hosts"])
    assert left > 0
    assert found["hosts_left_out"] == {"hosts": left, "failed_or_unreachable": left}


TEXT = st.text() | st.builds(lambda text, times: text * times, st.text(min_size=1), st.integers(1, 3000))


@settings(deadline=None)
@given(
    hosts=st.dictionaries(
        TEXT,
        st.builds(host, failed=st.integers(0, 2), published=TEXT) | st.builds(host, unreachable=st.integers(0, 2)),
        max_size=30,
    ),
    times=st.integers(1, 30),
    failure=st.none() | st.builds(Failure, TEXT, TEXT, st.none() | TEXT, st.none() | TEXT),
    job=st.none() | TEXT,
)
@example(
    hosts={"😀" * 200 + str(number): host(published="\0" * 900) for number in range(20)},
    times=30,
    failure=Failure("😀" * 9999, "\0" * 9999, "l" * 9999, '"' * 99999),
    job="😀" * 9999,
)
def test_recap_is_never_too_large(hosts: dict[str, Any], times: int, failure: Failure | None, job: str | None) -> None:
    hosts = {name + str(number) * (number > 0): found for name, found in hosts.items() for number in range(times)}
    found = _report.recap(hosts, failure, False, job)
    assert len(json.dumps(found)) <= _report.LIMIT
    left_out = found.get("hosts_left_out", {"hosts": 0})["hosts"]
    assert len(found["hosts"]) + left_out == len(hosts)


@settings(deadline=None)
@given(name=TEXT, message=st.none() | TEXT)
@example(name="n" * 510, message="m" * 4094)
@example(name="n" * 511, message="m" * 4095)
def test_failed_task_is_truncated(name: str, message: str | None) -> None:
    found = _report.failed_task(Failure(name, name, None, message))
    for text, given_, limit in ((found["task"], name, 512), (found["message"], message, 4096)):
        if given_ is None or len(json.dumps(given_)) <= limit:
            assert text == given_
        else:
            assert text is not None
            assert len(json.dumps(text)) <= limit
            assert (text[0], text[-1]) == (given_[0], given_[-1])
    assert found["host"] == found["task"]


def test_undelivered_reports_are_saved(tmp_path: Path) -> None:
    options = {"endpoint": "http://127.0.0.1:9", "undelivered_path": str(tmp_path / "saved.json"), "timeout": 1}
    came = report(options).delivery("success", {"ticket": 7}, None).run()
    assert came["failed"]
    text = (tmp_path / "saved.json").read_text()
    assert 'fgs_workflow_run_id: "run"' in text.replace("!unsafe ", "")
    assert SECRET not in text
