# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
What a callback would send: the result in check mode, and the diff.

Imported only where either is wanted.
"""

from __future__ import annotations

import typing as t


def result(task: t.Any, delivery: t.Any) -> dict[str, t.Any]:
    """The result of a CallbackTask, with the request as a diff. In check mode, nothing is sent."""
    if not task.check_mode:
        found: dict[str, t.Any] = task.result_of(delivery.run())
    else:
        finished = delivery.already_finished()
        found = {"changed": True, **task.NOTHING_DONE} if finished is None else task.result_of(finished)
        found.update({"warnings": list(delivery.warnings)} if delivery.warnings else {})
    request = delivery.client.describe_callback(delivery.project_id, delivery.callback)
    found["diff"] = {"before": "", "after": request, "after_header": "callback request"}
    return found
