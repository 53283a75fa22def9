"""The effect of `slowBodySeconds`: an answer whose head comes at once and whose body comes bit by bit."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from .effect import Proceed
from .fault import Fault

_PIECES: Final = 10


async def slow_body(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
    """Spread the body over that much real time."""
    answer = await proceed()
    body = answer.body if isinstance(answer, web.Response) else None
    if fault.slow_body_seconds is None or not isinstance(body, bytes):
        return answer
    slow = web.StreamResponse(status=answer.status, headers=answer.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    size = -(-len(body) // _PIECES)
    for at in range(0, len(body), max(1, size)):
        await asyncio.sleep(fault.slow_body_seconds / _PIECES)
        await slow.write(body[at : at + size])
    await slow.write_eof()
    return slow
