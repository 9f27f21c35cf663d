# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom to trust, and through which proxies: against the simulator's listeners, TLS right and wrong."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import pytest
import requests
from support.servers import Call, Sockets, free_port, raw, read_request, scripted
from support.simulators import Simulator
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import ReadTimeoutError

from ansible_collections.functiongraph.workflow.plugins.module_utils import _connections, _http
from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import Connections
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import RawResponse, failures
from ansible_collections.functiongraph.workflow.plugins.module_utils._http.failures import Failure

URL = "https://functiongraph.cn-north-4.myhuaweicloud.com"


def get(url: str, connections: Connections, environ: dict[str, str], **options: Any) -> RawResponse:
    chosen = _connections.route(url, environ, options.pop("validate_certs", True), options.pop("ca_path", None))
    prepared = requests.Request("GET", url + "/v3/projects").prepare()
    return _http.exchange(connections.adapter((url, chosen)), prepared, chosen, options.pop("timeout", 30.0))


def failure(url: str, connections: Connections, environ: dict[str, str], **options: Any) -> Failure:
    with pytest.raises(Failure) as raised:
        get(url, connections, environ, **options)
    return raised.value


# Choosing


def test_ca_path_wins_over_environment_bundles(simulator: Simulator, tmp_path: Path) -> None:
    ca = simulator["ca"]
    environ = {"REQUESTS_CA_BUNDLE": ca, "CURL_CA_BUNDLE": str(tmp_path / "missing")}
    assert _connections.route(URL, environ, True, str(tmp_path)).verify == str(tmp_path)
    assert _connections.route(URL, environ, True, None).verify == ca
    assert _connections.route(URL, {"CURL_CA_BUNDLE": ca}, True, "").verify == ca
    assert _connections.route(URL, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ca}, True, None).verify == ca
    assert _connections.route(URL, {}, True, None).verify is True
    # Nothing needs to be readable where nothing is checked.
    assert _connections.route(URL, environ, False, "/missing").verify is False


