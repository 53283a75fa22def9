"""MNS queues by name: every operation of the service as one method, without I/O, threads or time.

Each method is told `now_ms` and raises MailboxError when the service would refuse. A reader that waits calls `listen`
once and is told the name of every queue in which something may have become receivable: no sender (a route, or the
delivery of a record) has to remember to wake it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from .. import limits
from ..kept import NOT_KEPT, Kept
from .attributes import QueueAttributes, QueueChanges, checked_queue_name
from .errors import MailboxError, queue_already_exist, queue_not_exist
from .message import Draft, Message
from .paging import page
from .queue import Queue, QueueStatus

__all__ = ["Mailbox", "MailboxError", "QueuePage"]


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of a listing.

    Args:
        queues: in the order of their names.
        next_marker: what asks for the next page; None on the last one.
    """

    queues: tuple[QueueStatus, ...]
    next_marker: str | None


class Mailbox:
    """All queues of one account in one region.

    Args:
        random: source of message ids and handles; seed it, and a run can be repeated.
        kept: the queues, by their names, where they outlive the process.
        kept_messages: their messages.
    """

    def __init__(
        self,
        *,
        random: Random,
        kept: Kept[str, Queue] = NOT_KEPT,
        kept_messages: Kept[str, tuple[str, Message]] = NOT_KEPT,
    ) -> None:
        self._random = random
        self._kept = kept
        self._kept_messages = kept_messages
        self._queues: dict[str, Queue] = {}
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, on_change: Callable[[str], None]) -> None:
        """Call `on_change(queue_name)` whenever a message may have become receivable there, or the queue is gone."""
        self._listeners.append(on_change)

    # Queues

    def create_queue(self, name: str, now_ms: int, changes: QueueChanges | None = None) -> bool:
        """Create a queue; attributes left out have the service's defaults.

        Returns:
            True when it is new, False when one with the very same attributes is there already.

        Raises:
            MailboxError: 400 for the name or a value out of range, 409 QueueAlreadyExist when attributes differ.
        """
        checked_queue_name(name)
        attributes = QueueAttributes().changed(changes or QueueChanges())
        existing = self._queues.get(name)
        if existing is None:
            queue = self._queues[name] = Queue(name, attributes, now_ms, self._random, self._kept_messages)
            self._kept.put(name, queue)
            return True
        if existing.attributes != attributes:
            raise queue_already_exist()
        return False

    def has_queue(self, name: str) -> bool:
        """Whether the queue exists."""
        return name in self._queues

    def set_attributes(self, name: str, now_ms: int, changes: QueueChanges) -> None:
        """Change the named attributes; the others keep their values. Raises MailboxError 404 or 400."""
        queue = self._queue(name)
        queue.set_attributes(changes, now_ms)
        self._kept.put(name, queue)
        self._changed(name)

    def get_attributes(self, name: str, now_ms: int) -> QueueStatus:
        """The queue's attributes and counts. Raises MailboxError 404 QueueNotExist."""
        return self._queue(name).status(now_ms)

    def statuses(self, now_ms: int) -> list[QueueStatus]:
        """Return every queue's attributes and counts, in the order of the names."""
        return [self.get_attributes(name, now_ms) for name in sorted(self._queues)]

    def bodies(self, name: str, now_ms: int) -> list[str]:
        """Return the bodies of all messages of a queue, oldest first; raises MailboxError 404 QueueNotExist."""
        return self._queue(name).bodies(now_ms)

    def count_messages(self, now_ms: int) -> int:
        """How many messages there are in all queues, in whatever state."""
        statuses = (queue.status(now_ms) for queue in self._queues.values())
        return sum(one.active_messages + one.inactive_messages + one.delay_messages for one in statuses)

    def list_queues(
        self, now_ms: int, *, prefix: str = "", marker: str | None = None, limit: int = limits.MNS_DEFAULT_PAGE_SIZE
    ) -> QueuePage:
        """One page of queues, by name.

        Args:
            now_ms: for the counts.
            prefix: only names that start so.
            marker: `next_marker` of the page before; None begins.
            limit: 1 to 1000 queues.

        Raises:
            MailboxError: 400 InvalidArgument for a limit out of range or a marker that is none of ours.
        """
        queues, next_marker = page(self._queues, prefix, marker, limit)
        return QueuePage(tuple(queue.status(now_ms) for queue in queues), next_marker)

    def delete_queue(self, name: str) -> None:
        """Delete a queue and what is in it; one that is not there is no error (assumed)."""
        queue = self._queues.pop(name, None)
        if queue is not None:
            queue.drop_all()
            self._kept.drop(name)
            self._changed(name)

    def take_up(
        self,
        name: str,
        attributes: QueueAttributes,
        *,
        create_time_ms: int,
        last_modify_time_ms: int,
        id_prefix: str,
        tag: str,
    ) -> Queue:
        """Make a queue again as it was before a restart, and return it, without its messages."""
        queue = self._queues[name] = Queue(name, attributes, create_time_ms, self._random, self._kept_messages)
        queue.last_modify_time_ms = last_modify_time_ms
        queue.id_prefix, queue.tag = id_prefix, tag
        return queue

    # Messages

    def send(self, queue_name: str, body: str, now_ms: int, *, delay_seconds: int | None = None) -> Message:
        """Put one plain body into a queue; `send_draft` takes everything else that a message can have."""
        return self.send_draft(queue_name, Draft(body, delay_seconds=delay_seconds), now_ms)

    def send_draft(self, queue_name: str, draft: Draft, now_ms: int) -> Message:
        """Put one message into a queue.

        Raises:
            MailboxError: 404 QueueNotExist; 400 InvalidArgument when it is larger than the queue allows, empty, or its
                delay or priority is out of range.
        """
        message = self._queue(queue_name).send(draft, now_ms)
        self._changed(queue_name)
        return message

    def send_batch(self, queue_name: str, drafts: Sequence[Draft], now_ms: int) -> list[Message | MailboxError]:
        """Put 1 to 16 messages into a queue; each one's result stands in its place.

        Raises:
            MailboxError: 404 QueueNotExist; 400 InvalidArgument when there are too many, none, or over 64 KB together.
        """
        results = self._queue(queue_name).send_batch(drafts, now_ms)
        self._changed(queue_name)
        return results

    def receive(self, queue_name: str, now_ms: int, max_messages: int = 1) -> list[Message]:
        """Take up to `max_messages` (1 to 16) visible messages; each is invisible for the queue's VisibilityTimeout.

        Returns:
            An empty list when nothing is visible (the service's 404 MessageNotExist).

        Raises:
            MailboxError: 404 QueueNotExist, 400 InvalidArgument.
        """
        return self._queue(queue_name).receive(max_messages, now_ms)

    def peek(self, queue_name: str, now_ms: int, max_messages: int = 1) -> list[Message]:
        """Look at up to `max_messages` (1 to 16) visible messages; nothing changes. Raises as `receive`."""
        return self._queue(queue_name).peek(max_messages, now_ms)

    def delete_message(self, queue_name: str, receipt_handle: str, now_ms: int) -> None:
        """Delete what was received.

        Raises:
            MailboxError: 404 QueueNotExist; 404 MessageNotExist when the handle is no longer the message's newest or
                its time is over; 400 ReceiptHandleError when it is no handle.
        """
        self._queue(queue_name).delete(receipt_handle, now_ms)

    def delete_batch(
        self, queue_name: str, receipt_handles: Sequence[str], now_ms: int
    ) -> list[tuple[str, MailboxError]]:
        """Delete 1 to 16 messages; returns the handles that failed, each with its refusal."""
        return self._queue(queue_name).delete_batch(receipt_handles, now_ms)

    def change_visibility(
        self, queue_name: str, receipt_handle: str, visibility_timeout_seconds: int, now_ms: int
    ) -> Message:
        """Hide a received message for 1 to 43200 seconds from now; the old handle is used up. Raises as delete does.

        Returns:
            The message, with its new handle and NextVisibleTime.
        """
        message = self._queue(queue_name).change_visibility(receipt_handle, visibility_timeout_seconds, now_ms)
        self._changed(queue_name)
        return message

    def next_visible_ms(self, queue_name: str, now_ms: int) -> int | None:
        """When something can be received: `now_ms` if it can already, None if nothing is in sight."""
        queue = self._queues.get(queue_name)
        return None if queue is None else queue.next_visible_ms(now_ms)

    def _queue(self, name: str) -> Queue:
        try:
            return self._queues[name]
        except KeyError:
            raise queue_not_exist() from None

    def _changed(self, name: str) -> None:
        for on_change in self._listeners:
            on_change(name)
