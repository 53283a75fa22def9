"""The body of a request, read no further than it may be long. What a service says of a bad one is the service's."""

from __future__ import annotations

from contextvars import ContextVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

KEPT_BODY: ContextVar[bytes | Exception | None] = ContextVar("KEPT_BODY", default=None)
"""The body of the request that is being answered, or why it cannot be read, where somebody has read it before."""


class BodyTooLarge(Exception):  # noqa: N818 - a reason, which each service turns into a refusal of its own
    """The body is longer than its limit."""


class BodyBroken(Exception):  # noqa: N818 - the same
    """The body is not what its headers say."""


async def read_bounded(request: web.BaseRequest, limit_bytes: int) -> bytes:
    """Return the body.

    Raises:
        BodyTooLarge: it is longer than `limit_bytes`; never are more than that, and the piece that came last, held.
        BodyBroken: it was cut short, or its chunks cannot be read.
        ConnectionError: the client is gone.
    """
    kept = KEPT_BODY.get()
    if kept is not None:
        return _read_again(kept, limit_bytes)
    if (request.content_length or 0) > limit_bytes:
        raise BodyTooLarge
    body = bytearray()
    try:
        while chunk := await request.content.readany():
            body += chunk
            if len(body) > limit_bytes:
                raise BodyTooLarge
    except (web.RequestPayloadError, HttpProcessingError):
        raise BodyBroken from None
    return bytes(body)


def _read_again(kept: bytes | Exception, limit_bytes: int) -> bytes:
    if isinstance(kept, Exception):
        raise kept
    if len(kept) > limit_bytes:
        raise BodyTooLarge
    return kept
