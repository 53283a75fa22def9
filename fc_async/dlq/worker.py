"""What a redrive does with one letter, wherever it comes from; and what it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import ServiceError
from ..mns.letter import Letter
from .breaker import Breaker
from .entry import SENT, Around, Entry, State
from .identity import identity
from .sender import Result, Sender, Stopped
from .spool import Spool
from .verdicts import Before, Left, ToSend, Verdicts, Wanted


class Counts:
    """What was done so far, counted by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sent = self.done = self.came_back = self.left = 0

    @property
    def any(self) -> bool:
        """Whether a letter was worked."""
        return bool(self.sent or self.done or self.came_back or self.left)

    def add(self, result: Result) -> None:
        """Count one letter, once."""
        if result.is_counted:
            return
        with self._lock:
            self.sent += result.is_new
            self.done += result.state in SENT
            self.came_back += result.state is State.CAME_BACK
            self.left += result.state in (State.LEFT, State.PLANNED)


class _Alone:
    """Lets one thread at a time work the letters that are one."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._worked: set[str] = set()

    @contextmanager
    def with_(self, wanted: str) -> Iterator[None]:
        with self._free:
            while wanted in self._worked:
                self._free.wait()
            self._worked.add(wanted)
        try:
            yield
        finally:
            with self._free:
                self._worked.remove(wanted)
                self._free.notify_all()


class Worker:
    """Works letters, in several threads at once.

    Args:
        spool: the journal.
        verdicts: says what is to be done with each.
        sender: sends.
        wanted: the limits.
        breaker: is told what came back.
        since_ms: when this redrive began, in milliseconds since 1970.
    """

    def __init__(
        self, spool: Spool, verdicts: Verdicts, sender: Sender, wanted: Wanted, breaker: Breaker, since_ms: int
    ) -> None:
        self._spool = spool
        self._verdicts = verdicts
        self._sender = sender
        self._wanted = wanted
        self._breaker = breaker
        self._turns = threading.Lock()
        self._begun = 0
        self._alone = _Alone()
        self.counts = Counts()
        self._since_ms = since_ms
        self.left_accepted: dict[int, tuple[str, str, str | None]] = {}
        """Letters that stand as accepted in the journal and are left: by number the reason, message and request id."""

    def work(
        self, letter: Letter, *, is_newer: bool = False, was_left: Callable[[Entry], bool] = lambda _: False
    ) -> Result:
        """Do with a letter what is to be done.

        Args:
            letter: the letter.
            is_newer: whether it came after the start.
            was_left: tells of what the spool knows of this very message whether it was left already.

        Raises:
            SpoolError: the journal cannot be written; nothing may be deleted.
            Stopped: everything is to stop.
        """
        wanted = identity(letter)
        with self._alone.with_(wanted):
            around = self._spool.around(letter, wanted)
            here = around.message
            if here is not None and (was_left(here) or here.number in self.left_accepted):
                return Result(State.LEFT, is_counted=True)
            result = self._result(letter, wanted, around, is_newer)
        self.counts.add(result)
        self._breaker.came_back(self.counts.came_back, self.counts.sent)
        return result

    def is_full(self) -> bool:
        """Whether as many were begun as may be sent."""
        return self._wanted.limit is not None and self._begun >= self._wanted.limit

    def _result(self, letter: Letter, wanted: str, around: Around, is_newer: bool) -> Result:
        verdict = self._verdicts.of(letter, wanted, around, is_newer=is_newer)
        if isinstance(verdict, Before):
            return self._accepted_before(letter, around.message, verdict.known.new_request_id)
        if isinstance(verdict, Left):
            return self._leave(letter, around.message, verdict)
        if verdict.planned is None:
            return self._send(letter, verdict)
        try:
            task = self._sender.task_for(verdict.planned)
        except ServiceError as error:
            reason = f"it was planned for {verdict.planned.target} before, whose task may not be asked for"
            return self._leave(letter, around.message, Left(State.LEFT, f"{reason} ({error.status} {error.code})"))
        if task is None:
            return self._send(letter, verdict)
        return self._accepted_before(letter, around.message, task.request_id)

    def _send(self, letter: Letter, verdict: ToSend) -> Result:
        if not self._take_turn():
            raise Stopped
        result = self._sender.send(letter, verdict.chosen, verdict.generation, verdict.task_id)
        if result.state is State.LEFT and result.reason is not None:
            self._spool.leave(letter, State.LEFT, result.reason)
        return result

    def _accepted_before(self, letter: Letter, here: Entry | None, new_request_id: str | None) -> Result:
        """A letter that was accepted is done with, wherever that stands."""
        if here is None:
            self._spool.leave(letter, State.DONE, "it was accepted before")
        elif here.state not in SENT:
            self._spool.note(here.number, State.DONE, new_request_id=new_request_id)
        is_counted = here is not None and here.state in SENT
        is_repeat = here is not None and is_counted and here.changed_ms >= self._since_ms
        return Result(State.DONE, is_counted=is_counted, is_repeat=is_repeat)

    def _leave(self, letter: Letter, here: Entry | None, left: Left) -> Result:
        self._spool.leave(letter, left.state, left.reason)
        if here is not None and here.state in SENT:
            request_id = None if letter.record is None else letter.record.request_id
            self.left_accepted[here.number] = (left.reason, letter.message.message_id, request_id)
        return Result(left.state, left.reason)

    def _take_turn(self) -> bool:
        with self._turns:
            if self.is_full():
                return False
            self._begun += 1
            return True
