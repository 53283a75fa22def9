"""Look at the head of a queue without taking anything out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..mns.letter import Letter
from ..mns.message import QueueAttributes
from ..mns.queue_client import QueueClient

MAX_PEEK_MESSAGES = 16
"""The service peeks at 16 messages at most and has no paging (facts of BatchPeekMessage)."""


@dataclass(frozen=True)
class Look:
    """What a look at a queue saw.

    Args:
        letters: the letters at its head.
        attributes: what the service told about the queue.
        about_letters: how many the service says there are, visible or not; approximate.
        first_expiry: when the oldest letter seen will be gone; None when none was seen.
    """

    letters: tuple[Letter, ...]
    attributes: QueueAttributes
    about_letters: int
    first_expiry: datetime | None


def look(queue: QueueClient) -> Look:
    """Peek at a queue's head and say when its oldest seen letter expires."""
    attributes = queue.get_attributes()
    letters = tuple(Letter.of(message) for message in queue.peek(MAX_PEEK_MESSAGES))
    counts = (attributes.active_messages, attributes.inactive_messages, attributes.delay_messages)
    about = sum(count for count in counts if count is not None)
    return Look(letters, attributes, about, _first_expiry(letters, attributes.message_retention_period))


def _first_expiry(letters: tuple[Letter, ...], retention_seconds: int | None) -> datetime | None:
    enqueued = [letter.enqueued for letter in letters if letter.enqueued is not None]
    if not enqueued or retention_seconds is None:
        return None
    try:
        return min(enqueued) + timedelta(seconds=retention_seconds)
    except OverflowError:  # the service's number, not ours
        return None
