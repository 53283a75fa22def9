"""One message that a consumer holds, and until when it is known to be hidden from others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..message import QueueMessage
from ..queue_attributes import MAX_VISIBILITY_SECONDS
from .verdict import Verdict

LEAST_RENEWAL_SECONDS = 30
"""A renewal asks for no less, however short the queue's own visibility is: renewing must not be all that is done."""

FOREVER = float("inf")


class State(Enum):
    """Where a held message is on its way."""

    WAITING = "for a worker"
    RUNNING = "a worker has it"
    DONE = "it is to be deleted"
    RETURNING = "it is to be shown again"


@dataclass
class Held:
    """A message and its newest handle.

    Args:
        key: of this receive; a message that is received again has another.
        message: as it was received.
        handle: the newest one; good for one call.
        hidden_until: until when it is surely hidden, by the desk's clock; FOREVER where that is not known.
        renew_at: when its visibility is to be renewed.
        state: where it is.
        is_calling: whether a call with its handle is under way: no second one may begin, the handle is good once.
        since: when it came into its state.
        try_at: no call for its state before.
        failures: calls for its state that failed.
        is_lost: whether its handle is good no more.
        verdict: what is to become of it; None before it is handled.
    """

    key: int
    message: QueueMessage
    handle: str
    hidden_until: float
    renew_at: float
    since: float
    state: State = State.WAITING
    is_calling: bool = False
    try_at: float = 0
    failures: int = 0
    is_lost: bool = False
    verdict: Verdict | None = None

    def renewed(self, called_at: float, handle: str, seconds: int) -> None:
        """Take the new handle, and count from when the call began: the service cannot have counted from earlier."""
        self.handle = handle
        self.hidden_until = called_at + seconds
        self.renew_at = called_at + seconds / 3

    def renewal_failed(self, now: float) -> None:
        """Try again soon, more often than once in what is left."""
        left = min(self.hidden_until - now, LEAST_RENEWAL_SECONDS)
        self.renew_at = now + max(0.2, left / 4)

    def enter(self, state: State, now: float) -> None:
        """Come into a state."""
        self.state, self.since, self.try_at, self.failures = state, now, now, 0


class Visibility:
    """For how long a receive hides messages, as the queue says and as its messages show.

    A message that was never received before shows it by the service's own clock: next visible minus first dequeue. So
    neither clock has to be right, and a change while the consumer runs is seen. All messages of one answer were hidden
    by one call, so one such message tells it for all.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        """None where it is not known yet."""

    def learn(self, messages: list[QueueMessage]) -> None:
        """Look at the messages of one receive."""
        for one in messages:
            first, until = one.first_dequeue_time, one.next_visible_time
            if one.dequeue_count == 1 and first is not None and until is not None and until > first:
                self.seconds = (until - first) / 1000
                return

    def held(self, key: int, message: QueueMessage, now: float) -> Held:
        """Return a message that was just received; one whose time is not known is to be renewed at once."""
        if self.seconds is None:
            return Held(key, message, message.receipt_handle, FOREVER, now, now)
        until = now + self.seconds
        return Held(key, message, message.receipt_handle, until, now + self.seconds / 3, now)

    @property
    def renewal_seconds(self) -> int:
        """What a renewal asks for."""
        wanted = LEAST_RENEWAL_SECONDS if self.seconds is None else int(self.seconds)
        return min(MAX_VISIBILITY_SECONDS, max(LEAST_RENEWAL_SECONDS, wanted))
