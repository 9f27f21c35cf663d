# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
The secrets in the URL of a proxy.

Imported only where the environment names one.
"""

from __future__ import annotations

import base64
from urllib.parse import unquote, urlsplit


def secrets_of(proxy: str) -> list[str]:
    """The password in the URL of a proxy: as written, as meant, and with its user as it is sent."""
    try:
        user, password = urlsplit(proxy).username, urlsplit(proxy).password
    except ValueError:
        # Where the password is in it, nobody knows.
        return [proxy] if "@" in proxy else []
    if not password:
        return []
    pair = "%s:%s" % (unquote(user or ""), unquote(password))
    sent = (base64.b64encode(pair.encode(charset, "replace")) for charset in ("utf-8", "latin-1"))
    return [password, unquote(password), *(value.decode("ascii") for value in sent)]
