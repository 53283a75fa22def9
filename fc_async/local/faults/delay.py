"""The effect of `delaySeconds`: real time passes before the work."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .effect import Proceed
from .fault import Fault


async def delay(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
    """Wait, then go on."""
    if fault.delay_seconds is not None:
        await asyncio.sleep(fault.delay_seconds)
    return await proceed()
