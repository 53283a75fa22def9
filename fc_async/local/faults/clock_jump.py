"""The effect of `clockJumpSeconds`: the service's time jumps, as when a machine's clock is set."""

from __future__ import annotations

from aiohttp import web

from ..clock import Clock
from .effect import Effect, Proceed
from .fault import Fault


def clock_jump(clock: Clock) -> Effect:
    """Return the effect on this clock."""

    async def jump(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
        if fault.clock_jump_seconds is not None:
            clock.jump(round(fault.clock_jump_seconds * 1000))
        return await proceed()

    return jump
