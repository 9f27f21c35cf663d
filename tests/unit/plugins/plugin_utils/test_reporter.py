# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One report at the end of a run, and its messages, whatever fails."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from support.reporters import IDS, Run, Session
from support.reporting import MASK
from support.servers import Call, scripted
from support.tasks import GET, POST, SECRET, YES, shows

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun, signals_ignored
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap.failures import UNKNOWN_REASON
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched, reporter

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19

    def trust_as_template(value: str) -> str:
        return value


def failed(msg: str) -> Any:
    """The result of a task that failed on web1."""
    task = SimpleNamespace(name="do it", action="command", _uuid="1")
    return SimpleNamespace(task=task, host=SimpleNamespace(get_name=lambda: "web1"), result={"msg": msg})


class Variables:
    """ansible-core's variable manager, with extra vars."""

    def __init__(self, extra_vars: dict[str, Any]) -> None:
        self.extra_vars = extra_vars
        self.broken: Exception | None = None

    def get_vars(self, play: Any) -> dict[str, Any]:
        if self.broken is not None:
            raise self.broken
        return {"base": play.base, **self.extra_vars}


PLAYBOOK = SimpleNamespace(get_plays=lambda: [SimpleNamespace(base="run", vars={})], _loader=DataLoader())
EXTRA_VARS = {
    "fgs_workflow_id": "w",
    "fgs_workflow_run_id": trust_as_template("{{ base }}-1"),
    "fgs_workflow_state_id": 7,
}


def launched_with(
    environ: dict[str, str] | None = None, broken: Exception | None = None, **extra_vars: Any
) -> launched.Launch:
    variables = Variables(extra_vars)
    variables.broken = broken
    run = PlaybookRun(SimpleNamespace(_variable_manager=variables))
    return launched.launch(run, PLAYBOOK, environ or {})


def test_ids_may_be_templates() -> None:
    expected = {"workflow_id": "w", "workflow_run_id": "run-1", "workflow_state_id": "7"}
    assert launched_with({"FGS_WORKFLOW_ID": "we"}, **EXTRA_VARS, other="x") == (expected, [], None)


def test_ids_of_the_environment() -> None:
    problems = ["FGS_WORKFLOW_RUN_ID is unset", "FGS_WORKFLOW_STATE_NAME or FGS_WORKFLOW_STATE_ID is unset"]
    assert launched_with({"FGS_WORKFLOW_ID": "w"}) == ({"workflow_id": "w"}, problems, None)


def test_ids_of_extra_vars_if_play_variables_cannot_be_loaded() -> None:
    extra_vars = {**EXTRA_VARS, "base": "extra"}
    expected = {"workflow_id": "w", "workflow_run_id": "extra-1", "workflow_state_id": "7"}
    assert launched_with(broken=ValueError("no vault secrets found"), **extra_vars).ids == expected


def test_id_that_cannot_be_evaluated_is_a_problem() -> None:
    found = launched_with({"FGS_WORKFLOW_RUN_ID": "re"}, broken=ValueError(), **EXTRA_VARS)
    assert found.ids == {"workflow_id": "w", "workflow_state_id": "7"}
    (problem,) = found.problems
    assert problem.startswith("fgs_workflow_run_id cannot be evaluated: 'base' is undefined")
    assert not problem.endswith(".")


def test_only_an_id_that_cannot_be_evaluated() -> None:
    found = launched_with(
        {name.upper(): "e" for name in EXTRA_VARS}, fgs_workflow_id=trust_as_template("{{ nobody_knows }}")
    )
    assert found.ids == {}
    assert [problem.split()[0] for problem in found.problems] == [
        "fgs_workflow_run_id",
        "fgs_workflow_state_name",
        "fgs_workflow_id",
    ]


@pytest.mark.parametrize(
    ("value", "is_disabled"),
    [
        (False, True),
        ("false", True),
        ("No", True),
        (trust_as_template("{{ 1 == 2 }}"), True),
        (True, False),
        ("yes", False),
        ("", None),
        (trust_as_template("{{ nobody_knows }}"), False),
    ],
)
def test_extra_var_disables_the_report(value: Any, is_disabled: bool | None) -> None:
    assert launched_with(**EXTRA_VARS, fgs_workflow_report=value).is_disabled is is_disabled


