# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The arguments as a result shows them.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._options import connection_spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.tables import DEPTH

MASKED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def masked(
    arguments: t.Mapping[str, t.Any], specification: t.Optional[t.Mapping[str, dict[str, t.Any]]] = None
) -> dict[str, t.Any]:
    """The arguments as a result may show them: secret options hidden, and their values wherever else they stand.

    specification is that of the task, and may have secret options of its own.
    """
    rules = {**connection_spec(), **(specification or {})}
    secret = {
        name for option in rules if rules[option].get("no_log") for name in (option, *rules[option].get("aliases", []))
    }
    redactor = Redactor()
    redactor.add(*(str(arguments[name]) for name in secret if arguments.get(name)))
    shown: dict[str, t.Any] = redactor.within({n: v for n, v in arguments.items() if n not in secret}, DEPTH)
    shown.update((name, arguments[name] and MASKED) for name in secret if name in arguments)
    return shown
