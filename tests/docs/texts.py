# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation as data: headings, tables and code blocks of Markdown and reStructuredText, and EXAMPLES."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.playbooks import ROOT

GUIDE = ROOT / "docs/docsite/rst"
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
Table = list[list[str]]


@dataclass(frozen=True)
class Block:
    """A code block. caption is the name of the file that it is."""

    file: str
    line: int
    language: str
    text: str
    caption: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def pages() -> list[Path]:
    """The pages that are written for users."""
    return [*READMES, *sorted(GUIDE.glob("*.rst"))]


def blocks(path: Path) -> list[Block]:
    """The code blocks of a page, or the EXAMPLES of a plugin."""
    text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    if path.suffix == ".py":
        return list(_examples(text, name))
    return list(_fenced(text, name) if path.suffix == ".md" else _directives(text, name))


def _examples(text: str, name: str) -> Iterator[Block]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            assert isinstance(node.value, ast.Constant)
            yield Block(name, node.lineno, "yaml", str(node.value.value).strip("\n") + "\n")


def _fenced(text: str, name: str) -> Iterator[Block]:
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield Block(name, text.count("\n", 0, match.start()) + 1, match[1], match[2])


def _directives(text: str, name: str) -> Iterator[Block]:
    pattern = r"^( *)\.\. code-block:: (\S+)\n((?:\1   :\w+:.*\n)*)\n((?:(?:\1 {3}.*)?\n)+)"
    for match in re.finditer(pattern, text + "\n", re.MULTILINE):
        caption = re.search(r":caption: (.*)", match[3])
        body = textwrap.dedent(match[4]).strip("\n") + "\n"
        yield Block(name, text.count("\n", 0, match.start()) + 1, match[2], body, caption[1] if caption else "")


def headings(path: Path) -> list[tuple[str, str]]:
    """The headings of a page in order, each with what marks its level."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        return [(match[1], match[2]) for match in re.finditer(r"^(#+) (.*)$", text, re.MULTILINE)]
    return [(match[2], match[1]) for match in re.finditer(r"^(\S.*)\n([=~-])\2{2,}$", text, re.MULTILINE)]


def tables(path: Path) -> list[Table]:
    """The tables of a page: rows of cells."""
    text = path.read_text(encoding="utf-8")
    return list(_pipes(text) if path.suffix == ".md" else _list_tables(text))


def _pipes(text: str) -> Iterator[Table]:
    for match in re.finditer(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        lines = [line for line in match[0].splitlines() if not re.fullmatch(r"[|-]+", line)]
        yield [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _list_tables(text: str) -> Iterator[Table]:
    for match in re.finditer(r"^\.\. list-table::\n(?:   :.*\n)*\n((?:(?: {3}.*)?\n)+)", text + "\n", re.MULTILINE):
        rows = re.split(r"^   \* -", match[1], flags=re.MULTILINE)[1:]
        yield [[" ".join(cell.split()) for cell in re.split(r"^     -", row, flags=re.MULTILINE)] for row in rows]


def literals(text: str) -> list[str]:
    """What is set as code within running text."""
    return [match[1] for match in re.finditer(r"``?([^`\n]+?)``?", text)]
