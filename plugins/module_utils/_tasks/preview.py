# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a callback would send: the result in check mode, and the diff.

Imported only where either is wanted.
"""

from __future__ import annotations

import json
import typing as t

_SECRET_HEADERS = ("authorization", "x-auth-token", "x-security-token")


def result(task: t.Any, delivery: t.Any) -> dict[str, t.Any]:
    """The result of a CallbackTask, with the request as a diff. In check mode, nothing is sent."""
    if not task.check_mode:
        found: dict[str, t.Any] = task.result_of(delivery.run())
    else:
        finished = delivery.already_finished()
        found = {"changed": True, **task.NOTHING_DONE} if finished is None else task.result_of(finished)
        found.update({"warnings": list(delivery.warnings)} if delivery.warnings else {})
    request = described(delivery.client.callback_request(delivery.project_id, delivery.callback))
    found["diff"] = {"before": "", "after": request, "after_header": "callback request"}
    return found


def described(request: t.Any) -> str:
    """The request that completes a state, for people: no secret and no signature in it."""
    lines = ["%s %s" % (request.method, request.url)]
    lines.extend("%s: %s" % item for item in request.headers.items() if item[0].lower() not in _SECRET_HEADERS)
    body = json.dumps(json.loads(request.data), indent=2, ensure_ascii=False)
    return "\n".join(lines) + "\n\n" + body + "\n"
