# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The functions of a flow: Python handlers of this project, called as FunctionGraph's Python runtime calls them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .accounts import PROJECT_ID

# The control API is not signed: it must not run the code of anybody else.
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300


class FunctionError(Exception):
    """What a function has done wrong. kind is the name that on_errors can match."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Function:
    """A function: handler in a file below the project's folder; without a file it returns its event."""

    name: str
    file: str | None = None
    handler: str = "handler"
    settings: Mapping[str, str] = field(default_factory=dict)

    def problems(self) -> list[str]:
        """What keeps it from being called."""
        if self.file is None or (self._path().is_relative_to(ROOT) and self._path().is_file()):
            return []
        return [f"function {self.name}: file must be a file of this project"]

    def _path(self) -> Path:
        return ROOT.joinpath(str(self.file)).resolve()

    def call(self, event: dict[str, Any], context: Context) -> dict[str, Any]:
        """Its result, an object. Raises FunctionError for whatever goes wrong in it."""
        if self.file is None:
            return event
        try:
            result = self._load()(json.loads(json.dumps(event)), context)
            result = json.loads(json.dumps({} if result is None else result, allow_nan=False))
        except BaseException as error:
            raise FunctionError(type(error).__name__, str(error)) from error
        if not isinstance(result, dict):
            raise FunctionError("InvalidResult", "the function must return an object")
        return result

    def _load(self) -> Callable[[Any, Any], Any]:
        path = self._path()
        spec = importlib.util.spec_from_file_location(f"function_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is no Python file")
        module = importlib.util.module_from_spec(spec)
        # Dataclasses look their module up.
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        handler: Callable[[Any, Any], Any] = getattr(module, self.handler)
        return handler


@dataclass(frozen=True)
class Logger:
    """The logger of a call. It takes one string, as the service documents no more."""

    write: Callable[[str], None]

    def info(self, text: str) -> None:
        """Write a line."""
        self.write(text)

    debug = warn = error = info


@dataclass(frozen=True)
class Context:
    """What a function learns of its call. The ids of the workflow are those of the node that calls it."""

    function: Function
    workflow_id: str
    run_id: str
    state_id: str
    log: Callable[[str], None]
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def getWorkflowID(self) -> str:  # noqa: N802
        """Id of the flow."""
        return self.workflow_id

    def getWorkflowRunID(self) -> str:  # noqa: N802
        """Id of the run."""
        return self.run_id

    def getWorkflowStateID(self) -> str:  # noqa: N802
        """Id of the function's own node."""
        return self.state_id

    def getUserData(self, name: str) -> str | None:  # noqa: N802
        """A setting of the function."""
        return self.function.settings.get(name)

    def getLogger(self) -> Logger:  # noqa: N802
        """Its logger."""
        return Logger(self.log)

    def getRequestID(self) -> str:  # noqa: N802
        """Id of the call."""
        return self.request_id

    def getProjectID(self) -> str:  # noqa: N802
        """Id of the project."""
        return PROJECT_ID

    def getFunctionName(self) -> str:  # noqa: N802
        """Name of the function."""
        return self.function.name

    def getPackage(self) -> str:  # noqa: N802
        """Its application."""
        return "default"

    def getVersion(self) -> str:  # noqa: N802
        """Its version."""
        return "latest"

    def getRunningTimeInSeconds(self) -> int:  # noqa: N802
        """How long it may run."""
        return SECONDS

    def getRemainingTimeInMilliSeconds(self) -> int:  # noqa: N802
        """How long it may still run; the simulator does not count."""
        return SECONDS * 1000


Done = Callable[[dict[str, Any] | None, FunctionError | None], None]


def call_in_thread(function: Function, event: dict[str, Any], context: Context, done: Done) -> None:
    """Call a function in a thread, and done with its result, or its error, in the loop."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        outcome: tuple[dict[str, Any] | None, FunctionError | None]
        try:
            outcome = function.call(event, context), None
        except FunctionError as error:
            outcome = None, error
        # The simulator may have stopped in the meantime.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(done, *outcome)

    # A daemon: a function that hangs does not keep the simulator from stopping.
    threading.Thread(target=call, daemon=True).start()
