"""One MNS queue as a state machine: told `now_ms`, it reads no time, does not wait and does no I/O.

    sent ──(DelaySeconds)──> Delayed ──> Active ──(receive)──> Inactive ──(NextVisibleTime)──> Active ──> ...
      └──────(no delay)──────────────────> Active                 └──(delete with the newest handle)──> gone
    any state ──(MessageRetentionPeriod since it was sent)──> gone

An Active message can be received and peeked. A receive makes it Inactive until NextVisibleTime and gives out a receipt
handle; the handle is good until then, once, and only as long as it is the newest. A visibility change gives a new one.
Every method first brings the queue to `now_ms`: what is due becomes Active, what is over is dropped.

Order is by priority, then by the time of becoming Active, so that a message that comes back does not starve the others
(the service promises no order). Three heaps with lazy removal keep every call logarithmic in the number of messages.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/receivemessage and its neighbours. Assumed, because
no page says (`limits.py` lists it): retention counts from sending in every state; the handle of a message that is gone
is MessageNotExist; a released message keeps its priority.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from .. import limits
from ..kept import NOT_KEPT, Kept
from .attributes import QueueAttributes, QueueChanges
from .errors import MailboxError, message_not_exist, out_of_range
from .limits import (
    DELAY_SECONDS,
    NUM_OF_MESSAGES,
    PRIORITY,
    VISIBILITY_TIMEOUT,
    Range,
)
from .message import Draft, Message, body_md5, legal_text, priority_of
from .receipt_handle import message_id_of, receipt_handle

_TAG_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A queue as GetQueueAttributes shows it.

    Args:
        name: its name.
        attributes: what was set.
        create_time_ms: when it was created.
        last_modify_time_ms: when its attributes were last set.
        active_messages: messages that can be received.
        inactive_messages: messages that somebody has received and not deleted.
        delay_messages: messages that were never visible yet.
    """

    name: str
    attributes: QueueAttributes
    create_time_ms: int
    last_modify_time_ms: int
    active_messages: int
    inactive_messages: int
    delay_messages: int