def test_start_without_problems_is_silent() -> None:
    session = Session()
    session.start()
    assert session.messages == []
    assert session.run.happened[1:] == ["ends on signals"]


LACKING = ("fgs_workflow_id is unset", "fgs_workflow_state_id is unset")
CANNOT = (
    "fgs_workflow_report: the end of this playbook cannot be reported: "
    "fgs_workflow_id is unset; fgs_workflow_state_id is unset."
)


def test_start_warns_of_everything_missing() -> None:
    session = Session(problems=LACKING, retries="x")
    session.start()
    assert session.messages == [("warning", CANNOT)]


def test_start_warns_of_an_ansible_core_that_has_changed() -> None:
    session = Session()
    session.run.missing = ["_stats"]
    session.start()
    ((kind, text),) = session.messages
    assert kind == "warning"
    assert "_stats" in text


def test_strict_fails_before_any_task() -> None:
    session = Session(problems=LACKING, strict=True)
    with pytest.raises(SystemExit) as raised:
        session.start()
    assert raised.value.code == 1
    assert session.messages == [("warning", f"{CANNOT} It was not run, as strict is on.")]
    assert session.run.happened == []


@pytest.mark.parametrize("where", ["extra var", "play"])
def test_disabled_report_gets_no_warning(where: str) -> None:
    session = Session(
        problems=LACKING,
        wrong_options=("option timeout is wrong.",),
        strict=True,
        is_disabled=True if where == "extra var" else None,
    )
    session.start(**({"fgs_workflow_report": False} if where == "play" else {}))
    assert session.end() == []
    assert (session.messages, session.run.happened) == ([], [])


def test_start_warns_of_invalid_options() -> None:
    session = Session(retries="x")
    session.start()
    ((kind, text),) = session.messages
    assert kind == "warning"
    assert "argument 'retries'" in text


@pytest.mark.parametrize("strict", [False, True])
def test_invalid_option_is_unset(strict: bool) -> None:
    session = Session(wrong_options=("option timeout is invalid and treated as unset: soon.",), strict=strict)
    session.start()
    if strict:
        with scripted(YES) as server, pytest.raises(SystemExit) as raised:
            session.reporter._report._arguments["endpoint"] = server.url
            session.reporter.end(None)
        assert raised.value.code == 1
        assert len(server.came) == 1
    else:
        assert len(session.end(YES)) == 1
    expected = [
        ("warning", "fgs_workflow_report: option timeout is invalid and treated as unset: soon."),
        ("display", "fgs_workflow_report: reported to run run: success"),
        (
            "warning",
            "fgs_workflow_report: the exit code is not 0, as strict is on and options of this plugin are wrong.",
        ),
    ]
    assert session.messages == expected[: 3 if strict else 2]


def test_success() -> None:
    session = Session(Run(stats=SimpleNamespace(custom={"_run": {"ticket": 7}}, processed={})))
    output = {"ticket": 7, "ansible": {"check_mode": False, "hosts": {}}}
    assert session.end(YES) == [{"result": "success", "output": output}]
    assert session.messages == [("display", "fgs_workflow_report: reported to run run: success")]


def test_failure_is_reported_with_its_reason_and_redacted() -> None:
    session = Session(Run(2, failed=["web1"]))
    session.start()
    session.reporter.failed(failed(f"gone with {SECRET}"))
    (body,) = session.end(YES)
    assert (body["result"], body["error"]) == ("fail", f"web1: do it: gone with {MASK}")
    recap = body["output"]["ansible"]
    assert recap["failed_task"] == {"host": "web1", "task": "do it", "message": f"gone with {MASK}"}
    assert recap["hosts"]["web1"]["failed"] == 1
    expected = f"fgs_workflow_report: reported to run run: fail (web1: do it: gone with {MASK})"
    assert session.messages == [("display", expected)]


def test_report_is_sent_once() -> None:
    session = Session()
    assert len(session.end(YES)) == 1
    assert session.end() == []


