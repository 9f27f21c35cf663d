# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a source of credentials is, and what is the same for all of them.

Each source is one set: half a set is an error that names what is missing, never completed from another source.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation

PAIR = ("access_key", "secret_key")


class CredentialsError(Exception):
    """No usable credentials. The message is one sentence for the user; hint says more where more is known.

    violations are what single values break, where that is the reason.
    """

    def __init__(
        self, message: str, hint: t.Optional[str] = None, violations: t.Optional[t.Sequence[Violation]] = None
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.violations = violations


class Source:
    """One place that credentials may come from.

    options are a task's, environ its environment. Every secret that a source meets is made known to redactor.
    """

    def __init__(self, options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> None:
        self.options = options
        self.environ = environ
        self.redactor = redactor

    def is_set(self) -> bool:
        """Whether this source is to be used, where no source before it is."""
        raise NotImplementedError

    def authenticate(self) -> t.Any:
        """The signing.Credentials. Raises CredentialsError."""
        raise NotImplementedError

    def validate(self) -> list[Violation]:
        """What single values of the source break. Nothing is sent to find out."""
        try:
            self.authenticate()
        except CredentialsError as error:
            return list(error.violations or ())
        return []


def joined(words: t.Sequence[str]) -> str:
    return " and ".join(text for text in (", ".join(words[:-1]), words[-1]) if text)


def complete_set(
    values: t.Mapping[str, t.Optional[str]], names: t.Mapping[str, str], instead: str = ""
) -> dict[str, str]:
    """What is to be used of one set: the keys, or else the token. Empty where the set has nothing.

    names says how the user calls each value there, instead what else can be done about half a set.
    """
    given = {name: value for name, value in values.items() if value}
    if all(name in given for name in PAIR):
        given.pop("auth_token", None)
    elif set(given) - {"auth_token"}:
        # Here, and below: Ansible compiles what is imported at each start, and most credentials are right.
        from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.problems import incomplete

        raise CredentialsError(incomplete(given, PAIR, names, instead))
    return given


def checked(values: dict[str, str], names: t.Mapping[str, str]) -> dict[str, str]:
    """values, where each can be sent as it is. names says how the user calls each. Raises CredentialsError."""
    if all(value == value.strip() and value.isprintable() for value in values.values()):
        return values
    from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.problems import unsendable
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import sentence

    found = unsendable(values, names)
    raise CredentialsError(sentence(found), violations=found)


def described(kind: str, names: t.Sequence[str]) -> str:
    return "the %s%s %s" % (kind, "" if len(names) == 1 else "s", joined(names))
