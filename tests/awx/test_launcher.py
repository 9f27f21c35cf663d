# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The function that launches the job, against the fake AWX API, over TLS."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from awx.rules import DATA
from awx.runner.jobs import Job
from awx.standin import TOKEN, serving
from awx.world import Awx
from simulator.functions import Context, Function
from support import extensions
from support.simulators import Simulator

STATE_ID, STATE_NAME = "fgs_workflow_state_id", "fgs_workflow_state_name"
IDS = {"fgs_workflow_id": "workflow", "fgs_workflow_run_id": "run", STATE_ID: "state"}
RUN = {"fgs_workflow_id": "workflow", "fgs_workflow_run_id": "run"}
NAME = "等待 / wait for it"


FUNCTION = extensions.FOLDER / "functiongraph/launch_awx_job.py"
launcher = extensions.load(FUNCTION)


class Call(Context):
    """A call by a workflow: the context that the simulator's functions get, and what the function has logged."""

    def __init__(self, settings: dict[str, str], ids: dict[str, Any] | None = None) -> None:
        workflow_id, run_id, state_id = (IDS if ids is None else ids).values()
        self.logged: list[str] = []
        super().__init__(Function("launch", settings=settings), workflow_id, run_id, state_id, self.logged.append)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def awx() -> Awx:
    """Returns an AWX with a job template and a workflow template with a survey, and a job template without one."""
    awx = Awx()
    survey = json.loads((DATA / "survey_ids.json").read_text())
    awx.create("projects", {"name": "p", "organization": 1})
    awx.create("inventories", {"name": "i", "organization": 1})
    template = {"project": 2, "inventory": 3, "playbook": "runbook.yml"}
    awx.create("job_templates", {**template, "name": "with survey", "survey_enabled": True})
    awx.create("job_templates", {**template, "name": "without survey"})
    awx.create("workflow_job_templates", {"name": "workflow", "organization": 1, "survey_enabled": True})
    for place, name in (("job_templates", "with survey"), ("workflow_job_templates", "workflow")):
        awx.set_survey(place, awx.named(place, name)["id"], survey)
    return awx


@pytest.fixture
def address(awx: Awx, authority: trustme.CA) -> Iterator[str]:
    with serving(awx, server_context(authority)) as address:
        yield address


def settings_for(awx: Awx, address: str, authority: trustme.CA) -> dict[str, str]:
    template = f"job_templates/{awx.named('job_templates', 'with survey')['id']}"
    certificate = authority.cert_pem.bytes().decode()
    return {"AWX_URL": address, "AWX_TOKEN": TOKEN, "AWX_TEMPLATE": template, "AWX_CA_CERTIFICATE": certificate}


@pytest.fixture
def settings(awx: Awx, address: str, authority: trustme.CA) -> dict[str, str]:
    return settings_for(awx, address, authority)


def launches(awx: Awx) -> list[Any]:
    return [body for method, path, body in awx.requests if method == "POST" and path.endswith("/launch/")]


def test_job_is_launched_with_the_ids(awx: Awx, settings: dict[str, str]) -> None:
    result = launcher.handler({"any": "event"}, Call(settings))
    (job,) = awx.objects["jobs"].values()
    assert result == {"awx_job": job["id"], "awx_job_kind": "job", "launched_before": False}
    # The survey asks for the name too, and its default is empty.
    assert json.loads(job["extra_vars"]) == {**IDS, STATE_NAME: ""}
    assert launches(awx) == [{"extra_vars": IDS}]


def test_workflow_template_is_launched_once(awx: Awx, settings: dict[str, str]) -> None:
    template = f"workflow_job_templates/{awx.named('workflow_job_templates', 'workflow')['id']}"
    context = Call({**settings, "AWX_TEMPLATE": template})
    first = launcher.handler({}, context)
    assert first["awx_job_kind"] == "workflow_job"
    assert launcher.handler({}, context) == {**first, "launched_before": True}
    assert len(awx.objects["workflow_jobs"]) == 1


def test_second_call_finds_the_job(awx: Awx, settings: dict[str, str]) -> None:
    """Even among 60 others, with one request for 50 jobs, because lists contain the extra variables."""
    first = launcher.handler({}, Call(settings))
    for number in range(60):
        awx.launch(
            "job_templates",
            awx.named("job_templates", "with survey")["id"],
            {**IDS, "fgs_workflow_state_id": str(number)},
        )
    awx.requests.clear()
    assert launcher.handler({}, Call(settings)) == {**first, "launched_before": True}
    assert [method for method, _path, _body in awx.requests] == ["GET", "GET"]


