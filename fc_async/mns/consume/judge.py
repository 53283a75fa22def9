"""What a worker does with one message: read it, hand it to whom it belongs, and say what is to become of it.

It is written as a coroutine for threads and asyncio alike: `call` runs what the user gave. With threads nothing ever
waits in it, and `run` drives it to its end in one step.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from ...errors import ArgumentError
from ..letter import Letter
from ..message import QueueMessage
from .dedupe import Claim, Once
from .observer import Quiet
from .verdict import LetBe, Outcome, Reject, Retry, Verdict, delay_seconds

LOG = logging.getLogger("fc_async.consumer")
_REMEMBERED_MESSAGES = 10_000
_Result = TypeVar("_Result")

Call = Callable[..., Awaitable[object]]
"""Runs a callback of the user's with its arguments."""


WANTS_ASYNC = (
    "handle: expected a function that returns no coroutine, got one that does: use `await consumer.run_async()` for it"
)

_WANTS_WORK = "handle: expected a function that does its work when it is called, got one that returns a generator"


class CoroutineReturnedError(ArgumentError):
    """A callback returned a coroutine where nothing runs it, or a generator, which nothing ever runs."""


@dataclass(frozen=True)
class Handlers:
    """What the user gave.

    Args:
        records: whether a record is looked for.
        unreadable: is given what holds none; None: it is only hidden.
        unreadable_hide_seconds: for how long it is hidden.
        max_receives: a letter that was received more often is not handled; None: no limit.
        on_exhausted: is given such a letter; None: it is hidden like an unreadable one.
        on_reject: is given a letter and the Reject that was raised for it; None: it is hidden likewise.
    """

    records: bool
    unreadable: Callable[[Letter], object] | None
    unreadable_hide_seconds: int
    max_receives: int | None
    on_exhausted: Callable[[Letter], object] | None
    on_reject: Callable[[Letter, Reject], object] | None


class Judge:
    """Judges messages, in several threads at once.

    Args:
        handlers: what the user gave.
        once: which letters were handled before.
        observer: is told of every letter.
    """

    def __init__(self, handlers: Handlers, once: Once, observer: Quiet) -> None:
        self._handlers = handlers
        self._once = once
        self._observer = observer
        self._complained: OrderedDict[str, None] = OrderedDict()
        self._claims: dict[str, Claim] = {}

    async def judge(self, message: QueueMessage, handle: Callable[[Letter], object], call: Call) -> Verdict:
        """Handle one message.

        Args:
            message: the message.
            handle: is given the letter.
            call: runs it, and the other callbacks.
        """
        began = time.monotonic()
        letter = Letter.of(message) if self._handlers.records else Letter(message)
        verdict = await self._verdict(letter, handle, call)
        self._observer.finished(letter, verdict.outcome.value, time.monotonic() - began, verdict.error)
        return verdict

    def give_up(self, message: QueueMessage) -> None:
        """Let another worker handle a message whose worker takes too long."""
        claim = self._claims.get(message.receipt_handle)
        if claim is not None:
            claim.give_up()

    async def _verdict(self, letter: Letter, handle: Callable[[Letter], object], call: Call) -> Verdict:
        try:
            if letter.problem is not None:
                return await self._unreadable(letter, call)
            most, count = self._handlers.max_receives, letter.message.dequeue_count
            if most is not None and count is not None and count > most:
                return await self._exhausted(letter, call)
            return await self._handled(letter, handle, call)
        except LetBe as let_be:
            return Verdict(Outcome.RELEASED, 1, let_be, is_let_be=True)
        except Retry as retry:
            return Verdict(Outcome.RELEASED, retry.after_seconds, retry)
        except Exception as error:
            # The text is the handler's own and may quote the letter: only its kind is logged, with where it came from.
            LOG.warning("message %s is released: %s", _shown(letter), _kind(error))
            return Verdict(Outcome.RELEASED, delay_seconds(letter.message.dequeue_count), error)

    async def _handled(self, letter: Letter, handle: Callable[[Letter], object], call: Call) -> Verdict:
        claim = self._once.begin(letter)
        if claim.is_done:
            return Verdict(Outcome.ACKNOWLEDGED)
        if claim.is_going:
            return Verdict(Outcome.RELEASED, delay_seconds(letter.message.dequeue_count))
        self._claims[letter.message.receipt_handle] = claim
        try:
            return await self._claimed(letter, claim, handle, call)
        finally:
            self._claims.pop(letter.message.receipt_handle, None)
            claim.end(is_handled=False)

    async def _claimed(self, letter: Letter, claim: Claim, handle: Callable[[Letter], object], call: Call) -> Verdict:
        try:
            await call(handle, letter)
        except Reject as error:
            return await self._rejected(letter, error, call)
        claim.end(is_handled=True)
        return Verdict(Outcome.ACKNOWLEDGED)

    async def _rejected(self, letter: Letter, error: Reject, call: Call) -> Verdict:
        if self._handlers.on_reject is None:
            self._complain(letter, "is rejected, and hidden: there is no on_reject")
            return Verdict(Outcome.REJECTED, self._handlers.unreadable_hide_seconds, error)
        await call(self._handlers.on_reject, letter, error)
        return Verdict(Outcome.REJECTED, None, error)

    async def _exhausted(self, letter: Letter, call: Call) -> Verdict:
        if self._handlers.on_exhausted is None:
            self._complain(letter, "was received too often, and is hidden: there is no on_exhausted")
            return Verdict(Outcome.EXHAUSTED, self._handlers.unreadable_hide_seconds)
        await call(self._handlers.on_exhausted, letter)
        return Verdict(Outcome.EXHAUSTED)

    async def _unreadable(self, letter: Letter, call: Call) -> Verdict:
        error = None
        try:
            if self._handlers.unreadable is not None:
                await call(self._handlers.unreadable, letter)
        except Exception as raised:
            error = raised
        handler = "" if error is None else f"; unreadable= raised {_kind(error)}"
        self._complain(letter, f"is no record, and is hidden: {letter.problem}{handler}")
        return Verdict(Outcome.UNREADABLE, self._handlers.unreadable_hide_seconds, error)

    def _complain(self, letter: Letter, what: str) -> None:
        """Log once for each message, among the last 10,000."""
        message_id = letter.message.message_id
        if message_id not in self._complained:
            self._complained[message_id] = None
            LOG.warning("message %s %s", _shown(letter), what)
            while len(self._complained) > _REMEMBERED_MESSAGES:
                self._complained.popitem(last=False)


async def call_plainly(function: Callable[..., object], *arguments: object) -> object:
    """Call what returns no coroutine.

    Raises:
        CoroutineReturnedError: it returns one, or a generator.
    """
    result = function(*arguments)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()  # else Python says that it was never awaited
        raise CoroutineReturnedError(WANTS_ASYNC)
    return _worked(result)


async def call_or_await(function: Callable[..., object], *arguments: object) -> object:
    """Call what may return a coroutine, and wait for it."""
    result = function(*arguments)
    return _worked(await result if inspect.isawaitable(result) else result)


def _worked(result: object) -> object:
    """Refuse a generator: the function's body has not begun, and its letter must not be deleted for it."""
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise CoroutineReturnedError(_WANTS_WORK)
    return result


def run(judging: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what a coroutine returns that never waits."""
    try:
        judging.send(None)
    except StopIteration as ended:
        result: _Result = ended.value
        return result
    raise ArgumentError("expected callbacks that do not wait")


def _kind(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"


def _shown(letter: Letter) -> str:
    return "".join(char if char.isprintable() else "?" for char in letter.message.message_id[:80])
