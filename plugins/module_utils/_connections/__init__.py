# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.
"""
How a server is reached: by which proxies, trusting whom, and over which connections.

The connections are those of urllib3, put under the transport adapter of requests. They notify the attempt when the
request itself, not the set-up of the connection, begins to be sent.
"""

from __future__ import annotations

import os
import socket
import time
import typing as t
from contextlib import contextmanager

from ansible_collections.functiongraph.workflow.plugins.module_utils._http import Route, current
from ansible_collections.functiongraph.workflow.plugins.module_utils._libraries import requests

# Seconds. An address is tried for so long at least.
_LEAST = 0.001

if requests is not None:
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import HTTPError
    from urllib3.util.connection import allowed_gai_family

    def _addresses(host: str, port: int) -> list[str]:
        """The addresses of a host; the host itself where they cannot be looked up, for urllib3 to say why."""
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, allowed_gai_family(), socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return [host]
        return [str(address[0]) for *_kind, address in found] or [host]

    class _Watched:
        """Notifies the thread's attempt when the request, not the set-up of the connection, begins to be sent."""

        # Of the connection classes that this is put over.
        sock: t.Any
        port: int
        timeout: t.Any
        _dns_host: str
        _connecting = False

        def _new_conn(self) -> t.Any:
            sock = self._connected()
            current.attempt.sockets.append(sock)
            return sock

        def _connected(self) -> t.Any:
            """A socket to the first of the host's addresses that accepts. They share the time for connecting."""
            host, timeout = self._dns_host, self.timeout
            end = time.monotonic() + timeout
            waiting = _addresses(host, self.port)
            try:
                while True:
                    self._dns_host = waiting.pop(0)
                    self.timeout = max(_LEAST, (end - time.monotonic()) / (len(waiting) + 1))
                    try:
                        sock = super()._new_conn()  # type: ignore[misc]
                    except HTTPError:
                        if not waiting:
                            raise
                    else:
                        sock.settimeout(timeout)
                        return sock
            finally:
                self._dns_host, self.timeout = host, timeout

        def connect(self) -> None:
            self._connecting = True
            try:
                super().connect()  # type: ignore[misc]
            finally:
                self._connecting = False

        def send(self, data: t.Any) -> None:
            if self.sock is None:
                self.connect()
            if not self._connecting:
                current.attempt.sockets.append(self.sock)
                current.attempt.sending()
            super().send(data)  # type: ignore[misc]

    class _PlainConnection(_Watched, HTTPConnection):
        pass

    class _TLSConnection(_Watched, HTTPSConnection):
        pass

    class _PlainPool(HTTPConnectionPool):
        ConnectionCls = _PlainConnection

    class _TLSPool(HTTPSConnectionPool):
        ConnectionCls = _TLSConnection

    class Adapter(requests.adapters.HTTPAdapter):
        """The adapter of requests with connections that are watched."""

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}

        def proxy_manager_for(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}
            return manager


@contextmanager
def _process_environment(environ: t.Mapping[str, str]) -> t.Iterator[None]:
    """Sets the environment of the process while requests looks up proxies: it reads no other."""
    kept = dict(os.environ)
    if kept == dict(environ):
        yield
        return
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def route(url: str, environ: t.Mapping[str, str], validate_certs: bool, ca_path: t.Optional[str]) -> Route:
    """The route to url, by the options and by the proxies and CA bundles that the environment names.

    Raises ValueError where a CA bundle cannot be read.
    """
    with _process_environment(environ):
        proxies = requests.utils.get_environ_proxies(url)
    verify: t.Union[bool, str] = validate_certs
    if validate_certs:
        sources = (("ca_path", ca_path),) + tuple((n, environ.get(n)) for n in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        for name, path in sources:
            if path:
                # Here, as Ansible compiles what is imported at each start, and most tasks name no bundle.
                from ansible_collections.functiongraph.workflow.plugins.module_utils._connections import bundles

                verify = bundles.readable(name, path)
                break
    return Route(verify=verify, proxies=tuple(sorted(proxies.items())))


def proxy_of(url: str, chosen: Route) -> t.Optional[str]:
    """The proxy through which the route leads to url, None where there is none."""
    proxy: t.Optional[str] = requests.utils.select_proxy(url, dict(chosen.proxies))
    return proxy


class Connections:
    """Open connections, kept per key: never shared between endpoints, credentials or routes."""

    def __init__(self) -> None:
        self._adapters: dict[t.Hashable, t.Any] = {}

    def adapter(self, key: t.Hashable) -> t.Any:
        if key not in self._adapters:
            self._adapters[key] = Adapter()
        return self._adapters[key]

    @staticmethod
    @contextmanager
    def own() -> t.Iterator[t.Any]:
        """An adapter whose connection nothing has used before, and nothing uses after."""
        adapter = Adapter()
        try:
            yield adapter
        finally:
            adapter.close()

    def close(self) -> None:
        while self._adapters:
            self._adapters.popitem()[1].close()
