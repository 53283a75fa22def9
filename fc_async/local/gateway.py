"""Where every request arrives: let in or refused, then handed to the service whose path it asks."""

from __future__ import annotations

import logging
from typing import cast

from aiohttp import web

from .clock import Clock
from .dispatcher import Dispatcher
from .fc_errors import FcError, internal_error, invalid_argument
from .fc_routes import FcRoutes, json_response, refusal_response
from .guard import refusal
from .ids import Ids
from .mns_errors import MailboxError
from .mns_routes import MnsRoutes

log = logging.getLogger("fc_async.local")


class Gateway:
    """Answers every request of the port.

    Args:
        bound_address: the address at which the service listens.
        clock: the service's time.
        ids: source of request ids.
        fc: answers Function Compute's paths, and whatever is nobody's.
        mns: answers /queues and /topics.
        dispatcher: knows the metrics.
    """

    def __init__(
        self, *, bound_address: str, clock: Clock, ids: Ids, fc: FcRoutes, mns: MnsRoutes, dispatcher: Dispatcher
    ) -> None:
        self._bound_address = bound_address
        self._clock = clock
        self._ids = ids
        self._fc = fc
        self._mns = mns
        self._dispatcher = dispatcher

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path = request.rel_url.raw_path
        refused = refusal(request.headers, self._bound_address)
        if refused is not None:
            return self._refuse(request, refused, path)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        if _is_mns(path):
            return await self._mns.handle(cast("web.Request", request))
        request_id = self._ids.request_id(self._clock.now_ms())
        if path == "/_local/health" and request.method == "GET":
            return json_response({"status": "ok", "metrics": self._dispatcher.metrics()}, request_id)
        try:
            return await self._fc.handle(request, request_id)
        except ConnectionError:
            raise  # the client broke off; there is nobody to answer
        except Exception:
            log.exception("A request could not be answered; this is a defect of the local service")
            return refusal_response(internal_error(), request_id)

    def _refuse(self, request: web.BaseRequest, refused: FcError, path: str) -> web.Response:
        """Answer in the shape of the service whose path was asked."""
        if _is_mns(path):
            return self._mns.refusal(request, MailboxError(refused.status, refused.code, refused.message))
        return refusal_response(refused, self._ids.request_id(self._clock.now_ms()))

    def refuse_unparsed(self, request: web.BaseRequest, path: str) -> web.Response:
        """Answer what is no HTTP, as far as its path could be read."""
        return self._refuse(request, invalid_argument("the request is not well-formed HTTP"), path)


def _is_mns(path: str) -> bool:
    return path.split("/")[1:2] in (["queues"], ["topics"])
