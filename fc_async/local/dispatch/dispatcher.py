"""Moves async invocations along: from the engine to the runner, outcomes back to it, records onward to delivery."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
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
from ..kept import NOT_KEPT, Kept
from ..mailbox.mailbox import Mailbox
from ..mailbox.topics import Topics
from ..workers.execution import Execution, Runner, can_run
from .delivery import Delivery, KeptDelivery, Undeliverable
from .invocation_log import attempt_ended, ended_unexecuted
from .permission import Permission

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
        fails: says why a record cannot be delivered to a destination now, None where it can.
        kept: the records that wait for another try, where they outlive the process.
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
        fails: Callable[[str], str | None] = lambda _: None,
        kept: Kept[int, KeptDelivery] = NOT_KEPT,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._catalog = catalog
        self._engine = engine
        self._runner = runner
        permission = Permission(catalog, assumptions)
        self.delivery = Delivery(
            mailbox, topics, self._invoke_destination, engine.settled, assumptions, permission, fails, kept
        )
        self._executions: dict[Invocation, asyncio.Task[None]] = {}
        self._ending: dict[Invocation, tuple[Timer, Execution]] = {}  # executed, and not over in the service's time
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
        parent: str = "",
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
            parent=parent,
            is_task=is_task,
        )
        self.pump()
        return invocation

    def stop(self, invocation: Invocation) -> None:
        """Stop an invocation: one that waits ends at once, the worker of one that runs is killed."""
        state = self._engine.stop(self._clock.now_ms(), invocation)
        if state is State.STOPPED:
            ended_unexecuted(invocation)
        if state is State.STOPPING:
            loop = asyncio.get_running_loop()
            task = self._executions.get(invocation)
            ending = self._ending.pop(invocation, None)
            if ending is not None:
                ending[0].cancel()
                self._end(invocation, Execution(Outcome()))
            elif task is not None:
                loop.call_soon(task.cancel)  # not at once: before its first step it would never give back its place
        self.pump()

    def pump(self) -> None:
        """Deliver and start everything that is due, and set the timer for what comes next.

        After the end nothing is started; but a record goes where its invocation's end is kept, in the same commit.
        """
        if self._is_pumping:
            return  # a delivery to a function has accepted an invocation; the loop below comes to it
        self._is_pumping = True
        try:
            next_ms = self._pump(self._clock.now_ms())
        finally:
            self._is_pumping = False
        if not self._is_closed:
            self._wake_at(next_ms)

    def _pump(self, now_ms: int) -> int | None:
        while True:
            for item in self._engine.take_deliveries():
                self.delivery.deliver(item, now_ms)
            self.delivery.due(now_ms)
            self._engine.due(now_ms)
            self._start_all(now_ms)
            if not self._engine.has_deliveries:
                break
        times = (self._engine.due(now_ms), self.delivery.due(now_ms))
        return min((time for time in times if time is not None), default=None)

    def _start_all(self, now_ms: int) -> None:
        while not self._is_closed and self._runner.free > 0:
            invocation = self._engine.start(now_ms)
            for dropped in self._engine.take_dropped():
                ended_unexecuted(dropped)
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
            self._end(invocation, Execution(Outcome(b"", "NotImplemented", 501)))
            return
        execution = self._runner.run(function, invocation.qualifier, invocation.request_id, invocation.payload)
        task = asyncio.get_running_loop().create_task(self._execute(invocation, execution))
        self._executions[invocation] = task

    async def _execute(self, invocation: Invocation, execution: Coroutine[Any, Any, Execution]) -> None:
        try:
            ended = await self._outcome_of(invocation, execution)
        finally:
            del self._executions[invocation]  # before its next attempt, which may begin below
        if ended.takes_ms:
            self._end_later(invocation, ended)
        else:
            self._end(invocation, ended)
            self.pump()

    def _end_later(self, invocation: Invocation, execution: Execution) -> None:
        def end() -> None:
            del self._ending[invocation]
            self._end(invocation, execution)
            self.pump()

        timer = self._clock.call_at(self._clock.now_ms() + execution.takes_ms, end)
        self._ending[invocation] = (timer, execution)

    async def _outcome_of(self, invocation: Invocation, execution: Coroutine[Any, Any, Execution]) -> Execution:
        try:
            return await execution
        except asyncio.CancelledError:
            if invocation.state is not State.STOPPING:
                raise
            return Execution(Outcome())
        except Exception:
            log.exception("%s: %s could not be executed", invocation.function, invocation.request_id)
            return Execution(SYSTEM_ERROR)

    def _end(self, invocation: Invocation, execution: Execution) -> None:
        self._engine.finished(
            self._clock.now_ms(), invocation, execution.outcome, execution.instance_id, execution.memory_mb
        )
        attempt_ended(invocation, execution)

    def _invoke_destination(self, name: str, qualifier: str | None, event: bytes, parent: Invocation) -> None:
        qualifier = normal_qualifier(qualifier)
        try:
            function = self._catalog.resolve(name, qualifier)
            self._catalog.check_enabled(name)
        except FcError as missing:
            raise Undeliverable(missing.message) from None
        if not can_run(function.spec):
            raise Undeliverable(f"its runtime {function.spec.runtime} is not run here", for_good=True)
        now_ms = self._clock.now_ms()
        self.accept(
            name, qualifier, event, self._ids.request_id(now_ms), depth=parent.depth + 1, parent=parent.request_id
        )

    @property
    def is_busy(self) -> bool:
        """Whether something is being executed."""
        return bool(self._executions)

    async def quiet(self) -> None:
        """Wait until nothing is being executed; what waits for time or for a worker may still be there."""
        while self._executions:
            await asyncio.wait(self._executions.values())

    async def close(self) -> None:
        """Stop: what is being executed is abandoned, the timer is taken down."""
        self._is_closed = True
        self._wake_at(None)
        for timer, _ in self._ending.values():
            timer.cancel()
        await asyncio.sleep(0)  # a task that is cancelled before its first step would never await its execution
        tasks = list(self._executions.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def unfinished(self) -> int:
        """How many invocations wait or are being executed."""
        return self._engine.backlog + self._engine.running

    def metrics(self) -> dict[str, int]:
        """Return the counts by their CloudMonitor names."""
        return {
            **self._engine.metrics,
            **self.delivery.metrics,
            "FunctionAsyncMessageLatencyAvg": self._engine.mean_latency_ms,
            "FunctionAsyncMessagesBacklogV2": self._engine.backlog,
            "FunctionAsyncMessagesInProcess": self._engine.running,
        }