def test_only_the_last_playbook_is_reported() -> None:
    session = Session(Run(is_last=False))
    assert session.end() == []
    session.run.is_last = True
    assert len(session.end(YES)) == 1


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
def test_run_without_tasks(run: Run, no_hosts: str, result: str, error: str | None) -> None:
    session = Session(run, no_hosts=no_hosts)
    session.reporter.recap.play_without_hosts()
    (body,) = session.end(YES)
    assert (body["result"], body.get("error")) == (result, error)


def test_interrupted_run() -> None:
    session = Session()
    session.start()
    cleaned_up = session.run.happened[0]
    with scripted(YES) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        cleaned_up(None)
        assert server.came == []
        cleaned_up(RuntimeError("no such role\nin site.yml"))
        cleaned_up(KeyboardInterrupt())
    (came,) = server.came
    body = json.loads(came.body)
    assert (body["result"], body["error"]) == ("fail", "aborted: no such role")
    failed_task = body["output"]["ansible"]["failed_task"]
    assert failed_task == {"host": "", "task": "", "message": "no such role\nin site.yml"}


def test_interrupted_run_without_a_reason() -> None:
    session = Session()
    session.start()
    with scripted(YES) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](KeyboardInterrupt())
    body = json.loads(server.came[0].body)
    assert body["output"]["ansible"]["failed_task"]["message"] == body["error"] == "interrupted (Ctrl-C)"


@pytest.mark.parametrize("strict", [False, True])
def test_disabled_report_is_not_sent(strict: bool) -> None:
    session = Session(strict=strict, is_disabled=True)
    assert session.end() == []
    assert session.messages == []


BY_NAME = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_name": "wait"}
NODE = {"node_id": "n2", "node_name": "wait", "executions": [{"status": "running"}]}
SHOWS_NAME = Call(*GET, 200, {"status": "running", "execution_id": "run", "node_execution_details": [NODE]})


def test_name_may_lead_to_a_state_that_the_playbook_has_completed_by_its_id() -> None:
    session = Session(ids=BY_NAME)
    session.reporter.recap.completed_ids = {"n1", "n2"}
    assert session.end(SHOWS_NAME) == []
    assert [kind for kind, _text in session.messages] == ["v"]
    session = Session(ids=BY_NAME)
    session.reporter.recap.completed_ids = {"n1"}
    assert [body["result"] for body in session.end(SHOWS_NAME, SHOWS_NAME, YES)] == ["success"]


@pytest.mark.parametrize("strict", [False, True])
def test_playbook_that_completed_the_state_itself(strict: bool) -> None:
    session = Session(strict=strict)
    session.reporter.recap.completed = True
    assert session.end() == []
    assert session.messages == [
        ("v", "fgs_workflow_report: the playbook has completed the state itself, nothing is left to report")
    ]


@pytest.mark.parametrize(("code", "result", "exit_code"), [(0, "success", 1), (2, "fail", 2)])
def test_strict_ends_with_an_exit_code(code: int, result: str, exit_code: int) -> None:
    session = Session(Run(code), strict=True, problems=("fgs_workflow_id is unset",))
    with pytest.raises(SystemExit) as raised:
        session.end()
    assert raised.value.code == exit_code
    expected = (
        f"fgs_workflow_report: the result {result} could not be reported to the workflow: fgs_workflow_id is unset."
    )
    assert session.messages == [("warning", expected)]


def test_missing_ids_do_not_fail_without_strict() -> None:
    session = Session(problems=("fgs_workflow_id is unset",))
    assert session.end() == []
    assert len(session.messages) == 1


def test_refusal_is_a_warning_with_a_remedy() -> None:
    session = Session()
    session.end(Call(*POST, 403, {"error_code": "FSS.0403", "error_msg": "not allowed"}))
    ((kind, text),) = session.messages
    assert kind == "warning"
    assert text.startswith("fgs_workflow_report: the result success could not be reported to the workflow. ")
    assert "not allowed" in text