def test_launch_with_lost_response_is_not_repeated(awx: Awx, settings: dict[str, str]) -> None:
    awx.drop_launches = 1
    with pytest.raises(launcher.LaunchError, match="did not respond to POST"):
        launcher.handler({}, Call(settings))
    assert launcher.handler({}, Call(settings))["launched_before"] is True
    assert len(awx.objects["jobs"]) == 1


def test_survey_that_requires_the_id_is_reported(awx: Awx, settings: dict[str, str]) -> None:
    """One from before there were names: AWX refuses a launch by name before there is a job."""
    for survey in awx.surveys.values():
        (question,) = (each for each in survey["spec"] if each["variable"] == STATE_ID)
        question["required"] = True
    with pytest.raises(launcher.LaunchError, match=r"returned 400 .*'fgs_workflow_state_id' value missing"):
        launcher.handler({}, Call({**settings, "CALLBACK_STATE_NAME": NAME}))
    assert awx.objects["jobs"] == {}


def test_each_state_has_its_own_job(awx: Awx, settings: dict[str, str]) -> None:
    launcher.handler({}, Call(settings))
    other = {**IDS, "fgs_workflow_state_id": "another"}
    assert launcher.handler({}, Call(settings, other))["launched_before"] is False
    assert len(awx.objects["jobs"]) == 2


def test_job_without_ids_is_canceled(awx: Awx, settings: dict[str, str]) -> None:
    template = f"job_templates/{awx.named('job_templates', 'without survey')['id']}"
    with pytest.raises(launcher.LaunchError, match=r"ignored fgs_workflow_id, .*was canceled.*survey"):
        launcher.handler({}, Call({**settings, "AWX_TEMPLATE": template}))
    (job,) = awx.objects["jobs"].values()
    assert job["status"] == "canceled"


def test_failed_cancellation_is_reported(awx: Awx, settings: dict[str, str]) -> None:
    template = f"job_templates/{awx.named('job_templates', 'without survey')['id']}"
    awx.ended_at_once = True
    with pytest.raises(launcher.LaunchError, match=r"could not be canceled \(AWX returned 405 for POST .*: "):
        launcher.handler({}, Call({**settings, "AWX_TEMPLATE": template}))


@pytest.mark.parametrize(
    ("status", "is_launched"),
    [("failed", True), ("error", True), ("canceled", True), ("successful", False), ("running", False)],
)
def test_retried_run_gets_a_new_job_for_one_that_failed(
    awx: Awx, settings: dict[str, str], status: str, is_launched: bool
) -> None:
    first = launcher.handler({}, Call(settings))
    awx.objects["jobs"][first["awx_job"]]["status"] = status
    assert launcher.handler({}, Call(settings))["launched_before"] is not is_launched
    assert len(awx.objects["jobs"]) == 1 + is_launched


@pytest.mark.parametrize("document", [None, {}, {"results": [{"id": 1}]}, []])
def test_invalid_list_of_jobs_prevents_the_launch(document: Any) -> None:
    class NotAwx(launcher.Awx):  # type: ignore[name-defined,misc]
        def ask(self, method: str, path: str, body: Any = None) -> Any:
            return document

    with pytest.raises(launcher.LaunchError, match="no list of jobs for GET job_templates/1/jobs/"):
        launcher.launched_before(NotAwx("https://127.0.0.1", TOKEN), "job_templates/1", IDS)


def test_ignored_variable_is_reported(settings: dict[str, str]) -> None:
    with pytest.raises(launcher.LaunchError, match="AWX ignored release, so"):
        launcher.handler({"extra_vars": {"release": "1"}}, Call(settings))


def test_workflow_template_refuses_unknown_variables(awx: Awx, settings: dict[str, str]) -> None:
    template = f"workflow_job_templates/{awx.named('workflow_job_templates', 'workflow')['id']}"
    with pytest.raises(launcher.LaunchError, match=r"returned 400 .*Variables release are not allowed on launch"):
        launcher.handler({"extra_vars": {"release": "1"}}, Call({**settings, "AWX_TEMPLATE": template}))
    assert awx.objects["workflow_jobs"] == {}


