# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who calls: every source, in its order, whole sets only, and no secret in any message."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.functiongraph.workflow.plugins.module_utils import _credentials, _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import CredentialsError
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

# The interface's table, by hand.
NAMES = {
    "access_key": ["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "OS_ACCESS_KEY", "CLOUD_SDK_AK"],
    "secret_key": ["HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY", "OS_SECRET_KEY", "CLOUD_SDK_SK"],
    "security_token": ["HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN", "OS_SECURITY_TOKEN"],
    "auth_token": ["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"],
    "credentials_file": ["HUAWEICLOUD_SDK_CREDENTIALS_FILE"],
    "region": ["HW_REGION_NAME", "OS_REGION_NAME"],
    "endpoint": ["FGS_ENDPOINT"],
    "iam_endpoint": ["HUAWEICLOUD_SDK_IAM_ENDPOINT"],
    "project_id": ["HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID"],
}
AK, SK, STS, TOKEN = "AKEXAMPLE0001", "SKEXAMPLE-secret-0001", "STSEXAMPLE-secret-0001", "TOKENEXAMPLE-secret-0001"
PAIR = {"access_key": AK, "secret_key": SK}
OTHER = {"HUAWEICLOUD_SDK_AK": "AKOTHER", "HUAWEICLOUD_SDK_SK": "SKOTHER-secret"}


def find(options: dict[str, Any], environ: dict[str, str] | None = None) -> Credentials:
    return _credentials.find(options, {"HOME": "/nonexistent", **(environ or {})}, Redactor())


def values(credentials: Credentials) -> dict[str, str]:
    return dict(credentials.key())


def refused(options: dict[str, Any], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(CredentialsError) as raised:
        find(options, environ)
    message = str(raised.value)
    for secret in (SK, STS, TOKEN, "SKOTHER-secret"):
        assert secret not in f"{message} {raised.value.hint}"
    # A traceback must not show the message of the parser or the system.
    assert raised.value.__cause__ is None
    return message


def test_names_and_order_of_variables() -> None:
    assert {name: list(variables) for name, variables in _options.ENVIRONMENT.items()} == NAMES


@pytest.mark.parametrize("option", NAMES)
def test_first_variable_that_is_set_and_not_empty_wins(option: str) -> None:
    names = NAMES[option]
    environ: dict[str, str] = {}
    assert _options.from_environment(option, environ) is None
    for name in reversed(names):
        environ[name] = f"from {name}"
        assert _options.from_environment(option, environ) == f"from {name}"
    for name, following in zip(names, [*names[1:], None], strict=True):
        environ[name] = ""
        assert _options.from_environment(option, environ) == (following and f"from {following}")


def test_options() -> None:
    credentials = find(PAIR)
    assert values(credentials) == PAIR
    assert (credentials.kind, credentials.source) == ("AK/SK", "the options access_key and secret_key")
    temporary = find({**PAIR, "security_token": STS})
    assert values(temporary) == {**PAIR, "security_token": STS}
    assert temporary.source == "the options access_key, secret_key and security_token"
    assert find({"auth_token": TOKEN}).source == "the option auth_token"
    assert find({**PAIR, "security_token": STS}).kind == "temporary AK/SK"
    assert find({"auth_token": TOKEN}).kind == "an IAM token"


def test_repr_has_no_secret() -> None:
    for options in ({**PAIR, "security_token": STS}, {"auth_token": TOKEN}):
        printed = f"{find(options)!r} {find(options)}"
        assert not any(secret in printed for secret in (AK, SK, STS, TOKEN))


# By family, as the interface has them.
FAMILIES = [
    {"access_key": "HUAWEICLOUD_SDK_AK", "secret_key": "HUAWEICLOUD_SDK_SK", "more": "HUAWEICLOUD_SDK_SECURITY_TOKEN"},
    {"access_key": "HW_ACCESS_KEY", "secret_key": "HW_SECRET_KEY", "more": "HW_SECURITY_TOKEN"},
    {"access_key": "OS_ACCESS_KEY", "secret_key": "OS_SECRET_KEY", "more": "OS_SECURITY_TOKEN"},
    {"access_key": "CLOUD_SDK_AK", "secret_key": "CLOUD_SDK_SK"},
]


def of_family(number: int) -> dict[str, str]:
    """Variables and values of a whole family."""
    return {variable: f"{variable}-value" for variable in FAMILIES[number].values()}


@pytest.mark.parametrize("number", range(4))
def test_variables_of_different_families_are_never_joined(number: int) -> None:
    environ = {name: value for later in range(number, 4) for name, value in of_family(later).items()}
    credentials = find({}, environ)
    assert sorted(values(credentials).values()) == sorted(of_family(number).values())
    *others, last = FAMILIES[number].values()
    assert credentials.source == f"the variables {', '.join(others)} and {last}"
    # Not taken from another family where this one has none.
    for name in FAMILIES[number].values():
        if name.endswith("TOKEN"):
            del environ[name]
    assert values(find({}, environ)) == {
        option: f"{FAMILIES[number][option]}-value" for option in ("access_key", "secret_key")
    }


def test_security_token_alone_does_not_select_a_family() -> None:
    assert values(find({}, {"HUAWEICLOUD_SDK_SECURITY_TOKEN": STS, "OS_ACCESS_KEY": AK, "OS_SECRET_KEY": SK})) == PAIR


def test_auth_token_of_the_environment() -> None:
    credentials = find({}, {"OS_AUTH_TOKEN": TOKEN})
    assert (credentials.kind, credentials.source) == ("an IAM token", "the variable OS_AUTH_TOKEN")
    assert values(find({}, {"HW_AUTH_TOKEN": TOKEN, **of_family(3)})) == {
        "access_key": "CLOUD_SDK_AK-value",
        "secret_key": "CLOUD_SDK_SK-value",
    }


def test_keys_win_over_a_token() -> None:
    assert values(find({**PAIR, "auth_token": TOKEN})) == PAIR
    assert values(find({}, {**OTHER, "HW_AUTH_TOKEN": TOKEN})) == {
        "access_key": "AKOTHER",
        "secret_key": "SKOTHER-secret",
    }


def test_options_win_over_the_environment() -> None:
    assert values(find({"auth_token": TOKEN}, OTHER)) == {"auth_token": TOKEN}
    environ = {**OTHER, "HUAWEICLOUD_SDK_SECURITY_TOKEN": STS}
    # Not completed with the token of another key either.
    assert values(find(PAIR, environ)) == PAIR


def test_empty_values_are_unset() -> None:
    options = {"access_key": "", "secret_key": "", "security_token": "", "auth_token": ""}
    assert find(options, OTHER).source == "the variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
    assert find({**options, "auth_token": TOKEN}, OTHER).kind == "an IAM token"
    assert find({}, {**dict.fromkeys(OTHER, ""), "HW_AUTH_TOKEN": TOKEN}).kind == "an IAM token"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"access_key": AK}, "access_key is set but secret_key is not; set both."),
        ({"secret_key": SK}, "secret_key is set but access_key is not; set both."),
        (
            {"access_key": AK, "auth_token": TOKEN},
            "access_key is set but secret_key is not; set both.",
        ),
        (
            {"security_token": STS},
            "security_token is set but access_key and secret_key are not; set both.",
        ),
        (
            {"access_key": AK, "secret_key": ""},
            "access_key is set but secret_key is not; set both.",
        ),
    ],
)
def test_incomplete_options_are_named_and_never_completed(options: dict[str, str], message: str) -> None:
    assert refused(options, OTHER) == message


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"HW_ACCESS_KEY": AK}, "HW_ACCESS_KEY is set but HW_SECRET_KEY is not; set both."),
        (
            {"HUAWEICLOUD_SDK_AK": AK, "HW_SECRET_KEY": SK},
            "HUAWEICLOUD_SDK_AK is set but HUAWEICLOUD_SDK_SK is not; set both.",
        ),
        (
            {"HW_SECRET_KEY": SK, "HW_SECURITY_TOKEN": STS, **of_family(3), **of_family(2)},
            "HW_SECRET_KEY is set but HW_ACCESS_KEY is not; set both, or unset HW_SECRET_KEY and HW_SECURITY_TOKEN "
            "to use OS_ACCESS_KEY and OS_SECRET_KEY, which are both set.",
        ),
        (
            {"CLOUD_SDK_SK": SK, "HW_AUTH_TOKEN": TOKEN},
            "CLOUD_SDK_SK is set but CLOUD_SDK_AK is not; set both.",
        ),
        (
            {"OS_SECURITY_TOKEN": STS},
            "OS_SECURITY_TOKEN is set but OS_ACCESS_KEY and OS_SECRET_KEY are not; set both.",
        ),
    ],
)
def test_incomplete_environment_is_named_by_its_variables(environ: dict[str, str], message: str) -> None:
    assert refused({"use_ecs_agency": True}, environ) == message


