# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what the collection does: a playbook that starts a run, one that completes it, and the result of the run.

Everything except the service is real: the collection as installed from its archive, ansible-playbook, signed requests
over a socket. The service is the embedded simulator, which runs the flow in flow.json with the functions in
functions.py. With --stay the simulator keeps running with its page.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import simulators

START = Path(__file__).with_name("start.yml")
PLAYBOOK = "functiongraph.workflow.demo"
BOLD, GREY, RED, GREEN, CYAN = "1", "90", "31", "32", "36"
IDS = {
    "fgs_workflow_id": "workflow_id",
    "fgs_workflow_run_id": "workflow_run_id",
    "fgs_workflow_state_name": "workflow_state_name",
}


_CONTROL = re.compile(r"\x1b\[[0-9;]*m")
_YAML = re.compile(r"(?P<comment>#.*)|(?P<key>^[ -]*[\w.]+:)")


def say(text: str) -> None:
    print(text, flush=True)


def is_colored() -> bool:
    """Whether the output is a terminal with colours, and NO_COLOR is unset."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def colored(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if text and is_colored() else text


def margin(line: str) -> str:
    """Marks a line of the playbook or of ansible-playbook's output."""
    return colored("    | ", GREY) + line


def installed_playbook() -> Path:
    """The file of the playbook that completes runs."""
    collections = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"].partition(os.pathsep)[0])
    return collections.joinpath("ansible_collections", "functiongraph", "workflow", "playbooks", "demo.yml")


def show_playbook(path: Path) -> None:
    """Shows a playbook without its licence header."""
    _licence, _unused, text = path.read_text(encoding="utf-8").partition("\n\n")
    for line in text.splitlines():
        say(margin(_YAML.sub(lambda match: colored(match[0], GREY if match["comment"] else CYAN), line)))


def credentials(simulator: simulators.Simulator) -> dict[str, str]:
    """Returns the environment that a user sets once: credentials and endpoints."""
    account = simulator.accounts["permanent"]
    return {
        "HUAWEICLOUD_SDK_AK": account["access_key"],
        "HUAWEICLOUD_SDK_SK": account["secret_key"],
        "HW_REGION_NAME": simulator.region,
        "FGS_ENDPOINT": simulator["http"],
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": simulator["http"],
    }