@pytest.mark.parametrize("name", [*IDS, STATE_NAME])
@pytest.mark.parametrize("more", [{}, {"CALLBACK_STATE_NAME": NAME}])
def test_event_cannot_change_the_ids(awx: Awx, settings: dict[str, str], name: str, more: dict[str, str]) -> None:
    launcher.handler({"extra_vars": {name: "another"}}, Call({**settings, **more}))
    assert launches(awx) == [{"extra_vars": {**RUN, STATE_NAME: NAME} if more else IDS}]


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"CALLBACK_STATE_NAME": NAME}, {STATE_NAME: NAME}),
        ({"CALLBACK_STATE_ID": "waits"}, {STATE_ID: "waits"}),
        ({"CALLBACK_STATE_NAME": NAME, "CALLBACK_STATE_ID": "waits"}, {STATE_NAME: NAME, STATE_ID: "waits"}),
    ],
)
@pytest.mark.parametrize("own", ["state", ""])
def test_settings_name_the_state_that_waits(
    awx: Awx, settings: dict[str, str], more: dict[str, str], state: dict[str, str], own: str
) -> None:
    call = Call({**settings, **more}, {**IDS, STATE_ID: own})
    first = launcher.handler({}, call)
    assert launches(awx) == [{"extra_vars": {**RUN, **state}}]
    assert call.logged == [f"AWX job {first['awx_job']} launched for state {next(iter(state.values()))}"]
    assert launcher.handler({}, call) == {**first, "launched_before": True}
    assert len(awx.objects["jobs"]) == 1


def test_job_of_another_name_is_another_job(awx: Awx, settings: dict[str, str]) -> None:
    for more in ({}, {"CALLBACK_STATE_NAME": NAME}, {"CALLBACK_STATE_NAME": NAME.upper()}):
        assert launcher.handler({}, Call({**settings, **more}))["launched_before"] is False
    assert len(awx.objects["jobs"]) == 3


@pytest.mark.parametrize("more", [{}, {"CALLBACK_STATE_NAME": "", "CALLBACK_STATE_ID": ""}])
def test_log_says_what_to_set_where_a_callback_node_follows(
    awx: Awx, settings: dict[str, str], more: dict[str, str]
) -> None:
    call = Call({**settings, **more})
    launcher.handler({}, call)
    assert launches(awx) == [{"extra_vars": IDS}]
    about_the_state, about_the_job = call.logged
    assert "this function's state state: if a callback node follows, set CALLBACK_STATE_NAME" in about_the_state
    assert "launched for state state" in about_the_job


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("value", [None, ""])
def test_missing_id_prevents_the_launch(awx: Awx, settings: dict[str, str], name: str, value: Any) -> None:
    with pytest.raises(launcher.LaunchError, match=f"has no {name}"):
        launcher.handler({}, Call(settings, {**IDS, name: value}))
    assert awx.requests == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AWX_URL": "http://127.0.0.1:1"}, "https"),
        ({"AWX_URL": "https://user:word@127.0.0.1:1"}, "https address like"),
        ({"AWX_URL": ""}, "needs the setting AWX_URL"),
        ({"AWX_TOKEN": ""}, "needs the setting AWX_TOKEN"),
        # http.client would quote it in its error.
        ({"AWX_TOKEN": "a-wrong-token\r\nX: y"}, "needs the setting AWX_TOKEN, in ASCII without whitespace"),
        ({"AWX_TOKEN": " a-wrong-token\n"}, "returned 401 for "),
        ({"AWX_TEMPLATE": ""}, "needs the setting AWX_TEMPLATE"),
        ({"AWX_TEMPLATE": "12"}, "must be like job_templates/12"),
        ({"AWX_TEMPLATE": "job_templates/12/../../users/1"}, "must be like job_templates/12"),
        ({"AWX_CA_CERTIFICATE": ""}, "did not respond to GET .*certificate verify failed"),
        ({"AWX_TOKEN": "a-wrong-token"}, "returned 401 for .*credentials were not provided"),
        ({"AWX_TEMPLATE": "job_templates/999"}, "returned 404"),
    ],
)
def test_invalid_setting_is_reported_and_nothing_is_launched(
    awx: Awx, settings: dict[str, str], changes: dict[str, str], message: str
) -> None:
    with pytest.raises(launcher.LaunchError, match=message) as raised:
        launcher.handler({}, Call({**settings, **changes}))
    assert launches(awx) == []
    assert TOKEN not in str(raised.value)
    assert "a-wrong-token" not in str(raised.value)


