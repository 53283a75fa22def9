"""The paths /_local/...: what the cloud has no API for. They answer programs on this machine only, whatever is bound.

GET  /_local/health                       whether it serves; metrics by their CloudMonitor names, counts of topics
GET  /_local/invocations                  invocations under way and the last of those that ended, newest first, a page
GET  /_local/invocations/{requestId}      one of them whole, with those that it led to
GET  /_local/outbox                       the records that went to EventBridge or RocketMQ, oldest first
GET  /_local/certificate.pem              what the pushes of topics are signed with
GET  /_local/metrics                      the metrics, and how many messages are in each queue, as Prometheus text
PUT  /_local/functions/{name}/limit       {"instances": N}: 429 beyond N at once; null lifts it
POST /_local/clock/advance                {"seconds": N}: moves manual time; answers when what became due is done
GET  /_local/code/{token}                 a function's code, as GetFunctionCode has named it
GET  /_local/faults                       the faults that were asked for, and how often each has happened
POST /_local/faults                       adds one: {"action": "ReceiveMessage", "status": 503, "times": 2}
DELETE /_local/faults                     removes all of them
POST /_local/reset                        be as at the start; only manual time stays where it is
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeGuard
from urllib.parse import unquote

from aiohttp import web

from . import limits
from .catalog.control_plane import ControlPlane
from .catalog.fc_errors import FcError, access_denied, invalid_argument, not_implemented, wrong_value
from .clock import Clock, ManualClock
from .dispatch.delivery import OUTBOX
from .dispatch.dispatcher import Dispatcher
from .dispatch.invocation_view import deliveries_to_wire, invocation_whole, invocations_page
from .dispatch.push_signature import CERTIFICATE_PATH, PushSignature
from .engine.engine import Engine
from .faults.fault import FaultBook
from .faults.fault_json import fault_to_wire, read_fault
from .fc.code_downloads import PATH as CODE_PATH
from .fc.code_downloads import CodeDownloads
from .fc.request_body import read_json_object
from .loopback import is_loopback
from .mailbox.mailbox import Mailbox
from .mailbox.topics import Topics
from .prometheus import CONTENT_TYPE as PROMETHEUS
from .prometheus import prometheus_text
from .routing import RoutingTable, path_parts
from .whole_number import is_whole_number


class Control(Protocol):
    """What has a service in its hands."""

    async def advanced(self, seconds: float) -> None:
        """Move a ManualClock on; returns when everything that became due has been done."""

    async def start_over(self) -> None:
        """Be as it was at its start."""


class LocalRoutes:
    """Answers the local service's own requests.

    Args:
        control_plane: sets a function's limit.
        engine: remembers invocations.
        dispatcher: knows the metrics of Function Compute.
        mailbox: knows how many messages are in each queue.
        topics: know those of topics.
        signature: has the certificate.
        clock: the service's time.
        control: moves time, and starts the service over.
        faults: the faults that were asked for.
        downloads: code that can be fetched.
    """

    def __init__(
        self,
        *,
        control_plane: ControlPlane,
        engine: Engine,
        dispatcher: Dispatcher,
        mailbox: Mailbox,
        topics: Topics,
        signature: PushSignature,
        clock: Clock,
        control: Control,
        faults: FaultBook,
        downloads: CodeDownloads,
    ) -> None:
        self._plane = control_plane
        self._engine = engine
        self._dispatcher = dispatcher
        self._topics = topics
        self._mailbox = mailbox
        self._signature = signature
        self._clock = clock
        self._control = control
        self._faults = faults
        self._downloads = downloads
        self._table: RoutingTable[Callable[[web.BaseRequest, str], Awaitable[Any]]] = RoutingTable(
            {
                "GET /_local/health": self._health,
                "GET /_local/invocations": self._invocations,
                "GET /_local/invocations/{name}": self._invocation,
                "GET /_local/outbox": self._outbox,
                f"GET {CERTIFICATE_PATH}": self._certificate,
                "GET /_local/metrics": self._metrics,
                "PUT /_local/functions/{name}/limit": self._set_limit,
                "POST /_local/clock/advance": self._advance,
                "POST /_local/reset": self._reset,
                f"GET {CODE_PATH}{{name}}": self._code,
                "GET /_local/faults": self._list_faults,
                "POST /_local/faults": self._add_fault,
                "DELETE /_local/faults": self._clear_faults,
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

    async def _metrics(self, *_: object) -> web.Response:
        counts = {**self._dispatcher.metrics(), **self._topics.metrics}
        text = prometheus_text(counts, self._mailbox.statuses(self._clock.now_ms()))
        return web.Response(text=text, headers={"Content-Type": PROMETHEUS})

    async def _advance(self, request: web.BaseRequest, _: str) -> web.Response:
        seconds = (await read_json_object(request, limits.CONFIG_BODY_BYTES)).get("seconds")
        if not (_is_number(seconds) and 0 <= seconds <= limits.MAX_ADVANCE_SECONDS):
            raise wrong_value("seconds", seconds, f"a number from 0 to {limits.MAX_ADVANCE_SECONDS} (366 days)")
        if not isinstance(self._clock, ManualClock):
            raise invalid_argument("time is real here; it moves by hand in what was started with --clock manual")
        await self._control.advanced(seconds)
        return web.Response(status=204)

    async def _reset(self, *_: object) -> web.Response:
        await self._control.start_over()
        return web.Response(status=204)

    async def _code(self, _: web.BaseRequest, token: str) -> web.Response:
        package = await asyncio.to_thread(self._downloads.read, token)
        if package is None:
            raise FcError(404, "CodeNotFound", "this URL names no code, or no longer")
        return web.Response(body=package, content_type="application/zip")

    async def _list_faults(self, *_: object) -> list[dict[str, Any]]:
        return [fault_to_wire(active) for active in self._faults.all()]

    async def _add_fault(self, request: web.BaseRequest, _: str) -> web.Response:
        self._faults.add(read_fault(await read_json_object(request, limits.CONFIG_BODY_BYTES)))
        return web.Response(status=204)

    async def _clear_faults(self, *_: object) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)


def is_loopback_peer(request: web.BaseRequest) -> bool:
    """Whether the other end of the connection is this machine."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    if not peer:
        return False
    return is_loopback(peer[0])


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
