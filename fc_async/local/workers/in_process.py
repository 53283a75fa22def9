"""Handlers that are callables of this very process, as tests give them; every other function goes to the worker pool.

Each execution has a thread of its own, never the event loop's, so that a handler may call the service itself. A thread
cannot be killed: at the function's timeout it is left alone, and the outcome is the timeout's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Set
from pathlib import Path
from typing import Any

from ..catalog.function import DeployedFunction
from . import worker
from .about import about_function
from .execution import Execution, Runner
from .runner import outcome_of
from .worker_process import Answer

Handler = Callable[[Any, Any], Any]


class InProcessHandler:
    """A callable that is a function's handler.

    Args:
        call: called with the event, in bytes, and the context of the function's runtime.
        takes_ms: how much of a manual clock's time an async execution takes.
    """

    def __init__(self, call: Handler, takes_ms: int = 0) -> None:
        self.call = call
        self.takes_ms = takes_ms


class HandlerThread(threading.Thread):
    """A thread in which a handler runs.

    Args:
        of: the callables among which the handler is, by which a service's threads are told from those of another;
            None once nobody waits for it any more.
        execute: what is run.
        name: name of the thread.
    """

    def __init__(self, of: dict[str, InProcessHandler], execute: Callable[[], None], name: str) -> None:
        super().__init__(target=execute, daemon=True, name=name)
        self.of: dict[str, InProcessHandler] | None = of


class InProcessRunner:
    """Runs the functions that have a callable, and hands on all others.

    Args:
        others: runs what has none.
        handlers: the callables by the names of their functions; they may come and go.
        region: region id, for the context.
        account_id: account id, for the context.
        has_union_context: whether a handler's context has what that of any runtime has, and not its own's alone.
    """

    def __init__(
        self,
        others: Runner,
        handlers: dict[str, InProcessHandler],
        *,
        region: str,
        account_id: str,
        has_union_context: bool = False,
    ) -> None:
        self._has_union_context = has_union_context
        self._others = others
        self._handlers = handlers
        self._region = region
        self._account_id = account_id

    @property
    def workers(self) -> int:
        return max(1, self._others.workers)

    @property
    def free(self) -> int:
        return max(1, self._others.free)

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        handler = self._handlers.get(function.spec.name)
        if handler is None or function.code.checksum:  # uploaded code has taken the place of the callable
            return self._others.run(function, qualifier, request_id, event, begin)
        return self._run(function, handler, qualifier, request_id, event, begin)

    async def _run(
        self,
        function: DeployedFunction,
        handler: InProcessHandler,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None,
    ) -> Execution:
        function = function if begin is None else begin()
        about = about_function(
            function,
            qualifier,
            region=self._region,
            account_id=self._account_id,
            has_union_context=self._has_union_context,
        )
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[tuple[bool, bytes] | None] = loop.create_future()

        def execute() -> None:
            try:
                answer = worker.execute(lambda: handler.call, event, worker.context_of(about, request_id), about)
            except SystemExit:
                answer = None
            with contextlib.suppress(RuntimeError):  # the loop is closed: it was given up, and the service has ended
                loop.call_soon_threadsafe(_settle, ended, answer)

        HandlerThread(self._handlers, execute, f"handler of {function.spec.name}").start()
        answer = await _until(ended, function.spec.timeout_seconds)
        outcome = outcome_of(answer, function.spec)
        return Execution(outcome, takes_ms=handler.takes_ms) if answer.kind == "answered" else Execution(outcome)

    def abort(self, function: str) -> None:
        self._others.abort(function)

    def release(self, needed: Set[tuple[str, Path]]) -> set[Path]:
        return self._others.release(needed)

    async def close(self) -> None:
        await self._others.close()


async def _until(ended: asyncio.Future[tuple[bool, bytes] | None], seconds: float) -> Answer:
    try:
        answer = await asyncio.wait_for(ended, seconds)
    except asyncio.TimeoutError:
        return Answer("timed out", True, b"", round(seconds * 1000), 0)
    return Answer("exited", True, b"", 0, 0) if answer is None else Answer("answered", *answer, 0, 0)


def _settle(ended: asyncio.Future[tuple[bool, bytes] | None], answer: tuple[bool, bytes] | None) -> None:
    if not ended.done():
        ended.set_result(answer)
