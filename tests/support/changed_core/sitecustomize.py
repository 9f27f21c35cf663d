# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release of ansible-core that calls one of its private names otherwise: the word in FGS_TEST_RENAME, wherever it is
in the modules that FGS_TEST_RENAME_IN names.
"""

import os
import re
from importlib.machinery import SourceFileLoader
from typing import Any

_WORD = os.environ["FGS_TEST_RENAME"]
_MODULES = re.compile(os.environ["FGS_TEST_RENAME_IN"])
_get_code = SourceFileLoader.get_code


def _renamed(self: SourceFileLoader, fullname: str) -> Any:
    if not _MODULES.fullmatch(fullname):
        return _get_code(self, fullname)
    source = self.get_source(fullname)
    if source is None or _WORD not in source:
        return _get_code(self, fullname)
    return compile(re.sub(rf"\b{_WORD}\b", f"{_WORD}_of_tomorrow", source), self.path, "exec", dont_inherit=True)


SourceFileLoader.get_code = _renamed  # type: ignore[method-assign, assignment]