@pytest.mark.parametrize(("hint", "end"), [({"hint": "Do this."}, "No. Do this."), ({}, "No.")])
def test_hint_of_a_refusal(monkeypatch: pytest.MonkeyPatch, hint: dict[str, str], end: str) -> None:
    session = Session(strict=True)
    came = {"failed": True, "msg": "No.", "warnings": ["Look out."], **hint}
    monkeypatch.setattr(reporter.ReportTask, "run", lambda _delivery: came)
    with pytest.raises(SystemExit):
        session.end()
    text = "fgs_workflow_report: the result success could not be reported to the workflow. "
    assert session.messages == [("warning", "fgs_workflow_report: Look out."), ("warning", text + end)]


def test_saved_report_can_be_sent_with_the_shown_command(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    came = {"failed": True, "msg": "No.", "undelivered_file": "/a folder/kept.yml"}
    monkeypatch.setattr(reporter.ReportTask, "run", lambda _delivery: came)
    session.end()
    command = "ansible-playbook functiongraph.workflow.callback -e '@/a folder/kept.yml'"
    assert session.messages[-1] == ("display", f"fgs_workflow_report: send it later with: {command}")


def test_already_delivered_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(strict=True)
    came = {"delivery": "already_delivered"}
    monkeypatch.setattr(reporter.ReportTask, "run", lambda _delivery: came)
    session.end()
    ((kind, message),) = session.messages
    assert kind == "display"
    assert message.startswith("fgs_workflow_report: run run already has the result success: if another state of it ")
    session = Session(ids=BY_NAME)
    session.end()
    assert session.messages == [("display", "fgs_workflow_report: run run already has the result success")]


@pytest.mark.parametrize(
    ("check_mode", "published"), [(True, {"_run": {"fgs_workflow_check_mode": True}}), (False, {})]
)
def test_check_mode_is_published_for_later_jobs(check_mode: bool, published: dict[str, Any]) -> None:
    session = Session(Run(check_mode=check_mode))
    session.start()
    assert session.run.stats.custom == published


def test_check_mode_shows_what_would_be_sent() -> None:
    session = Session(Run(check_mode=True), strict=True)
    assert session.end() == []
    ((kind, text),) = session.messages
    assert kind == "display"
    assert text.startswith("fgs_workflow_report: check mode, so this was not sent:\nPOST ")
    assert '"check_mode": true' in text


def test_key_published_by_the_playbook_wins() -> None:
    session = Session(Run(stats=SimpleNamespace(custom={"_run": {"ansible": "mine"}}, processed={})))
    (body,) = session.end(YES)
    assert body["output"] == {"ansible": "mine"}
    text = "fgs_workflow_report: output does not include the recap, as the playbook published ansible itself."
    assert session.messages[0] == ("warning", text)


@pytest.mark.parametrize(("code", "error"), [(0, None), (2, UNKNOWN_REASON)])
def test_report_is_sent_although_its_output_fails(code: int, error: str | None) -> None:
    session = Session(Run(code, failed=["web1"], stats=None))
    (body,) = session.end(YES)
    assert (body["result"], body["output"], body.get("error")) == ("fail" if code else "success", {}, error)
    ((kind, text), _display) = session.messages
    assert kind == "warning"
    assert text.startswith("fgs_workflow_report: the report has no output, as it could not be made: AttributeError: ")


@pytest.mark.parametrize("strict", [False, True])
def test_unexpected_error_does_not_fail_the_playbook(monkeypatch: pytest.MonkeyPatch, strict: bool) -> None:
    def wrong(*_arguments: Any) -> Any:
        raise ZeroDivisionError("oops")

    session = Session(strict=strict)
    monkeypatch.setattr(reporter.ReportTask, "run", wrong)
    if strict:
        with pytest.raises(SystemExit):
            session.end()
    else:
        session.end()
    text = "fgs_workflow_report: the result success could not be reported to the workflow: ZeroDivisionError: oops"
    assert session.messages == [("warning", text)]


def test_output_refused_as_too_large_is_sent_without_published_stats() -> None:
    session = Session(Run(stats=SimpleNamespace(custom={"_run": {"ticket": 7}}, processed={})), strict=True)
    bodies = session.end(Call(*POST, 413, {"error_code": "APIG.0201", "error_msg": "Request entity too large"}), YES)
    without = {"ansible": {"check_mode": False, "published_left_out": ["ticket"], "hosts": {}}}
    assert [body["output"].get("ticket") for body in bodies] == [7, None]
    assert bodies[1]["output"] == without
    assert session.messages == [
        (
            "warning",
            "fgs_workflow_report: output does not include what cannot be sent: ticket (too large, 13 bytes).",
        ),
        ("display", "fgs_workflow_report: reported to run run: success"),
    ]


def test_delivered_report_is_not_sent_without_published_stats() -> None:
    session = Session(Run(stats=SimpleNamespace(custom={"_run": {"ticket": 7}}, processed={})), strict=True, retries=1)
    refused = Call(*POST, 413, {"error_msg": "Request entity too large"})
    lagging = shows("running")
    bodies = session.end(Call(*POST, cut=True), lagging, lagging, lagging, refused, shows("success"))
    assert [body["output"].get("ticket") for body in bodies] == [7, 7]
    assert session.messages == [("display", "fgs_workflow_report: reported to run run: success")]


def test_report_is_sent_although_the_terminal_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_text: str) -> None:
        raise OSError("Input/output error")

    session = Session(Run(stats=SimpleNamespace(custom={"_run": {"ansible": "mine"}}, processed={})), strict=True)
    monkeypatch.setattr(session.display, "warning", gone)
    monkeypatch.setattr(session.display, "display", gone)
    assert len(session.end(YES)) == 1


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal that ends the process, as an exception."""

    def end(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield request.param
    for each, handler in before.items():
        signal.signal(each, handler)


def signalled(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *numbers: signal.Signals) -> None:
    """Lets signals come where a function is called for the first time."""
    function = getattr(place, name)
    left = list(numbers)

    def called(*arguments: Any, **options: Any) -> Any:
        while left:
            os.kill(os.getpid(), left.pop(0))
        return function(*arguments, **options)

    monkeypatch.setattr(place, name, called)


def test_interrupted_report_is_saved(monkeypatch: pytest.MonkeyPatch, number: signal.Signals, tmp_path: Path) -> None:
    session = Session(undelivered_path=str(tmp_path / "kept.yml"))
    session.start()
    signalled(monkeypatch, _http, "exchange", number)
    # While it is kept, others come.
    signalled(monkeypatch, undelivered, "write", signal.SIGTERM, signal.SIGINT)
    with pytest.raises(SystemExit):
        session.end()
    session.run.happened[0](SystemExit(128 + number))
    warning, command = session.messages
    assert warning[1].startswith(
        "fgs_workflow_report: the result success could not be reported to the workflow. "
        "It is not known whether the callback arrived: a signal interrupted it."
    )
    assert command[1].endswith(f"-e @{tmp_path}/kept.yml")
    assert 'fgs_workflow_result: "success"' in (tmp_path / "kept.yml").read_text()


def test_signal_before_the_delivery_does_not_lose_the_result(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    session = Session()
    session.start()
    signalled(monkeypatch, session.reporter._report, "output", number)
    with scripted(YES) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        with pytest.raises(SystemExit) as raised:
            session.reporter.end(None)
        session.run.happened[0](raised.value)
    assert [json.loads(came.body)["result"] for came in server.came] == ["success"]


def test_report_caused_by_a_signal_ignores_more_signals(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    session = Session()
    session.start()
    signalled(monkeypatch, _http, "exchange", number, number)
    with scripted(YES) as server, signals_ignored():
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](SystemExit(128 + signal.SIGHUP))
    assert [json.loads(came.body)["error"] for came in server.came] == ["terminated (SIGHUP)"]


def test_report_caused_by_an_error_can_be_interrupted(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, tmp_path: Path
) -> None:
    session = Session(undelivered_path=str(tmp_path))
    session.start()
    signalled(monkeypatch, _http, "exchange", number)
    with pytest.raises(SystemExit):
        session.run.happened[0](RuntimeError("no such role"))
    (kept,) = tmp_path.iterdir()
    assert 'fgs_workflow_error: "aborted: no such role"' in kept.read_text()


def noted(*notes: dict[str, Any], **options: Any) -> Session:
    """A reporter that reads what was noted of the role's own report."""
    session = Session(**options)
    session.start()
    session.reporter.notes = reporter.Notes()
    for note in notes:
        session.reporter.notes.add(note)
    return session


