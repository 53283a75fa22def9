"""InvokeFunction: one path, and two answers that have little in common, a sync one and an async one.

Sources: API 2023-03-30 InvokeFunction (SDK and OpenAPI metadata) and, for the headers of the async answer, the official
tool devsapp/fc3.
"""

from __future__ import annotations

import re

from aiohttp import web

from .. import limits
from ..assumptions import Assumptions
from ..catalog.control_plane import ControlPlane
from ..catalog.fc_errors import (
    internal_error,
    invalid_argument,
    not_implemented,
    resource_exhausted,
    resource_throttled,
    task_already_exists,
)
from ..catalog.function import DeployedFunction
from ..dispatch.dispatcher import Dispatcher
from ..dispatch.invocation_log import sync_ended
from ..engine.engine import Engine
from ..engine.invocation import Invocation
from ..engine.lane import Lane
from ..engine.task_book import DuplicateTaskError
from ..workers.execution import Execution, Runner, can_run
from .log_result import log_result, wants_log
from .request_body import read_body

_TASK_ID = re.compile(limits.TASK_ID_PATTERN)


class Invoker:
    """Answers invocations.

    Args:
        control_plane: functions and async configs.
        engine: counts executions against a function's limit.
        dispatcher: takes async invocations.
        runner: executes sync ones.
        assumptions: what the service is taken to do where no source says so.
    """

    def __init__(
        self,
        *,
        control_plane: ControlPlane,
        engine: Engine,
        dispatcher: Dispatcher,
        runner: Runner,
        assumptions: Assumptions,
    ) -> None:
        self._plane = control_plane
        self._engine = engine
        self._dispatcher = dispatcher
        self._runner = runner
        self._assumed = assumptions

    async def invoke(self, request: web.BaseRequest, request_id: str, name: str, qualifier: str | None) -> web.Response:
        """Answer one invocation; raises FcError."""
        function = self._runnable(name, qualifier)
        self._plane.catalog.check_enabled(name)
        kind = request.headers.get("X-Fc-Invocation-Type", "Sync").lower()
        if kind == "async":
            return await self._accept(request, request_id, name, qualifier)
        if kind == "sync":
            return await self._execute(request, request_id, function, qualifier)
        raise invalid_argument("X-Fc-Invocation-Type must be Sync or Async")

    async def _accept(
        self, request: web.BaseRequest, request_id: str, name: str, qualifier: str | None
    ) -> web.Response:
        task_id, is_task = self._task_id(request, name, qualifier)
        delay_seconds = _delay_seconds(request.headers.get("x-fc-async-delay"))
        payload = await read_body(request, limits.ASYNC_PAYLOAD_BYTES)
        self._plane.catalog.resolve(name, qualifier)  # it may have been deleted while the body came
        self._plane.catalog.check_enabled(name)
        try:
            invocation = self._dispatcher.accept(
                name,
                qualifier,
                payload,
                request_id,
                task_id=task_id,
                delay_ms=delay_seconds * 1000,
                is_task=is_task,
            )
        except DuplicateTaskError:
            raise task_already_exists(self._assumed.duplicate_task_code, str(task_id)) from None
        headers = {"X-Fc-Request-Id": request_id, "X-Fc-Async-Task-Id": invocation.task_id}
        return web.Response(status=202, headers=headers)

    def _task_id(self, request: web.BaseRequest, name: str, qualifier: str | None) -> tuple[str | None, bool]:
        """Return the task id that counts, None for none, and whether the invocation is an async task."""
        task_id = request.headers.get("x-fc-async-task-id")
        is_task = self._plane.is_async_task(name, qualifier)
        if task_id is None or (not is_task and self._assumed.task_id_without_async_task == "ignored"):
            return None, is_task
        if not _TASK_ID.fullmatch(task_id):
            raise invalid_argument(f"x-fc-async-task-id must match ^{limits.TASK_ID_PATTERN}$")
        if not is_task and self._assumed.task_id_without_async_task == "rejected":
            raise invalid_argument("x-fc-async-task-id needs an async config with asyncTask true")
        return task_id, True

    async def _execute(
        self, request: web.BaseRequest, request_id: str, function: DeployedFunction, qualifier: str | None
    ) -> web.Response:
        has_log = wants_log(request.headers.get("X-Fc-Log-Type", "None"))
        payload = await read_body(request, limits.SYNC_PAYLOAD_BYTES)
        name = function.spec.name
        if self._runner.workers == 0:
            self._engine.metrics["FunctionResourceThrottles"] += 1
            raise resource_throttled()
        execution, function = await self._run(function, qualifier, request_id, payload)
        sync_ended(name, request_id, execution)
        return _answer(execution, request_id, function, has_log=has_log)

    async def _run(
        self, function: DeployedFunction, qualifier: str | None, request_id: str, payload: bytes
    ) -> tuple[Execution, DeployedFunction]:
        """Execute; return also the function as it was executed."""
        name = function.spec.name
        lane: Lane[Invocation] | None = None

        def begin() -> DeployedFunction:  # while the body came, or while it waited, it may have been changed or deleted
            nonlocal lane, function
            function = self._runnable(name, qualifier)
            self._plane.catalog.check_enabled(name)
            lane = self._engine.begin_sync(name)
            if lane is None:
                raise resource_exhausted(name)
            return function

        if self._engine.is_throttled(name):  # at once, not after the wait for a worker, which counts for nothing
            raise resource_exhausted(name)
        error = ""
        try:
            execution = await self._runner.run(function, qualifier, request_id, payload, begin)
            error = execution.outcome.error if execution.outcome.status_code == 200 else ""
        finally:
            if lane is not None:
                self._engine.end_sync(lane, error)
            self._dispatcher.pump()  # the place that is free now may be what an async invocation waits for
        return execution, function

    def _runnable(self, name: str, qualifier: str | None) -> DeployedFunction:
        function = self._plane.catalog.resolve(name, qualifier)
        if not can_run(function.spec):
            raise not_implemented(f"invoking a function of runtime {function.spec.runtime}")
        return function


def _answer(execution: Execution, request_id: str, function: DeployedFunction, *, has_log: bool) -> web.Response:
    outcome = execution.outcome
    if outcome.status_code != 200:
        raise internal_error()
    headers = {
        "Content-Type": "application/octet-stream",
        "X-Fc-Request-Id": request_id,
        "X-Fc-Instance-Id": execution.instance_id,
        "X-Fc-Invocation-Duration": str(execution.duration_ms),
        "X-Fc-Max-Memory-Usage": str(execution.memory_mb),
        "X-Fc-Invocation-Service-Version": function.version_id,
    }
    if function.code.checksum:
        headers["X-Fc-Code-Checksum"] = function.code.checksum
    if has_log:
        headers["X-Fc-Log-Result"] = log_result(request_id, execution.printed)
    if outcome.error:
        headers["X-Fc-Error-Type"] = outcome.error
    return web.Response(status=200, body=outcome.payload, headers=headers)


def _delay_seconds(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= limits.MAX_DELAY_SECONDS):
        raise invalid_argument(f"x-fc-async-delay must be an integer from 0 to {limits.MAX_DELAY_SECONDS}")
    return int(text)
