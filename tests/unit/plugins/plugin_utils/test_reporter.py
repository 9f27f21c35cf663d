# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the end of a run to one report, and what the user is told, whatever happens on the way."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from support.reporters import Run, Told
from support.servers import Call, scripted
from support.tasks import POST, SECRET, YES

from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _reporter
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._failure import UNTOLD

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19

    def trust_as_template(value: str) -> str:
        return value


def failed(msg: str) -> Any:
    """The result of a task that failed on web1."""
    task = SimpleNamespace(name="do it", action="command", _uuid="1")
    return SimpleNamespace(task=task, host=SimpleNamespace(get_name=lambda: "web1"), result={"msg": msg})


class Playbook:
    """A playbook whose extra vars are given."""

    def __init__(self, **extra_vars: Any) -> None:
        self.extra_vars = extra_vars
        self._loader = DataLoader()

    def get_plays(self) -> list[Any]:
        return [SimpleNamespace(get_variable_manager=lambda: self)]

    def get_vars(self, play: Any) -> dict[str, Any]:
        return {"base": "run", **self.extra_vars}


def test_ids_may_be_templates() -> None:
    playbook = Playbook(
        fgs_workflow_id="w", fgs_workflow_run_id=trust_as_template("{{ base }}-1"), fgs_workflow_state_id=7, other="x"
    )
    expected = {"workflow_id": "w", "workflow_run_id": "run-1", "workflow_state_id": "7"}
    assert _reporter.ids(playbook, {"FGS_WORKFLOW_ID": "we"}) == (expected, [])


def test_ids_of_the_environment() -> None:
    lacking = ["FGS_WORKFLOW_RUN_ID", "FGS_WORKFLOW_STATE_ID"]
    assert _reporter.ids(Playbook(), {"FGS_WORKFLOW_ID": "w"}) == ({"workflow_id": "w"}, lacking)


def test_a_good_start_is_silent() -> None:
    told = Told()
    told.reporter.start()
    assert told.said == []
    assert told.run.happened[1:] == ["survives"]


def test_the_start_warns_of_all_that_is_lacking() -> None:
    lacking = ("fgs_workflow_id", "fgs_workflow_state_id")
    told = Told(lacking=lacking, retries="x")
    told.reporter.start()
    assert told.said == [
        (
            "warning",
            "fgs_workflow_report: the end of this playbook cannot be reported: "
            "fgs_workflow_id is not given; fgs_workflow_state_id is not given.",
        )
    ]


def test_the_start_warns_of_what_is_wrong() -> None:
    told = Told(retries="x")
    told.reporter.start()
    ((kind, text),) = told.said
    assert kind == "warning"
    assert "argument 'retries'" in text


def test_success() -> None:
    told = Told(Run(stats=SimpleNamespace(custom={"_run": {"ticket": 7}}, processed={})))
    output = {"ticket": 7, "ansible": {"check_mode": False, "hosts": {}}}
    assert told.end(YES) == [{"result": "success", "output": output}]
    assert told.said == [("display", "fgs_workflow_report: told run run: success")]


def test_a_failure_with_its_reason_and_without_secrets() -> None:
    told = Told(Run(2, failed=["web1"]))
    told.reporter.start()
    told.reporter.failed(failed(f"gone with {SECRET}"))
    (body,) = told.end(YES)
    assert (body["result"], body["error"]) == ("fail", "web1: do it: gone with ********")
    recap = body["output"]["ansible"]
    assert recap["failed_task"] == {"host": "web1", "task": "do it", "message": "gone with ********"}
    assert recap["hosts"]["web1"]["failed"] == 1
    expected = "fgs_workflow_report: told run run: fail (web1: do it: gone with ********)"
    assert told.said == [("display", expected)]


def test_it_is_told_once() -> None:
    told = Told()
    assert len(told.end(YES)) == 1
    assert told.end() == []


def test_only_the_end_of_the_last_playbook_counts() -> None:
    told = Told(Run(is_last=False))
    assert told.end() == []
    told.run.is_last = True
    assert len(told.end(YES)) == 1


@pytest.mark.parametrize(
    ("run", "no_hosts", "result", "error"),
    [
        (Run(), "fail", "fail", "no host matched: nothing was done"),
        (Run(), "ignore", "success", None),
        (Run(start_at="copy"), "ignore", "fail", "no task to start at: copy"),
        (Run(start_at="copy"), "fail", "fail", "no host matched: nothing was done"),
        (Run(4), "ignore", "fail", None),
    ],
)
def test_a_run_in_which_nothing_was_done(run: Run, no_hosts: str, result: str, error: str | None) -> None:
    told = Told(run, no_hosts=no_hosts)
    told.reporter.recap.play_without_hosts()
    (body,) = told.end(YES)
    assert (body["result"], body.get("error")) == (result, error)


def test_a_run_that_was_broken_off() -> None:
    told = Told()
    told.reporter.start()
    cleaned_up = told.run.happened[0]
    with scripted(YES) as server:
        told.reporter._report._arguments["endpoint"] = server.url
        cleaned_up(None)
        assert server.came == []
        cleaned_up(RuntimeError("no such role\nin site.yml"))
        cleaned_up(KeyboardInterrupt())
    (came,) = server.came
    body = json.loads(came.body)
    assert (body["result"], body["error"]) == ("fail", "broken off: no such role")
    failed_task = body["output"]["ansible"]["failed_task"]
    assert failed_task == {"host": "", "task": "", "message": "no such role\nin site.yml"}


def test_a_broken_off_run_without_words() -> None:
    told = Told()
    told.reporter.start()
    with scripted(YES) as server:
        told.reporter._report._arguments["endpoint"] = server.url
        told.run.happened[0](KeyboardInterrupt())
    body = json.loads(server.came[0].body)
    assert body["output"]["ansible"]["failed_task"]["message"] == body["error"] == "interrupted (Ctrl-C)"


