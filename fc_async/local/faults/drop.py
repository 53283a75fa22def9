"""The effect of `drop`: the connection is closed without an answer, before the work or after it."""

from __future__ import annotations

from aiohttp import web

from .effect import Proceed
from .fault import Fault


async def drop(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
    """Close the connection where that is asked for; raises ConnectionResetError then."""
    if fault.drop is None:
        return await proceed()
    if fault.drop == "after":
        await proceed()
    raise hang_up(request)


def hang_up(request: web.BaseRequest) -> ConnectionResetError:
    """Close a connection at once; return what the server takes for a client that is gone."""
    if request.transport is not None:
        request.transport.close()
    return ConnectionResetError("a fault has closed the connection")
