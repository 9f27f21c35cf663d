# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every message and hint of the collection has an entry in the guide's page on troubleshooting."""

from __future__ import annotations

import re
from pathlib import Path

import messages
import pytest
from messages import Message
from support.playbooks import ROOT

from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import verdicts

VERDICTS = (*verdicts.RESPONSES, *verdicts.FAILURES)
GUIDE = ROOT / "docs/docsite/rst"
# What the playbook check says where nothing is wrong is on a page of its own.
CHECK = ("plugins/module_utils/_tasks/check.py", "plugins/module_utils/_tasks/round_trip.py")

# Strings in the code that are no message about an error, and why.
NOT_MESSAGES = {
    "plugins/module_utils/_spec.py": "meanings in the tables; they become descriptions in the schema",
}
NOT_MESSAGES_AT = {
    r"Arguments of a FunctionGraph workflow callback": "title of the published schema",
    r"Built from Tables 1 to 3 of CreateCallbackWorkflow": "description in the published schema",
    r"^name of the waiting state, whose id is looked up$": "description in the published schema",
    r"^input of a run that is started$": "description in a schema",
    r"Body of a %d response to a FunctionGraph": "title of a schema of a response",
    r"Table %s: %s has no option": "for developers: only a mistake in the tables raises it",
    r"Access=(%s|\0), SignedHeaders=(%s|\0), Signature=(%s|\0)": "the header that signs a request",
    r"^functiongraph\.workflow/%s ansible-core/%s$": "the header that says who sends a request",
    r"^the attempt is over$": "ends the thread of an attempt after the user has the response",
    r"^Traceback \(most recent call last\)$": "searched for in the output of a module",
    r"^AWX job \0 \0 for state \0$": "the line in the function's log when all is well",
    r"^reported to run %s: %s$": "the line of the report plugin when all is well",
    r"^Run %s: %s, after %d seconds$": "the line of progress while a task waits",
    r"^---\n# A callback of a FunctionGraph workflow": "the head of the file in which a callback is saved",
    r"^\n# Saved at: %s": "comments of that file",
    **{f"^{re.escape(row.event)}$": "a row of the guide's table of verdicts" for row in VERDICTS},
}


def _is_message(message: Message) -> bool:
    return message.file not in NOT_MESSAGES and not any(re.search(one, message.text) for one in NOT_MESSAGES_AT)


def _page(name: str) -> str:
    return " ".join((GUIDE / f"{name}.rst").read_text(encoding="utf-8").replace("`", "").split())


def test_every_message_has_an_entry() -> None:
    page, findings = _page("troubleshooting"), _page("findings")
    found = [message for message in messages.all_messages() if _is_message(message)]
    assert len(found) > 100
    missing = [
        f"{one.file}:{one.line}: {one.text}"
        for one in found
        if not one.pattern().search(f"{page} {findings}" if one.file in CHECK else page)
    ]
    assert not missing, "No line in troubleshooting.rst has:\n" + "\n".join(missing)


def test_every_exclusion_is_needed() -> None:
    everything = messages.all_messages()
    assert set(NOT_MESSAGES) <= {message.file for message in everything}
    idle = [one for one in NOT_MESSAGES_AT if not any(re.search(one, message.text) for message in everything)]
    assert idle == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('x = "the %s cannot be %d found"', ["the %s cannot be %d found"]),
        ('def f():\n    """A docstring of many words."""\n', []),
        ('DOCUMENTATION = "many words in it"', []),
        ('x = f"the {thing} went wrong here"', ["the \0 went wrong here"]),
        ('x = {"result": "fail", "two words": 1}', []),
    ],
)
def test_messages_are_found_in_code(
    code: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(code)
    assert [message.text for message in messages.of_code(tmp_path / "a.py")] == expected


def test_messages_are_found_in_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    (tmp_path / "a.yml").write_text("a: >-\n  {{ ['There is no ' ~ path ~ ', so '\n  ~ 'give one.'] if 'x y' else z }}")
    assert [message.text for message in messages.of_variables(tmp_path / "a.yml")] == ["There is no \0, so give one."]


def test_messages_are_found_in_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    (tmp_path / "a.yml").write_text(
        "- block:\n    - ansible.builtin.fail:\n        msg: no {{ x }}\n"
        "- ansible.builtin.assert:\n    that: x\n    fail_msg: give x\n- debug:\n    msg: not this\n"
        "- hosts: all\n  vars:\n    x: \"{{ 'this is one problem' if y }}\"\n"
    )
    found = [message.text for message in messages.of_tasks(tmp_path / "a.yml")]
    assert found == ["no {{ x }}", "give x", "this is one problem"]


def test_placeholders_of_a_message_match_any_value() -> None:
    message = Message("a.py", 1, "%s must have at most %s, got %d")
    assert message.pattern().search("so error must have at most 64 characters, got 65 (…)")
    assert not message.pattern().search("error must have at least 64 characters, has 65")
