# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator for all tests of a session."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .rig import Client, Control, start_simulator, stop

# The official SDK writes below HOME when it is imported, and its HTTP library reads the others.
_HOME = tempfile.TemporaryDirectory(prefix="fgs-simulator-home-")
os.environ["HOME"] = _HOME.name
for _name in list(os.environ):
    if _name.lower().endswith("_proxy") or _name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        del os.environ[_name]


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, Any]]:
    """The addresses of the simulator of this session, which stops without an error when its standard input ends."""
    process, found = start_simulator()
    yield found
    assert stop(process) == ""
    assert not Path(found["ca"]).exists()


@pytest.fixture(scope="session")
def control(addresses: dict[str, Any]) -> Control:
    """Its control API."""
    return Control(addresses)


@pytest.fixture(scope="session")
def sdk() -> Any:
    """The SDK's functiongraph module, imported after the environment has changed."""
    from huaweicloudsdkfunctiongraph import v2

    return v2


@pytest.fixture
def client(sdk: Any, control: Control) -> Callable[..., Client]:
    """Make a client with the credentials of an account."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials

    def make(account: str = "permanent", **changes: str) -> Client:
        keys = {**control.accounts[account], **changes}
        credentials = BasicCredentials(keys["access_key"], keys["secret_key"], control.accounts["project_id"])
        if "security_token" in keys:
            credentials = credentials.with_security_token(keys["security_token"])
        builder = sdk.FunctionGraphClient.new_builder().with_credentials(credentials)
        return builder.with_endpoint(control.addresses["http"]).build()

    return make
