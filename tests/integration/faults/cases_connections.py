# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that cannot be made: names, sockets, TLS and proxies."""

from __future__ import annotations

from fault_case import Case

NO_CONNECTION = "Nothing was sent, as no connection to {endpoint} could be made: "
CHECK = "Check endpoint, region, proxy and CA certificates"
SHORT = {"timeout": 2, "retries": 0}
TRUSTED = {"ca_path": "{ca}"}


def not_sent(name: str, fault: str, message: str, **fields: object) -> Case:
    """A fault that lets nothing reach the service: the run waits on."""
    fixed = {"delivery": "not_sent", "sent": 0, "became": "running", "hint": CHECK, "message": NO_CONNECTION + message}
    return Case(name, fault, **{**fixed, **fields})  # type: ignore[arg-type]


CONNECTIONS = (
    not_sent("refused", "The connection is refused", "connection refused.", at="refused"),
    not_sent(
        "no_such_host",
        "The host name does not exist",
        "the host name cannot be resolved.",
        at="https://functiongraph.invalid",
        options={"retries": 0},
    ),
    not_sent(
        "silent_handshake",
        "The TLS handshake gets no response",
        "no connection within 2 seconds.",
        at="hang_tls",
        options={"timeout": 2, "retries": 1},
        connections=2,
    ),
    not_sent(
        "slow_handshake",
        "The TLS handshake comes one byte a second",
        "no connection within 2 seconds.",
        at="drip_tls",
        options=SHORT,
        connections=1,
    ),
    not_sent(
        "untrusted",
        "The certificate is signed by an unknown authority",
        "the server's certificate is not trusted: unable to get local issuer certificate.",
        at="https_untrusted",
        options={"retries": 3, **TRUSTED},
        connections=1,
    ),
    not_sent(
        "expired",
        "The certificate has expired",
        "the server's certificate is not trusted: certificate has expired.",
        at="https_expired",
        options={"retries": 3, **TRUSTED},
        connections=1,
    ),
    not_sent(
        "wrong_host",
        "The certificate is for another host",
        "the server's certificate is for another host.",
        at="https_wrong_host",
        options={"retries": 3, **TRUSTED},
        connections=1,
    ),
    not_sent(
        "plain_on_tls",
        "Plain HTTP is spoken on the TLS port",
        "the TLS handshake failed: …",
        at="plain_on_tls",
        options={"retries": 3},
        connections=1,
    ),
    Case("tls", "None, over TLS with a CA of one's own", "delivered", 1, at="https", options=TRUSTED),
    Case("ipv6", "None, over IPv6", "delivered", 1, at="http_ipv6"),
    not_sent(
        "proxy_refuses",
        "The proxy refuses to connect",
        "the proxy did not connect: …403 forbidden.",
        at="https",
        options={"retries": 0, **TRUSTED},
        environment={"HTTPS_PROXY": "{proxy_refusing}"},
    ),
    not_sent(
        "proxy_wants_password",
        "The proxy wants a password",
        "the proxy did not connect: …407 proxy authentication required.",
        at="https",
        options={"retries": 0, **TRUSTED},
        environment={"HTTPS_PROXY": "{proxy_auth}"},
    ),
    not_sent(
        "proxy_away",
        "There is no proxy where the environment names one",
        "the proxy did not connect: connection refused.",
        at="https",
        options={"retries": 0, **TRUSTED},
        environment={"HTTPS_PROXY": "{refused}"},
    ),
    Case(
        "proxy_refuses_plain",
        "The proxy answers a plain HTTP request itself, with 403",
        "rejected",
        1,
        became="running",
        seen=0,
        message="The service refused the callback: status 403 (the body is HTML, from a proxy or another server).",
        environment={"HTTP_PROXY": "{proxy_refusing}"},
        also={"http_status": 403},
    ),
    Case(
        "proxy_wants_password_plain",
        "The proxy answers a plain HTTP request itself, with 407",
        "rejected",
        1,
        became="running",
        seen=0,
        message="The service refused the callback: status 407 (the body is empty).",
        hint="Check the proxy's user and password.",
        environment={"HTTP_PROXY": "{proxy_auth}"},
        also={"http_status": 407},
    ),
    Case(
        "proxy",
        "None, through a proxy from the environment",
        "delivered",
        1,
        at="https",
        options=TRUSTED,
        environment={"HTTPS_PROXY": "{proxy}"},
    ),
    Case(
        "proxy_password",
        "None, through a proxy with a password",
        "delivered",
        1,
        at="https",
        options=TRUSTED,
        environment={"HTTPS_PROXY": "{proxy_with_password}"},
    ),
    Case(
        "no_proxy",
        "None, as NO_PROXY names the host",
        "delivered",
        1,
        at="https",
        options=TRUSTED,
        environment={"HTTPS_PROXY": "{refused}", "NO_PROXY": "localhost"},
    ),
    Case(
        "region_through_proxy",
        "None, with the region's own address through a proxy",
        "delivered",
        1,
        at="",
        options={"region": "cn-north-4", **TRUSTED},
        environment={"HTTPS_PROXY": "{proxy}"},
    ),
)
