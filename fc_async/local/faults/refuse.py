"""The effect of `status` and `code`: the service refuses, in its own shape, and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from ..catalog.fc_errors import FcError
from .effect import Effect, Proceed
from .fault import Fault

Refuse = Callable[[web.BaseRequest, FcError], web.Response]
"""Writes a refusal in the shape of the service whose path was asked."""

_STATUS: Final = 500
_CODES: Final = {
    "fc": {429: "ResourceExhausted", 500: "InternalServerError", 503: "ServiceUnavailable", 403: "AccessDenied"},
    "mns": {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 403: "AccessDenied"},
}
_ANY_CODE: Final = "InjectedFault"


def refuse(write: Refuse) -> Effect:
    """Return the effect, with what writes the refusal."""

    async def refused(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
        if fault.status is None and fault.code is None:
            return await proceed()
        status = _STATUS if fault.status is None else fault.status
        is_mns = request.rel_url.raw_path.split("/")[1] in ("queues", "topics")
        known = _CODES["mns" if is_mns else "fc"].get(status, _ANY_CODE)
        code = known if fault.code is None else fault.code
        return write(request, FcError(status, code, "this answer was asked for by a fault"))

    return refused
