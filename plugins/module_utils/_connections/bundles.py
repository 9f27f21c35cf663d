# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Whether a CA bundle can be read.

Imported only where one is named.
"""

from __future__ import annotations

import os
import ssl

# The CA bundles that could be read, as they were then: the items of a loop do not read the same one again.
_read: set[tuple[str, int, int]] = set()


def readable(name: str, path: str) -> str:
    """path, where name says so. Raises ValueError where it has no certificates that can be read."""
    try:
        status = os.stat(path)
        bundle = (path, status.st_mtime_ns, status.st_size)
        if bundle not in _read:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(**({"capath": path} if os.path.isdir(path) else {"cafile": path}))
            _read.add(bundle)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError("%s must name a file or folder of CA certificates, %s: %s" % (name, path, reason)) from None
    return path
