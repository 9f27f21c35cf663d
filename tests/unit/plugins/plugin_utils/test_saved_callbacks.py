# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Saved callbacks are read, sent and removed, and no other file is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import saved_callbacks

IDS = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_id": "state"}
OUTPUT = {"template": "{{ lookup('pipe', 'id') }}", "text": "等待 🙂\x00\x85", "number": 1e16, "deep": [{"": None}]}
ADDRESSES = {"region": "cn-north-4", "endpoint": "https://old.example", "project_id": "p"}
REPORT = {"result": "fail", "output": OUTPUT, "error": "disk {{ full }}"}
SENT = {**IDS, **REPORT, **ADDRESSES, "truncate_error": True, "confirm": "always"}
REMOVED = "The file %s was removed, as it is no longer needed."

DELIVERED = {"delivery": "delivered", "changed": True}
ALREADY = {"delivery": "already_delivered", "changed": False}
SUPERSEDED = {"delivery": "superseded", "failed": True, "msg": "The callback did not complete the state: over."}
REJECTED = {"delivery": "rejected", "failed": True, "msg": "The service refused the callback: no.", "http_status": 400}
UNREACHABLE = {"delivery": "not_sent", "failed": True, "msg": "Nothing was sent, as no connection could be made."}


def saved(folder: Path, addresses: dict[str, Any] | None = None, **changes: Any) -> Path:
    """A file in folder, or folder itself if that is a file's name, as a task saves it."""
    callback = Callback(**{**IDS, **REPORT, **changes})
    variables = undelivered.variables(callback, ADDRESSES if addresses is None else addresses)
    return Path(undelivered.write(str(folder), variables, "No connection."))


