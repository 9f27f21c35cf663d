# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An undelivered callback on disk is read back unchanged by Ansible's own reader of variables."""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered

OUTPUT: dict[str, Any] = {
    "astral": "🙂𝄞\U0010ffff",
    "quotes": "'\"\\ \\u0041 \\ud83d",
    "template": "{{ lookup('pipe', 'id') }} {% raw %}",
    "numbers": [1e16, 0.1, 10**30, -0.0, 1],
    "yaml": "yes: no # - !unsafe &a *a\n---\n...\t\u0085\u2028\ufeff\x00\x07",
    "nothing": None,
    "true": True,
    "": {"": []},
}
FIELDS: dict[str, Any] = {
    "workflow_id": "w-1",
    "workflow_run_id": "run/1 ü",
    "workflow_state_id": "state\\1",
    "result": "fail",
    "output": OUTPUT,
    "error": "disk 'full' {{ x }} 🙂",
}
CALLBACK = Callback(**FIELDS)


def write(path: str, values: dict[str, str], reason: str = "No connection.") -> str:
    return undelivered.write(path, values, reason)


def loaded(path: str) -> dict[str, Any]:
    """The variables as ansible-playbook -e @FILE sees them."""
    reason = "ansible-test gives tests of module_utils only ansible.module_utils"
    dataloader = pytest.importorskip("ansible.parsing.dataloader", reason=reason)
    return dict(dataloader.DataLoader().load_from_file(path))


def test_file_is_read_back_unchanged(tmp_path: Path) -> None:
    addresses = {"region": "cn-north-4", "endpoint": "https://host", "project_id": None}
    values = undelivered.variables(CALLBACK, addresses)
    found = loaded(write(str(tmp_path / "file.yml"), values))
    assert found == values
    assert json.loads(found["fgs_workflow_output"]) == OUTPUT
    assert repr(json.loads(found["fgs_workflow_output"])) == repr(OUTPUT)
    assert {name: str(value) for name, value in found.items() if name != "fgs_workflow_output"} == {
        "fgs_workflow_id": "w-1",
        "fgs_workflow_run_id": "run/1 ü",
        "fgs_workflow_state_id": "state\\1",
        "fgs_workflow_result": "fail",
        "fgs_workflow_error": "disk 'full' {{ x }} 🙂",
        "fgs_region": "cn-north-4",
        "fgs_endpoint": "https://host",
    }


@pytest.mark.parametrize("text", ["{{ x }}", "a {% b %}", "{# c", "#jinja2: variable_start_string: '['", '{"a": 1}'])
def test_possible_template_is_marked_unsafe(text: str) -> None:
    """So that no template is ever run."""
    assert undelivered._scalar(text).startswith('!unsafe "')


@pytest.mark.parametrize("text", ["1e3", "yes", "007", "=", "<<", "~", ""])
def test_other_strings_are_not_marked_unsafe(text: str) -> None:
    """Ansible reads an unsafe "yes" as true."""
    assert undelivered._scalar(text) == f'"{text}"'


def test_unset_error_is_an_empty_string() -> None:
    values = undelivered.variables(Callback(**{**FIELDS, "error": None, "result": "success", "output": {}}), {})
    assert (values["fgs_workflow_error"], values["fgs_workflow_output"]) == ("", "{}")


@given(st.text(max_size=50))
def test_any_string_is_read_back_unchanged(text: str) -> None:
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def scalar(loader: Loader, node: yaml.ScalarNode) -> Any:
        return loader.construct_scalar(node)

    Loader.add_constructor("!unsafe", scalar)
    assert yaml.load(f"a: {undelivered._scalar(text)}\n", Loader) == {"a": text}


def comments(path: str) -> list[str]:
    return [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.startswith("#")]


def test_file_says_when_and_why_it_was_saved_and_how_to_send_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = datetime.now(timezone.utc).replace(microsecond=0)
    found = comments(write("a file.yml", {"a": "b"}, "Nothing was sent, as the key is wrong."))
    saved_at = datetime.fromisoformat(found[1].removeprefix("# Saved at: ").replace("Z", "+00:00"))
    assert before <= saved_at <= datetime.now(timezone.utc)
    command = f"ansible-playbook functiongraph.workflow.callback -e '@{tmp_path}/a file.yml'"
    assert found == [
        undelivered.FILE_HEAD.splitlines()[1],
        found[1],
        "# Reason: Nothing was sent, as the key is wrong.",
        "# To send it:",
        f"#   {command}",
    ]


