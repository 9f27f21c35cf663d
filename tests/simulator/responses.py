# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses of the service and the gateway, above all errors."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from .tables import longest


@dataclass
class Refusal(Exception):
    """An error response in the shape {error_code, error_msg, request_id}."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request_id: str) -> web.Response:
        """The refusal as a response."""
        body = {"error_code": self.code, "error_msg": self.message, "request_id": request_id}
        return as_json(body, self.status, self.headers)


def gateway(number: str, status: int, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """An error of the gateway, by its number."""
    return Refusal(status, f"APIGW.{number}", message, headers or {})


def invalid(detail: str = "") -> Refusal:
    """The service's response to an invalid request. The detail is the simulator's own; the real service gives none."""
    message = f"Invalid parameters: {detail}" if detail else "Invalid parameters."
    return Refusal(400, "FGS.3002", message[: longest("response_400", "error_msg")])


def no_permission() -> Refusal:
    """The gateway's response to a caller without permission."""
    return gateway("0302", 403, "Incorrect IAM authorization: FSS.1125 no permission for this operation")


def not_found() -> Refusal:
    """The service's response to an unknown workflow or run."""
    return Refusal(404, "FGS.5002", "Function flow not found.")


def not_offered() -> Refusal:
    """The refusal of a start on the international site. Code and words are the simulator's own: none are documented."""
    return Refusal(403, "FSS.0403", "The operation is not supported at this site.")


def as_json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response."""
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


def new_request_id() -> str:
    """A new request id, as the gateway creates it."""
    return uuid.uuid4().hex
