# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every wrong argument: one line that a person understands, all violations at once, nothing sent, from either face.

All of them are called directly, those with secrets in a playbook too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import direct, faces, playbooks
from support.faces import FACES, callback
from support.playbooks import Run
from support.simulators import Simulator

LEFT_OUT = ...
ID_OPTIONS = ("workflow_id", "workflow_run_id", "workflow_state_id")

# The arguments, the options and rules that they break, and a piece of the sentence.
BROKEN: dict[str, tuple[dict[str, Any], set[tuple[str, str]], str]] = {
    "nothing at all": (
        dict.fromkeys((*ID_OPTIONS, "result"), LEFT_OUT),
        {(name, "required") for name in (*ID_OPTIONS, "result")},
        "workflow_id is required; ",
    ),
    "empty ids": (
        dict.fromkeys(ID_OPTIONS, ""),
        {(name, "required") for name in ID_OPTIONS},
        "workflow_id is empty; the extra var fgs_workflow_id is probably missing; workflow_run_id is empty; ",
    ),
    "long id": (
        {"workflow_id": "x" * 513},
        {("workflow_id", "maxLength")},
        "workflow_id must have at most 512 characters, got 513",
    ),
    "control characters": (
        {"workflow_id": "a\tb", "workflow_run_id": "a\nb", "workflow_state_id": "a\x7fb"},
        {(name, "control_characters") for name in ID_OPTIONS},
        "workflow_id must not contain control characters",
    ),
    "whitespace at the ends": (
        {"workflow_run_id": " a", "workflow_state_id": "a "},
        {("workflow_run_id", "blanks"), ("workflow_state_id", "blanks")},
        "workflow_run_id must not have leading or trailing whitespace",
    ),
    "dots": ({"workflow_id": ".."}, {("workflow_id", "path_segment")}, "workflow_id"),
    "dot": ({"project_id": "."}, {("project_id", "path_segment")}, "project_id"),
    "result": ({"result": "maybe"}, {("result", "enum")}, "success"),
    "error": ({"error": "x" * 65}, {("error", "maxLength")}, "error must have at most 64 characters, got 65"),
    "confirm": ({"confirm": "sometimes"}, {("confirm", "enum")}, "confirm"),
    "run_on": ({"run_on": "moon"}, {("run_on", "enum")}, "run_on"),
    "no time": ({"timeout": 0}, {("timeout", "range")}, "timeout must be more than 0"),
    "a word for timeout": ({"timeout": "soon"}, {("timeout", "type")}, "timeout"),
    "negative retries": ({"retries": -1}, {("retries", "range")}, "retries must be from 0 to"),
    "a word for retries": ({"retries": "often"}, {("retries", "type")}, "retries"),
    "misspelt": (
        {"outptu": {}},
        {("outptu", "unsupported")},
        "outptu is not an option of this module (did you mean output?)",
    ),
    "plain http": ({"endpoint": "http://192.0.2.1"}, {("endpoint", "https")}, "endpoint"),
    "no address": ({"endpoint": "ftp://localhost"}, {("endpoint", "url")}, "endpoint"),
    "nowhere": ({"endpoint": "", "region": ""}, {("region", "required")}, "region"),
    "schema": (
        {"output": {"a": "x"}, "output_schema": {"required": ["b"], "properties": {"a": {"type": "integer"}}}},
        {("output", "required"), ("output", "type")},
        "output.a does not meet output_schema",
    ),
    "no schema": (
        {"output_schema": {"type": "nothing"}},
        {("output_schema", "schema")},
        "output_schema must be a JSON Schema",
    ),
    "absent CA file": ({"ca_path": "/nowhere/ca.pem"}, {("ca_path", "readable")}, "ca_path must name a file"),
    "no CA file": ({"ca_path": str(Path(__file__))}, {("ca_path", "readable")}, "ca_path must name a file"),
    "no path": ({"undelivered_path": "a\0b"}, {("undelivered_path", "path")}, "undelivered_path must be a valid path"),
    "a device": (
        {"undelivered_path": "/dev/null"},
        {("undelivered_path", "file")},
        "undelivered_path must name a file or folder, got a device, pipe or socket",
    ),
    "secrets that cannot be sent": (
        {"access_key": "AKinTheOption\r\n", "secret_key": "SKinTheOption\n", "security_token": "STS\ninTheOption"},
        {("access_key", "whitespace"), ("secret_key", "whitespace"), ("security_token", "control_characters")},
        "secret_key must not have leading or trailing whitespace",
    ),
    "a token that cannot be sent": (
        {"access_key": "", "secret_key": "", "auth_token": "TKinTheOption\n"},
        {("auth_token", "whitespace")},
        "auth_token must not have leading or trailing whitespace",
    ),
    "all at once": (
        {
            "workflow_id": "..",
            "workflow_run_id": "a\nb",
            "workflow_state_id": LEFT_OUT,
            "result": "maybe",
            "output": [1],
            "error": "x" * 65,
            "endpoint": "http://192.0.2.1",
            "ca_path": "/nowhere/ca.pem",
            "timeout": -1,
            "retries": 1000,
            "outptu": 1,
        },
        {
            ("workflow_id", "path_segment"),
            ("workflow_run_id", "control_characters"),
            ("workflow_state_id", "required"),
            ("result", "enum"),
            ("output", "type"),
            ("error", "maxLength"),
            ("endpoint", "https"),
            ("ca_path", "readable"),
            ("timeout", "range"),
            ("retries", "range"),
            ("outptu", "unsupported"),
        },
        "Nothing was sent: ",
    ),
}