def test_no_credentials_anywhere() -> None:
    with pytest.raises(CredentialsError) as raised:
        find({})
    assert str(raised.value).startswith("No credentials are set; set access_key and secret_key, or auth_token")
    assert raised.value.hint is not None
    assert "AWX" in raised.value.hint
    assert "~/.huaweicloud/credentials" in raised.value.hint


def test_every_secret_is_registered_for_redaction() -> None:
    redactor = Redactor()
    with pytest.raises(CredentialsError):
        _credentials.find({"access_key": AK, "security_token": STS}, {}, redactor)
    assert redactor.known(f"{AK} {STS}") == "******** ********"
    redactor = Redactor()
    _credentials.find({}, {**OTHER, "HW_ACCESS_KEY": AK, "OS_SECRET_KEY": SK, "HW_AUTH_TOKEN": TOKEN}, redactor)
    assert redactor.known(f"{AK} {SK} {TOKEN}") == "******** ******** ********"


@pytest.mark.parametrize("name", ["https_proxy", "HTTP_PROXY", "all_proxy"])
def test_proxy_password_is_registered_for_redaction(name: str) -> None:
    redactor = Redactor()
    environ = {name: "http://user:p%40ss%20word@proxy:1", "no_proxy": "*", "ftp_proxy": "http://other:1"}
    _credentials.learn({}, environ, redactor)
    # The last as the header Proxy-Authorization has it.
    texts = ["p%40ss%20word", "p@ss word", base64.b64encode(b"user:p@ss word").decode()]
    assert redactor.known(", ".join(texts)) == "********, ********, ********"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_non_ascii_proxy_password_is_redacted_in_both_character_sets(charset: str) -> None:
    """In the header Proxy-Authorization requests writes Latin-1, where others write UTF-8."""
    redactor = Redactor()
    _credentials.learn({}, {"https_proxy": "http://user:passwörd@proxy:1"}, redactor)
    sent = base64.b64encode("user:passwörd".encode(charset)).decode()
    assert redactor.known(f"Basic {sent}") == "Basic ********"


