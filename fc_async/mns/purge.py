"""Emptying a queue: MNS has no call for it, so messages are received and deleted until none comes any more."""

from __future__ import annotations

from collections.abc import Iterator

from .queue_client import MAX_BATCH, QueueClient

_POLLS_TO_BE_SURE = 2
"""A 404 after a full poll can miss messages that were there, so "empty" needs a second look (design, decision 7)."""


def purge(queue: QueueClient, *, wait_seconds: int = 1) -> Iterator[int]:
    """Receive and delete until two polls in a row bring nothing.

    Args:
        queue: the queue.
        wait_seconds: how long one poll may wait for a message, 0 to 30; default 1.

    Yields:
        After each batch, how many messages it had; they are deleted then.

    Raises:
        ServiceError: the service refused; some messages of the last batch may be deleted.
        TransportError: no answer came; likewise.
    """
    empty_polls = 0
    while empty_polls < _POLLS_TO_BE_SURE:
        handles = [one.receipt_handle for one in queue.receive(MAX_BATCH, wait_seconds=wait_seconds)]
        if handles:
            queue.delete(handles)
            yield len(handles)
        empty_polls = 0 if handles else empty_polls + 1