OUTCOME = {"result": "success", "error": None, "output": {"made": "it"}}
UNKNOWN = {
    "failed": True,
    "delivery": "unknown",
    "msg": "It is not known whether the callback arrived: the run of the playbook was interrupted.",
    "undelivered_file": "/kept.yml",
}
UNSENT = {
    "failed": True,
    "delivery": "not_sent",
    "msg": "Nothing was sent, as the run of the playbook was interrupted.",
}


@pytest.mark.parametrize(
    ("came", "messages"),
    [
        (
            UNKNOWN,
            [
                "the result success could not be reported to the workflow. It is not known whether the callback "
                "arrived: the run of the playbook was interrupted.",
                "send it later with: ansible-playbook functiongraph.workflow.callback -e @/kept.yml",
            ],
        ),
        (
            {**UNSENT, "undelivered_file": "/kept.yml"},
            [
                "the result success could not be reported to the workflow. Nothing was sent, as the run of the "
                "playbook was interrupted.",
                "send it later with: ansible-playbook functiongraph.workflow.callback -e @/kept.yml",
            ],
        ),
        ({"delivery": "delivered"}, ["reported to run run: success"]),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_report_of_the_role_is_announced_and_not_repeated(
    came: dict[str, Any], messages: list[str], check_mode: bool
) -> None:
    """Also of a role with check_mode=false in a check."""
    session = noted(OUTCOME, came, run=Run(check_mode=check_mode))
    with scripted() as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](SystemExit(143))
        session.run.happened[0](SystemExit(143))
    assert session.run.happened[-1] == "waits for workers"
    assert [text.removeprefix("fgs_workflow_report: ") for _way, text in session.messages] == messages


@pytest.mark.parametrize("came", [[], [UNSENT]], ids=["its worker was killed", "nothing was sent or saved"])
def test_report_of_the_role_without_a_result_is_repeated(came: list[dict[str, Any]]) -> None:
    session = noted(OUTCOME, *came, confirm="never")
    with scripted(shows("running"), YES, shows("success")) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](RuntimeError("A worker was found in a dead state"))
    (body,) = [json.loads(came.body) for came in server.came if came.method == "POST"]
    assert (body["result"], body["output"], "error" in body) == ("success", {"made": "it"}, False)


