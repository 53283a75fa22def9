"""When to receive, how much, and how long the service may wait: told the time, it does no I/O.

    not looked ──(attributes told, or kept secret)──> well ──(no answer, 429, 5xx, no queue)──> failing
    failing ──(after its back-off, one receive that does not wait, answered)──> well
    no queue ──> not looked: the queue that is made next may be another one

While it fails one call at a time is made; while it is well as many as there are receivers and room for whole batches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..queue_attributes import MAX_WAIT_SECONDS
from ..queue_client import MAX_BATCH
from .back_off import SOON_FIRST_SECONDS, SOON_MOST_SECONDS, BackOff, Failure, Outage
from .commands import Look, Receive
from .held import FOREVER

_SOON_SECONDS = 1
"""An empty answer that comes within it says nothing of a long poll: the service did not wait."""


@dataclass(frozen=True)
class Poll:
    """A receive that is under way, or the look before the first one."""

    command: Receive | Look
    began: float


class Polls:
    """The receives of one run.

    Args:
        queue_name: for the log.
        receivers: most receives at a time.
        random: a number from 0 to 1, a new one at each call.
    """

    def __init__(self, queue_name: str, receivers: int, random: Callable[[], float]) -> None:
        self._receivers = receivers
        self._failing = BackOff(random)
        self._soon = BackOff(random, SOON_FIRST_SECONDS, SOON_MOST_SECONDS)
        self._outage = Outage(f"receiving from {queue_name}")
        self.is_looked = False
        """Whether the service answered, and the queue is there."""
        self._not_before = 0.0
        self._under_way: dict[int, Poll] = {}
        self._numbers = 0
        self.empties = 0
        """Empty answers since the last message."""
        self.has_worked = False
        self._empty_began = 0.0

    @property
    def is_empty_for_sure(self) -> bool:
        """Whether two empty answers came, and none is under way that may bring what was there before them."""
        return self.empties >= 2 and all(one.began > self._empty_began for one in self._under_way.values())

    @property
    def reserved(self) -> int:
        """How many messages the receives that are under way may bring."""
        return sum(one.command.max_messages for one in self._under_way.values() if isinstance(one.command, Receive))

    @property
    def are_under_way(self) -> bool:
        """Whether any call is under way."""
        return bool(self._under_way)

    @property
    def is_failing(self) -> bool:
        """Whether the last call did not work."""
        return self._failing.failures > 0

    def next_at(self) -> float:
        """Return when the next call may begin."""
        return self._not_before

    def begin(self, now: float, room: int, ends_in_seconds: float) -> tuple[int, Receive | Look] | None:
        """Return a call that is to be made now, with its number; None: none.

        Args:
            now: seconds that only grow.
            room: how many more messages may be held.
            ends_in_seconds: no receive need wait for longer.
        """
        limit = 1 if self.is_failing or not self.is_looked else self._receivers
        if now < self._not_before or len(self._under_way) >= limit or room < 1:
            return None
        command: Receive | Look = Look()
        if self.is_looked:
            wait = 0 if self.is_failing else int(max(0, min(MAX_WAIT_SECONDS, ends_in_seconds)))
            command = Receive(min(MAX_BATCH, room), wait)
        self._numbers += 1
        self._under_way[self._numbers] = Poll(command, now)
        return self._numbers, command

    def looked(self, number: int) -> None:
        """Take that the attributes were told, or kept secret."""
        self._under_way.pop(number, None)
        self.is_looked = True

    def answered(self, number: int, now: float, count: int) -> str | None:
        """Take the answer to a receive; return what is to be logged."""
        poll = self._under_way.pop(number)
        self.has_worked = True
        self._failing.worked()
        if count:
            self.empties = 0
            self._soon.worked()
        else:
            self.empties += 1
            self._empty_began = max(self._empty_began, poll.began)
            self._empty(poll, now)
        return self._outage.worked(now)

    def failed(self, number: int, now: float, failure: Failure, reason: str) -> str | None:
        """Take that a call did not work; return what is to be logged."""
        self._under_way.pop(number, None)
        if failure is Failure.MISSING:
            self.is_looked = False
        """Whether the service answered, and the queue is there."""
        self._not_before = now + self._failing.next_seconds()
        return self._outage.failed(now, reason)

    def forget(self, number: int) -> None:
        """Take that a call was broken off."""
        self._under_way.pop(number, None)

    def _empty(self, poll: Poll, now: float) -> None:
        if now - poll.began >= _SOON_SECONDS:
            self._soon.worked()
        else:
            self._not_before = max(self._not_before, now + self._soon.next_seconds())


@dataclass(frozen=True)
class Ending:
    """When a run ends by itself.

    Args:
        max_messages: after so many; None: no limit.
        idle_seconds: when there was nothing to do for so long; FOREVER: never.
        stops_at: at this clock reading; FOREVER: never.
        grace_seconds: what runs then may go on for so long.
        flush_seconds: after that, what is said to the service may take so long.
    """

    max_messages: int | None = None
    idle_seconds: float = FOREVER
    stops_at: float = FOREVER
    grace_seconds: float = 10
    flush_seconds: float = 5
