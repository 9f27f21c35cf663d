# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
The project of a region: its id is in every path, and IAM knows it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _addresses, _attempts, _contract
from ansible_collections.functiongraph.workflow.plugins.module_utils._client import Answer, Client
from ansible_collections.functiongraph.workflow.plugins.module_utils._network_failures import UNRESOLVED
from ansible_collections.functiongraph.workflow.plugins.module_utils._transport import Failure

# By IAM endpoint, region and credentials: the items of a loop look up once.
_known: dict[t.Hashable, str] = {}


class ProjectError(Exception):
    """No single project was found. answer is IAM's, None where none came.

    passing is true where trouble of the network or of IAM was the cause.
    """

    def __init__(
        self, message: str, answer: t.Optional[Answer] = None, hint: t.Optional[str] = None, passing: bool = False
    ) -> None:
        super().__init__(message)
        self.answer = answer
        self.hint = hint
        self.passing = passing


def find(client: Client, region: str, credentials_key: t.Hashable, attempts: _attempts.Attempts) -> str:
    """The id of the region's only project, from IAM. Raises ProjectError."""
    key = (client.endpoint, region, credentials_key)
    if key not in _known:
        _known[key] = _looked_up(client, region, attempts)
    return _known[key]


def _looked_up(client: Client, region: str, attempts: _attempts.Attempts) -> str:
    give = "set project_id to do without the lookup"
    try:
        answer = _attempts.read(lambda: client.list_projects(region), attempts)
    except Failure as failure:
        if failure.message == UNRESOLVED:
            text = "The project of region %s could not be looked up in IAM (%s), as its host name cannot be resolved: "
            text = (text + "check region%s and name server.") % (
                region,
                client.endpoint,
                _addresses.region_meant(region),
            )
            raise ProjectError(text, passing=True) from None
        if failure.kind == "refused":
            text = "The project of region %s was not looked up in IAM, as %s."
            raise ProjectError(text % (region, failure.message), hint=failure.hint) from None
        text = "The project of region %s could not be looked up in IAM (%s): %s; %s."
        raise ProjectError(text % (region, client.endpoint, failure.message, give), passing=True) from None
    if answer.status != 200:
        text = "IAM refused to look up the project of region %s: %s%s."
        # With wrong keys the callback would be refused as well.
        instead = "" if answer.status == 401 else "; " + give
        passing = answer.status in (408, 429) or answer.status >= 500
        raise ProjectError(text % (region, answer.clause(), instead), answer, answer.hint(), passing)
    try:
        listed = answer.document["projects"]
        found = [project["id"] for project in listed if project.get("name", region) == region]
    except (AttributeError, KeyError, TypeError):
        listed, found = [], [None]
    if not all(isinstance(project, str) and project for project in found):
        text = "IAM answered the lookup of the project of region %s with something that is no list of projects; %s."
        raise ProjectError(text % (region, give), answer)
    if listed and not found:
        text = "IAM answered the lookup of the project of region %s with projects of other names only; %s."
        raise ProjectError(text % (region, give), answer)
    if not found:
        text = "IAM knows no project of region %s for these credentials: check region%s, or give project_id."
        raise ProjectError(text % (region, _addresses.region_meant(region)), answer)
    if len(found) > 1:
        text = "IAM knows %d projects of region %s: give project_id to choose one, of %s."
        names = ", ".join(_contract.shortened(project) for project in found[:10])
        raise ProjectError(text % (len(found), region, names), answer)
    return str(found[0])