BEFORE, IN = "before the node", "in the node"
BY_NAME, BY_ID = {"CALLBACK_STATE_NAME": NAME}, {"CALLBACK_STATE_ID": "wait"}
# How the service takes a state ID, and whether it shows a node that waits: neither is documented.
READINGS = [(state_ids, waiting_nodes) for state_ids in ("node", "execution") for waiting_nodes in ("shown", "hidden")]
NO_CHOICE = "functiongraph.workflow.check shows which ID of a state the service takes."
OTHER_STATE = "set fgs_workflow_state_name to its name"
DISAGREE = f"workflow_state_id is not the ID of the state {NAME!r}, which is wait; set only one of the two"


# What `make test` runs of them; the others take long.
QUICK = [
    (BEFORE, BY_NAME, ("node", "hidden"), ""),
    (BEFORE, BY_NAME, ("execution", "shown"), NO_CHOICE),
    (IN, {}, ("node", "shown"), ""),
]
LAUNCHES = [
    *((BEFORE, more, ("node", nodes), "") for more in (BY_NAME, BY_ID) for nodes in ("shown", "hidden")),
    *((BEFORE, more, ("execution", nodes), NO_CHOICE) for more in (BY_NAME, BY_ID) for nodes in ("shown", "hidden")),
    *((IN, {}, reading, "") for reading in READINGS),
    *((BEFORE, {}, (state_ids, "shown"), OTHER_STATE) for state_ids in ("node", "execution")),
    (BEFORE, {**BY_NAME, **BY_ID}, ("node", "hidden"), ""),
    (BEFORE, {**BY_NAME, "CALLBACK_STATE_ID": "launch"}, ("node", "shown"), DISAGREE),
]


@pytest.mark.parametrize(
    ("place", "more", "reading", "sentence"),
    [pytest.param(*launch, marks=() if launch in QUICK else pytest.mark.test_all) for launch in LAUNCHES],
)
def test_launched_job_completes_the_state_or_says_what_to_set(
    simulator: Simulator,
    awx: Awx,
    authority: trustme.CA,
    tmp_path: Path,
    place: str,
    more: dict[str, str],
    reading: tuple[str, str],
    sentence: str,
) -> None:
    """The ID of the context is right in the node. Before it, it is that of the launcher, which has finished already."""
    launch = {"actions": [{"function_ref": {"ref_name": "launch"}}]}
    before = {"id": "launch", "name": "launcher", "type": "Operation", **launch, "transition": "wait"}
    waits = {"id": "wait", "name": NAME, "type": "Callback", "end": True}
    states = [before, waits] if place == BEFORE else [{**waits, **launch}]
    # Without the thread of the server ansible-runner can fork safely.
    with serving(awx, server_context(authority)) as address:
        function = {"file": str(FUNCTION), "settings": {**settings_for(awx, address, authority), **more}}
        run = simulator.start_run(
            definition={"states": states, "functions": [{"name": "launch", "simulator": function}]},
            **dict(zip(("state_ids", "waiting_nodes"), reading, strict=True)),
        )
    (job,) = awx.objects["jobs"].values()
    finished = Job(simulator, tmp_path, None, launch=json.loads(job["extra_vars"])).start()
    became = simulator.run(run)
    assert became["logs"][0]["text"].startswith("CALLBACK_STATE_NAME is unset") == (not more)
    output = " ".join(finished.output.split())
    assert became["status"] == ("running" if sentence else "success"), output
    # A refused ID is the only one that reaches the service in vain.
    assert became["callback_requests"] == (sentence in ("", NO_CHOICE)), output
    assert sentence in output
    # The run shows the other ID only where it shows the node.
    try_other = f"try workflow_state_id={run['workflow_state_id']}, its execution_id"
    assert (try_other in output) == ((more, reading) == (BY_NAME, ("execution", "shown")))


def test_token_is_not_sent_to_a_redirect_target(awx: Awx, settings: dict[str, str], authority: trustme.CA) -> None:
    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", settings["AWX_URL"] + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Redirect)
    server.socket = server_context(authority).wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.raises(launcher.LaunchError, match="returned 302"):
            launcher.handler({}, Call({**settings, "AWX_URL": f"https://127.0.0.1:{server.server_port}"}))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert awx.requests == []


def test_function_imports_only_the_standard_library() -> None:
    assert extensions.imported(FUNCTION) <= sys.stdlib_module_names
