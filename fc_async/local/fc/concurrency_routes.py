"""What limits the invocations of a function: reserved concurrency, and whether it may be invoked at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from .. import limits
from ..catalog.control_plane import ControlPlane
from ..catalog.restriction import Restriction, disabled
from ..clock import Clock
from ..dispatch.dispatcher import Dispatcher
from ..workers.execution import Runner
from .answer import json_response, no_content
from .call import Call
from .request_body import read_json_object


class ConcurrencyRoutes:
    """Answers these requests.

    Args:
        control_plane: functions and their concurrency configs.
        clock: the service's time.
        dispatcher: starts what may run by now.
        runner: ends what is aborted.
    """

    def __init__(self, *, control_plane: ControlPlane, clock: Clock, dispatcher: Dispatcher, runner: Runner) -> None:
        self._plane = control_plane
        self._clock = clock
        self._dispatcher = dispatcher
        self._runner = runner
        self.table: dict[str, Callable[[Call], Awaitable[web.Response]]] = {
            "PUT /functions/{name}/concurrency": self._put,
            "GET /functions/{name}/concurrency": self._get,
            "DELETE /functions/{name}/concurrency": self._delete,
            "GET /concurrency-configs": self._list,
            "POST /functions/{name}/invoke/disable": self._disable,
            "POST /functions/{name}/invoke/enable": self._enable,
        }

    async def _put(self, call: Call) -> web.Response:
        body = await read_json_object(call.request, limits.CONFIG_BODY_BYTES)
        return json_response(self._plane.put_concurrency(call.name, body), call.request_id)

    async def _get(self, call: Call) -> web.Response:
        return json_response(self._plane.get_concurrency(call.name), call.request_id)

    async def _delete(self, call: Call) -> web.Response:
        self._plane.delete_concurrency(call.name)
        return no_content(call.request_id)

    async def _list(self, call: Call) -> web.Response:
        return json_response(self._plane.concurrency.list(call.request.query), call.request_id)

    async def _disable(self, call: Call) -> web.Response:
        body = await read_json_object(call.request, limits.CONFIG_BODY_BYTES, may_be_absent=True)
        restriction, aborts = disabled(self._clock.now_ms(), body)
        self._plane.restrict(call.name, restriction)
        if aborts:
            self._runner.abort(call.name)
        return json_response({"success": True}, call.request_id)

    async def _enable(self, call: Call) -> web.Response:
        self._plane.restrict(call.name, Restriction(False, self._clock.now_ms()))
        self._dispatcher.pump()
        return json_response({"success": True}, call.request_id)
