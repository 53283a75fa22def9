"""The effect of `truncate`: an answer that says its whole length, and ends in the middle of its body."""

from __future__ import annotations

from aiohttp import web

from .drop import hang_up
from .effect import Proceed
from .fault import Fault


async def truncate(fault: Fault, request: web.BaseRequest, proceed: Proceed) -> web.StreamResponse:
    """Send half of the body and close the connection; raises ConnectionResetError then."""
    answer = await proceed()
    if not fault.truncate:
        return answer
    body = answer.body if isinstance(answer, web.Response) else None
    if isinstance(body, bytes):
        begun = web.StreamResponse(status=answer.status, headers=answer.headers)
        begun.content_length = len(body)
        await begun.prepare(request)
        await begun.write(body[: len(body) // 2])
    raise hang_up(request)