@pytest.mark.parametrize("source", ["ca_path", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_unreadable_bundle_is_reported_with_its_source(source: str, tmp_path: Path) -> None:
    environ, ca_path = ({}, "/missing/ca.pem") if source == "ca_path" else ({source: "/missing/ca.pem"}, None)
    with pytest.raises(ValueError, match=source) as raised:
        _connections.route(URL, environ, True, ca_path)
    text = f"{source} must name a file or folder of CA certificates, /missing/ca.pem: No such file or directory"
    assert str(raised.value) == text
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ValueError, match="must name a file or folder of CA certificates"):
        _connections.route(URL, {}, True, str(tmp_path / "ca.pem"))


def test_proxies_come_from_the_environment_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://of-the-process:1")
    before = dict(os.environ)
    assert _connections.route(URL, {}, True, None).proxies == ()
    chosen = _connections.route(URL, {"https_proxy": "http://of-the-task:2"}, True, None)
    assert chosen.proxies == (("https", "http://of-the-task:2"),)
    assert _connections.route(URL, dict(os.environ), True, None).proxies == (("https", "http://of-the-process:1"),)
    assert dict(os.environ) == before
    for exempt in ({"no_proxy": ".myhuaweicloud.com"}, {"NO_PROXY": "*"}):
        assert _connections.route(URL, {"https_proxy": "http://proxy:2", **exempt}, True, None).proxies == ()


def test_environment_is_restored_after_an_error() -> None:
    before = dict(os.environ)

    def inside() -> None:
        with _connections._process_environment({"A": "b"}):
            assert dict(os.environ) == {"A": "b"}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        inside()
    assert dict(os.environ) == before


def test_equal_options_make_equal_routes() -> None:
    environ = {"https_proxy": "http://p:1", "all_proxy": "http://q:2"}
    assert _connections.route(URL, environ, True, None) == _connections.route(
        URL, dict(reversed(environ.items())), True, None
    )
    hash(_connections.route(URL, environ, True, None))


# TLS


def test_trusted_certificate_is_accepted(simulator: Simulator, connections: Connections) -> None:
    assert get(simulator["https"], connections, {}, ca_path=simulator["ca"]).status == 401


@pytest.mark.parametrize(
    ("listener", "message"),
    [
        ("https_expired", "the server's certificate is not trusted: certificate has expired"),
        ("https_untrusted", "the server's certificate is not trusted: "),
        # Whether the ssl module finds that out or urllib3 depends on the release.
        ("https_wrong_host", "the server's certificate is "),
    ],
)
def test_untrusted_certificate_is_not_sent(
    simulator: Simulator,
    connections: Connections,
    listener: str,
    message: str,
    recwarn: pytest.WarningsRecorder,
) -> None:
    found = failure(simulator[listener], connections, {}, ca_path=simulator["ca"])
    assert (found.kind, found.sent, found.permanent) == ("tls", False, True)
    assert found.message.startswith(message)
    # Not checked, where the user wants it so.
    assert get(simulator[listener], connections, {}, validate_certs=False).status == 401
    # Nothing is printed into the middle of a playbook.
    assert not [warning for warning in recwarn if "Unverified" in str(warning.message)]


def test_unknown_ca_is_not_sent(simulator: Simulator, connections: Connections) -> None:
    found = failure(simulator["https"], connections, {})
    assert (found.kind, found.sent, found.permanent) == ("tls", False, True)
    assert found.message.startswith("the server's certificate is not trusted: ")


def test_server_without_tls_is_not_sent(simulator: Simulator, connections: Connections) -> None:
    found = failure(simulator["plain_on_tls"], connections, {}, ca_path=simulator["ca"])
    assert (found.kind, found.sent) == ("tls", False)
    assert found.message.startswith("the TLS handshake failed: ")


@pytest.mark.parametrize("listener", ["hang_tls", "drip_tls"])
def test_handshake_timeout_is_not_sent(simulator: Simulator, connections: Connections, listener: str) -> None:
    found = failure(simulator[listener], connections, {}, ca_path=simulator["ca"], timeout=0.4)
    assert (found.kind, found.sent, found.permanent) == ("timeout", False, False)


def test_handshake_cut_is_not_sent(connections: Connections) -> None:
    def handle(connection: Any, _sockets: Sockets) -> None:
        connection.recv(1)

    with raw(handle) as server:
        found = failure(server.url.replace("http:", "https:"), connections, {})
    assert (found.sent, found.permanent) == (False, False)
    assert found.kind in ("tls", "connect")


# Proxies


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_through_a_proxy(simulator: Simulator, connections: Connections, name: str) -> None:
    environ = {name: simulator["proxy"], "REQUESTS_CA_BUNDLE": simulator["ca"]}
    assert get(URL, connections, environ).status == 401


def test_plain_http_request_through_a_proxy(connections: Connections) -> None:
    with scripted(Call("GET", "http://127.0.0.1:1/v3/projects", 200, b"proxied")) as proxy:
        assert get("http://127.0.0.1:1", connections, {"http_proxy": proxy.url}).body == b"proxied"


def test_proxy_that_requires_a_password(simulator: Simulator, connections: Connections) -> None:
    environ = {"https_proxy": simulator["proxy_auth"], "REQUESTS_CA_BUNDLE": simulator["ca"]}
    found = failure(URL, connections, environ)
    assert (found.kind, found.sent) == ("proxy", False)
    assert "407" in found.message


def test_proxy_that_refuses(simulator: Simulator, connections: Connections) -> None:
    found = failure(URL, connections, {"https_proxy": simulator["proxy_refusing"]})
    assert (found.kind, found.sent) == ("proxy", False)
    assert found.message.startswith("the proxy did not connect: ")
    assert "403" in found.message


def test_proxy_connection_refused_is_not_sent(connections: Connections) -> None:
    found = failure(URL, connections, {"https_proxy": f"http://user:hunter2@127.0.0.1:{free_port()}"})
    assert (found.kind, found.sent) == ("proxy", False)
    assert found.message == "the proxy did not connect: connection refused"


def test_proxy_timeout_is_not_sent(simulator: Simulator, connections: Connections) -> None:
    found = failure(URL, connections, {"https_proxy": simulator["hang"]}, timeout=0.4)
    # Our deadline, or that of the single read, which is the same.
    assert (found.kind in ("timeout", "proxy"), found.sent) == (True, False)


def test_netrc_is_never_sent(connections: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    seen = []

    def handle(connection: Any, _sockets: Sockets) -> None:
        seen.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with raw(handle) as server:
        get(server.url, connections, {"HOME": str(tmp_path), "NETRC": str(netrc)})
    assert b"authorization" not in seen[0].lower()


# Errors that no socket on this machine raises


class CertificateError(Exception):
    """What urllib3 calls the certificate of another host where the ssl module does not check that itself."""


@pytest.mark.parametrize(
    ("error", "sent", "kind", "message"),
    [
        (
            requests.exceptions.SSLError(CertificateError("x")),
            False,
            "tls",
            "the server's certificate is for another host",
        ),
        (
            requests.exceptions.ReadTimeout(ReadTimeoutError(HTTPConnectionPool("host"), "/", "x")),
            True,
            "timeout",
            "no response in time",
        ),
        (TimeoutError(), False, "timeout", "no response in time"),
        (requests.exceptions.ConnectionError(), False, "connect", "ConnectionError"),
        (requests.exceptions.ProxyError(OSError("Tunnel connection failed: 502\nmore")), False, "proxy", "failed: 502"),
        (ssl.SSLError(1, "x"), False, "tls", "the TLS handshake failed: it was cut"),
        (ssl.SSLError(1, "x"), True, "lost", "the connection was lost: x"),
    ],
)
def test_descriptions_of_connection_errors(error: Exception, sent: bool, kind: str, message: str) -> None:
    found = failures.explained(error, sent)
    assert found is not None
    assert found.kind == kind
    assert found.message.endswith(message)
    assert "\n" not in found.message


@pytest.mark.parametrize("code", [62, 64], ids=["host name", "address"])
def test_certificate_of_another_host_is_described_alike(code: int) -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_code, error.verify_message = code, "Hostname mismatch."
    found = failures.explained(error, False)
    assert found is not None
    assert (found.message, found.permanent) == ("the server's certificate is for another host", True)


def test_circular_causes_end() -> None:
    one, two = OSError("one"), OSError("two")
    one.__cause__, two.__cause__ = two, one
    found = failures.explained(one, False)
    assert found is not None
    assert found.message == "one"


def test_bundle_is_read_once_until_it_changes(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(Path(simulator["ca"]).read_bytes())
    assert _connections.route(URL, {}, True, str(bundle)).verify == str(bundle)
    with monkeypatch.context() as patched:
        patched.setattr(ssl, "SSLContext", None)
        assert _connections.route(URL, {}, True, str(bundle)).verify == str(bundle)
    bundle.write_text("not a certificate\n")
    with pytest.raises(ValueError, match="must name a file or folder of CA certificates"):
        _connections.route(URL, {}, True, str(bundle))