def ansible_playbook(
    simulator: simulators.Simulator, home: str, variables: Mapping[str, object], playbook: str = PLAYBOOK
) -> int:
    """Runs a playbook with extra vars only, like a job template. Its output goes to the terminal."""
    environment = {
        **os.environ,
        **credentials(simulator),
        "HOME": home,
        "ANSIBLE_HOME": home,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        # Its output is a pipe, so it cannot detect the terminal itself.
        "ANSIBLE_FORCE_COLOR": str(is_colored()),
    }
    program = Path(sys.executable).parent / "ansible-playbook"
    command = [str(program), playbook, "-e", json.dumps(variables)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if _CONTROL.sub("", line).strip():
                say(margin(line.rstrip()))
    return process.returncode


def create_flow(simulator: simulators.Simulator) -> None:
    """Makes the sample flow the one that runs start."""
    flow = json.loads(Path(__file__).with_name("flow.json").read_text(encoding="utf-8"))
    workflow_id = simulator.accounts["workflow_id"]
    simulator.ask("POST", "/_simulator/workflows", {"workflow_id": workflow_id, "definition": flow})


def start_run(simulator: simulators.Simulator, home: str) -> dict[str, Any]:
    """Starts a run with the playbook for that, and returns the run. Raises SystemExit if it does not wait."""
    say("Ansible runs the first playbook, which starts a run:\n")
    code = ansible_playbook(simulator, home, {"fgs_workflow_id": simulator.accounts["workflow_id"]}, str(START))
    newest: dict[str, Any] = simulator.ask("GET", "/_simulator/runs")["runs"][0]
    if code or not newest["waits"]:
        raise SystemExit("The demo failed: the run should have been started, and wait.")
    say("")
    return newest


def show_run(
    simulator: simulators.Simulator, home: str, title: str, variables: dict[str, object], expected: str
) -> None:
    """Shows one run from its start to its end. Raises SystemExit if it does not end as expected."""
    say(colored(f"\n=== {title}\n", BOLD))
    run = start_run(simulator, home)
    launcher, own_id = run["nodes"][0]["node_name"], run["launcher_state_id"]
    if own_id == run["workflow_state_id"]:
        raise SystemExit("The demo failed: the function should have learned another ID than the one that waits.")
    say(f"The function in {launcher!r} has run. Its own state ID is not the one that waits: {own_id}.")
    say(f"Run {run['workflow_run_id']} waits at {run['workflow_state_name']!r}, state ID {run['workflow_state_id']}.")
    extra_vars = "the IDs of workflow and run and the name of that state"
    extra_vars += "".join(f", and {name}={json.dumps(value)}" for name, value in variables.items())
    say(f"Ansible runs the second playbook, with these extra vars: {extra_vars}.\n")
    code = ansible_playbook(simulator, home, {**{name: run[key] for name, key in IDS.items()}, **variables})
    finished = simulator.ask("GET", f"/_simulator/wait?run={run['workflow_run_id']}&for=ended")
    status = colored(finished["status"], GREEN if finished["status"] == "success" else RED)
    say(f"\nansible-playbook ended with exit code {code}. The run is no longer waiting: status {status}.")
    if finished["status"] == "success":
        say(f"Its next function got the playbook's output as input: {json.dumps(finished['next_input'])}")
        say(f"That function says: {finished['logs'][-1]['text']}")
    else:
        say(f"Its state failed with the playbook's error: {finished['error']!r}")
    say(f"The simulator received {finished['callback_requests']} signed callback request and completed the state once.")
    if (finished["status"], finished["callback_requests"], code != 0) != (expected, 1, expected == "fail"):
        raise SystemExit(f"The demo failed: the run should have ended with {expected}.")


def stay(simulator: simulators.Simulator, home: str) -> None:
    """Keeps the simulator running with a waiting run, until Ctrl-C."""
    say(colored("\n=== The simulator stays up\n", BOLD))
    run = start_run(simulator, home)
    exports = " ".join(f"{name}={value}" for name, value in credentials(simulator).items())
    path = os.environ["ANSIBLE_COLLECTIONS_PATH"]
    variables = " ".join(f"-e {name}={run[key]}" for name, key in IDS.items())
    say(f"Its page: {simulator['page']}   (Ctrl-C here ends it)")
    say("A run waits there. To complete it, copy these two lines into another terminal:\n")
    say(f"export ANSIBLE_COLLECTIONS_PATH={path} {exports}")
    say(f"{Path(sys.executable).parent / 'ansible-playbook'} {PLAYBOOK} {variables}")
    say("\nA run is completed once. This line starts another; put the run ID that it prints into the second line:\n")
    say('curl --silent --data \'{"name": "another"}\' "$FGS_ENDPOINT/_simulator/runs"')
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    say("\nThe simulator has stopped.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stay", action="store_true", help="leave the simulator up, with its page")
    options = parser.parse_args()
    # SIGTERM must stop the simulator as well.
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(143))
    with simulators.running() as simulator, tempfile.TemporaryDirectory(prefix="fgs-demo-") as home:
        create_flow(simulator)
        say("A playbook starts a run of a workflow. The run waits for a second playbook, which completes it.")
        say("Only the service is simulated, on this machine: no account is needed, and nothing is sent to a cloud.")
        say(colored("\n=== The first playbook: tests/demo/start.yml\n", BOLD))
        show_playbook(START)
        say(colored(f"\n=== The second playbook: {PLAYBOOK}\n", BOLD))
        show_playbook(installed_playbook())
        show_run(simulator, home, "A runbook that succeeds", {}, "success")
        show_run(simulator, home, "A runbook that fails", {"demo_fail": True}, "fail")
        say("\nIn both cases the workflow received one callback, signed, with the playbook's own output or error.")
        if options.stay:
            stay(simulator, home)


if __name__ == "__main__":
    main()
