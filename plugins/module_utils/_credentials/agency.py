# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Temporary credentials of the agency of the ECS on which the call is made, from its metadata service.
"""

from __future__ import annotations

import json

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import (
    CredentialsError,
    Source,
    checked,
)
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import failures
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests
from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation

# The metadata service of an ECS. Only tests set another address.
METADATA_SERVICE = "http://169.254.169.254"
_METADATA_TIMEOUT = 5.0
_METADATA_TOKEN_SECONDS = 21600


def _metadata(method: str, path: str, headers: dict[str, str]) -> _http.RawResponse:
    """One request to the metadata service, never through a proxy: it hands out secrets."""
    prepared = requests.Request(method, METADATA_SERVICE + path, headers=headers).prepare()
    connections = _connections.Connections()
    try:
        route = _http.Route(verify=True, proxies=())
        return _http.exchange(connections.adapter("metadata"), prepared, route, _METADATA_TIMEOUT)
    except failures.Failure as failure:
        raise CredentialsError(
            "use_ecs_agency needs the metadata service of an ECS, which does not respond: %s." % failure.message,
            "Use use_ecs_agency only where the call is made on an ECS, with run_on=target for a host that is one.",
        ) from None
    finally:
        connections.close()


class Agency(Source):
    """The agency, where use_ecs_agency is on. Either form of the metadata service will do."""

    def is_set(self) -> bool:
        return bool(self.options.get("use_ecs_agency"))

    def validate(self) -> list[Violation]:
        """Nothing is known before the metadata service is asked."""
        return []

    def authenticate(self) -> Credentials:
        headers: dict[str, str] = {}
        lifetime = {"X-Metadata-Token-Ttl-Seconds": str(_METADATA_TOKEN_SECONDS)}
        response = _metadata("PUT", "/meta-data/latest/api/token", lifetime)
        if response.status == 200:
            token = response.body.decode("latin-1").strip()
            self.redactor.add(token)
            if not token.isprintable():
                raise CredentialsError("The metadata service of the ECS returned a token that cannot be sent.")
            headers["X-Metadata-Token"] = token
        elif response.status not in (404, 405, 503):
            raise CredentialsError("The metadata service of the ECS refused a token with status %d." % response.status)
        response = _metadata("GET", "/openstack/latest/securitykey", headers)
        if response.status == 401:
            hint = "Set an agency for the cloud server in its basic information, or set credentials another way."
            raise CredentialsError("use_ecs_agency needs an agency, and this ECS has none.", hint)
        try:
            found = json.loads(response.body.decode("utf-8"))["credential"]
            keys = (("access_key", "access"), ("secret_key", "secret"), ("security_token", "securitytoken"))
            values = {name: found[key] for name, key in keys}
        except (ValueError, KeyError, TypeError, RecursionError):
            values = {}
        if (
            response.status != 200
            or not values
            or not all(value and isinstance(value, str) for value in values.values())
        ):
            text = "The metadata service of the ECS returned no temporary keys but status %d." % response.status
            raise CredentialsError(text)
        self.redactor.add(*values.values())
        names = {name: "the %s of the ECS agency" % name.replace("_", " ") for name in values}
        return Credentials(checked(values, names), "the ECS agency", self.redactor)
