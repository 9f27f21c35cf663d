# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates for the TLS listeners, new at every start."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme

from .accounts import REGION

# With the real names, so that a client that derives them from the region reaches the simulator through the proxy.
_REAL_NAMES = [f"{service}.{REGION}.myhuaweicloud.com" for service in ("functiongraph", "iam")]
SERVED_NAMES = ("localhost", "127.0.0.1", "::1", *_REAL_NAMES)


class Certificates:
    """A TLS context with a valid certificate, and one for each way in which a certificate can be invalid."""

    def __init__(self, folder: Path) -> None:
        authority, stranger = trustme.CA(), trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        past = datetime.now(timezone.utc) - timedelta(days=1)
        self.contexts = {
            "https": _context(authority.issue_cert(*SERVED_NAMES)),
            "https_expired": _context(authority.issue_cert(*SERVED_NAMES, not_after=past)),
            "https_wrong_host": _context(authority.issue_cert("wrong-host.example")),
            "https_untrusted": _context(stranger.issue_cert(*SERVED_NAMES)),
        }


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
