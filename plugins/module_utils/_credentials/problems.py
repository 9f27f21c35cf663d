# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What is wrong with a set of credentials.

Imported only where something is.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation


def unsendable(values: t.Mapping[str, str], names: t.Mapping[str, str]) -> list[Violation]:
    """A violation for each of values that cannot be sent. names says how the user calls each. No value is quoted."""
    found = []
    for name, value in values.items():
        if value != value.strip():
            text = "%s must not have leading or trailing whitespace" % names[name]
            found.append(Violation(name, "whitespace", None, text))
        elif not value.isprintable():
            text = "%s must not contain control characters or other invisible characters" % names[name]
            found.append(Violation(name, "control_characters", None, text))
    return found


def incomplete(given: t.Container[str], pair: t.Sequence[str], names: t.Mapping[str, str], instead: str) -> str:
    """The message about half a set. given are the values that are set, pair those that must be, names as above."""
    present = next(names[name] for name in (*pair, "security_token") if name in given)
    missing = [names[name] for name in pair if name not in given]
    verb = "is" if len(missing) == 1 else "are"
    return "%s is set but %s %s not; set both%s." % (present, " and ".join(missing), verb, instead)