@pytest.mark.parametrize("strict", [False, True])
def test_a_playbook_that_wants_no_report(strict: bool) -> None:
    told = Told(strict=strict)
    told.reporter.recap.is_left_alone = True
    assert told.end() == []
    assert told.said == []


@pytest.mark.parametrize("strict", [False, True])
def test_a_playbook_that_has_completed_the_state_itself(strict: bool) -> None:
    told = Told(strict=strict)
    told.reporter.recap.completed = True
    assert told.end() == []
    assert told.said == [
        ("v", "fgs_workflow_report: the playbook has completed the state itself, nothing is left to report")
    ]


@pytest.mark.parametrize(("code", "result", "exit_code"), [(0, "success", 1), (2, "fail", 2)])
def test_strict_ends_with_an_exit_code(code: int, result: str, exit_code: int) -> None:
    told = Told(Run(code), strict=True, lacking=("fgs_workflow_id",))
    with pytest.raises(SystemExit) as raised:
        told.end()
    assert raised.value.code == exit_code
    expected = f"fgs_workflow_report: the workflow was not told of this {result}: fgs_workflow_id is not given."
    assert told.said == [("warning", expected)]


def test_lacking_ids_are_no_error_without_strict() -> None:
    told = Told(lacking=("fgs_workflow_id",))
    assert told.end() == []
    assert len(told.said) == 1


def test_a_refusal_is_a_warning_that_says_what_to_do() -> None:
    told = Told()
    told.end(Call(*POST, 403, {"error_code": "FSS.0403", "error_msg": "not allowed"}))
    ((kind, text),) = told.said
    assert kind == "warning"
    assert text.startswith("fgs_workflow_report: the workflow was not told that this playbook ended with success. ")
    assert "not allowed" in text


@pytest.mark.parametrize(("hint", "end"), [({"hint": "Do this."}, "No. Do this."), ({}, "No.")])
def test_the_hint_of_a_refusal(monkeypatch: pytest.MonkeyPatch, hint: dict[str, str], end: str) -> None:
    told = Told(strict=True)
    came = {"failed": True, "msg": "No.", "warnings": ["Look out."], **hint}
    monkeypatch.setattr(told.reporter._report, "send", lambda *_arguments: came)
    with pytest.raises(SystemExit):
        told.end()
    text = "fgs_workflow_report: the workflow was not told that this playbook ended with success. "
    assert told.said == [("warning", "fgs_workflow_report: Look out."), ("warning", text + end)]


def test_what_was_kept_can_be_sent_by_a_command_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    came = {"failed": True, "msg": "No.", "undelivered_file": "/a folder/kept.yml"}
    monkeypatch.setattr(told.reporter._report, "send", lambda *_arguments: came)
    told.end()
    command = "ansible-playbook functiongraph.workflow.callback -e '@/a folder/kept.yml'"
    assert told.said[-1] == ("display", f"fgs_workflow_report: send it later with: {command}")


def test_what_was_told_before_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(strict=True)
    came = {"delivery": "already_delivered"}
    monkeypatch.setattr(told.reporter._report, "send", lambda *_arguments: came)
    told.end()
    assert told.said == [("display", "fgs_workflow_report: run run has been told success before")]


@pytest.mark.parametrize(
    ("check_mode", "published"), [(True, {"_run": {"fgs_workflow_check_mode": True}}), (False, {})]
)
def test_jobs_behind_this_one_learn_that_it_is_a_check(check_mode: bool, published: dict[str, Any]) -> None:
    told = Told(Run(check_mode=check_mode))
    told.reporter.start()
    assert told.run.stats.custom == published


def test_check_mode_shows_what_would_be_sent() -> None:
    told = Told(Run(check_mode=True), strict=True)
    assert told.end() == []
    ((kind, text),) = told.said
    assert kind == "display"
    assert text.startswith("fgs_workflow_report: check mode, so this was not sent:\nPOST ")
    assert '"check_mode": true' in text


def test_the_playbook_owns_the_key_of_the_recap() -> None:
    told = Told(Run(stats=SimpleNamespace(custom={"_run": {"ansible": "mine"}}, processed={})))
    (body,) = told.end(YES)
    assert body["output"] == {"ansible": "mine"}
    text = "fgs_workflow_report: the recap is left out of output, as the playbook has published ansible itself."
    assert told.said[0] == ("warning", text)


@pytest.mark.parametrize(("code", "error"), [(0, None), (2, UNTOLD)])
def test_an_outcome_without_words_is_worth_more_than_none(code: int, error: str | None) -> None:
    told = Told(Run(code, failed=["web1"], stats=None))
    (body,) = told.end(YES)
    assert (body["result"], body["output"], body.get("error")) == ("fail" if code else "success", {}, error)
    ((kind, text), _display) = told.said
    assert kind == "warning"
    assert text.startswith("fgs_workflow_report: the report has no output, as that could not be made: AttributeError: ")


@pytest.mark.parametrize("strict", [False, True])
def test_whatever_goes_wrong_the_playbook_is_innocent(monkeypatch: pytest.MonkeyPatch, strict: bool) -> None:
    def wrong(*_arguments: Any) -> Any:
        raise ZeroDivisionError("oops")

    told = Told(strict=strict)
    monkeypatch.setattr(told.reporter._report, "send", wrong)
    if strict:
        with pytest.raises(SystemExit):
            told.end()
    else:
        told.end()
    text = "fgs_workflow_report: the workflow was not told of this success: ZeroDivisionError: oops"
    assert told.said == [("warning", text)]
