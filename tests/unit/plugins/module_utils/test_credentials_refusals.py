# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that was refused with 401 is not reused, neither by this process nor by forked ones."""

from __future__ import annotations

import os
from typing import Any

import pytest
from support.servers import Call, scripted
from support.tasks import GET, POST, SECRET, YES, callback_task, execution_info_task

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import refusals
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.refusals import RefusedKeys

ERROR = {"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information."}
REFUSED_READ = Call(*GET, 401, ERROR)
REFUSED = Call(*POST, 401, ERROR)
LOOK_UP = Call("GET", "/v3/projects?name=cn-north-4", 401, {"error": {"code": 401, "message": "No."}})
SOURCE = "the options access_key and secret_key"
BEFORE = f"the service refused the keys from {SOURCE} before, with status 401"
HINT = "repeated failures lock the key"


def not_sent(result: dict[str, Any], msg: str) -> None:
    assert (result["failed"], result["delivery"], result["requests_sent"]) == (True, "not_sent", 0)
    assert result["msg"] == msg
    assert HINT in result["hint"]


def test_key_refused_while_reading_is_not_used_for_the_callback() -> None:
    with scripted(REFUSED_READ) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}).run()
    not_sent(
        result,
        f"Nothing was sent, as the access key or secret key is wrong (status 401, APIGW.0301); "
        f"the keys come from {SOURCE}.",
    )
    assert (result["http_status"], result["error_code"]) == (401, "APIGW.0301")


@pytest.mark.parametrize("first", [REFUSED_READ, REFUSED])
def test_refused_key_is_not_reused(first: Call) -> None:
    """By the next item of a loop, say, whatever it does."""
    with scripted(first) as server:
        callback_task({"endpoint": server.url, "confirm": "always" if first is REFUSED_READ else "never"}).run()
        for confirm in ("always", "when_unknown", "never"):
            result = callback_task({"endpoint": server.url, "confirm": confirm}).run()
            not_sent(result, f"Nothing was sent, as {BEFORE}.")
        result = execution_info_task({"endpoint": server.url}).run()
    assert result["msg"] == f"The run could not be read: {BEFORE}."
    assert HINT in result["hint"]


def test_key_refused_by_iam_is_not_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reads, "_known_projects", {})
    with scripted(LOOK_UP) as iam, scripted() as server:
        arguments = {"endpoint": server.url, "iam_endpoint": iam.url, "project_id": ""}
        first = callback_task(arguments).run()
        second = callback_task(arguments).run()
        third = callback_task({"endpoint": server.url}).run()
    assert (first["delivery"], first["http_status"]) == ("not_sent", 401)
    not_sent(second, f"The project of region cn-north-4 was not looked up in IAM, as {BEFORE}.")
    not_sent(third, f"Nothing was sent, as {BEFORE}.")


def test_key_refused_in_check_mode_fails() -> None:
    with scripted(REFUSED_READ) as server:
        result = callback_task({"endpoint": server.url, "confirm": "always"}, check_mode=True).run()
    assert (result["failed"], result["changed"], result["delivery"]) == (True, False, "not_sent")


def test_callback_sent_before_its_key_was_refused_stays_unknown() -> None:
    with scripted(Call(*POST, cut=True), REFUSED_READ) as server:
        result = callback_task({"endpoint": server.url}).run()
    assert (result["delivery"], result["requests_sent"]) == ("unknown", 1)


@pytest.mark.parametrize("other", [{"access_key": "AKOTHER"}, {"secret_key": "SKOTHER-0001"}, {"security_token": "t"}])
def test_another_key_can_be_used(other: dict[str, str]) -> None:
    with scripted(REFUSED, YES) as server:
        callback_task({"endpoint": server.url}).run()
        assert callback_task({"endpoint": server.url, **other}).run()["delivery"] == "delivered"


def test_refused_token_is_reused() -> None:
    """No lock of a token is documented, and it may be one for another project."""
    token = {"access_key": "", "secret_key": "", "auth_token": "a-token"}
    with scripted(REFUSED, YES) as server:
        assert callback_task({"endpoint": server.url, **token}).run()["delivery"] == "rejected"
        assert callback_task({"endpoint": server.url, **token}).run()["delivery"] == "delivered"


def test_refused_keys_are_shared_with_forked_processes() -> None:
    keys = RefusedKeys()
    if os.fork() == 0:
        keys.add("refused", "Check it: 中.")
        os._exit(0)
    os.wait()
    assert (keys.hint("refused"), keys.hint("another")) == ("Check it: 中.", None)


def test_long_hint_is_truncated_and_no_key_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = RefusedKeys()
    keys.add(((("secret_key", SECRET)),), "中" * 1000)
    hint = keys.hint(((("secret_key", SECRET)),))
    assert hint
    assert set(hint) == {"中"}
    assert SECRET.encode() not in keys._memory[:]


def test_keys_with_the_same_slot_replace_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_SLOTS", 1)
    keys = RefusedKeys()
    keys.add("one", "of one")
    keys.add("two", "of two")
    assert (keys.hint("one"), keys.hint("two")) == (None, "of two")