def test_invalid_proxy_url_is_redacted() -> None:
    redactor = Redactor()
    _credentials.learn({}, {"https_proxy": "http://me:password@[::1", "no_proxy": "[::1,local"}, redactor)
    assert redactor.known("http://me:password@[::1 [::1,local") == "******** [::1,local"


WHITESPACE = "must not have leading or trailing whitespace"
CONTROL = "must not contain control characters or other invisible characters"
BAD_VALUES = {
    "line break at the end": ("%s\n", "whitespace", WHITESPACE),
    "CRLF at the end": ("%s\r\n", "whitespace", WHITESPACE),
    "space at the start": (" %s", "whitespace", WHITESPACE),
    "no-break space at the end": ("%s\u00a0", "whitespace", WHITESPACE),
    "line break": ("x\n%s", "control_characters", CONTROL),
    "NUL": ("%s\0x", "control_characters", CONTROL),
    "zero-width space at the end": ("%s\u200b", "control_characters", CONTROL),
}


def broken(options: dict[str, Any], environ: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    """Option, rule and message of each violation, after checking that find() refuses with them and quotes no value."""
    message = refused(options, environ)
    found = _credentials.violations(options, {"HOME": "/nonexistent", **(environ or {})}, Redactor())
    assert message == f"Nothing was sent: {'; '.join(violation.message for violation in found)}."
    assert all(violation.limit is None for violation in found)
    return [(violation.option, violation.rule, violation.message) for violation in found]


@pytest.mark.parametrize("value", BAD_VALUES)
def test_invalid_secret_is_a_violation(value: str, tmp_path: Path) -> None:
    template, rule, message = BAD_VALUES[value]
    bad_token, bad_secret = template % TOKEN, template % SK
    assert broken({"auth_token": bad_token}) == [("auth_token", rule, f"auth_token {message}")]
    assert broken({}, {"HW_AUTH_TOKEN": bad_token}) == [("auth_token", rule, f"HW_AUTH_TOKEN {message}")]
    environ = {"HW_ACCESS_KEY": AK, "HW_SECRET_KEY": bad_secret, "HW_SECURITY_TOKEN": template % STS}
    assert broken({}, environ) == [
        ("secret_key", rule, f"HW_SECRET_KEY {message}"),
        ("security_token", rule, f"HW_SECURITY_TOKEN {message}"),
    ]
    # What is not used breaks nothing.
    assert _credentials.violations(PAIR, environ, Redactor()) == []
    if not {"\n", "\r"} & set(template):
        path = written(tmp_path / "c", f'[basic]\nak = "{template % AK}"\nsk = {SK}\n')
        place = f"section [basic] of the credentials file {path}"
        assert broken({"credentials_file": path}) == [("access_key", rule, f"ak in {place} {message}")]


def test_continuation_line_in_the_file_is_a_violation(tmp_path: Path) -> None:
    path = written(tmp_path / "c", f"[basic]\nak = {AK}\nsk = {SK}\n  more\n")
    message = f"sk in section [basic] of the credentials file {path} {CONTROL}"
    assert broken({"credentials_file": path}) == [("secret_key", "control_characters", message)]


# The credentials file


def written(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


FILE = f"[basic]\nak = {AK}\nsk = {SK}\n"


def test_default_file_in_the_home_folder(tmp_path: Path) -> None:
    written(tmp_path / ".huaweicloud/credentials", FILE)
    credentials = find({}, {"HOME": str(tmp_path)})
    assert values(credentials) == PAIR
    assert credentials.source == f"section [basic] of the credentials file {tmp_path}/.huaweicloud/credentials"
    assert (credentials.project_id, credentials.iam_endpoint) == (None, None)


def test_file_by_option_or_variable(tmp_path: Path) -> None:
    option = written(tmp_path / "option", FILE)
    environ = written(tmp_path / "environ", FILE.replace(AK, "AKENVIRON"))
    written(tmp_path / ".huaweicloud/credentials", FILE.replace(AK, "AKHOME"))
    variables = {"HOME": str(tmp_path), "HUAWEICLOUD_SDK_CREDENTIALS_FILE": environ}
    assert values(find({"credentials_file": option}, variables))["access_key"] == AK
    assert values(find({"credentials_file": ""}, variables))["access_key"] == "AKENVIRON"
    assert values(find({"credentials_file": "~/option"}, variables))["access_key"] == AK
    del variables["HUAWEICLOUD_SDK_CREDENTIALS_FILE"]
    assert values(find({}, variables))["access_key"] == "AKHOME"


def test_all_keys_of_the_file(tmp_path: Path) -> None:
    more = f"security_token = {STS}\nproject_id = p\niam_endpoint = https://iam.example\nother = x\n"
    credentials = find({"credentials_file": written(tmp_path / "c", FILE + more)})
    assert values(credentials) == {**PAIR, "security_token": STS}
    assert (credentials.project_id, credentials.iam_endpoint) == ("p", "https://iam.example")


def test_percent_sign_is_not_interpolated(tmp_path: Path) -> None:
    path = written(tmp_path / "c", "[basic]\nak = %(sk)s\nsk = 100%secret%%\n")
    assert values(find({"credentials_file": path})) == {"access_key": "%(sk)s", "secret_key": "100%secret%%"}


def test_options_and_environment_win_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "c", "no INI")
    assert find({**PAIR, "credentials_file": path}).source.startswith("the options")
    assert find({"credentials_file": path}, OTHER).source.startswith("the variables")


def test_file_wins_over_the_agency(tmp_path: Path) -> None:
    path = written(tmp_path / "c", FILE)
    assert find({"credentials_file": path, "use_ecs_agency": True}).source.startswith(
        "section [basic] of the credentials file"
    )


NO_SECTION = "must have a section [basic], and has none above its keys; put the line [basic] above ak and sk."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[other]\nak = {AK}\nsk = {SK}\n", NO_SECTION),
        ("", NO_SECTION),
        (f"ak = {AK}\nsk = {SK}\n", NO_SECTION),
        (f"ak = {AK}\n[basic]\nsk = {SK}\n", NO_SECTION),
        (f"[basic]\n{SK}\n", "must be an INI file, and cannot be parsed."),
        (f"[basic]\nsk = {SK}\nsk = {SK}\n", "must be an INI file, and cannot be parsed."),
        (f"[basic]\nak = {AK}\n", "must set sk in its section [basic]."),
        (f"[basic]\nsk = {SK}\nak =\n", "must set ak in its section [basic]."),
        ("[basic]\n", "must set ak and sk in its section [basic]."),
    ],
)
def test_invalid_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path / "c", text)
    assert refused({"credentials_file": path}) == f"credentials_file {path} {message}"