class Service:
    """Receives callbacks by the arguments of the module, and gives the next of results, at last the same again."""

    def __init__(self, *results: dict[str, Any]) -> None:
        self.results = list(results)
        self.came: list[dict[str, Any]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def deliver(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.came.append(arguments)
        self.meanwhile()
        return dict(self.results.pop(0) if len(self.results) > 1 else self.results[0])

    def send_all(
        self, path: Path | str, environ: dict[str, str] | None = None, **options: Any
    ) -> list[saved_callbacks.SentFile]:
        return saved_callbacks.send_all(
            str(path), lambda _saved, arguments: self.deliver(arguments), environ or {}, **options
        )


def row(file: Path, delivery: str, sentence: str) -> saved_callbacks.SentFile:
    return saved_callbacks.SentFile(str(file), "w", "run", "state", delivery, sentence)


def files(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_was_saved_is_sent_unchanged_and_its_file_removed(tmp_path: Path, is_folder: bool) -> None:
    file = saved(tmp_path if is_folder else tmp_path / "any name.yml")
    service = Service(DELIVERED)
    rows = service.send_all(tmp_path if is_folder else file)
    assert rows == [row(file, "delivered", f"The callback was delivered. {REMOVED % file}")]
    assert service.came == [SENT]
    assert repr(service.came[0]["output"]) == repr(OUTPUT)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("result", "sentence"),
    [(ALREADY, "The state already has this result."), (SUPERSEDED, str(SUPERSEDED["msg"]))],
)
def test_file_that_is_of_no_use_any_more_is_removed(tmp_path: Path, result: dict[str, Any], sentence: str) -> None:
    file = saved(tmp_path)
    rows = Service(result).send_all(tmp_path)
    assert rows == [row(file, str(result["delivery"]), f"{sentence} {REMOVED % file}")]
    assert not file.exists()


@pytest.mark.parametrize("result", [REJECTED, UNREACHABLE, {**UNREACHABLE, "delivery": "unknown"}])
def test_file_that_may_be_sent_later_is_left(tmp_path: Path, result: dict[str, Any]) -> None:
    file = saved(tmp_path)
    text = file.read_text()
    rows = Service({**result, "hint": "Check the run."}).send_all(tmp_path)
    assert rows == [row(file, str(result["delivery"]), f"{result['msg']} Check the run.")]
    assert file.read_text() == text


@pytest.mark.parametrize("result", [ALREADY, SUPERSEDED, {"delivery": "not_sent", "changed": True}])
def test_check_mode_removes_nothing(tmp_path: Path, result: dict[str, Any]) -> None:
    file = saved(tmp_path)
    (found,) = Service(result).send_all(tmp_path, check_mode=True)
    assert file.exists()
    assert "removed" not in found.sentence
    assert (found.sentence == "The callback would be sent.") == (result["delivery"] == "not_sent")


def test_state_may_be_known_by_its_name_only(tmp_path: Path) -> None:
    saved(tmp_path, {"workflow_state_name": "等待"}, workflow_state_id="", error=None, output={})
    service = Service(DELIVERED)
    (found,) = service.send_all(tmp_path)
    assert found.state == "等待"
    assert {name for name in SENT if name not in service.came[0]} == {"workflow_state_id", "error", *ADDRESSES}
    assert service.came[0]["workflow_state_name"] == "等待"


def test_addresses_that_the_user_sets_override_those_of_the_file(tmp_path: Path) -> None:
    saved(tmp_path)
    service = Service(DELIVERED)
    service.send_all(tmp_path, addresses={"endpoint": "https://new.example", "region": ""})
    assert service.came == [{**SENT, "endpoint": "https://new.example"}]


def test_scalar_without_quotes_is_what_is_written(tmp_path: Path) -> None:
    """In a file that somebody has edited."""
    file = saved(tmp_path)
    file.write_text(file.read_text().replace('fgs_workflow_run_id: "run"', "fgs_workflow_run_id: 00123"))
    assert saved_callbacks.read(str(file)).options["workflow_run_id"] == "00123"


def test_each_file_has_a_row(tmp_path: Path) -> None:
    first, second = sorted(saved(tmp_path, workflow_run_id=run) for run in ("a", "b"))
    rows = Service(REJECTED, DELIVERED).send_all(tmp_path)
    assert [(one.file, one.delivery) for one in rows] == [(str(first), "rejected"), (str(second), "delivered")]
    assert files(tmp_path) == [first.name]


def test_only_files_that_undelivered_path_names_are_read_in_a_folder(tmp_path: Path) -> None:
    saved(tmp_path / "other.yml")
    saved(tmp_path / ".fgs-undelivered-half.yml")
    saved(tmp_path / "fgs-undelivered-a.yml~")
    service = Service(DELIVERED)
    assert service.send_all(tmp_path) == []
    assert len(files(tmp_path)) == 3


def test_path_without_anything_saved_has_no_rows(tmp_path: Path) -> None:
    assert Service(DELIVERED).send_all(tmp_path / "absent") == []
    assert Service(DELIVERED).send_all(tmp_path) == []


def test_tilde_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    saved(tmp_path)
    assert len(Service(DELIVERED).send_all("~")) == 1


def test_relative_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved(Path("file.yml"))
    Service(DELIVERED).send_all("file.yml")
    assert files(tmp_path) == []


def test_folder_that_cannot_be_listed_has_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: str) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    sentence = f"The file {tmp_path} was left: it cannot be read: permission denied."
    assert Service(DELIVERED).send_all(tmp_path) == [saved_callbacks.SentFile(str(tmp_path), sentence=sentence)]


NOT_SAVED = "it is not a callback as undelivered_path saves it"


def text_of(folder: Path) -> str:
    file = saved(folder / "original.yml")
    text = file.read_text()
    file.unlink()
    return text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace("could not be delivered", "was delivered"),
        lambda text: text + "a: [",
        lambda text: text + "a: !odd b\n",
        lambda text: text + "!odd a: !odd b\n",
        lambda text: text + "a: !unsafe [b]\n",
        lambda text: text + "a: \x07\n",
        lambda text: text + "a: \udcff\n",
        lambda text: text + "a: " + "[" * 100_000,
        lambda text: undelivered.FILE_HEAD + "\n- a\n",
        lambda text: text.replace("fgs_workflow_run_id", "fgs_other"),
        lambda text: text.replace('fgs_workflow_run_id: "run"', "fgs_workflow_run_id: [run]"),
        lambda text: text.replace('fgs_workflow_run_id: "run"', "fgs_workflow_run_id: &a run\na: *a"),
        lambda text: text + "---\na: b\n",
        lambda text: text.replace("fgs_workflow_output: !unsafe", "fgs_workflow_output: '" + "[" * 100_000 + "' #"),
        lambda text: text.replace("fgs_workflow_output: !unsafe", "fgs_workflow_output: '[1]' #"),
        lambda text: text.replace("fgs_workflow_output: !unsafe", "fgs_workflow_output: '{' #"),
    ],
)
def test_file_that_is_no_saved_callback_is_named_and_left(tmp_path: Path, change: Callable[[str], str]) -> None:
    file = tmp_path / "fgs-undelivered-a.yml"
    file.write_bytes(change(text_of(tmp_path)).encode("utf-8", "surrogateescape"))
    service = Service(DELIVERED)
    assert service.send_all(tmp_path) == [
        saved_callbacks.SentFile(str(file), sentence=f"The file {file} was left: {NOT_SAVED}.")
    ]
    assert (service.came, file.exists()) == ([], True)


