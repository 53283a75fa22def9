"""What a redrive does with one letter, wherever it comes from; and what it counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..mns.letter import Letter
from .acceptances import Acceptances
from .choosing import Choosing
from .entry import SENT, Around, Entry, State
from .identity import identity
from .sender import Result, Sender, Stopped
from .spool import Spool


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


@dataclass(frozen=True)
class Wanted:
    """What was asked of a redrive beside the choice of letters.

    Args:
        limit: most letters that are sent; None: no limit.
        again: send also what is known to have been accepted.
        max_redrives: leave what was sent again so often before; None: no limit.
        stop_at: end where more than this part of what was sent came back, over 0 to 1; None: never.
        until_succeeded: whether an acceptance alone is not enough.
    """

    limit: int | None = None
    again: bool = False
    max_redrives: int | None = None
    stop_at: float | None = None
    until_succeeded: bool = False


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


_FEWEST_TO_JUDGE = 20
"""The breaker says nothing before so many were sent."""


class Worker:
    """Works letters, in several threads at once.

    Args:
        spool: the journal.
        others: the other spools of the queue.
        choosing: which letters go where.
        sender: sends.
        wanted: the limits.
        end: ends everything, with a reason.
    """

    def __init__(
        self,
        spool: Spool,
        others: Acceptances,
        choosing: Choosing,
        sender: Sender,
        wanted: Wanted,
        end: Callable[[str], None],
    ) -> None:
        self._spool = spool
        self._others = others
        self._choosing = choosing
        self._sender = sender
        self._wanted = wanted
        self._end = end
        self._turns = threading.Lock()
        self._begun = 0
        self._since_ms = round(time.time() * 1000)
        self._alone = _Alone()
        self.counts = Counts()

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
            if around.message is not None and was_left(around.message):
                return Result(State.LEFT, is_counted=True)
            result = self._result(letter, wanted, around, is_newer)
        self.counts.add(result)
        self._watch()
        return result

    def is_full(self) -> bool:
        """Whether as many were begun as may be sent."""
        return self._wanted.limit is not None and self._begun >= self._wanted.limit

    def _result(self, letter: Letter, wanted: str, around: Around, is_newer: bool) -> Result:
        known = around.accepted or self._others.find(wanted)
        if known is not None and self._is_done(known):
            return self._accepted_before(letter, around.message, known)
        if around.is_own:
            return self._leave(letter, State.CAME_BACK, "it failed again: this redrive has sent it")
        if is_newer:
            return self._leave(letter, State.LEFT, "it came after the start")
        chosen = self._choosing.choose(letter)
        if isinstance(chosen, str):
            return self._leave(letter, State.LEFT, chosen)
        reason = self._too_often(letter) or self._sender.refusal(chosen)
        if reason is not None:
            return self._leave(letter, State.LEFT, reason)
        if not self._take_turn():
            raise Stopped
        result = self._sender.send(letter, chosen, *self._generation(around.message, wanted, known, str(chosen.target)))
        if result.state is State.LEFT and result.reason is not None:
            self._spool.leave(letter, State.LEFT, result.reason)
        return result

    def _is_done(self, known: Entry) -> bool:
        """Whether an acceptance that stands in a spool is all that is wanted."""
        if self._wanted.again and known.changed_ms < self._since_ms:
            return False
        return known.state is State.DONE or not self._wanted.until_succeeded

    def _accepted_before(self, letter: Letter, here: Entry | None, known: Entry) -> Result:
        """A letter whose acceptance stands in a spool is done with, wherever that spool is."""
        if here is None:
            self._spool.leave(letter, State.DONE, "it was accepted before")
        elif here.state not in SENT:
            self._spool.note(here.number, State.DONE, new_request_id=known.new_request_id)
        return Result(State.DONE, is_counted=here is not None and here.state in SENT)

    def _generation(self, here: Entry | None, wanted: str, known: Entry | None, target: str) -> tuple[int, str | None]:
        """Return how often the letter was sent on purpose, and the task id that a spool has for that; None: none has.

        A run that was killed may have asked for a task under an id that cannot be made again: a transform need not
        make the same payload twice.
        """
        if known is not None:
            generation = known.generation + self._wanted.again
        else:
            generation = int(self._wanted.again) if here is None else here.generation
        before = self._others.find(wanted, (State.PLANNED,)) if known is None or self._wanted.again else known
        is_same = before is not None and (before.generation, before.target) == (generation, target)
        return generation, before.task_id if before is not None and is_same else None

    def _too_often(self, letter: Letter) -> str | None:
        most = self._wanted.max_redrives
        if most is None or letter.record is None:
            return None
        before = self._others.redrives_before(letter.record.request_id)
        return None if before < most else f"sent again {before} times before (--max-redrives {most})"

    def _leave(self, letter: Letter, state: State, reason: str) -> Result:
        self._spool.leave(letter, state, reason)
        return Result(state, reason)

    def _take_turn(self) -> bool:
        with self._turns:
            if self.is_full():
                return False
            self._begun += 1
            return True

    def _watch(self) -> None:
        part, counts = self._wanted.stop_at, self.counts
        if part is None or counts.sent < _FEWEST_TO_JUDGE:
            return
        if counts.came_back > part * counts.sent:
            self._end(f"{counts.came_back} of {counts.sent} came back, more than {part:.0%} (--stop-at)")
