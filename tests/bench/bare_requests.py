# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends callbacks with requests only, in one process. CALLS is a JSON file, see contenders.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests


def main() -> None:
    with requests.Session() as session:
        session.trust_env = False
        for call in json.loads(Path(sys.argv[1]).read_text()):
            response = session.post(
                call["url"], headers=call["headers"], json=call["body"], verify=call["ca"], timeout=30
            )
            response.raise_for_status()


main()
