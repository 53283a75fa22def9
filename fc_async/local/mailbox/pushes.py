"""The pushes that are still to be made: which are due, which wait, and when the next one is due.

    published ──> due ──(take_due)──> under way ──(settled, taken)──> gone
                   ^                      └──(settled, refused)──> waits ──(its time has come)──> due
                   └──────────────────────────────────────────────────────────┘

At most `MNS_PUSHES_AT_ONCE` pushes to one subscription are under way, so that one endpoint that hangs holds up no
other. There is no I/O and no time here: `dispatch/push.py` makes the pushes.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from .. import limits
from ..kept import NOT_KEPT, Kept
from .notification import Notification
from .subscription import Subscription

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Push:
    """One message on its way to an HTTP endpoint.

    Args:
        subscription: as it was when the message was published.
        notification: what is told.
        retries: how many tries there were after the first.
    """

    subscription: Subscription
    notification: Notification
    retries: int = 0


KeptPush = tuple[Push, "int | None"]
"""A push, and when it is due; None: at once."""


class Pushes:
    """All pushes that are not made yet.

    Args:
        kept: the same, where they outlive the process.
    """

    def __init__(self, kept: Kept[str, KeptPush] = NOT_KEPT) -> None:
        self._kept = kept
        self._due: dict[int, deque[Push]] = {}  # by the subscription's serial
        self._later: list[tuple[int, int, Push]] = []  # due, order, what
        self._under_way: Counter[int] = Counter()
        self._order = itertools.count()
        self._pushes_of: Counter[tuple[str, str]] = Counter()  # not made yet, by topic and message
        self._messages_of: Counter[str] = Counter()  # with such a push, by topic
        self._count = 0

    def add(self, push: Push) -> None:
        """Take a push that is due at once."""
        self._kept.put(_key(push), (push, None))
        self._count_in(push)
        self._line_up(push)

    def take_up(self, push: Push, due_ms: int | None) -> None:
        """Take a push of before a restart; None: it is due at once."""
        self._count_in(push)
        if due_ms is None:
            self._line_up(push)
        else:
            heapq.heappush(self._later, (due_ms, next(self._order), push))

    def _count_in(self, push: Push) -> None:
        self._count += 1
        topic_name, message_id = push.notification.topic_name, push.notification.message_id
        self._messages_of[topic_name] += not self._pushes_of[topic_name, message_id]
        self._pushes_of[topic_name, message_id] += 1

    def take_due(self, now_ms: int) -> list[Push]:
        """Return what is to be pushed now; each is under way until it is settled."""
        while self._later and self._later[0][0] <= now_ms:
            self._line_up(heapq.heappop(self._later)[-1])
        taken: list[Push] = []
        for serial, line in list(self._due.items()):
            while line and self._under_way[serial] < limits.MNS_PUSHES_AT_ONCE:
                self._under_way[serial] += 1
                taken.append(line.popleft())
            if not line:
                del self._due[serial]
        return taken

    def again(self, push: Push, due_ms: int) -> None:
        """Put a push that failed back, for another try."""
        self._landed(push)
        again = replace(push, retries=push.retries + 1)
        self._kept.put(_key(again), (again, due_ms))
        heapq.heappush(self._later, (due_ms, next(self._order), again))

    def done(self, push: Push) -> None:
        """Forget a push that was made, or that is not tried any more."""
        self._landed(push)
        self._forget(push)

    def next_due_ms(self) -> int | None:
        """When one of those that wait is due; None when none waits."""
        return self._later[0][0] if self._later else None

    def drop(self, serials: Collection[int]) -> list[Push]:
        """Take away what waits for subscriptions that are gone, and return it; what is under way stays.

        Args:
            serials: of the subscriptions; all at once, because each call goes through everything that waits.
        """
        dropped = [push for serial in serials for push in self._due.pop(serial, ())]
        kept = []
        for entry in self._later:
            if entry[-1].subscription.serial in serials:
                dropped.append(entry[-1])
            else:
                kept.append(entry)
        if len(kept) < len(self._later):
            heapq.heapify(kept)
            self._later = kept
        for push in dropped:
            self._forget(push)
        return dropped

    def count(self) -> int:
        """How many are not made yet, those under way included."""
        return self._count

    def messages_of(self, topic_name: str) -> int:
        """How many messages of a topic wait for at least one push."""
        return self._messages_of[topic_name]

    def _line_up(self, push: Push) -> None:
        self._due.setdefault(push.subscription.serial, deque()).append(push)

    def _landed(self, push: Push) -> None:
        _decrease(self._under_way, push.subscription.serial)

    def _forget(self, push: Push) -> None:
        self._kept.drop(_key(push))
        self._count -= 1
        topic_name, message_id = push.notification.topic_name, push.notification.message_id
        _decrease(self._pushes_of, (topic_name, message_id))
        if (topic_name, message_id) not in self._pushes_of:
            _decrease(self._messages_of, topic_name)


def _key(push: Push) -> str:
    return f"{push.subscription.serial}/{push.notification.message_id}"


def _decrease(counter: Counter[_Key], key: _Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
