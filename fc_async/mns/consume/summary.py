"""What a consumer did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..message import QueueMessage
from .verdict import Outcome


@dataclass(frozen=True)
class ConsumerSummary:
    """What one run did; every letter that was received is counted once more, by what became of it.

    Args:
        received: letters that were received.
        acknowledged: handled and deleted, or known as handled before (`dedupe=`) and deleted.
        released: shown again: the handler raised or took too long, the run ended first, or the letter was visible
            again before it could be deleted.
        rejected: the handler raised Reject: deleted after `on_reject`, hidden where there is none.
        exhausted: received more than `max_receives` times: deleted after `on_exhausted`, hidden where there is none.
        unreadable: no record: hidden, never deleted; one that shows again is counted again.
        first_unreadable_expires: when the queue drops the oldest unreadable one that was seen; None where none was
            seen, or the service does not say.
    """

    received: int = 0
    acknowledged: int = 0
    released: int = 0
    rejected: int = 0
    exhausted: int = 0
    unreadable: int = 0
    first_unreadable_expires: datetime | None = None


class Tally:
    """Counts as a run goes on."""

    def __init__(self) -> None:
        self.received = 0
        self.retention_seconds: int | None = None
        self._counts = dict.fromkeys(Outcome, 0)
        self._oldest_unreadable_ms: int | None = None

    def count(self, outcome: Outcome, message: QueueMessage) -> None:
        """Count what became of one letter."""
        self._counts[outcome] += 1
        sent_ms = message.enqueue_time
        if outcome is Outcome.UNREADABLE and sent_ms is not None:
            oldest = self._oldest_unreadable_ms
            self._oldest_unreadable_ms = sent_ms if oldest is None else min(oldest, sent_ms)

    def summary(self) -> ConsumerSummary:
        """Return the counts as they are now."""
        counts = {outcome.value: count for outcome, count in self._counts.items()}
        return ConsumerSummary(self.received, **counts, first_unreadable_expires=self._first_expiry())

    def _first_expiry(self) -> datetime | None:
        if self._oldest_unreadable_ms is None or self.retention_seconds is None:
            return None
        sent = datetime.fromtimestamp(self._oldest_unreadable_ms / 1000, timezone.utc)
        return sent + timedelta(seconds=self.retention_seconds)
