"""Consumer: code that reads a queue of records for years, and loses no letter at the edges."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from datetime import timedelta
from random import random
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from ..checks import check_timeout, check_wait, check_whole, whole_seconds
from ..errors import ArgumentError
from .consume.dedupe import DedupeStore, Once, key_of
from .consume.desk import Desk
from .consume.held import FOREVER
from .consume.iteration import AsyncLetters, Letters, LoopRun, LoopTasks, LoopWorker
from .consume.judge import WANTS_ASYNC, Handlers, Judge
from .consume.observer import Observer, Quiet
from .consume.polls import Ending
from .consume.service import ServiceThreads
from .consume.shift import Shift
from .consume.signals import StopSignals
from .consume.summary import ConsumerSummary
from .consume.verdict import Reject
from .consume.workers import TaskWorkers, ThreadWorkers, Workers
from .letter import Letter
from .queue_attributes import MAX_VISIBILITY_SECONDS
from .queue_client import MAX_BATCH, QueueClient

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .consume.place import Place

MAX_CONCURRENCY = 256
_MAX_RECEIVERS = 8
_MAX_MESSAGES = 10**12


class Consumer:
    """Receives letters from a queue, hands them to a handler, and acknowledges what it returns from.

    Any number of consumers, in threads, processes or machines, share the work of one queue. A letter is handled at
    least once: what is held has its visibility renewed, whether it runs or waits, and what raised is released. A
    consumer makes its threads when it runs, so that one made before a fork runs in the child.

    Args:
        queue: a queue's name, or a QueueClient.
        handle: is given each Letter, in several threads at once. It returns: the letter is acknowledged (deleted). It
            raises: released, shown again after 1 second at its first receive, then twice as long each time, 300 at
            most. It raises `Reject`: handed to `on_reject`, then acknowledged. It raises `Retry`: released for as long
            as that says. None: the consumer is iterated over.
        concurrency: letters handled at a time, 1 to 256. Default 8. At most `2 * concurrency + 16` are held that are
            not handled yet.
        records: whether each letter's body is read as a record; False: neither `record` nor `problem` is set. Default
            True.
        unreadable: is given a letter that holds no record (`problem` says why), each time it shows; None: it is only
            logged, once. It is hidden either way, and never deleted.
        unreadable_hide_seconds: for how long, 1 to 43200, a number or a timedelta. Default 3600.
        max_receives: a letter that was received more often is handed to `on_exhausted` in place of `handle`, 1 or
            more; None: no limit.
        on_exhausted: is given such a letter, which is then acknowledged; None: it is hidden like an unreadable one.
        on_reject: is given a letter and the Reject that was raised; the letter is then acknowledged, or released where
            this raises. None: it is hidden like an unreadable one.
        handler_timeout_seconds: a handler that takes longer is left alone, its letter released and its thread replaced
            (`concurrency` threads at most; a coroutine is cancelled, a loop's body is waited for); over 0, 86400 at
            most, a number or a timedelta; None: no limit.
        grace_seconds: how long what runs may go on when the run is to end, 0 to a year's, a number or a timedelta;
            then its letters are released. Default 10.
        missing: `wait`: a queue that is not there is waited for; `raise`: it ends the run with the ServiceError.
        dedupe: remembers what was handled (`MemoryDedupe`, `SqliteDedupe`, anything with `seen(key)` and `done(key)`),
            so that a record that was delivered twice is handled once; None: nothing is remembered.
        dedupe_key: a letter's key, text, or None for one that is always handled; None: request id, function ARN,
            payload and attempts together.
        observer: is told what happens; None: nobody is.
        settings: `endpoint`, `mns_endpoint`, `region`, `account_id`, `profile`, `credentials`, `internal`, `insecure`,
            `connect_timeout_seconds`, `read_timeout_seconds` as QueueClient's, where `queue` is a name.

    Raises:
        ArgumentError: an argument cannot be right.
        SettingsError: region, account or profile cannot be found.
    """

    def __init__(
        self,
        queue: str | QueueClient,
        handle: Callable[[Letter], object] | None = None,
        *,
        concurrency: int = 8,
        records: bool = True,
        unreadable: Callable[[Letter], object] | None = None,
        unreadable_hide_seconds: int | timedelta = 3600,
        max_receives: int | None = None,
        on_exhausted: Callable[[Letter], object] | None = None,
        on_reject: Callable[[Letter, Reject], object] | None = None,
        handler_timeout_seconds: float | timedelta | None = None,
        grace_seconds: float | timedelta = 10,
        missing: Literal["wait", "raise"] = "wait",
        dedupe: DedupeStore | None = None,
        dedupe_key: Callable[[Letter], str | None] | None = None,
        observer: Observer | None = None,
        **settings: Unpack[Place],
    ) -> None:
        callbacks = {"unreadable": unreadable, "on_exhausted": on_exhausted, "on_reject": on_reject}
        for name, given in {"handle": handle, **callbacks, "dedupe_key": dedupe_key}.items():
            _check_callable(name, given)
        self._concurrency = check_whole("concurrency", concurrency, 1, MAX_CONCURRENCY)
        if max_receives is not None:
            check_whole("max_receives", max_receives, 1, 2**31)
        hide = whole_seconds(unreadable_hide_seconds)
        handlers = Handlers(
            _check_bool("records", records),
            unreadable,
            check_whole("unreadable_hide_seconds", hide, 1, MAX_VISIBILITY_SECONDS),
            max_receives,
            on_exhausted,
            on_reject,
        )
        self._handler_seconds = (
            FOREVER
            if handler_timeout_seconds is None
            else check_timeout("handler_timeout_seconds", handler_timeout_seconds)
        )
        self._grace_seconds = check_wait("grace_seconds", grace_seconds)
        if missing not in ("wait", "raise"):
            raise ArgumentError(f"missing: expected 'wait' or 'raise', got {str(missing)[:40]!r}")
        self._waits_for_queue = missing == "wait"
        self._handle = handle
        self._observer = Quiet(observer)
        once = Once(dedupe, key_of if dedupe_key is None else dedupe_key)
        self._judge = Judge(handlers, once, self._observer)
        self._queue = _client(queue, settings)
        self._running: tuple[int, Shift] | None = None
        self._last: Shift | None = None

    def __repr__(self) -> str:
        return f"Consumer({self._queue.queue!r}, concurrency={self._concurrency})"

    @property
    def summary(self) -> ConsumerSummary:
        """What the run that goes on has done so far, or else the last one; for those who iterate."""
        return ConsumerSummary() if self._last is None else self._last.summary()

    def run(
        self,
        *,
        max_messages: int | None = None,
        idle_timeout_seconds: float | timedelta | None = None,
        deadline_seconds: float | timedelta | None = None,
    ) -> ConsumerSummary:
        """Handle letters until SIGTERM, SIGINT, `stop()` or one of these limits; then end what runs, and return.

        The signals are taken in the main thread alone, and put back. A second one ends the grace: what runs still has
        its letter released at once. One more does what it did before the run.

        Args:
            max_messages: after so many letters, 1 or more; None: no limit.
            idle_timeout_seconds: when nothing came for so long, from 0, a number or a timedelta; None: never. A service
                that does not answer is not idle.
            deadline_seconds: after so long, from 0, likewise; what runs then has the grace on top.

        Raises:
            ArgumentError: an argument cannot be right; `handle` is missing, or returns a coroutine or a generator (its
                letter is released).
            ServiceError: the service refused the first call, or the queue is not there and `missing` is `raise`.
            SettingsError: there are no credentials.
        """
        return self._run(self._ending(max_messages, idle_timeout_seconds, deadline_seconds))

    def run_for(
        self, seconds: float | timedelta, *, idle_timeout_seconds: float | timedelta | None = None
    ) -> ConsumerSummary:
        """Handle letters, and be back in less than this time: for a function, which has a timeout of its own.

        The grace is in it: 3 tenths of the time at most. So are 2 tenths, 5 seconds at most, to tell the service what
        became of the last letters.

        Args:
            seconds: over 0, 86400 at most, a number or a timedelta; `context.function.timeout` less what the function
                does besides.
            idle_timeout_seconds: be back when nothing came for so long, as `run`; None: an empty queue is waited at.

        Raises:
            ArgumentError, ServiceError, SettingsError: as `run`.
        """
        whole = check_timeout("seconds", seconds)
        grace, flush = min(self._grace_seconds, 0.3 * whole), min(5.0, 0.2 * whole)
        idle = check_wait("idle_timeout_seconds", idle_timeout_seconds)
        return self._run(Ending(None, idle, monotonic() + whole - grace - flush, grace, flush))

    async def run_async(
        self,
        *,
        max_messages: int | None = None,
        idle_timeout_seconds: float | timedelta | None = None,
        deadline_seconds: float | timedelta | None = None,
    ) -> ConsumerSummary:
        """As `run`, in asyncio: `handle` and the other callbacks may be coroutine functions, and run in the event loop.

        The calls to the service are made in threads. Cancelled, it ends as at `stop()`, and then is cancelled.
        """
        ending = self._ending(max_messages, idle_timeout_seconds, deadline_seconds)
        workers = TaskWorkers(self._judge, self._handler())
        over = asyncio.Event()
        shift, signals = self._begin(ending, workers, self._concurrency, _setter(over))
        try:
            await over.wait()
        finally:
            shift.stop()
            try:
                await over.wait()
            finally:  # cancelled once more, it waits no longer
                signals.put_back()
        return shift.result()

    def stop(self) -> None:
        """Let the run that goes on end, if there is one; from any thread, and from a signal handler."""
        running = self._running
        if running is not None and running[0] == os.getpid():
            running[1].stop()

    def hurry(self) -> None:
        """As `stop`, and let its grace be over: what is under way is released; likewise."""
        running = self._running
        if running is not None and running[0] == os.getpid():
            running[1].hurry()

    def __iter__(self) -> Letters:
        """Hand out letters one by one: the next one acknowledges the last one.

        Where the loop's body raises, or leaves with `break`, its letter is released and the run ends; `stop()` ends it
        after the body, and so does a first signal; a second one does what it did before the run. `summary` says what
        was done.
        """
        worker = LoopWorker(self._judge)
        shift, signals = self._begin(self._ending(None, None, None), worker, 1, is_loop=True)
        return Letters(worker, shift, signals)

    def __aiter__(self) -> AsyncLetters:
        """As a `for` loop, in asyncio; `contextlib.aclosing(aiter(consumer))` also waits for the end of the run."""
        return AsyncLetters(self._begin_loop)

    async def _begin_loop(self) -> LoopRun:
        before = self._running
        if before is not None and before[1].is_ending:  # a loop that was left with `break` tells the service still
            await asyncio.to_thread(before[1].join)
        worker, over = LoopTasks(self._judge), asyncio.Event()
        shift, signals = self._begin(self._ending(None, None, None), worker, 1, _setter(over), is_loop=True)
        return LoopRun(worker, shift, over, signals)

    def _run(self, ending: Ending) -> ConsumerSummary:
        handle = self._handler()
        if inspect.iscoroutinefunction(handle):
            raise ArgumentError(WANTS_ASYNC)
        shift, signals = self._begin(ending, ThreadWorkers(self._concurrency, self._judge, handle), self._concurrency)
        try:
            shift.join()
        finally:
            signals.put_back()
        return shift.result()

    def _begin(
        self,
        ending: Ending,
        workers: Workers,
        count: int,
        on_over: Callable[[], None] = lambda: None,
        is_loop: bool = False,
    ) -> tuple[Shift, StopSignals]:
        if self._running is not None and self._running[0] == os.getpid():
            raise ArgumentError("expected one run of a consumer at a time: it is running; make another consumer")
        receivers = max(1, min(_MAX_RECEIVERS, (2 * count + MAX_BATCH) // MAX_BATCH))
        desk = Desk(
            self._queue.queue,
            count,
            receivers,
            ending,
            self._handler_seconds,
            self._waits_for_queue,
            random,
            monotonic(),
            0 if is_loop else None,
        )

        def over() -> None:
            self._running = None
            on_over()

        shift = Shift(desk, lambda tell: ServiceThreads(self._queue, receivers, tell), workers, self._observer, over)
        self._running, self._last = (os.getpid(), shift), shift
        # The body of a loop runs in the caller's own thread: nothing but what the signal did before can break it off.
        signals = StopSignals(shift.stop) if is_loop else StopSignals(shift.stop, shift.hurry)
        signals.take()
        try:
            shift.begin()
        except BaseException:  # a process that may start no more threads
            self._running = None
            signals.put_back()
            raise
        return shift, signals

    def _handler(self) -> Callable[[Letter], object]:
        if self._handle is None:
            raise ArgumentError("handle: expected a function to run, got None: give one, or iterate over the consumer")
        return self._handle

    def _ending(self, max_messages: int | None, idle: Any, deadline: Any) -> Ending:
        if max_messages is not None:
            check_whole("max_messages", max_messages, 1, _MAX_MESSAGES)
        stops_in = check_wait("deadline_seconds", deadline)
        return Ending(
            max_messages, check_wait("idle_timeout_seconds", idle), monotonic() + stops_in, self._grace_seconds
        )


def _client(queue: object, settings: Any) -> QueueClient:
    if isinstance(queue, QueueClient):
        if settings:
            raise ArgumentError(f"{next(iter(settings))}: expected only with a queue's name, got it with a QueueClient")
        return queue
    if isinstance(queue, str):
        return QueueClient(queue, **settings)
    raise ArgumentError(f"queue: expected a name or a QueueClient, got {type(queue).__name__}")


def _check_callable(name: str, given: object) -> None:
    if given is not None and not callable(given):
        raise ArgumentError(f"{name}: expected a function, or None, got {type(given).__name__}")


def _check_bool(name: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    raise ArgumentError(f"{name}: expected True or False, got {str(given)[:40]}")


def _setter(event: asyncio.Event) -> Callable[[], None]:
    """Return what sets the event from another thread."""
    loop = asyncio.get_running_loop()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)

    return tell
