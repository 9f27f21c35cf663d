# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
How a delivery can end, as results name it.
"""

from __future__ import annotations

DELIVERED = "delivered"
ALREADY_DELIVERED = "already_delivered"
NOT_SENT = "not_sent"
REJECTED = "rejected"
SUPERSEDED = "superseded"
UNKNOWN = "unknown"
DELIVERIES = (DELIVERED, ALREADY_DELIVERED, NOT_SENT, REJECTED, SUPERSEDED, UNKNOWN)
