# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of runs: pages, time windows, and their bounds."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.executions import RUNS
from support.servers import Call, Came, scripted
from support.tasks import CONNECTION, SECRET, execution_info_task

from ansible_collections.functiongraph.workflow.plugins.module_utils import _reads
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists

THREE_DAYS = ("2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z")


def page(*runs: tuple[str, str], query: str = "") -> Call:
    """A page of runs by ID and time of their begin."""
    rows = [{"execution_id": name, "begin_time": begin, "status": "running"} for name, begin in runs]
    return Call("GET", query, 200, {"executions": rows})


def listed(*calls: Call, **arguments: Any) -> tuple[dict[str, Any], list[Came]]:
    """The result, and the requests."""
    with scripted(*calls) as server:
        found = execution_info_task({"endpoint": server.url, "execution_id": None, **arguments})
        result: dict[str, Any] = found.run()
    assert SECRET not in json.dumps(result)
    assert result["changed"] is False
    return result, server.came


def ids(result: dict[str, Any]) -> list[str]:
    return [run["execution_id"] for run in result["executions"]]


def queries(came: list[Came]) -> list[dict[str, str]]:
    return [{name: values[0] for name, values in parse_qs(urlsplit(one.path).query).items()} for one in came]


A, B, C, D = (("a", "2026-11-26T04"), ("b", "2026-11-26T03"), ("c", "2026-11-25T02"), ("d", "2026-11-24T01"))


def test_by_default_the_service_chooses_the_time() -> None:
    result, came = listed(page(B, A), page())
    assert (ids(result), result["truncated"], result["http_status"]) == (["a", "b"], False, 200)
    assert queries(came) == [{"limit": "200", "offset": "0"}, {"limit": "200", "offset": "2"}]
    assert {urlsplit(one.path).path for one in came} == {RUNS}


def test_no_runs() -> None:
    result, _came = listed(page())
    assert (result["executions"], result["truncated"]) == ([], False)


def test_every_page_is_read() -> None:
    result, came = listed(page(C), page(A), page(D, B), page())
    assert ids(result) == ["a", "b", "c", "d"]
    assert [query["offset"] for query in queries(came)] == ["0", "1", "2", "4"]


def test_run_that_moves_to_the_next_page_is_listed_once() -> None:
    result, _came = listed(page(A, B), page(B, C), page())
    assert ids(result) == ["a", "b", "c"]


def test_server_that_ignores_the_offset_is_read_twice() -> None:
    result, came = listed(page(A, B), page(A, B))
    assert (ids(result), len(came)) == (["a", "b"], 2)


def test_status_is_asked_of_the_service() -> None:
    _result, came = listed(page(), status="running")
    assert queries(came)[0]["status"] == "running"


def test_wide_times_are_read_in_windows_of_three_days() -> None:
    result, came = listed(
        page(A), page(), page(A, C), page(), page(D), page(), since="2026-11-19T12:00:00Z", until="2026-11-27"
    )
    assert ids(result) == ["a", "c", "d"]
    found = [(query["start_time"], query["end_time"]) for query in queries(came)[::2]]
    assert found == [
        THREE_DAYS,
        ("2026-11-21T00:00:00Z", "2026-11-24T00:00:00Z"),
        ("2026-11-19T12:00:00Z", "2026-11-21T00:00:00Z"),
    ]


def test_until_alone_is_three_days() -> None:
    _result, came = listed(page(), until="2026-11-27T02:00:00+02:00")
    assert [(query["start_time"], query["end_time"]) for query in queries(came)] == [THREE_DAYS]


@pytest.mark.parametrize(("ago", "requests"), [("90m", 1), ("47 h", 1), ("3d", 2), ("12d", 5)])
def test_age(ago: str, requests: int) -> None:
    # The last window ends in one hour, as this clock may be behind the service's.
    _result, came = listed(*[page()] * requests, since=ago)
    assert len(came) == requests


@pytest.mark.parametrize(
    ("most", "calls", "expected", "truncated"),
    [
        (2, (page(B, A), page()), ["a", "b"], False),
        (1, (page(B, A), page()), ["a"], True),
        (2, (page(B), page(A), page(C), page()), ["a", "b"], True),
    ],
)
def test_number_of_runs_is_bounded(most: int, calls: Any, expected: list[str], truncated: bool) -> None:
    result, _came = listed(*calls, max_results=most)
    assert (ids(result), result["truncated"]) == (expected, truncated)


def test_run_at_the_border_of_two_windows_is_counted_once() -> None:
    border = ("b", "2026-11-24T00:00:00Z")
    calls = (page(A, border), page(), page(border, ("o", "2026-11-22T00:00:00Z")), page())
    result, _came = listed(*calls, since="2026-11-21", until="2026-11-27", max_results=2)
    assert (ids(result), result["truncated"]) == (["a", "b"], True)


def test_since_and_until_may_be_the_same() -> None:
    moment = "2026-11-26T03:00:00Z"
    result, came = listed(page(B), page(), since=moment, until=moment)
    assert ids(result) == ["b"]
    assert (queries(came)[0]["start_time"], queries(came)[0]["end_time"]) == (moment, moment)


