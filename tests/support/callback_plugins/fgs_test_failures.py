# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down what the report plugin would say of every task that fails, one JSON document a line."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: fgs_test_failures
type: notification
short_description: Records how failures would be reported
description: Writes what the report plugin would say to the file that E(FGS_TEST_FAILURES) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "fgs_test_failures"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._items: dict[str, list[Any]] = {}

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._items.setdefault(result._host.get_name(), []).append(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        from ansible_collections.functiongraph.workflow.plugins.plugin_utils._recap import Recap, failures

        host = result._host.get_name()
        recap = Recap({})
        for item in self._items.pop(host, []):
            recap.item_failed(item)
        recap.failed(result, lambda _host: 1)
        failure = recap.failure([host])
        assert failure is not None
        line = {"host": host, "error": failures.error_text(failure), "message": failure.message}
        with open(os.environ["FGS_TEST_FAILURES"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    v2_runner_on_unreachable = v2_runner_on_failed
