# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reporter of the report plugin without ansible-core: a run with a set end, and the result."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report.launched import Launch
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report.reporter import Reporter
from support.servers import Call, scripted
from support.tasks import SECRET

IDS = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_id": "state"}
ENVIRON = {"HOME": "/nonexistent", "HUAWEICLOUD_SDK_AK": "AKEXAMPLE0001", "HUAWEICLOUD_SDK_SK": SECRET}


class Run:
    """A PlaybookRun whose end is known."""

    def __init__(self, code: int = 0, **fields: Any) -> None:
        self.code = code
        self.is_last = True
        self.missing: list[str] = []
        self.sees_published = True
        self.check_mode = False
        self.failed: list[str] = []
        self.start_at: str | None = None
        self.happened: list[Any] = []
        self.stats = SimpleNamespace(custom={}, processed={}, summarize=self._summarize)
        vars(self).update(fields)

    @staticmethod
    def _summarize(_host: str) -> dict[str, int]:
        return dict.fromkeys(("ok", "failures", "unreachable", "changed", "skipped", "rescued", "ignored"), 0)

    def exit_code(self) -> int:
        return self.code

    def is_last_playbook(self) -> bool:
        return self.is_last

    def failed_hosts(self) -> list[str]:
        return self.failed

    def failures(self, _host: str) -> int:
        return 1

    def found_no_task_to_start_at(self) -> str | None:
        return self.start_at

    def when_cleaned_up(self, then: Any) -> None:
        self.happened.append(then)

    def wait_for_workers(self) -> None:
        self.happened.append("waits for workers")

    def end_on_signals(self) -> None:
        self.happened.append("ends on signals")

    def watch_published(self, seen: Any) -> None:
        self.publishes = seen


class Display:
    """Ansible's, which remembers."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def warning(self, text: str) -> None:
        self.messages.append(("warning", text))

    def display(self, text: str) -> None:
        self.messages.append(("display", text))

    def v(self, text: str) -> None:
        self.messages.append(("v", text))


class Session:
    """A reporter with its run, and all that came of it."""

    def __init__(
        self,
        run: Run | None = None,
        problems: tuple[str, ...] = (),
        is_disabled: bool | None = None,
        wrong_options: tuple[str, ...] = (),
        ids: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        launch = Launch(ids or IDS, list(problems), is_disabled)
        self.run: Any = cast(Any, run or Run())
        self.display = Display()
        usual = {
            "strict": False,
            "no_hosts": "fail",
            "confirm": "when_unknown",
            "region": "cn-north-4",
            "project_id": "p",
            "retries": 0,
        }
        self.reporter = Reporter(self.run, launch, {**usual, **options}, wrong_options, ENVIRON, self.display)
        self.reporter.recap.play(SimpleNamespace(vars={}))

    def start(self, **variables: Any) -> None:
        """Starts with a playbook of one play."""
        self.reporter.start(SimpleNamespace(get_plays=lambda: [SimpleNamespace(vars=variables)]))

    @property
    def messages(self) -> list[tuple[str, str]]:
        return self.display.messages

    def end(self, *calls: Call) -> list[dict[str, Any]]:
        """The bodies that came at the end of the playbook."""
        with scripted(*calls) as server:
            self.reporter._report._arguments["endpoint"] = server.url
            self.reporter.end(None)
        return [json.loads(came.body) for came in server.came if came.method == "POST"]