class Queue:
    """The messages of one queue.

    Args:
        name: its name, already checked.
        attributes: what was set at creation.
        now_ms: time of creation.
        random: source of message ids.
        kept: the messages, by their ids and each with the name of its queue, where they outlive the process.
    """

    def __init__(
        self,
        name: str,
        attributes: QueueAttributes,
        now_ms: int,
        random: Random,
        kept: Kept[str, tuple[str, Message]] = NOT_KEPT,
    ) -> None:
        self.name = name
        self.attributes = attributes
        self.create_time_ms = self.last_modify_time_ms = now_ms
        self._random = random
        self._kept = kept
        self.id_prefix = f"{random.getrandbits(32):08X}"
        self.tag = "".join(random.choice(_TAG_CHARACTERS) for _ in range(6))
        self._order = itertools.count()
        self._messages: dict[str, Message] = {}
        self._active: list[tuple[int, int, int, str]] = []  # priority, active since, order, id
        self._hidden: list[tuple[int, int, str]] = []  # next visible, order, id
        self._hidden_ids: dict[str, bool] = {}  # id -> was received (Inactive) or not yet visible (Delayed)
        self._by_age: deque[tuple[int, str]] = deque()  # enqueued, id

    # Its life beyond that of the process

    def take_up(self, message: Message) -> None:
        """Hold a message that was here before a restart; they come in the order in which they were sent."""
        self._messages[message.message_id] = message
        self._by_age.append((message.enqueue_time_ms, message.message_id))
        if message.receipt_handle is None:  # was never hidden, and is not now, whatever the time is by now
            self._activate(message, message.enqueue_time_ms)
            return
        self._hidden_ids[message.message_id] = message.dequeue_count > 0
        heapq.heappush(self._hidden, (message.next_visible_time_ms, next(self._order), message.message_id))

    def drop_all(self) -> None:
        """Keep none of its messages any longer: the queue is deleted."""
        for message_id in self._messages:
            self._kept.drop(message_id)

    # Attributes

    def set_attributes(self, changes: QueueChanges, now_ms: int) -> None:
        self._advance(now_ms)
        self.attributes = self.attributes.changed(changes)
        self.last_modify_time_ms = now_ms

    def status(self, now_ms: int) -> QueueStatus:
        self._advance(now_ms)
        inactive = sum(self._hidden_ids.values())
        return QueueStatus(
            name=self.name,
            attributes=self.attributes,
            create_time_ms=self.create_time_ms,
            last_modify_time_ms=self.last_modify_time_ms,
            active_messages=len(self._messages) - len(self._hidden_ids),
            inactive_messages=inactive,
            delay_messages=len(self._hidden_ids) - inactive,
        )

    # Sending

    def send(self, draft: Draft, now_ms: int) -> Message:
        self._advance(now_ms)
        # Every reply is XML 1.0: what it cannot hold is replaced before anyone counts or hashes it (assumed).
        if (body := legal_text(draft.body)) != draft.body:
            draft = replace(draft, body=body)
        self._check(draft)
        delay_seconds = self.attributes.delay_seconds if draft.delay_seconds is None else draft.delay_seconds
        message_id = f"{self.id_prefix}{self._random.getrandbits(96):024X}"
        message = Message(
            message_id=message_id,
            body=draft.body,
            body_md5=body_md5(draft),
            priority=priority_of(draft),
            enqueue_time_ms=now_ms,
            first_dequeue_time_ms=now_ms,
            next_visible_time_ms=now_ms,
            message_group_id=draft.message_group_id,
            user_properties=draft.user_properties,
            system_properties=draft.system_properties,
        )
        self._by_age.append((now_ms, message_id))
        if delay_seconds:
            # The service returns a handle for a delayed message, to delete it before anyone sees it.
            return self._hide(message, delay_seconds * 1000, now_ms, received=False)
        self._messages[message_id] = message
        self._kept.put(message_id, (self.name, message))
        self._activate(message, now_ms)
        self._forget_stale()
        return message

    def send_batch(self, drafts: Sequence[Draft], now_ms: int) -> list[Message | MailboxError]:
        _checked_batch("Messages", len(drafts))
        if sum(_body_bytes(draft) for draft in drafts) > limits.MNS_BATCH_BYTES:
            raise out_of_range("Messages", 1, limits.MNS_BATCH_BYTES, "bytes")
        return [self._sent_or_refused(draft, now_ms) for draft in drafts]

    def _sent_or_refused(self, draft: Draft, now_ms: int) -> Message | MailboxError:
        try:
            return self.send(draft, now_ms)
        except MailboxError as refusal:
            return refusal

    def _check(self, draft: Draft) -> None:
        limit_bytes = self.attributes.maximum_message_size_bytes
        if not 1 <= _body_bytes(draft) <= limit_bytes:
            raise out_of_range("MessageBody", 1, limit_bytes, "bytes")  # that an empty one is refused is assumed
        if draft.delay_seconds is not None:
            DELAY_SECONDS.checked(draft.delay_seconds)
        PRIORITY.checked(priority_of(draft))

    # Receiving

    def receive(self, max_messages: int, now_ms: int) -> list[Message]:
        NUM_OF_MESSAGES.checked(max_messages)
        self._advance(now_ms)
        return [self._received(entry[-1], now_ms) for entry in self._pop_active(max_messages)]

    def peek(self, max_messages: int, now_ms: int) -> list[Message]:
        NUM_OF_MESSAGES.checked(max_messages)
        self._advance(now_ms)
        entries = self._pop_active(max_messages)
        for entry in entries:
            heapq.heappush(self._active, entry)
        return [self._messages[entry[-1]] for entry in entries]

    def bodies(self, now_ms: int) -> list[str]:
        self._advance(now_ms)
        return [message.body for message in self._messages.values()]

    def next_visible_ms(self, now_ms: int) -> int | None:
        self._advance(now_ms)
        if len(self._messages) > len(self._hidden_ids):
            return now_ms
        return self._hidden[0][0] if self._first_hidden() is not None else None

    def _received(self, message_id: str, now_ms: int) -> Message:
        message = self._messages[message_id]
        first_ms = now_ms if message.dequeue_count == 0 else message.first_dequeue_time_ms
        message = replace(message, dequeue_count=message.dequeue_count + 1, first_dequeue_time_ms=first_ms)
        return self._hide(message, self.attributes.visibility_timeout_seconds * 1000, now_ms, received=True)

    # What a handle allows

    def delete(self, handle: str, now_ms: int) -> None:
        message = self._held(handle, now_ms)
        del self._messages[message.message_id], self._hidden_ids[message.message_id]
        self._kept.drop(message.message_id)

    def delete_batch(self, handles: Sequence[str], now_ms: int) -> list[tuple[str, MailboxError]]:
        _checked_batch("ReceiptHandles", len(handles))
        failed = []
        for handle in handles:
            try:
                self.delete(handle, now_ms)
            except MailboxError as refusal:
                failed.append((handle, refusal))
        return failed

    def change_visibility(self, handle: str, visibility_timeout_seconds: int, now_ms: int) -> Message:
        VISIBILITY_TIMEOUT.checked(visibility_timeout_seconds)
        message = self._held(handle, now_ms)
        received = self._hidden_ids[message.message_id]
        return self._hide(message, visibility_timeout_seconds * 1000, now_ms, received=received)

    def _held(self, handle: str, now_ms: int) -> Message:
        message_id = message_id_of(handle)
        self._advance(now_ms)
        message = self._messages.get(message_id)
        if message is None or message_id not in self._hidden_ids or message.receipt_handle != handle:
            raise message_not_exist()
        return message

    # From state to state

    def _hide(self, message: Message, hidden_ms: int, now_ms: int, *, received: bool) -> Message:
        message = replace(
            message,
            next_visible_time_ms=now_ms + hidden_ms,
            receipt_handle=receipt_handle(message.message_id, self.tag, now_ms, hidden_ms),
        )
        self._messages[message.message_id] = message
        self._kept.put(message.message_id, (self.name, message))
        self._hidden_ids[message.message_id] = received
        heapq.heappush(self._hidden, (message.next_visible_time_ms, next(self._order), message.message_id))
        self._forget_stale()
        return message

    def _activate(self, message: Message, since_ms: int) -> None:
        heapq.heappush(self._active, (message.priority, since_ms, next(self._order), message.message_id))

    def _advance(self, now_ms: int) -> None:
        """Bring the queue to `now_ms`: first what is over goes, then what is due shows."""
        over_ms = now_ms - self.attributes.message_retention_period_seconds * 1000
        while self._by_age and (self._by_age[0][0] <= over_ms or self._by_age[0][1] not in self._messages):
            message_id = self._by_age.popleft()[1]
            self._hidden_ids.pop(message_id, None)
            if self._messages.pop(message_id, None) is not None:
                self._kept.drop(message_id)
        while (message := self._first_hidden()) is not None and message.next_visible_time_ms <= now_ms:
            heapq.heappop(self._hidden)
            del self._hidden_ids[message.message_id]
            self._activate(message, message.next_visible_time_ms)

    def _first_hidden(self) -> Message | None:
        """The hidden message that shows next; entries of messages that are gone or were hidden again are dropped."""
        while self._hidden:
            due_ms, _, message_id = self._hidden[0]
            message = self._messages.get(message_id)
            if message is not None and message_id in self._hidden_ids and message.next_visible_time_ms == due_ms:
                return message
            heapq.heappop(self._hidden)
        return None

    def _pop_active(self, count: int) -> list[tuple[int, int, int, str]]:
        entries: list[tuple[int, int, int, str]] = []
        while self._active and len(entries) < count:
            entry = heapq.heappop(self._active)
            if entry[-1] in self._messages:
                entries.append(entry)
        return entries

    def _forget_stale(self) -> None:
        """Rebuild what has grown to more than twice the messages that it is about."""
        enough = 2 * len(self._messages) + 64
        if len(self._hidden) > enough:
            live = self._messages
            self._hidden = [e for e in self._hidden if e[2] in live and live[e[2]].next_visible_time_ms == e[0]]
            heapq.heapify(self._hidden)
        if len(self._active) > enough:
            self._active = [entry for entry in self._active if entry[-1] in self._messages]
            heapq.heapify(self._active)
        if len(self._by_age) > enough:
            self._by_age = deque(entry for entry in self._by_age if entry[1] in self._messages)


def _body_bytes(draft: Draft) -> int:
    return len(draft.body.encode("utf-8", "replace"))


def _checked_batch(name: str, count: int) -> None:
    Range(name, limits.MNS_MESSAGES_AT_ONCE).checked(count)