def _link(file: Path) -> None:
    file.symlink_to(saved(file.parent / "elsewhere.yml"))


def _large(file: Path) -> None:
    saved(file)
    os.truncate(file, saved_callbacks._LIMIT + 1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_link, "it is a symbolic link"),
        (os.mkfifo, "it is not a regular file"),
        (os.mkdir, "it is not a regular file"),
        (_large, "it is larger than 16 MiB"),
    ],
)
def test_what_is_no_file_of_ours_is_named_and_left(tmp_path: Path, make: Callable[[Path], None], reason: str) -> None:
    file = tmp_path / "fgs-undelivered-a.yml"
    make(file)
    before = files(tmp_path)
    service = Service(DELIVERED)
    sentence = f"The file {file} was left: {reason}."
    assert service.send_all(tmp_path) == [saved_callbacks.SentFile(str(file), sentence=sentence)]
    assert (service.came, files(tmp_path)) == ([], before)


def test_file_of_another_user_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its addresses would decide where this user's token is sent."""
    file = saved(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    service = Service(DELIVERED)
    assert [one.sentence for one in service.send_all(tmp_path)] == [
        f"The file {file} was left: it belongs to another user."
    ]
    assert service.came == []


def test_file_that_cannot_be_read_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path)

    def denied(*_arguments: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    sentence = f"The file {file} was left: it cannot be read: permission denied."
    assert [one.sentence for one in Service(DELIVERED).send_all(tmp_path)] == [sentence]


def test_file_that_vanishes_before_it_is_read_has_no_row(tmp_path: Path) -> None:
    first, second = sorted(saved(tmp_path, workflow_run_id=run) for run in ("a", "b"))
    service = Service(DELIVERED)
    service.meanwhile = lambda: second.unlink(missing_ok=True)
    assert [one.file for one in service.send_all(tmp_path)] == [str(first)]


def test_file_that_another_process_removes_meanwhile_is_no_error(tmp_path: Path) -> None:
    file = saved(tmp_path)
    service = Service(ALREADY)
    service.meanwhile = file.unlink
    assert service.send_all(tmp_path) == [row(file, "already_delivered", "The state already has this result.")]
    assert files(tmp_path) == []


@pytest.mark.parametrize("has_links", [True, False])
def test_callback_that_is_saved_meanwhile_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    def unsupported(*_arguments: Any, **_options: Any) -> None:
        raise OSError(95, "Operation not supported")

    if not has_links:
        monkeypatch.setattr(os, "link", unsupported)
    file = saved(tmp_path / "saved.yml")
    service = Service(DELIVERED)
    service.meanwhile = lambda: saved(file, workflow_run_id="newer")
    (found,) = service.send_all(file)
    assert found.sentence.endswith(f" The file {file} was left, as another callback was saved in it in the meantime.")
    assert saved_callbacks.read(str(file)).options["workflow_run_id"] == "newer"
    assert files(tmp_path) == ["saved.yml"]


def test_callback_that_is_saved_last_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if two are saved while the file is removed."""
    file = saved(tmp_path / "saved.yml")
    service = Service(DELIVERED)
    service.meanwhile = lambda: saved(file, workflow_run_id="newer")
    content = saved_callbacks._content

    def late(path: str) -> bytes:
        if os.path.basename(path).startswith("."):
            saved(file, workflow_run_id="newest")
        return content(path)

    monkeypatch.setattr(saved_callbacks, "_content", late)
    service.send_all(file)
    assert saved_callbacks.read(str(file)).options["workflow_run_id"] == "newest"
    assert files(tmp_path) == ["saved.yml"]


def test_pipe_that_takes_the_place_of_the_file_is_left(tmp_path: Path) -> None:
    file = saved(tmp_path / "saved.yml")

    def replaced() -> None:
        file.unlink()
        os.mkfifo(file)

    service = Service(DELIVERED)
    service.meanwhile = replaced
    service.send_all(file)
    assert file.is_fifo()


def test_interruption_leaves_another_callback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path / "saved.yml")
    content = saved_callbacks._content

    def interrupted(path: str) -> bytes:
        if os.path.basename(path).startswith("."):
            raise KeyboardInterrupt
        return content(path)

    monkeypatch.setattr(saved_callbacks, "_content", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Service(DELIVERED).send_all(file)
    assert files(tmp_path) == ["saved.yml"]


def test_file_that_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path)

    def denied(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", denied)
    (found,) = Service(DELIVERED).send_all(tmp_path)
    assert found.sentence.endswith(f" The file {file} could not be removed: permission denied.")
    assert files(tmp_path) == [file.name]


ELSEWHERE = "The addresses in the file do not work any more, so those of the environment were used instead. "


@pytest.mark.parametrize(
    "first",
    [
        UNREACHABLE,
        {**UNREACHABLE, "http_status": 200},
        {**UNREACHABLE, "violations": [{"option": "endpoint"}]},
    ],
    ids=["no connection", "no such region", "invalid"],
)
@pytest.mark.parametrize(
    ("environ", "addresses"),
    [
        ({"HW_REGION_NAME": "cn-east-3"}, {}),
        ({"HW_REGION_NAME": "cn-north-4"}, {"project_id": "p"}),
        ({"FGS_ENDPOINT": "https://new.example"}, {"region": "cn-north-4", "project_id": "p"}),
        ({"FGS_ENDPOINT": "https://new.example", "HW_PROJECT_ID": "q"}, {"region": "cn-north-4"}),
        ({"FGS_ENDPOINT": "https://old.example", "HW_PROJECT_ID": "q"}, {"region": "cn-north-4"}),
    ],
)
def test_addresses_that_lead_nowhere_are_replaced_by_those_of_the_environment(
    tmp_path: Path, first: dict[str, Any], environ: dict[str, str], addresses: dict[str, str]
) -> None:
    saved(tmp_path)
    service = Service(first, {**DELIVERED, "warnings": ["Another."]})
    (found,) = service.send_all(tmp_path, environ)
    rest = {name: value for name, value in SENT.items() if name not in ADDRESSES}
    assert service.came == [SENT, {**rest, **addresses}]
    assert found.sentence.endswith(f" {ELSEWHERE}{UNREACHABLE['msg']} Another.")
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HW_PROJECT_ID": "q"},
        {"FGS_ENDPOINT": "https://old.example/"},
        {"FGS_ENDPOINT": "https://old.example", "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "p"},
    ],
)
def test_same_addresses_are_not_tried_twice(tmp_path: Path, environ: dict[str, str]) -> None:
    saved(tmp_path)
    service = Service(UNREACHABLE)
    service.send_all(tmp_path, environ)
    assert service.came == [SENT]


@pytest.mark.parametrize(
    "result",
    [
        REJECTED,
        SUPERSEDED,
        {**UNREACHABLE, "http_status": 401},
        {**UNREACHABLE, "delivery": "unknown"},
        {**UNREACHABLE, "violations": [{"option": "endpoint"}, {"option": "error"}]},
        {"delivery": "not_sent"},
    ],
)
def test_addresses_of_the_file_are_kept_where_the_service_responds(tmp_path: Path, result: dict[str, Any]) -> None:
    saved(tmp_path)
    service = Service(result)
    service.send_all(tmp_path, {"HW_REGION_NAME": "cn-east-3"}, check_mode=True)
    assert service.came == [SENT]


def test_addresses_that_the_user_sets_are_not_replaced(tmp_path: Path) -> None:
    saved(tmp_path)
    service = Service(UNREACHABLE)
    mine = {"endpoint": "https://mine.example"}
    service.send_all(tmp_path, {"HW_REGION_NAME": "cn-east-3"}, addresses=mine)
    assert [came["endpoint"] for came in service.came] == ["https://mine.example"] * 2


def test_without_any_connection_the_first_failure_is_shown(tmp_path: Path) -> None:
    saved(tmp_path)
    service = Service(UNREACHABLE, {**UNREACHABLE, "msg": "Nothing was sent either."})
    (found,) = service.send_all(tmp_path, {"HW_REGION_NAME": "cn-east-3"})
    assert (found.sentence, len(service.came)) == (UNREACHABLE["msg"], 2)


def test_file_without_addresses_takes_those_of_the_environment(tmp_path: Path) -> None:
    saved(tmp_path, {})
    service = Service(UNREACHABLE)
    service.send_all(tmp_path, {"HW_REGION_NAME": "cn-east-3"})
    assert len(service.came) == 1


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_extra_vars(*extra_vars: str) -> None:
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"extra_vars": extra_vars}))

    return set_extra_vars


def given(**changes: Any) -> dict[str, Any]:
    """The options that the playbook has from the variables of a file."""
    options: dict[str, Any] = {**IDS, **REPORT, "output": json.dumps(OUTPUT), "workflow_state_name": ""}
    return {**options, **changes}


def test_file_of_the_command_line_is_the_origin(tmp_path: Path, command_line: Callable[..., None]) -> None:
    file = saved(tmp_path)
    other = tmp_path / "other.yml"
    other.write_text("a: b\n")
    command_line("a=b", f"@{other}", f"@{file}", f"@{tmp_path}/absent.yml")
    found = saved_callbacks.origin("", {}, given())
    assert (found.file, found.options) == (str(file), ADDRESSES)
    assert saved_callbacks.origin("", {}, given(output=OUTPUT)).file == str(file)


def test_copy_is_the_origin_and_not_the_original(tmp_path: Path, command_line: Callable[..., None]) -> None:
    copy = shutil.copy(saved(tmp_path), tmp_path / "copy.yml")
    command_line(f"@{copy}")
    assert saved_callbacks.origin("", {}, given()).file == str(copy)


def test_named_file_is_the_origin(tmp_path: Path) -> None:
    file = saved(tmp_path)
    found = saved_callbacks.origin(str(file), {}, given())
    assert found == saved_callbacks.read(str(file))._replace(options=ADDRESSES)


@pytest.mark.parametrize(
    "changes", [{"result": "success"}, {"workflow_state_name": "x"}, {"error": ""}, {"output": "{}"}, {"output": "{"}]
)
def test_file_that_is_overridden_is_not_the_origin(tmp_path: Path, changes: dict[str, str]) -> None:
    file = saved(tmp_path)
    variables = {"fgs_region": "cn-north-4", "fgs_endpoint": "", "fgs_workflow_id": "w"}
    found = saved_callbacks.origin(str(file), variables, given(**changes))
    assert found == saved_callbacks.SavedCallback("", "", {"region": "cn-north-4"})


def test_without_a_file_nothing_is_removed(tmp_path: Path) -> None:
    service = Service(DELIVERED)
    result = saved_callbacks.send(given(), saved_callbacks.origin("", {}, given()), service.deliver, {}, False)
    assert result == DELIVERED
