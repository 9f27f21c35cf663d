# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every port does what the ready line promises: TLS right and wrong, silence, resets, proxies, IPv6."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from .rig import Control, callback_request, read_back


def connect(address: str) -> socket.socket:
    """A plain connection to a listener."""
    parts = urlsplit(address)
    assert parts.port is not None
    return socket.create_connection(("::1" if "[" in address else "127.0.0.1", parts.port), 20)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("https", None),
        ("https_expired", "certificate has expired"),
        ("https_wrong_host", "Hostname mismatch"),
        ("https_untrusted", "certificate"),
        ("plain_on_tls", "WRONG_VERSION_NUMBER|record layer failure|wrong version number"),
    ],
)
def test_tls(addresses: dict[str, Any], name: str, trouble: str | None) -> None:
    context = ssl.create_default_context(cafile=addresses["ca"])
    with connect(addresses[name]) as connection:
        if trouble is None:
            context.wrap_socket(connection, server_hostname="localhost").close()
        else:
            with pytest.raises(ssl.SSLError, match=trouble):
                context.wrap_socket(connection, server_hostname="localhost")


def test_a_callback_through_tls(control: Control) -> None:
    run = control.run()
    path, headers, content = callback_request(control, run)
    answer = requests.post(
        control.addresses["https"] + path, data=content, headers=headers, verify=control.addresses["ca"], timeout=30
    )
    assert answer.status_code == 200
    control_api = requests.get(
        control.addresses["https"] + "/_simulator/runs", verify=control.addresses["ca"], timeout=30
    )
    assert control_api.status_code == 404


def test_connections_that_get_nowhere(addresses: dict[str, Any], control: Control) -> None:
    before = control.call("GET", "connections")
    with connect(addresses["hang"]) as silent, connect(addresses["hang_tls"]) as silent_tls:
        silent.sendall(b"GET / HTTP/1.1\r\n\r\n")
        after = control.call("GET", "connections")
        for connection in (silent, silent_tls):
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)
    assert [after[name] - before[name] for name in ("hang", "hang_tls", "close")] == [1, 1, 0]
    with connect(addresses["drip_tls"]) as dripping:
        assert dripping.recv(100) == b"\x16"
    with connect(addresses["close"]) as closed:
        assert closed.recv(1) == b""
    with pytest.raises(ConnectionResetError), connect(addresses["reset"]) as was_reset:
        was_reset.send(b"x")
        was_reset.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(addresses["refused"])


def test_ipv6(addresses: dict[str, Any]) -> None:
    if addresses["http_ipv6"] is None:
        pytest.skip("this machine has no IPv6 loopback")
    answer = requests.get(f"{addresses['http_ipv6']}/v3/projects", timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIGW.0301")


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("name", ["proxy", "proxy_auth"])
def test_a_proxy_that_works(control: Control, name: str, secure: bool) -> None:
    addresses, run = control.addresses, control.run()
    proxy = addresses[name]
    if name == "proxy_auth":
        user, password = control.accounts["proxy"]["user"], control.accounts["proxy"]["password"]
        proxy = proxy.replace("//", f"//{user}:{password}@")
    path, headers, content = callback_request(control, run)
    answer = requests.post(
        addresses["https" if secure else "http"] + path,
        data=content,
        headers=headers,
        proxies={"http": proxy, "https": proxy},
        verify=addresses["ca"],
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert control.call("GET", "proxied")["requests"][-1]["method"] == ("CONNECT" if secure else "POST")
    assert read_back(control, run).json()["status"] == "success"


def test_the_real_name_through_the_proxy(addresses: dict[str, Any]) -> None:
    url = "https://functiongraph.cn-north-4.myhuaweicloud.com/v3/projects"
    answer = requests.get(url, proxies={"https": addresses["proxy"]}, verify=addresses["ca"], timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIGW.0301")


def test_proxies_that_refuse(addresses: dict[str, Any]) -> None:
    def status(name: str, url: str) -> int:
        return requests.get(url, proxies={"http": addresses[name]}, timeout=30).status_code

    assert status("proxy_refusing", addresses["page"]) == 403
    assert status("proxy_auth", addresses["page"]) == 407
    assert status("proxy", "http://192.0.2.1/") == 403


def test_the_redirect_target_counts(addresses: dict[str, Any], control: Control) -> None:
    before = control.call("GET", "redirect_target")["count"]
    requests.post(addresses["redirect_target"] + "/somewhere", timeout=30)
    after = control.call("GET", "redirect_target")
    assert (after["count"], after["requests"][-1]) == (before + 1, {"method": "POST", "path": "/somewhere"})
