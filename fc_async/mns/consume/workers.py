"""Where letters are handled: in threads, and in asyncio's tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from ..letter import Letter
from ..message import QueueMessage
from .commands import Abandon, Handle
from .judge import CoroutineReturnedError, Judge, call_or_await, call_plainly, run
from .service import Tell
from .verdict import Outcome, Verdict, delay_seconds


class Workers(Protocol):
    """Handles letters."""

    def begin(self, tell: Tell) -> None:
        """Start; each verdict is told to the desk."""

    def handle(self, command: Handle) -> None:
        """Handle a message; called by the desk's thread, never for more than there are workers."""

    def abandon(self, command: Abandon) -> None:
        """Stop waiting for the worker that has a message."""

    def close(self) -> None:
        """Let the workers end."""


def tell_verdict(tell: Tell, key: int, verdict: Verdict) -> None:
    """Tell the desk; a coroutine that nobody runs ends the run, with an error that says so."""
    tell(lambda desk, now: desk.handled(now, key, verdict))
    error = verdict.error
    if isinstance(error, CoroutineReturnedError):
        tell(lambda desk, now: desk.fail(now, error))


def broken_off(message: QueueMessage, error: BaseException) -> Verdict:
    """Return the verdict on a letter whose handler ended in a way that is no Exception."""
    return Verdict(Outcome.RELEASED, delay_seconds(message.dequeue_count), error)


class ThreadWorkers:
    """Handles letters in threads, which do not keep the process.

    Args:
        count: how many.
        judge: what they do.
        handle: is given each letter.
    """

    def __init__(self, count: int, judge: Judge, handle: Callable[[Letter], object]) -> None:
        self._count = count
        self._judge = judge
        self._handle = handle
        self._letters: SimpleQueue[Handle | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._running: dict[int, QueueMessage] = {}
        self._replaced: set[int] = set()

    def begin(self, tell: Tell) -> None:
        self._tell = tell
        for _ in range(self._count):
            self._start()

    def handle(self, command: Handle) -> None:
        self._running[command.key] = command.message
        self._letters.put(command)

    def abandon(self, command: Abandon) -> None:
        with self._lock:
            message = self._running.get(command.key)
            if message is not None:
                self._judge.give_up(message)
            if not command.is_replaced or message is None:
                return  # where it has just come to its end, it goes on as its own replacement
            self._replaced.add(command.key)
        self._start()

    def close(self) -> None:
        for _ in range(2 * self._count):
            self._letters.put(None)

    def _start(self) -> None:
        threading.Thread(target=self._live, name="fc_async-handle", daemon=True).start()

    def _live(self) -> None:
        while (command := self._letters.get()) is not None:
            verdict = broken_off(command.message, RuntimeError())
            try:
                verdict = run(self._judge.judge(command.message, self._handle, call_plainly))
            except BaseException as error:  # SystemExit in a thread would end it alone
                verdict = broken_off(command.message, error)
            with self._lock:
                self._running.pop(command.key, None)
                is_replaced = command.key in self._replaced
                self._replaced.discard(command.key)
            tell_verdict(self._tell, command.key, verdict)
            if is_replaced:
                return


class TaskWorkers:
    """Handles letters in tasks of the event loop that runs when this is made.

    Args:
        judge: what they do.
        handle: is given each letter; it may be a coroutine function.
    """

    def __init__(self, judge: Judge, handle: Callable[[Letter], object]) -> None:
        self._judge = judge
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[int, asyncio.Task[Verdict]] = {}

    def begin(self, tell: Tell) -> None:
        self._tell = tell

    def handle(self, command: Handle) -> None:
        self._loop.call_soon_threadsafe(self._start, command)

    def abandon(self, command: Abandon) -> None:
        self._loop.call_soon_threadsafe(self._cancel, command.key)

    def close(self) -> None:
        pass

    def _start(self, command: Handle) -> None:
        task = asyncio.ensure_future(self._judge.judge(command.message, self._handle, call_or_await))
        self._tasks[command.key] = task
        task.add_done_callback(lambda ended: self._ended(command, ended))

    def _cancel(self, key: int) -> None:
        task = self._tasks.get(key)
        if task is not None:
            task.cancel()

    def _ended(self, command: Handle, task: asyncio.Task[Verdict]) -> None:
        """Tell the verdict; a callback does it, because a task that is cancelled before it begins runs no `finally`."""
        self._tasks.pop(command.key, None)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        verdict = task.result() if error is None else broken_off(command.message, error)
        tell_verdict(self._tell, command.key, verdict)
