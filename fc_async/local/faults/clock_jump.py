"""The effect of `clockJumpSeconds`: the service's time jumps, as when a machine's clock is set.

A fault without `times` jumps with every request. Time stops at the ends of what dates can say.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ..clock import Clock
from .effect import Effect, Proceed
from .fault import Fault

_FIRST_MS: Final = 0  # 1970
_LAST_MS: Final = 250_000_000_000_000  # in 9892: what waits for later still has a date


def clock_jump(clock: Clock) -> Effect:
    """Return the effect on this clock."""

    async def jump(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
        if fault.clock_jump_seconds is not None:
            now_ms = clock.now_ms()
            clock.jump(min(max(now_ms + round(fault.clock_jump_seconds * 1000), _FIRST_MS), _LAST_MS) - now_ms)
        return await proceed()

    return jump