def test_byte_order_mark_and_quotes_are_removed(tmp_path: Path) -> None:
    text = f"\ufeff[basic]\r\nak = \"{AK}\"\r\nsk = '{SK}'\r\nsecurity_token = ''\r\nproject_id = \"p\"\r\n"
    (tmp_path / "c").write_bytes(text.encode())
    credentials = find({"credentials_file": str(tmp_path / "c")})
    assert (values(credentials), credentials.project_id) == (PAIR, "p")
    (tmp_path / "c").write_text(f'[basic]\nak = "{AK}\nsk = "\n')
    assert values(find({"credentials_file": str(tmp_path / "c")})) == {"access_key": f'"{AK}', "secret_key": '"'}


def test_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"[basic]\nak = \xff\n")
    assert refused({"credentials_file": str(tmp_path / "c")}).endswith("must be an INI file, and cannot be parsed.")


def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    assert refused({"credentials_file": missing}) == (
        f"credentials_file {missing} cannot be read: no such file or directory."
    )
    assert (
        refused({"credentials_file": str(tmp_path)}) == f"credentials_file {tmp_path} cannot be read: is a directory."
    )
    # The default one may be missing, but not be something else.
    (tmp_path / ".huaweicloud/credentials").mkdir(parents=True)
    assert "is a directory" in refused({}, {"HOME": str(tmp_path)})
    assert refused({"credentials_file": "/a\0b"}).endswith("must be an INI file, and cannot be parsed.")


def test_home_of_the_process_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path / ".huaweicloud/credentials", FILE)
    assert _credentials.find({}, {}, Redactor()).source.endswith(os.path.join(".huaweicloud", "credentials"))


def test_secrets_of_the_file_are_registered_for_redaction(tmp_path: Path) -> None:
    redactor = Redactor()
    options = {"credentials_file": written(tmp_path / "c", f"[basic]\nsk = {SK}\n")}
    with pytest.raises(CredentialsError):
        _credentials.find(options, {}, redactor)
    assert redactor.known(SK) == "********"


def test_key_identifies_credentials() -> None:
    assert find(PAIR).key() == find(PAIR).key()
    assert find(PAIR).key() != find({**PAIR, "security_token": STS}).key()
    hash(find(PAIR).key())


def test_auth_objects() -> None:
    assert type(find(PAIR).auth()).__name__ == "AccessKeyAuth"
    assert type(find({"auth_token": TOKEN}).auth()).__name__ == "TokenAuth"
