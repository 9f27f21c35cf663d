# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A delivery against a script of expected calls; a missing or an extra call fails."""

from __future__ import annotations

from typing import Any

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._api import Callback, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import Delivery, Outcome
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.attempts import Attempts
from support.servers import Call, scripted

CREDENTIALS = Credentials({"access_key": "AK", "secret_key": "SK"}, "a test")
POST = ("POST", "/callback")
GET = ("GET", "/executions/run")
DELIVERED = Call(*POST, 200, {"execution_id": "run"})
CUT = Call(*POST, cut=True)
UNREADABLE = Call(*GET, 404, {"error_code": "FGS.5002", "error_msg": "Not found."})
IAM_UNAVAILABLE = Call(*POST, 503, {"error_code": "APIG.0613", "error_msg": "IAM."})
THROTTLED = Call(*POST, 429, {"error_code": "APIG.0308", "error_msg": "Throttled."}, {"Retry-After": "7"})
REFUSED = Call(*POST, 400, {"error_code": "FGS.3002", "error_msg": "Invalid parameters."})
REFUSAL = "status 400 (FGS.3002: Invalid parameters)"


def shows(status: Any, **more: Any) -> Call:
    """A read that shows this status of the state."""
    node = {"node_id": "state", "execution_id": "x", "executions": [{"status": status}]}
    return Call(*GET, 200, {"status": "running", "execution_id": "run", "node_execution_details": [node], **more})


WAITS, DONE, FAILED, TIMED_OUT = shows("running"), shows("success"), shows("fail"), shows("timeout")
NO_STATE = Call(*GET, 200, {"status": "running", "node_execution_details": []})

# A state is read at least three times before it counts as still waiting.
STILL_WAITING = (WAITS, WAITS, WAITS)


class Bench:
    """Delivers against a script, and records the delays."""

    def __init__(self, connections: _connections.Connections) -> None:
        self.connections = connections
        self.slept: list[float] = []

    def delivery(self, url: str, confirm: str, retries: int, timeout: float = 30.0) -> Delivery:
        """A delivery that has not started."""
        client = Client(url, CREDENTIALS, _http.Route(verify=True, proxies=()), timeout, self.connections)
        ids = {"workflow_id": "w", "workflow_run_id": "run", "workflow_state_id": "state"}
        callback = Callback(**ids, result="success", output={})
        return Delivery(client, "p", callback, confirm, Attempts(retries, self.slept.append, lambda least, most: most))

    def run(self, *calls: Call, confirm: str = "when_unknown", retries: int = 0) -> Outcome:
        """The outcome of a delivery, after checking that exactly these calls were received."""
        with scripted(*calls) as server:
            return self.delivery(server.url, confirm, retries).run()


def summary(outcome: Outcome) -> tuple[str, int, str | None]:
    """The main fields of an outcome."""
    return outcome.delivery, outcome.requests_sent, outcome.execution_id
