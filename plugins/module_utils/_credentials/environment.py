# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Credentials from environment variables.

Each family of variables is one set; the first that has any part of access key and secret key decides. Sources of the
names: official SDKs, Terraform provider with its OpenStack fallback, samples of the service's page.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import (
    PAIR,
    Source,
    checked,
    complete_set,
    described,
    joined,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import ENVIRONMENT, SECRET_OPTIONS

FAMILIES: tuple[dict[str, str], ...] = tuple(
    {option: variable for option in SECRET_OPTIONS for variable in ENVIRONMENT[option] if variable.startswith(prefix)}
    for prefix in ("HUAWEICLOUD_SDK_", "HW_", "OS_", "CLOUD_SDK_")
)


class Environment(Source):
    """The variables of one family. An empty one counts as unset."""

    def _with(
        self, families: t.Iterable[dict[str, str]], names: t.Sequence[str], count: t.Callable[[t.Iterable[t.Any]], bool]
    ) -> list[dict[str, str]]:
        """The families in which any or all (count) of names are set."""
        return [one for one in families if count(self.environ.get(one.get(name, "")) for name in names)]

    def _families(self) -> list[dict[str, str]]:
        return self._with(FAMILIES, PAIR, any) or self._with(FAMILIES, SECRET_OPTIONS, any)

    def is_set(self) -> bool:
        return bool(self._families())

    def authenticate(self) -> Credentials:
        names, *others = self._families()
        instead = ""
        for other in self._with(others, PAIR, all)[:1]:
            present = joined([variable for variable in names.values() if self.environ.get(variable)])
            pair = joined([other[name] for name in PAIR])
            instead = ", or unset %s to use %s, which are both set" % (present, pair)
        values = {name: self.environ.get(variable) for name, variable in names.items()}
        used = checked(complete_set(values, names, instead), names)
        return Credentials(used, described("variable", [names[name] for name in used]), self.redactor)
