# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user gives, made to fit: quoted in a sentence, and shortened to what the service takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.functiongraph.workflow.plugins.module_utils import _spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema import shortening, violations


def test_quoted_is_one_short_line() -> None:
    assert violations.quoted("a\nb") == r"'a\nb'"
    assert len(violations.quoted("x" * 1000)) == 60
    assert violations.quoted("x" * 1000).endswith("…")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("short", "short"),
        ("e" * 64, "e" * 64),
        ("kept\nas it is", "kept\nas it is"),
        ("e" * 65, "e" * 63 + "…"),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("a " + "b" * 100, "a " + "b" * 61 + "…"),
        # Fits as soon as it is on one line.
        ("two\n" + " " * 60 + "lines", "two lines"),
        ("x" * 63 + " y", "x" * 63 + "…"),
    ],
)
def test_truncated(error: str, expected: str) -> None:
    assert shortening.shortened(error) == expected


@given(st.text(max_size=300))
def test_truncated_is_always_valid_and_a_prefix(error: str) -> None:
    short = shortening.shortened(error)
    assert len(short) <= 64
    if len(error) <= 64:
        assert short == error
    elif short.endswith("…"):
        assert " ".join(error.split()).startswith(short[:-1])
        assert not short[:-1].endswith(" ")
        # Idempotent: shortening twice changes nothing more.
        assert shortening.shortened(short) == short
    else:
        assert short == " ".join(error.split())


def test_truncated_to_another_limit() -> None:
    assert shortening.shortened("one two three", 10) == "one two…"
    assert shortening.shortened("one two", 10) == "one two"


def test_not_truncated_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spec.field("error"), "max_length", None)
    assert shortening.shortened("e" * 100) == "e" * 100
