# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Chinese pages match the English ones: headings, code, tables, names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import texts

PAIRS = [texts.READMES, (texts.GUIDE / "getting_started.rst", texts.GUIDE / "quick_start_zh.rst")]
# Of the page that its readers come from.
TERMS = ("函数工作流", "函数流", "回调节点", "执行结果")
# What the service calls the API; everywhere else a workflow is 函数流, and 函数工作流 the service.
API = "「回调工作流」"

pairs = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=["readme", "guide"])


def _untranslated(block: texts.Block) -> tuple[str, str]:
    """A block without what is translated: comments, and the names of plays and tasks."""
    text = re.sub(r"#.*", "", re.sub(r"name: .*", "", block.text))
    return block.language, "\n".join(line.rstrip() for line in text.splitlines())


@pairs
def test_the_headings_have_the_same_levels(english: Path, chinese: Path) -> None:
    assert [level for level, _title in texts.headings(chinese)] == [level for level, _title in texts.headings(english)]


@pairs
def test_the_code_is_the_same(english: Path, chinese: Path) -> None:
    ours, theirs = ([_untranslated(block) for block in texts.blocks(page)] for page in (english, chinese))
    assert len(ours) > 3
    assert theirs == ours


@pairs
def test_the_tables_have_the_same_cells_and_codes(english: Path, chinese: Path) -> None:
    def codes(page: Path) -> list[list[list[list[str]]]]:
        return [[[texts.literals(cell) for cell in row] for row in table] for table in texts.tables(page)]

    assert codes(english)
    assert codes(chinese) == codes(english)


@pairs
def test_the_translation_has_all_names(english: Path, chinese: Path) -> None:
    def prose(page: Path) -> set[str]:
        text = page.read_text(encoding="utf-8")
        return set(texts.literals(re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)))

    assert prose(english) - prose(chinese) == set()


@pairs
def test_the_terms_are_those_of_the_service(english: Path, chinese: Path) -> None:
    text = chinese.read_text(encoding="utf-8")
    assert [term for term in TERMS if term not in text] == []
    assert "工作流" not in text.replace("函数工作流", "").replace(API, "")
    assert not any(term in english.read_text(encoding="utf-8") for term in TERMS)
