# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Credentials from the options of a task.
"""

from __future__ import annotations

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import (
    Source,
    checked,
    complete_set,
    described,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import SECRET_OPTIONS


class Options(Source):
    """access_key, secret_key and security_token, or auth_token."""

    def is_set(self) -> bool:
        return any(self.options.get(name) for name in SECRET_OPTIONS)

    def authenticate(self) -> Credentials:
        names = {name: name for name in SECRET_OPTIONS}
        values = checked(complete_set({name: self.options.get(name) for name in SECRET_OPTIONS}, names), names)
        return Credentials(values, described("option", list(values)), self.redactor)
