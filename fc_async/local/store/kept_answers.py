"""Lets an answer go out once what it tells of is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from ..catalog.fc_errors import FcError, internal_error
from .turn import NotWritten

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class KeptAnswers:
    """Stands between a service and those who ask it.

    Args:
        handle: answers a request.
        refuse: answers with a refusal, in the shape of the service that was asked.
        settled: waits until everything that has changed is kept; raises NotWritten.
    """

    def __init__(
        self,
        handle: Handle,
        refuse: Callable[[web.BaseRequest, FcError], web.Response],
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        self._handle = handle
        self._refuse = refuse
        self._settled = settled

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: 500, and nothing was promised, where what has changed cannot be kept."""
        answer = await self._handle(request)
        if request.method == "GET" and request.rel_url.raw_path.startswith("/_local/"):
            return answer  # who looks what is wrong is told also then
        try:
            await self._settled()
        except NotWritten:
            return self._refuse(request, internal_error())
        return answer
