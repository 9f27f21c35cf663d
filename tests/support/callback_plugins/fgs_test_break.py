# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Breaks the report plugin, to see what that does."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import reporter

DOCUMENTATION = """
name: fgs_test_break
type: notification
short_description: Breaks the report plugin
description: Lets the function of the report plugin fail that E(FGS_TEST_BREAK) names.
"""


def broken(*_arguments: Any, **_options: Any) -> None:
    raise RuntimeError("broken for a test")


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "fgs_test_break"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:
        from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report

        place, name = {"recap": (_report, "recap"), "send": (reporter.ReportTask, "run")}[os.environ["FGS_TEST_BREAK"]]
        setattr(place, name, broken)