def test_older_windows_are_not_read_where_there_are_enough() -> None:
    result, came = listed(page(A, B), page(), since="2026-11-01", until="2026-11-27", max_results=1)
    assert (ids(result), result["truncated"], len(came)) == (["a"], True, 2)


def test_states_are_read_some_at_a_time() -> None:
    limit = lists.AT_A_TIME
    names = [str(number) for number in range(3 * limit)]
    at_once = threading.Semaphore(limit)
    together = threading.Barrier(limit, timeout=60)
    response: Any = None

    def read(_connection: Any, run_id: str) -> Any:
        assert at_once.acquire(blocking=False)
        together.wait()
        at_once.release()
        node = {"node_id": "n", "node_name": run_id, "executions": [{"status": "running"}]}
        return _reads.Run({"node_execution_details": [node]}, "running", response)

    with scripted(page(*[(name, "2026") for name in names]), page()) as server:
        found: Any = execution_info_task({**CONNECTION, "endpoint": server.url, "execution_id": None, "states": True})
        found._read = read
        result = found.run()
    expected = {"node_id": "n", "execution_id": None, "status": "running", "error_message": None}
    assert [run["states"] for run in result["executions"]] == [[{**expected, "node_name": name}] for name in names]


def test_run_that_is_gone_when_its_states_are_read_has_none() -> None:
    gone = Call("GET", RUNS + "/a", 404, {"error_code": "FGS.5002", "error_msg": "Not found."})
    result, _came = listed(page(A), page(), gone, states=True)
    assert not result.get("failed")
    assert [(run["execution_id"], run["states"]) for run in result["executions"]] == [("a", [])]


def test_run_whose_states_cannot_be_read_fails() -> None:
    run = Call("GET", RUNS + "/a", 403, {"error_code": "APIG.0302", "error_msg": "No permission."})
    result, _came = listed(page(A), page(), run, states=True)
    assert result["failed"]
    assert result["msg"].startswith("The list of runs could not be read: status 403 (APIG.0302: No permission), ")


@pytest.mark.parametrize("document", [{}, [], {"executions": None}])
def test_no_list(document: Any) -> None:
    result, _came = listed(Call("GET", "", 200, document))
    assert result["msg"] == "The list of runs could not be read: the response shows no list of runs."


# The arguments, and the options and rules that they break.
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no time": ({"since": "yesterday"}, [("since", "time")]),
    "no times": ({"since": "5w", "until": "2026-13-01"}, [("since", "time"), ("until", "time")]),
    "time beyond the calendar": ({"since": "0001-01-01T00:00:00+05:00"}, [("since", "time")]),
    "time ago beyond the calendar": ({"since": "999999d", "until": "800000d"}, [("since", "time"), ("until", "time")]),
    "three days before the calendar": ({"until": "0001-01-02"}, [("until", "time")]),
    "later than until": ({"since": "1d", "until": "7d"}, [("since", "time")]),
    "long ago": ({"since": "2000-01-01"}, [("since", "range")]),
    "no results": ({"max_results": 0}, [("max_results", "range")]),
    "too many results": ({"max_results": 10_001}, [("max_results", "range")]),
    "unknown status": ({"status": "waiting"}, [("status", "enum")]),
    "state without its run": ({"workflow_state_name": "wait"}, [("execution_id", "required")]),
    "list and run": (
        {"execution_id": "run", "status": "fail", "since": "1d", "until": "1m", "states": True},
        [("since", "list"), ("states", "list"), ("status", "list"), ("until", "list")],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    arguments, broken = WRONG[name]
    result = execution_info_task({"execution_id": None, **arguments}).run()
    assert sorted((one["option"], one["rule"]) for one in result["violations"]) == broken


def test_what_wrong_arguments_say() -> None:
    found = execution_info_task({"execution_id": None, "since": "yesterday", "workflow_state_id": "s"})
    assert found.run()["msg"] == (
        "Nothing was sent: execution_id is required with workflow_state_id; since must be a time such as "
        "2026-01-31T23:59:59Z or an age such as 90m, 12h or 7d, got 'yesterday'."
    )
    found = execution_info_task({"states": True, "max_results": 0})
    assert found.run()["msg"] == (
        "Nothing was sent: states is for a list of runs; unset it or execution_id; max_results must be from 1 to "
        "10000, got 0."
    )


def test_empty_id_of_a_run_lists_nothing() -> None:
    found: Any = execution_info_task({})
    found.params["execution_id"] = ""
    assert found.run()["msg"] == (
        "Nothing was sent: execution_id is empty; the extra var fgs_workflow_run_id is probably missing."
    )


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (1764126000123, "2025-11-26T03:00:00Z"),
        (1764126000123.5, "2025-11-26T03:00:00Z"),
        (0, None),
        (-1, None),
        (10**15, None),
        (1e300, None),
        (float("nan"), None),
        ("2026-11-26", None),
        (None, None),
    ],
)
def test_time_is_written_as_the_service_writes_it(milliseconds: Any, expected: str | None) -> None:
    assert lists.written_time(milliseconds) == expected
