# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules of the collection in this process."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

from ansible.module_utils import basic

__all__ = ["patch_module_args", "printed"]

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core before 2.19

    @contextlib.contextmanager
    def patch_module_args(arguments: dict[str, Any]) -> Any:
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = None


def printed(main: Callable[[], None], arguments: dict[str, Any]) -> str:
    """What a module prints, called with these arguments."""
    output = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        main()
    return output.getvalue()