def test_file_in_a_folder_has_its_own_path_in_the_command(tmp_path: Path) -> None:
    path = write(str(tmp_path), undelivered.variables(CALLBACK, {}))
    assert comments(path)[-1].endswith(f" -e @{path}")


def test_path_that_fits_into_no_comment_is_left_out(tmp_path: Path) -> None:
    path = write(str(tmp_path / "a\nb: c.yml"), {"a": "b"})
    assert comments(path)[-1].endswith(" -e @THIS_FILE")
    assert loaded(path) == {"a": "b"}


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("one\ntwo\r\u2028three\x85\u2029 four\t", "one two three four"),
        ("等待 🙂 # & *a", "等待 🙂 # & *a"),
        ("\x00\x1b[2J\ufeff\ud800\u202e", "\\x00\\x1b[2J\\ufeff\\ud800\\u202e"),
        ("word " * 200, ("word " * 200)[:399].rstrip() + "…"),
    ],
)
def test_reason_is_one_line_of_a_comment(tmp_path: Path, reason: str, shown: str) -> None:
    path = write(str(tmp_path / "file.yml"), {"a": "b"}, reason)
    assert comments(path)[2] == f"# Reason: {shown}"
    assert loaded(path) == {"a": "b"}


@given(st.text(max_size=60))
def test_any_reason_leaves_the_variables_alone(reason: str) -> None:
    import yaml

    text = undelivered._head("/x/file.yml", reason)
    assert yaml.safe_load(text + 'a: "b"\n') == {"a": "b"}
    assert len(text.splitlines()) == 6


def test_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = write(str(tmp_path / "file.yml"), {"a": "b"})
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_file_in_a_folder_is_named_after_run_and_state(tmp_path: Path) -> None:
    values = undelivered.variables(
        Callback(**{**FIELDS, "workflow_run_id": "../run 1", "workflow_state_id": "s" * 300}), {}
    )
    path = Path(write(str(tmp_path), values))
    assert path.parent == tmp_path
    assert path.name.startswith("fgs-undelivered-___run_1-sss")
    assert len(path.name) <= 200
    assert path.name.endswith(".yml")
    # The same callback has the same file.
    assert Path(write(str(tmp_path) + "/", values)) == path
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("w", "a-b", "c"), ("w", "a", "b-c")),
        (("w", "a.b", "c"), ("w", "a_b", "c")),
        (("w", "r" * 300, "c"), ("w", "r" * 299 + "q", "c")),
        (("w", "r" * 300, "c"), ("w", "r" * 300, "d")),
        (("v", "a", "b"), ("w", "a", "b")),
    ],
)
def test_different_ids_never_share_a_file(tmp_path: Path, one: tuple[str, ...], other: tuple[str, ...]) -> None:
    names = ("workflow_id", "workflow_run_id", "workflow_state_id")
    for ids in (one, other):
        values: dict[str, Any] = dict(zip(names, ids, strict=True))
        callback = Callback(**{**FIELDS, **values})
        write(str(tmp_path), undelivered.variables(callback, {}))
    assert len(os.listdir(tmp_path)) == 2


def test_path_of_a_file_or_folder_or_nothing_is_valid(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file", tmp_path / "absent"):
        assert undelivered.violation(str(path)) is None


def test_path_of_a_device_or_pipe_is_a_violation(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for path in ("/dev/null", str(tmp_path / "pipe"), str(tmp_path / "link")):
        found = undelivered.violation(path)
        assert found is not None
        assert (found.option, found.rule) == ("undelivered_path", "file")
        message = f"undelivered_path must name a file or folder, got a device, pipe or socket: '{path[:30]}"
        assert found.message.startswith(message)


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_invalid_path_is_a_violation(path: str) -> None:
    found = undelivered.violation(path)
    assert found is not None
    assert found.message.startswith("undelivered_path must be a valid path, got ")


def test_tilde_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write("~/file.yml", {"a": "b"}) == str(tmp_path / "file.yml")


def test_relative_path_is_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write("file.yml", {"a": "b"}) == "file.yml"
    assert loaded(str(tmp_path / "file.yml")) == {"a": "b"}


def test_earlier_file_is_replaced_atomically(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(str(tmp_path / "file.yml"), {"a": "first"})

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(path, {"a": "second"})
    monkeypatch.undo()
    assert loaded(path) == {"a": "first"}
    assert os.listdir(tmp_path) == ["file.yml"]
    write(path, {"a": "second"})
    assert loaded(path) == {"a": "second"}


def test_missing_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(str(tmp_path / "missing/file.yml"), {"a": "b"})


def test_unwritable_folder_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        write(str(tmp_path / "file/file.yml"), {"a": "b"})
