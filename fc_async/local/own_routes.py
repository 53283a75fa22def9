"""The paths /_local/...: what the cloud has no API for. They answer programs on this machine only, whatever is bound.

GET  /_local/health                       whether it serves; metrics by their CloudMonitor names, counts of topics
GET  /_local/invocations                  invocations under way and the last of those that ended, newest first, a page
GET  /_local/invocations/{requestId}      one of them whole, with those that it led to
GET  /_local/outbox                       the records that went to EventBridge or RocketMQ, oldest first
GET  /_local/certificate.pem              what the pushes of topics are signed with
PUT  /_local/functions/{name}/limit       {"instances": N}: 429 beyond N at once; null lifts it
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from . import limits
from .catalog.control_plane import ControlPlane
from .catalog.fc_errors import access_denied, invalid_argument, not_implemented
from .dispatch.delivery import OUTBOX
from .dispatch.dispatcher import Dispatcher
from .dispatch.invocation_view import deliveries_to_wire, invocation_whole, invocations_page
from .dispatch.push_signature import CERTIFICATE_PATH, PushSignature
from .engine.engine import Engine
from .fc.request_body import read_json_object
from .loopback import is_loopback
from .mailbox.topics import Topics
from .routing import RoutingTable, path_parts
from .whole_number import is_whole_number


class LocalRoutes:
    """Answers the local service's own requests.

    Args:
        control_plane: sets a function's limit.
        engine: remembers invocations.
        dispatcher: knows the metrics of Function Compute.
        topics: know those of topics.
        signature: has the certificate.
    """

    def __init__(
        self,
        *,
        control_plane: ControlPlane,
        engine: Engine,
        dispatcher: Dispatcher,
        topics: Topics,
        signature: PushSignature,
    ) -> None:
        self._plane = control_plane
        self._engine = engine
        self._dispatcher = dispatcher
        self._topics = topics
        self._signature = signature
        self._table: RoutingTable[Callable[[web.BaseRequest, str], Awaitable[Any]]] = RoutingTable(
            {
                "GET /_local/health": self._health,
                "GET /_local/invocations": self._invocations,
                "GET /_local/invocations/{name}": self._invocation,
                "GET /_local/outbox": self._outbox,
                f"GET {CERTIFICATE_PATH}": self._certificate,
                "PUT /_local/functions/{name}/limit": self._set_limit,
            }
        )

    async def answer(self, request: web.BaseRequest, path: str) -> Any:
        """Return one answer, or the JSON of one; raises FcError."""
        if not is_loopback_peer(request):
            raise access_denied("/_local/ answers programs on this machine only")
        found = self._table.find(request.method, path_parts(path))
        if found is None:
            raise not_implemented(f"{request.method} {path}")
        answer, named = found
        return await answer(request, unquote(named.get("name", "")))

    async def _health(self, *_: object) -> dict[str, Any]:
        return {"status": "ok", "metrics": {**self._dispatcher.metrics(), **self._topics.metrics}}

    async def _invocations(self, request: web.BaseRequest, _: str) -> list[dict[str, Any]]:
        return invocations_page(self._engine.history, request.query)

    async def _invocation(self, _: web.BaseRequest, request_id: str) -> dict[str, Any]:
        return invocation_whole(self._engine.history, request_id)

    async def _outbox(self, *_: object) -> list[dict[str, Any]]:
        return [
            {"requestId": invocation.request_id, "function": invocation.function, **delivery}
            for invocation in self._engine.history
            for delivery in deliveries_to_wire(invocation)
            if delivery["status"] == OUTBOX
        ]

    async def _certificate(self, *_: object) -> web.Response:
        pem = await asyncio.to_thread(self._signature.certificate_pem)
        return web.Response(text=pem, content_type="application/x-pem-file")

    async def _set_limit(self, request: web.BaseRequest, name: str) -> dict[str, Any]:
        body = await read_json_object(request, limits.CONFIG_BODY_BYTES)
        instances = body.get("instances")
        if "instances" not in body or not (instances is None or is_whole_number(instances, 0, limits.MAX_INSTANCES)):
            raise invalid_argument(f'expected {{"instances": N}}, N from 0 to {limits.MAX_INSTANCES} or null')
        self._plane.limit_function(name, instances)
        return {"instances": instances}


def is_loopback_peer(request: web.BaseRequest) -> bool:
    """Whether the other end of the connection is this machine."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    if not peer:
        return False
    return is_loopback(peer[0])
