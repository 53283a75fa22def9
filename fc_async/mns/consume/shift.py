"""One run of a consumer: a thread owns the desk, is told what happens, and has done what the desk says.

Whoever tells the desk something puts it into one queue, which a signal handler may do, too: `SimpleQueue.put` never
waits for a lock that the interrupted code may hold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from ...errors import FcAsyncError
from .commands import Abandon, Change, Command, Cut, Delete, Handle, Look, Receive, Say
from .desk import Desk
from .judge import LOG
from .observer import Quiet
from .service import ServiceThreads, Tell
from .summary import ConsumerSummary
from .workers import Workers

_LONGEST_SLEEP_SECONDS = 3600.0


class Shift:
    """A run from its begin to its summary.

    Args:
        desk: what decides.
        service: makes the threads that speak to the service, given how they tell the desk.
        workers: handle the letters.
        observer: is told of what comes.
        on_over: called by the desk's thread when the run is over.
    """

    def __init__(
        self,
        desk: Desk,
        service: Callable[[Tell], ServiceThreads],
        workers: Workers,
        observer: Quiet,
        on_over: Callable[[], None] = lambda: None,
    ) -> None:
        self._desk = desk
        self._make_service = service
        self._workers = workers
        self._observer = observer
        self._on_over = on_over
        self.is_ending = False
        """Whether somebody has asked it to end."""
        self._inbox: SimpleQueue[Callable[[Desk, float], None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._live, name="fc_async-consumer", daemon=True)

    def begin(self) -> None:
        """Start all threads."""
        self._workers.begin(self.tell)
        self._service = self._make_service(self.tell)
        self._thread.start()

    def tell(self, what: Callable[[Desk, float], None]) -> None:
        """Tell the desk something; from any thread, and from a signal handler."""
        self._inbox.put(what)

    def stop(self) -> None:
        """Let the run end; likewise."""
        self.is_ending = True
        self.tell(lambda desk, now: desk.stop(now))

    def hurry(self) -> None:
        """Let the run end without its grace; likewise."""
        self.is_ending = True
        self.tell(lambda desk, now: desk.hurry(now))

    def join(self) -> None:
        """Wait until the run is over."""
        self._thread.join()

    def result(self) -> ConsumerSummary:
        """Return what the run did; it is over.

        Raises:
            FcAsyncError: why it ended before it should.
        """
        if self._desk.failure is not None:
            raise self._desk.failure
        return self.summary()

    def summary(self) -> ConsumerSummary:
        """Return what the run did so far."""
        return self._desk.tally.summary()

    def _live(self) -> None:
        try:
            while not self._desk.is_over(now := monotonic()):
                for number, command in self._desk.due(now):
                    self._do(number, command)
                if not self._desk.is_over(now):
                    self._hear(now)
        except Exception as error:  # a fault of ours: it must not leave a caller waiting for ever
            LOG.exception("the consumer broke off")
            self._desk.fail(monotonic(), FcAsyncError(f"the consumer broke off ({type(error).__name__})"))
        finally:
            self._desk.close()
            self._service.close()
            self._workers.close()
            self._on_over()

    def _hear(self, asked_at: float) -> None:
        """Wait until something happens or is due, and tell the desk all that has happened.

        What is due is counted from when the desk was asked last: it can have become due since.
        """
        seconds = max(0.0, min(self._desk.next_at(asked_at) - monotonic(), _LONGEST_SLEEP_SECONDS))
        with suppress(Empty):
            self._hear_one(self._inbox.get(timeout=seconds))
            while True:
                self._hear_one(self._inbox.get_nowait())

    def _hear_one(self, what: Callable[[Desk, float], None]) -> None:
        received = self._desk.tally.received
        what(self._desk, monotonic())
        if self._desk.tally.received > received:
            self._observer.received(self._desk.tally.received - received, self._desk.in_flight)

    def _do(self, number: int, command: Command) -> None:
        if isinstance(command, Handle):
            self._workers.handle(command)
        elif isinstance(command, (Receive, Look)):
            self._service.receive(number, command)
        elif isinstance(command, Delete):
            self._service.delete(command)
        elif isinstance(command, Change):
            self._service.change(command)
        elif isinstance(command, Abandon):
            self._workers.abandon(command)
        elif isinstance(command, Cut):
            self._service.cut()
        elif isinstance(command, Say):
            LOG.warning("%s", command.text)
