# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets leave every text, and nothing else does."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.functiongraph.workflow.plugins.module_utils import _redaction
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

LONG = "SKEXAMPLE-long/secret+1"


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.add(LONG, "a1", "", None, "AKEXAMPLE0001")
    return redactor


@pytest.mark.parametrize("text", [LONG, f"x{LONG}y", f"{LONG}{LONG}", f"key={LONG}, AKEXAMPLE0001"])
def test_long_secret_is_redacted_everywhere(redactor: Redactor, text: str) -> None:
    for redact in (redactor.known, redactor.text):
        assert LONG not in redact(text)
        assert "AKEXAMPLE0001" not in redact(text)


def test_short_secret_is_kept_within_ids_and_words(redactor: Redactor) -> None:
    text = "aa7d6479-141d-482f-b9bc-85b5cda1066b ba1, a1b, xa1x"
    assert redactor.text(text) == text


@pytest.mark.parametrize("text", ["a1", "(a1)", "token a1.", "x:a1,y"])
def test_short_secret_on_its_own_is_redacted(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text.replace("a1", "********")


def test_longer_of_two_secrets_is_redacted_first() -> None:
    redactor = Redactor()
    redactor.add("12345678", "1234567890")
    assert redactor.known("1234567890 12345678") == "******** ********"


def test_secret_is_not_a_pattern() -> None:
    redactor = Redactor()
    redactor.add(".*+", "a.b(c[d\\")
    assert redactor.known("abcdefgh .*+ a.b(c[d\\") == "abcdefgh ******** ********"


@pytest.mark.parametrize(
    ("echo", "kept"),
    [
        (
            "SDK-HMAC-SHA256 Access=AKUNKNOWN, SignedHeaders=host;x-sdk-date, Signature=" + "0f" * 32,
            "SDK-HMAC-SHA256 ********, SignedHeaders=host;x-sdk-date, Signature=********",
        ),
        ("sdk-hmac-sha256 access=AKUNKNOWN", "sdk-hmac-sha256 ********"),
        ('{"Access=AKUNKNOWN"}', '{"Access=********"}'),
        ("canonical request hash " + "ab" * 32 + ".", "canonical request hash ********."),
        ("cut: " + "ab" * 18 + "…", "cut: ********…"),
        ("commit 27c1468" + "f" * 33, "commit 27c1468" + "f" * 33),
        ("a UUID aa7d6479-141d-482f-b9bc-85b5cda1066b", "a UUID aa7d6479-141d-482f-b9bc-85b5cda1066b"),
        ("a project 46b6f338fc3445b8846c71dfb1fbd9e8", "a project 46b6f338fc3445b8846c71dfb1fbd9e8"),
    ],
)
def test_signature_is_redacted_although_unknown(echo: str, kept: str) -> None:
    assert Redactor().text(echo) == kept


# An IAM token as it is: Base64 that has characters which URLs, JSON and HTML escape.
TOKEN = "MIIEXAMPLE+token/" + "0aB-" * 512 + '&<"=='
FORMS = {
    "URL": quote(TOKEN, safe=""),
    "URL, small": quote(TOKEN, safe="").lower(),
    "JSON": json.dumps(TOKEN)[1:-1],
    "JSON, slashes": json.dumps(TOKEN)[1:-1].replace("/", "\\/"),
    "JSON, codes": "".join(f"\\u{ord(one):04X}" for one in TOKEN),
    "HTML": html.escape(TOKEN),
    "HTML, codes": TOKEN.replace("+", "&#43;").replace("/", "&#x2F;").replace("=", "&equals;"),
    "JSON in JSON": json.dumps(json.dumps(TOKEN)[1:-1])[1:-1],
    "another case": TOKEN.upper(),
    "cut": TOKEN[:450] + "…",
    "cut after 16 characters": TOKEN[:16] + "…",
    "URL, cut": quote(TOKEN, safe="")[:100] + "…",
}


@pytest.mark.parametrize("form", FORMS)
def test_token_is_redacted_in_every_notation(form: str) -> None:
    redactor = Redactor()
    redactor.add(TOKEN)
    text = f"100 % sure & 1 < 2: \\u00e9 'x{FORMS[form]}' &none; %C3%A9 \\u."
    shown = redactor.known(text)
    assert shown.replace("…", "") == "100 % sure & 1 < 2: \\u00e9 'x********' &none; %C3%A9 \\u."


@pytest.mark.parametrize("text", ["", "100 %", "a%20b\\n&amp;", "%25252525", '\\\\\\\\"'])
def test_text_without_a_secret_is_unchanged(text: str) -> None:
    redactor = Redactor()
    redactor.add(TOKEN)
    assert redactor.known(text) == text


def test_non_ascii_secret_is_redacted_in_every_notation() -> None:
    redactor = Redactor()
    redactor.add("passwörd-İ-😀")
    for form in (quote("passwörd-İ-😀"), json.dumps("passwörd-İ-😀"), "PASSWöRD-İ-😀", '"passwörd-İ-😀\\n"'):
        assert "********" in redactor.known(form)
        assert "assw" not in redactor.known(form).lower()


def test_whitespace_around_a_secret_is_ignored() -> None:
    redactor = Redactor()
    redactor.add(f" {LONG}\n")
    assert redactor.known(f"'{LONG}'") == "'********'"


def test_line_has_no_control_characters() -> None:
    redactor = Redactor()
    redactor.add(LONG)
    text = f"a\x1b[31m\x9b1m{LONG}\r\n\x00\u202e\u2028é"
    assert redactor.line(text) == "a\\x1b[31m\\x9b1m********\\r\\n\\x00\\u202e\\u2028é"


@given(
    secret=st.text(min_size=_redaction.SHORT, max_size=40).filter(lambda text: text not in "*" * 40),
    around=st.text(max_size=30),
)
def test_long_secret_is_redacted_in_any_text(secret: str, around: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    assert secret not in redactor.known(f"{around}{secret}").replace("********", "")


def test_registers_long_secrets_with_ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible-core 2.22 masks what is registered; a short one would mask parts of other words there."""
    registered: list[str] = []
    monkeypatch.setattr(_redaction, "register_secret", registered.append)
    redactor = Redactor()
    redactor.add(LONG, "short", None)
    redactor.add(LONG)
    assert registered == [LONG]


def test_works_without_that_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_redaction, "register_secret", None)
    redactor = Redactor()
    redactor.add(LONG)
    assert redactor.known(LONG) == "********"


def test_within_data_of_any_shape(redactor: Redactor) -> None:
    value = {"a": [LONG, (LONG, 1, None)], LONG: {"b": f"x{LONG}"}, 7: True}
    assert redactor.within(value) == {"a": ["********", ["********", 1, None]], "********": {"b": "x********"}, 7: True}
    # What was handed in stays as it was.
    assert value["a"] == [LONG, (LONG, 1, None)]
    assert [redactor.within(plain) for plain in (LONG, 7, None)] == ["********", 7, None]


def test_within_data_of_any_depth(redactor: Redactor) -> None:
    value: list[object] = [LONG]
    for _unused in range(50_000):
        value = [value]
    found = redactor.within(value)
    while isinstance(found, list):
        (found,) = found
    assert found == "********"
    while isinstance(value[0], list):
        value = value[0]


def test_within_omits_what_is_nested_too_deeply(redactor: Redactor) -> None:
    assert redactor.within({"a": [LONG, {"b": 1}, []], "c": LONG}, 2) == {"a": ["********", "…", "…"], "c": "********"}
    assert redactor.within([[]], 1) == ["…"]
