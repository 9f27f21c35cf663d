# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every message of the collection about an error, taken from the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from support.playbooks import ROOT

# A text of fewer words is a name, a key or a part of a URL.
_WORDS = 3
# What a regular expression has, and no text for people.
_EXPRESSION = re.compile(r"\\[wWdDsSZbB(]|\(\?:|\.\*")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sdg]|%[sdgr]|%\.\df|%%|\{\{.*?\}\}|\{\w+\}|\0", re.DOTALL)


@dataclass(frozen=True)
class Message:
    """A message and its place. Placeholders are as in the code; those of f-strings and of Jinja are NUL."""

    file: str
    line: int
    text: str

    def pattern(self) -> re.Pattern[str]:
        """Finds the message, with a value in each placeholder, in a text in which all whitespace is single spaces."""
        parts = _PLACEHOLDER.split(re.sub(r"\s+", " ", self.text).strip())
        return re.compile(".{1,120}?".join(re.escape(part) for part in parts))


def _documentation(node: ast.AST) -> set[int]:
    """The ids of the constants that are docstrings, or the documentation of a plugin."""
    found = set()
    for child in ast.walk(node):
        body = getattr(child, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.add(id(body[0].value))
        if isinstance(child, ast.Assign):
            names = {target.id for target in child.targets if isinstance(target, ast.Name)}
            if names & {"DOCUMENTATION", "EXAMPLES", "RETURN"}:
                found.add(id(child.value))
    return found


def _joined(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)


def of_code(path: Path) -> Iterator[Message]:
    """The texts in a Python file that have enough words to be read by people."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = _documentation(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out.update(id(part) for part in node.values)
            text = _joined(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            text = node.value
        else:
            continue
        if _EXPRESSION.search(text):
            continue
        if len(re.findall(r"[A-Za-z_]{2,}", _PLACEHOLDER.sub(" ", text))) >= _WORDS and " " in text.strip():
            yield Message(str(path.relative_to(ROOT)), node.lineno, text)


def _messages(task: Any) -> Iterator[str]:
    if isinstance(task, list):
        for item in task:
            yield from _messages(item)
    elif isinstance(task, dict):
        for name, value in task.items():
            if name in ("fail_msg", "say"):
                yield str(value)
            elif name == "vars" and "hosts" in task:
                yield from _sentences(value)
            elif name.rpartition(".")[2] == "fail" and isinstance(value, dict):
                yield str(value.get("msg", ""))
            else:
                yield from _messages(value)


class _Loader(yaml.SafeLoader):
    """Takes !unsafe and !vault as plain values."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))


def of_tasks(path: Path) -> Iterator[Message]:
    """The messages of the tasks in a YAML file."""
    for text in _messages(yaml.load(path.read_text(encoding="utf-8"), _Loader)):
        yield Message(str(path.relative_to(ROOT)), 0, text)


def _sentences(variables: dict[str, Any]) -> Iterator[str]:
    """The sentences in templates: quoted strings of several words."""
    for template in (value for value in variables.values() if "{{" in str(value)):
        # What is not quoted in between is a value, and two quoted texts with nothing in between are one.
        text = re.sub(r"' ~ '", "", " ".join(str(template).split()))
        text = re.sub(r"' ~ [\w.]+ ~ '", "\0", text)
        for sentence in re.findall(r"'([A-Z\w][^'{}]*)'", text):
            if len(re.findall(r"\w{2,}", sentence)) > _WORDS:
                yield sentence


def of_variables(path: Path) -> Iterator[Message]:
    """The sentences in the variables of a role, but for those that are names of its tasks."""
    tasks = "\n".join(one.read_text(encoding="utf-8") for one in path.parents[1].glob("tasks/*.yml"))
    names = set(re.findall(r"- name: (.*)", tasks))
    for text in _sentences(yaml.load(path.read_text(encoding="utf-8"), _Loader) or {}):
        if text not in names:
            yield Message(str(path.relative_to(ROOT)), 0, text)


def all_messages() -> list[Message]:
    """Of plugins, roles and playbooks, and of the function and the project for AWX."""
    found = [
        message
        for folder in ("plugins", "extensions")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for message in of_code(path)
    ]
    for folder in ("roles", "playbooks", "extensions/awx/project"):
        for path in sorted((ROOT / folder).rglob("*.yml")):
            found.extend((of_variables if path.parent.name == "vars" else of_tasks)(path))
    return found
