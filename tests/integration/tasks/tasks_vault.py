# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vaulted texts for playbooks."""

from __future__ import annotations

import json

from ansible.parsing.vault import VaultLib, VaultSecret

PASSWORD = "vault password of the tests"


def vaulted(text: str) -> str:
    """text as what stands in YAML after !vault, on one line."""
    secret = VaultSecret(PASSWORD.encode())
    return json.dumps(VaultLib().encrypt(text, secret).decode())
