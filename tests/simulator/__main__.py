# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the simulator: `PYTHONPATH=tests python -m simulator`. README.md says what it does."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from . import faults
from .listeners import Listeners
from .world import World


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A FunctionGraph and its IAM on loopback.")
    parser.add_argument("--stay", action="store_true", help="do not stop when standard input ends")
    parser.add_argument(
        "--keep-alive", type=float, default=75.0, metavar="SECONDS", help="close a connection that is idle for so long"
    )
    parser.add_argument("--list-faults", action="store_true", help="print all faults as JSON, and stop")
    return parser.parse_args()


def _stop_with_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # A thread, as the loop cannot watch every kind of standard input.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


async def _serve(arguments: argparse.Namespace, folder: Path) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    world = World()
    listeners = Listeners(world, arguments.keep_alive)
    try:
        await listeners.open(folder)
        world.addresses["pid"] = os.getpid()
        print(json.dumps(world.addresses), flush=True)
        if not arguments.stay:
            threading.Thread(target=_stop_with_parent, args=(loop, stop), daemon=True).start()
        await stop.wait()
    finally:
        await listeners.close()


def main() -> int:
    """Run until a signal, or the end of standard input."""
    arguments = _arguments()
    if arguments.list_faults:
        print(json.dumps(faults.table(), indent=2))
        return 0
    with tempfile.TemporaryDirectory(prefix="fgs-simulator-") as folder:
        asyncio.run(_serve(arguments, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
