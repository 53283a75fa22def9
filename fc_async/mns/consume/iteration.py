"""A consumer as an iterator: the loop's body is the one worker, which acknowledges by asking for the next letter.

The loop's body cannot be told from a handler but by its end: the next letter is asked for (it returned), or the
iterator is given up (it raised, or left the loop with `break`). A letter that is at hand then is released.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from ..letter import Letter
from .commands import Abandon, Handle
from .judge import Judge, call_or_await, call_plainly
from .service import Tell
from .shift import Shift
from .signals import StopSignals
from .verdict import Verdict
from .workers import broken_off, tell_verdict


class LoopLeft(Exception):  # noqa: N818
    """The loop's body raised, or broke off."""


@types.coroutine
def _hand_over(letter: Letter) -> Generator[Letter, None, None]:
    yield letter


class LoopWorker:
    """The one worker whose handler is the body of a `for` loop.

    Args:
        judge: what is done with each message.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._letters: SimpleQueue[Handle | None] = SimpleQueue()
        self._judging: tuple[Handle, Coroutine[Any, Any, Verdict]] | None = None
        self._is_left = False

    def begin(self, tell: Tell) -> None:
        self._tell = tell

    def handle(self, command: Handle) -> None:
        self._letters.put(command)
        if self._is_left:
            self._give_back()

    def abandon(self, command: Abandon) -> None:
        """Leave it running: it is the caller's own thread."""

    def close(self) -> None:
        self._letters.put(None)

    def next(self) -> Letter | None:
        """Acknowledge the letter at hand, and wait for the next one; None: the run is over."""
        self._go_on(None)
        while (command := self._letters.get()) is not None:
            self._judging = command, self._judge.judge(command.message, _hand_over, _call)
            letter = self._go_on(None)
            if letter is not None:
                return letter
        self._letters.put(None)
        return None

    def leave(self) -> None:
        """Release the letter at hand, and what was handed over and not taken."""
        self._is_left = True
        self._go_on(LoopLeft())
        self._give_back()

    def _give_back(self) -> None:
        with suppress(Empty):
            while (command := self._letters.get_nowait()) is not None:
                tell_verdict(self._tell, command.key, broken_off(command.message, LoopLeft()))

    def _go_on(self, error: BaseException | None) -> Letter | None:
        """Take the judging up to the letter that it hands over, or to its verdict."""
        if self._judging is None:
            return None
        command, judging = self._judging
        try:
            letter: Letter = judging.send(None) if error is None else judging.throw(error)
        except StopIteration as ended:
            verdict: Verdict = ended.value
        except BaseException as raised:
            verdict = broken_off(command.message, raised)
        else:
            return letter
        self._judging = None
        tell_verdict(self._tell, command.key, verdict)
        return None


async def _call(function: Callable[..., Any], *arguments: object) -> object:
    return await function(*arguments) if function is _hand_over else await call_plainly(function, *arguments)


class Letters(Iterator[Letter]):
    """What `iter(consumer)` gives; given up, it releases the letter at hand and ends the run.

    Args:
        worker: hands the letters over.
        shift: the run; it has begun.
        signals: are taken, and put back at the end.
    """

    def __init__(self, worker: LoopWorker, shift: Shift, signals: StopSignals) -> None:
        self._worker = worker
        self._shift = shift
        self._signals = signals
        self._is_over = False

    def __next__(self) -> Letter:
        letter = None if self._is_over else self._worker.next()
        if letter is None:
            self.close()
            self._shift.result()
            raise StopIteration
        return letter

    def close(self) -> None:
        """End the run, and wait for its end."""
        if not self._is_over:
            self._is_over = True
            self._shift.stop()
            self._worker.leave()
            self._shift.join()
            self._signals.put_back()

    def __del__(self) -> None:
        self.close()


class LoopTasks:
    """The one worker whose handler is the body of an `async for` loop.

    Args:
        judge: what is done with each message.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._loop = asyncio.get_running_loop()
        self._letters: asyncio.Queue[tuple[Letter, asyncio.Future[None]] | None] = asyncio.Queue()
        self._at_hand: asyncio.Future[None] | None = None
        self._is_left = False
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, tell: Tell) -> None:
        self._tell = tell

    def handle(self, command: Handle) -> None:
        self._loop.call_soon_threadsafe(self._start, command)

    def abandon(self, command: Abandon) -> None:
        """Leave it running: it is the caller's own task."""

    def close(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._letters.put_nowait, None)

    async def next(self) -> Letter | None:
        """Acknowledge the letter at hand, and wait for the next one; None: the run is over."""
        self._settle(None)
        found = await self._letters.get()
        if found is None:
            return None
        letter, self._at_hand = found
        return letter

    def leave(self) -> None:
        """Release the letter at hand, and what was handed over and not taken."""
        self._is_left = True
        with suppress(RuntimeError):  # the loop is closed: the letter comes back when its visibility is over
            self._settle(LoopLeft())
            while not self._letters.empty() and (found := self._letters.get_nowait()) is not None:
                self._at_hand = found[1]
                self._settle(LoopLeft())

    def _settle(self, error: BaseException | None) -> None:
        at_hand, self._at_hand = self._at_hand, None
        if at_hand is not None and not at_hand.done():
            if error is None:
                at_hand.set_result(None)
            else:
                at_hand.set_exception(error)

    def _start(self, command: Handle) -> None:
        task = asyncio.ensure_future(self._work(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, command: Handle) -> None:
        verdict = broken_off(command.message, asyncio.CancelledError())
        try:
            verdict = await self._judge.judge(command.message, self._hand_over, call_or_await)
        finally:
            tell_verdict(self._tell, command.key, verdict)

    async def _hand_over(self, letter: Letter) -> None:
        if self._is_left:
            raise LoopLeft
        body: asyncio.Future[None] = self._loop.create_future()
        self._letters.put_nowait((letter, body))
        await body


@dataclass(frozen=True)
class LoopRun:
    """A run whose worker is an `async for` loop.

    Args:
        worker: hands the letters over.
        shift: the run; it has begun.
        over: set when it is over.
        signals: are taken, and put back at the end.
    """

    worker: LoopTasks
    shift: Shift
    over: asyncio.Event
    signals: StopSignals


class AsyncLetters(AsyncIterator[Letter]):
    """What `aiter(consumer)` gives; given up, it releases the letter at hand and ends the run.

    Args:
        begin: begins a run; asked for the first letter.
    """

    def __init__(self, begin: Callable[[], Awaitable[LoopRun]]) -> None:
        self._begin = begin
        self._run: LoopRun | None = None
        self._is_over = False

    async def __anext__(self) -> Letter:
        if self._is_over:
            raise StopAsyncIteration
        if self._run is None:
            self._run = await self._begin()
        letter = await self._run.worker.next()
        if letter is None:
            await self.aclose()
            self._run.shift.result()
            raise StopAsyncIteration
        return letter

    async def aclose(self) -> None:
        """End the run, and wait for its end."""
        self._leave()
        if self._run is not None:
            await self._run.over.wait()
            self._run.signals.put_back()

    def _leave(self) -> None:
        if not self._is_over:
            self._is_over = True
            if self._run is not None:
                self._run.shift.stop()
                self._run.worker.leave()

    def __del__(self) -> None:
        self._leave()
        if self._run is not None:
            self._run.signals.put_back()
