"""Faults around the gateway: each request is met by those that were asked for, one effect around the other.

The order from the outside: delay, clock jump, slow body, drop, truncate, refusal, partial batch: a body that is sent
bit by bit cannot be taken back, so what drops or cuts the answer stands inside. Only requests to the two services are
met; /_local/... never is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial as bound
from typing import Final

from aiohttp import web

from ...arn import parse_arn
from ...errors import ArgumentError
from .. import limits
from ..bounded_body import KEPT_BODY, BodyBroken, BodyTooLarge, read_bounded
from ..clock import Clock
from .actions import DELIVER, asked, needs_body
from .clock_jump import clock_jump
from .delay import delay
from .drop import drop
from .effect import Effect
from .fault import FaultBook
from .partial import partial
from .refuse import Refuse, refuse
from .slow_body import slow_body
from .truncate import truncate

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class FaultChain:
    """Answers every request, as the gateway does where no fault meets it.

    Args:
        book: the faults that were asked for.
        handle: answers a request.
        write: writes a refusal.
        clock: the service's time.
    """

    def __init__(self, book: FaultBook, handle: Handle, write: Refuse, clock: Clock) -> None:
        self._book = book
        self._handle = handle
        self._effects: list[Effect] = [delay, clock_jump(clock), slow_body, drop, truncate, refuse(write), partial]

    def handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer one request; where there is no fault this costs nothing."""
        if self._book.is_empty or request.rel_url.raw_path.startswith("/_local/"):
            return self._handle(request)
        return self._met(request)

    async def _met(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await self._body(request)
        kept = KEPT_BODY.set(body)
        try:
            return await self._answer(request, body if isinstance(body, bytes) else None)
        finally:
            KEPT_BODY.reset(kept)  # the requests of one connection share their context

    async def _answer(self, request: web.BaseRequest, body: bytes | None) -> web.StreamResponse:
        url = request.rel_url
        what = asked(request.method, url.raw_path, url.raw_query_string, body)
        answer = bound(self._handle, request)
        faults = self._book.meeting(what.actions, what.resources)
        for effect in reversed(self._effects):
            for fault in reversed(faults):
                answer = bound(effect, fault, request, answer)
        return await answer()

    async def _body(self, request: web.BaseRequest) -> bytes | Exception | None:
        """Return the body where a fault can be told from another only by it; who reads it later finds it again."""
        if request.rel_url.raw_path.split("/")[1] != "queues":
            return None
        if not any(needs_body(active.fault.action) for active in self._book.all()):
            return None
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(_CONTINUE)  # the client sends the body only then
            request.writer.output_size = 0
        try:
            return await read_bounded(request, limits.MNS_REQUEST_BYTES)
        except (BodyTooLarge, BodyBroken) as refused:
            return refused


def failing_destination(book: FaultBook) -> Callable[[str], str | None]:
    """Return what says why a record cannot be delivered to a destination now, None where it can."""

    def reason(destination: str) -> str | None:
        if book.is_empty:
            return None
        if not book.meeting(frozenset({DELIVER}), frozenset({destination, _name(destination)})):
            return None
        return "a fault was asked for (Deliver)"

    return reason


def _name(destination: str) -> str:
    try:
        arn = parse_arn(destination)
    except ArgumentError:
        return destination
    return str(getattr(arn, "name", destination))
