# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the result of every task to the file that FGS_TEST_RECORD names, one JSON document a line."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: fgs_test_record
type: notification
short_description: Writes results down for tests
description: Writes the result of every task to the file that E(FGS_TEST_RECORD) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "fgs_test_record"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, outcome: str, result: Any, ignored: bool = False) -> None:
        path = os.environ.get("FGS_TEST_RECORD")
        if not path:
            return
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        data = getattr(result, "result", None)
        data = result._result if data is None else data
        line = {
            "host": host.get_name(),
            "task": task.get_name(),
            "outcome": outcome,
            # All of it: what Ansible shows on the screen lacks diff and warnings.
            "result": {name: value for name, value in data.items() if not name.startswith("_ansible_")},
            "ignored": ignored,
        }
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result, ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("skipped", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._write("item_ok", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._write("item_failed", result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        self._write("item_skipped", result)
