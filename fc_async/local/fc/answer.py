"""Answers in the shape of Function Compute: JSON, with the id of the request."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from ..catalog.fc_errors import FcError


def json_response(body: Any, request_id: str, status: int = 200) -> web.Response:
    """Return a JSON answer with the request's id."""
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Fc-Request-Id": request_id},
    )


def no_content(request_id: str) -> web.Response:
    """Return 204 with the request's id."""
    return web.Response(status=204, headers={"X-Fc-Request-Id": request_id})


def refusal_response(refused: FcError, request_id: str) -> web.Response:
    """Return a refusal as API 2023-03-30 writes it."""
    body = {"Code": refused.code, "Message": refused.message, "RequestId": request_id}
    return json_response(body, request_id, refused.status)
