"""Moves async invocations along: from the engine to the runner, outcomes back to it, records onward to delivery."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from ..assumptions import Assumptions
from ..catalog.fc_errors import FcError
from ..catalog.function import normal_qualifier
from ..catalog.functions import FunctionCatalog
from ..clock import Clock, Timer
from ..engine.engine import Engine
from ..engine.invocation import SYSTEM_ERROR, Invocation, Outcome
from ..engine.transitions import State
from ..ids import Ids
from ..mailbox.mailbox import Mailbox
from ..mailbox.topics import Topics
from ..workers.execution import Execution, Runner, can_run
from .delivery import Delivery, Undeliverable

log = logging.getLogger("fc_async.local")


class Dispatcher:
    """The asynchronous half at work; everything happens on the event loop's thread.

    Args:
        clock: the service's time.
        ids: source of request ids.
        catalog: the functions.
        engine: the state of every async invocation.
        runner: what executes handlers.
        mailbox: the queues.
        topics: the topics.
        assumptions: what the service is taken to do where no source says so.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        catalog: FunctionCatalog,
        engine: Engine,
        runner: Runner,
        mailbox: Mailbox,
        topics: Topics,
        assumptions: Assumptions = Assumptions(),  # noqa: B008 - frozen
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._catalog = catalog
        self._engine = engine
        self._runner = runner
        self._delivery = Delivery(mailbox, topics, self._invoke_destination, engine.settled, assumptions)
        self._executions: dict[asyncio.Task[None], Invocation] = {}
        self._timer: tuple[int, Timer] | None = None
        self._is_pumping = False
        self._is_closed = False

    def accept(
        self,
        function: str,
        qualifier: str | None,
        payload: bytes,
        request_id: str,
        *,
        task_id: str | None = None,
        delay_ms: int = 0,
        depth: int = 0,
        is_task: bool | None = None,
    ) -> Invocation:
        """Take an async invocation; the function is known and the payload's size was checked.

        Raises:
            DuplicateTaskError: it is an async task, and there is one of that id.
        """
        invocation = self._engine.accept(
            self._clock.now_ms(),
            function,
            payload,
            request_id,
            task_id=task_id,
            qualifier=qualifier,
            delay_ms=delay_ms,
            depth=depth,
            is_task=is_task,
        )
        self.pump()
        return invocation

    def stop(self, invocation: Invocation) -> None:
        """Stop an invocation: one that waits ends at once, the worker of one that runs is killed."""
        state = self._engine.stop(self._clock.now_ms(), invocation)
        if state is State.STOPPING:
            loop = asyncio.get_running_loop()
            for task in [task for task, of in self._executions.items() if of is invocation]:
                loop.call_soon(task.cancel)  # not at once: before its first step it would never give back its place
        self.pump()

    def pump(self) -> None:
        """Deliver and start everything that is due, and set the timer for what comes next."""
        if self._is_closed:
            return
        if self._is_pumping:
            return  # a delivery to a function has accepted an invocation; the loop below comes to it
        self._is_pumping = True
        try:
            next_ms = self._pump(self._clock.now_ms())
        finally:
            self._is_pumping = False
        self._wake_at(next_ms)

    def _pump(self, now_ms: int) -> int | None:
        while True:
            for item in self._engine.take_deliveries():
                self._delivery.deliver(item, now_ms)
            self._delivery.due(now_ms)
            self._engine.due(now_ms)
            self._start_all(now_ms)
            if not self._engine.has_deliveries:
                break
        times = (self._engine.due(now_ms), self._delivery.due(now_ms))
        return min((time for time in times if time is not None), default=None)

    def _start_all(self, now_ms: int) -> None:
        while self._runner.free > 0:
            invocation = self._engine.start(now_ms)
            if invocation is None:
                return
            self._begin(invocation)

    def _wake_at(self, when_ms: int | None) -> None:
        if self._timer is not None:
            if self._timer[0] == when_ms:
                return
            self._timer[1].cancel()
            self._timer = None
        if when_ms is not None:
            self._timer = (when_ms, self._clock.call_at(when_ms, self._wake))

    def _wake(self) -> None:
        self._timer = None
        self.pump()

    def _begin(self, invocation: Invocation) -> None:
        function = self._catalog.resolve(invocation.function, invocation.qualifier)
        if not can_run(function.spec):  # it was given another runtime while the invocation waited
            self._end(invocation, Outcome(b"", "NotImplemented", 501), "")
            return
        execution = self._runner.run(function, invocation.qualifier, invocation.request_id, invocation.payload)
        task = asyncio.get_running_loop().create_task(self._execute(invocation, execution))
        self._executions[task] = invocation
        task.add_done_callback(self._executions.pop)

    async def _execute(self, invocation: Invocation, execution: Coroutine[Any, Any, Execution]) -> None:
        instance_id = ""
        try:
            execution_ended = await execution
            outcome, instance_id = execution_ended.outcome, execution_ended.instance_id
        except asyncio.CancelledError:
            if invocation.state is not State.STOPPING:
                raise
            outcome = Outcome()
        except Exception:
            log.exception("%s: %s could not be executed", invocation.function, invocation.request_id)
            outcome = SYSTEM_ERROR
        self._end(invocation, outcome, instance_id)
        self.pump()

    def _end(self, invocation: Invocation, outcome: Outcome, instance_id: str) -> None:
        state = self._engine.finished(self._clock.now_ms(), invocation, outcome, instance_id)
        log.info(
            "%s: attempt %d of %s ended %s%s",
            invocation.function,
            invocation.attempts,
            invocation.request_id,
            state.value,
            f" ({outcome.error})" if outcome.error else "",
        )

    def _invoke_destination(self, name: str, qualifier: str | None, event: bytes, depth: int) -> None:
        qualifier = normal_qualifier(qualifier)
        try:
            function = self._catalog.resolve(name, qualifier)
        except FcError as missing:
            raise Undeliverable(missing.message) from None
        if not can_run(function.spec):
            raise Undeliverable(f"its runtime {function.spec.runtime} is not run here", for_good=True)
        now_ms = self._clock.now_ms()
        self.accept(name, qualifier, event, self._ids.request_id(now_ms), depth=depth)

    @property
    def is_busy(self) -> bool:
        """Whether something is being executed."""
        return bool(self._executions)

    async def quiet(self) -> None:
        """Wait until nothing is being executed; what waits for time or for a worker may still be there."""
        while self._executions:
            await asyncio.wait(self._executions)

    async def close(self) -> None:
        """Stop: what is being executed is abandoned, the timer is taken down."""
        self._is_closed = True
        self._wake_at(None)
        await asyncio.sleep(0)  # a task that is cancelled before its first step would never await its execution
        for task in list(self._executions):
            task.cancel()
        await asyncio.gather(*self._executions, return_exceptions=True)

    def metrics(self) -> dict[str, int]:
        """Return the counts by their CloudMonitor names."""
        return {
            **self._engine.metrics,
            **self._delivery.metrics,
            "FunctionAsyncMessageLatencyAvg": self._engine.mean_latency_ms,
            "FunctionAsyncMessagesBacklogV2": self._engine.backlog,
            "FunctionAsyncMessagesInProcess": self._engine.running,
        }
