# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An error at any step of an attempt: it is always known whether anything was sent, and no outcome is lost."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.exchanges import response
from support.servers import Sockets, raw, read_request
from support.tasks import SECRET, callback_task, failed_callback

OURS = "ansible_collections.functiongraph.workflow.plugins.module_utils."
BEFORE_THE_FIRST_BYTE = [
    f"{OURS}_api.Callback.body",
    f"{OURS}_credentials.refusals.RefusedKeys.hint",
    f"{OURS}_credentials.signing.Credentials.auth",
    "requests.Request.prepare",
    "threading.Thread.start",
    f"{OURS}_http._send",
    f"{OURS}_connections.Adapter.send",
    f"{OURS}_connections._addresses",
    "urllib3.connection.HTTPConnection.putheader",
]
# The first ones meet the reading of the run too.
AFTER_THE_FIRST_BYTE = [
    "urllib3.connection.HTTPConnection.getresponse",
    "urllib3.response.HTTPResponse.read",
    f"{OURS}_http._body",
    f"{OURS}_http._cut",
    f"{OURS}_api._document",
    f"{OURS}_delivery.accepted_execution_id",
    f"{OURS}_delivery._attempted",
]
AFTER_THE_ANSWER = [
    f"{OURS}_delivery.Delivery.accepted",
    f"{OURS}_api.Response.fields",
]


class Service:
    """Takes every callback, and shows the state as completed. posts counts the callbacks."""

    def __init__(self) -> None:
        self.url = ""
        self.posts = 0

    def handle(self, connection: socket.socket, _sockets: Sockets) -> None:
        while request := read_request(connection):
            if request.startswith(b"POST"):
                self.posts += 1
                connection.sendall(response(b'{"execution_id": "run"}'))
            else:
                node = b'[{"node_id": "state", "executions": [{"status": "success"}]}]'
                connection.sendall(response(b'{"status": "running", "node_execution_details": %s}' % node))


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    with raw(found.handle) as server:
        found.url = server.url
        yield found


def break_step(monkeypatch: pytest.MonkeyPatch, step: str, times: int) -> None:
    """Lets a step raise what it never should, for so many times."""
    owner, name = _owner(step)
    whole = getattr(owner, name)
    left = [times]

    def broken(*arguments: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise LookupError(f"Invalid header value {SECRET}")
        return whole(*arguments, **options)

    monkeypatch.setattr(owner, name, broken)


def _owner(step: str) -> tuple[Any, str]:
    names = step.split(".")
    for count in range(len(names) - 1, 0, -1):
        try:
            owner = importlib.import_module(".".join(names[:count]))
        except ImportError:
            continue
        for name in names[count:-1]:
            owner = getattr(owner, name)
        return owner, names[-1]
    raise AssertionError(step)


@pytest.mark.parametrize("step", BEFORE_THE_FIRST_BYTE)
def test_error_before_the_first_byte_is_not_sent(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
) -> None:
    break_step(monkeypatch, step, 1)
    result = failed_callback({"endpoint": service.url, "undelivered_path": str(tmp_path), "retries": 3})
    assert (result["delivery"], result["requests_sent"], service.posts) == ("not_sent", 0, 0)
    assert result["msg"].startswith("Nothing was sent, as an unexpected error occurred (LookupError in ")
    assert Path(result["undelivered_file"]).exists()


@pytest.mark.parametrize("step", AFTER_THE_FIRST_BYTE)
def test_error_after_the_first_byte_is_confirmed_by_the_run(
    service: Service, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    break_step(monkeypatch, step, 1)
    result = callback_task({"endpoint": service.url}).run()
    assert (result["delivery"], result["requests_sent"]) == ("delivered", 1)
    # The server may not have come to it yet.
    assert service.posts <= 1


@pytest.mark.parametrize("confirm", ["never", "when_unknown", "always"])
@pytest.mark.parametrize("step", AFTER_THE_FIRST_BYTE)
def test_error_after_the_first_byte_saves_the_callback(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str, confirm: str
) -> None:
    """Where reading the run meets an error too, or the run is not read."""
    if confirm == "always":
        monkeypatch.setattr(f"{OURS}_delivery.Delivery.already_finished", lambda _delivery: None)
    break_step(monkeypatch, step, 1000)
    for each in (f"{OURS}_reads.read_run", f"{OURS}_reads.state_of"):
        with monkeypatch.context() as patch:
            break_step(patch, each, 1000)
            result = failed_callback({"endpoint": service.url, "undelivered_path": str(tmp_path), "confirm": confirm})
        assert (result["delivery"], result["requests_sent"]) == ("unknown", 1)
        assert "an unexpected error occurred (LookupError in " in result["msg"]
        assert Path(result["undelivered_file"]).exists()


@pytest.mark.parametrize("step", AFTER_THE_ANSWER)
def test_error_after_the_response_is_unknown_and_saved(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
) -> None:
    break_step(monkeypatch, step, 1)
    result = failed_callback({"endpoint": service.url, "undelivered_path": str(tmp_path)})
    assert (result["delivery"], result["requests_sent"]) == ("unknown", 1)
    assert Path(result["undelivered_file"]).exists()


@pytest.mark.parametrize("step", ["_reads.read_run", "_reads.state_of"])
def test_error_reading_the_run_before_sending_is_a_warning(
    service: Service, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    break_step(monkeypatch, OURS + step, 1)
    result = callback_task({"endpoint": service.url, "confirm": "always"}).run()
    assert result["delivery"] == "delivered"
    assert "an unexpected error occurred (LookupError in " in result["warnings"][0]


def test_callback_that_cannot_be_saved_does_not_change_the_result(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    break_step(monkeypatch, f"{OURS}_delivery.undelivered.write", 1)
    break_step(monkeypatch, f"{OURS}_http._body", 1)
    result = failed_callback({"endpoint": service.url, "undelivered_path": str(tmp_path), "confirm": "never"})
    assert result["delivery"] == "unknown"
    assert result["msg"].endswith(
        f"The callback could not be saved in undelivered_path {tmp_path} either: lookuperror."
    )