def test_report_of_the_role_that_did_not_start_is_ignored() -> None:
    session = noted()
    with scripted(YES) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](SystemExit(143))
    assert [json.loads(came.body)["error"] for came in server.came] == ["terminated (SIGTERM)"]
    # One that hangs in a lookup would hold the report back.
    assert "waits for workers" not in session.run.happened


def test_nothing_is_reported_after_the_report_of_the_role_failed() -> None:
    """The end of the playbook would replace what the role has saved."""
    session = noted(OUTCOME, UNKNOWN)
    task = SimpleNamespace(
        name="report",
        action="functiongraph.workflow._fgs_workflow_callback",
        args={**IDS, "step": "report"},
        _uuid="1",
        check_mode=False,
    )
    session.reporter.failed(SimpleNamespace(task=task, host=SimpleNamespace(get_name=lambda: "web1"), result=UNKNOWN))
    with scripted() as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](SystemExit(143))
    assert server.came == []


def test_report_of_the_role_that_is_too_large_is_repeated_once() -> None:
    session = noted(OUTCOME)
    too_large = Call(*POST, 413, {"error_code": "APIG.0201"})
    with scripted(shows("running"), too_large) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](SystemExit(143))
    assert len([came for came in server.came if came.method == "POST"]) == 1


def test_last_result_after_the_report_of_the_role_wins() -> None:
    session = noted(OUTCOME, UNKNOWN)
    session.reporter._end = ("fail", None)
    with scripted(YES) as server:
        session.reporter._report._arguments["endpoint"] = server.url
        session.run.happened[0](SystemExit(143))
    assert [json.loads(came.body)["result"] for came in server.came] == ["fail"]
    session = noted(OUTCOME, UNKNOWN)
    session.reporter.recap.completed = True
    session.run.happened[0](SystemExit(143))
    assert [way for way, _text in session.messages] == ["v"]