NO_KEYS = {"access_key": "", "secret_key": ""}
# The arguments, and a piece of the sentence. {home} stands for a folder with the files below.
UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "no credentials": (NO_KEYS, "No credentials are set; set access_key and secret_key"),
    "half a pair": ({"access_key": ""}, "secret_key is set but access_key is not; set both."),
    "absent file": (
        {**NO_KEYS, "credentials_file": "{home}/absent"},
        "absent cannot be read: no such file or directory.",
    ),
    "no section": ({**NO_KEYS, "credentials_file": "{home}/no_section"}, "put the line [basic] above ak and sk."),
    "no section at all": (
        {**NO_KEYS, "credentials_file": "{home}/no_section_at_all"},
        "put the line [basic] above ak and sk.",
    ),
    "no INI": ({**NO_KEYS, "credentials_file": "{home}/no_ini"}, "must be an INI file, and cannot be parsed."),
    "half a file": ({**NO_KEYS, "credentials_file": "{home}/half"}, "must set sk in its section [basic]."),
}
FILES = {
    "no_section": "[other]\nak = AKinTheFile\nsk = SKinTheFile00\n",
    "no_section_at_all": "ak = AKinTheFile\nsk = SKinTheFile00\n",
    "no_ini": "[basic]\nSKinTheFile00\n",
    "half": "[basic]\nak = AKinTheFile00\n",
}
WITH_SECRETS = (
    *("all at once", "secrets that cannot be sent", "a token that cannot be sent"),
    *("no section", "no section at all", "no INI", "half a file"),
)


class Input(NamedTuple):
    run: Run
    hosts: dict[str, dict[str, Any]]
    simulator: Simulator

    def refused(self, case: str) -> dict[str, Any]:
        """The result of a case, after checking what is true of all: failed, in one line, the same for both faces."""
        result = faces.same(self.run, self.hosts, case)
        assert (result["delivery"], result["changed"], result["requests_sent"]) == ("not_sent", False, 0)
        assert "\n" not in result["msg"]
        assert result["msg"].endswith(".")
        for face in FACES:
            assert self.simulator.run(self.hosts[face]["runs"][case])["requests"] == []
        return result


def arguments(home: Path) -> dict[str, dict[str, Any]]:
    """The arguments of every case, with the files that they name."""
    for name, text in FILES.items():
        (home / name).write_text(text)
    cases = {case: given for case, (given, _rules, _message) in BROKEN.items()}
    cases.update({case: given for case, (given, _message) in UNUSABLE.items()})
    return {
        case: {k: v.replace("{home}", str(home)) if isinstance(v, str) else v for k, v in given.items()}
        for case, given in cases.items()
    }


@pytest.fixture(scope="module")
def bad(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Input:
    """What every case gives, called directly."""
    home = tmp_path_factory.mktemp("home")
    cases = arguments(home)
    hosts = faces.hosts(simulator, list(cases))
    runs = []
    for face in FACES:
        tasks = {}
        for case, given in cases.items():
            ids = {name: hosts[face]["runs"][case][name] for name in ID_OPTIONS}
            options = {**faces.connection(simulator), **ids, "region": simulator.region, "result": "success"}
            options.update({"run_on": face, **given})
            given = {name: value for name, value in options.items() if value is not LEFT_OUT}
            tasks[case] = {"arguments": given, "environment": {}, "check_mode": False}
        runs.append(direct.run(tasks, face, home))
    return Input(
        Run(0, "".join(run.output for run in runs), [task for run in runs for task in run.tasks]), hosts, simulator
    )


@pytest.fixture(scope="module")
def played(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Input:
    """What the cases with secrets give in a playbook."""
    home = tmp_path_factory.mktemp("home")
    cases = {case: given for case, given in arguments(home).items() if case in WITH_SECRETS}
    hosts = faces.hosts(simulator, list(cases))
    tasks = [callback(case, given, ignore_errors=True) for case, given in cases.items()]
    run = playbooks.ansible_playbook([faces.play(tasks, faces.connection(simulator))], home=home, hosts=hosts)
    return Input(run, hosts, simulator)


@pytest.mark.parametrize("case", BROKEN)
def test_all_violations_are_reported_at_once(bad: Input, case: str) -> None:
    _unused, expected, said = BROKEN[case]
    result = bad.refused(case)
    assert {(v["option"], v["rule"]) for v in result["violations"]} == expected, result["violations"]
    assert said in result["msg"]
    assert result["msg"] == "Nothing was sent: " + "; ".join(v["message"] for v in result["violations"]) + "."


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_credentials_are_explained(bad: Input, case: str) -> None:
    result = bad.refused(case)
    assert UNUSABLE[case][1] in result["msg"]
    assert "violations" not in result


def test_no_secret_is_shown(bad: Input, played: Input) -> None:
    secrets = [f"{kind}inThe{place}" for kind in ("AK", "SK", "TK") for place in ("File", "Option")] + ["inTheOption"]
    for case in WITH_SECRETS:
        played.refused(case)
    shown = bad.run.output + played.run.output + str([task.result for task in (*bad.run.tasks, *played.run.tasks)])
    assert not [text for text in secrets if text in shown]
