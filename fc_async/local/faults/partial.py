"""The effect of `partial`: so many entries of a batch are worked on, and the others fail."""

from __future__ import annotations

from contextvars import ContextVar

from aiohttp import web

from .effect import Proceed
from .fault import Fault

PARTIAL: ContextVar[int | None] = ContextVar("PARTIAL", default=None)
"""The number for the request that is being answered, None for all of a batch; the routes of MNS ask for it."""


async def partial(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
    """Have the routes know the number."""
    if fault.partial is None:
        return await proceed()
    before = PARTIAL.set(fault.partial)
    try:
        return await proceed()
    finally:
        PARTIAL.reset(before)  # the requests of one connection share their context
