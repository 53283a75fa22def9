"""Puts letters of a spool back into a queue: what was not done.

Each batch is noted before it is sent and after it. What was sent is `returned`, and is never sent by a push again. A
push that dies between the two, or whose answer is lost, leaves letters of which nothing is known; they are sent again
by the next one: a letter may then be in the queue twice, and none is lost. The service gives each a new message id,
enqueue time and dequeue count, and its retention begins again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import FcAsyncError, ServiceError, TransportError
from ..mns.answer_xml import SentPart
from ..mns.consume.back_off import BackOff, Failure, failure_of
from ..mns.message import QueueMessage
from ..mns.queue_client import MAX_BATCH, QueueClient
from ..mns.send_batch import MAX_BATCH_BYTES, unsendable
from .entry import Entry, State
from .spool import Spool
from .spool_place import check_same_account

if TYPE_CHECKING:
    from .where import Where

NOT_DONE: Final = (State.HELD, State.LEFT, State.CAME_BACK)
"""What a push puts back, where the spool has custody of it."""

BEGUN: Final = "it was about to be put back, and whether it arrived is not known"
"""The reason that stands with a letter from before its batch is sent until its outcome is known."""

STOPPED: Final = "it was stopped"
_FIRST_BACK_OFF_SECONDS, _MOST_BACK_OFF_SECONDS = 0.2, 5.0
_SAMPLES = 3


@dataclass
class Returned:
    """What became of the letters that were to go back.

    Args:
        returned: how many are in the queue again.
        twice: how many of these may be there twice, because an answer was lost, now or in a push before.
        stayed: why the others stay in the spool, and how many for each reason.
        samples: the message ids of the first few of each reason.
        reason: why it ended before the last one; None: it did not.
    """

    returned: int = 0
    twice: int = 0
    stayed: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[str]] = field(default_factory=dict)
    reason: str | None = None

    def stay(self, entry: Entry, reason: str) -> None:
        """Count one that stays."""
        self.stayed[reason] = self.stayed.get(reason, 0) + 1
        if len(known := self.samples.setdefault(reason, [])) < _SAMPLES:
            known.append(entry.fields.message_id)


def push(
    spool: Spool,
    queue: QueueClient,
    where: Where | None = None,
    *,
    on_progress: Callable[[int], None] | None = None,
    stopping: threading.Event | None = None,
) -> Returned:
    """Put what was not done back into a queue: body, properties, priority and group as they were.

    A letter that was planned stays: whether it was accepted is not known, and a redrive of the spool finds out.

    Args:
        spool: the spool, opened to be written.
        queue: where to; its own queue or another one of the same account and region.
        where: only those that it selects; None: all.
        on_progress: is told after each batch how many are back; None: nobody is.
        stopping: set when it is to end after the batch that is under way; None: never.

    Raises:
        ServiceError: the queue is not there, or not allowed.
        SpoolError: the spool is another account's, or cannot be written; nothing was sent after that.
    """
    check_same_account(spool.path, spool.place, queue.settings)
    queue.get_attributes()
    result = Returned()
    for entry in spool.entries(where, states=(State.PLANNED,)):
        if entry.is_custody:
            result.stay(entry, "planned: whether it was accepted is not known; a redrive of the spool finds out")
    entries = (entry for entry in spool.entries(where, states=NOT_DONE) if entry.is_custody)
    return give_back(spool, queue, entries, result, on_progress, stopping)


def give_back(
    spool: Spool,
    queue: QueueClient,
    entries: Iterable[Entry],
    result: Returned,
    on_progress: Callable[[int], None] | None = None,
    stopping: threading.Event | None = None,
) -> Returned:
    """Send these letters in their order, in batches; as `push`."""
    giving = _Giving(spool, queue, result, threading.Event() if stopping is None else stopping)
    for batch in _batches(giving.sendable(entries)):
        if giving.stopping.is_set():
            result.reason = STOPPED
            break
        try:
            giving.send(batch)
        finally:
            if on_progress is not None:
                on_progress(result.returned)
    return result


@dataclass(frozen=True)
class _Item:
    entry: Entry
    message: QueueMessage

    @property
    def size(self) -> int:
        return len(self.message.message_body.encode())


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    for item in items:
        if batch and (len(batch) == MAX_BATCH or sum(one.size for one in batch) + item.size > MAX_BATCH_BYTES):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


class _Giving:
    def __init__(self, spool: Spool, queue: QueueClient, result: Returned, stopping: threading.Event) -> None:
        self._spool = spool
        self._queue = queue
        self._result = result
        self.stopping = stopping

    def sendable(self, entries: Iterable[Entry]) -> Iterator[_Item]:
        for entry in entries:
            message = self._spool.letter(entry.number).message
            reason = "its raw letter was forgotten" if not message.message_body else unsendable(message)
            if reason is None:
                yield _Item(entry, message)
            else:
                self._result.stay(entry, reason)

    def send(self, batch: list[_Item]) -> None:
        """Send a batch, and alone each one of it that the service did not take."""
        was_lost = {item.entry.number for item in batch if item.entry.reason == BEGUN}
        self._note(batch, BEGUN)
        refused = self._sent(batch, was_lost)
        for item, code in refused:
            self._alone(item, code, was_lost)

    def _sent(self, batch: list[_Item], was_lost: set[int]) -> list[tuple[_Item, str]]:
        """Send, note what was taken, and return the others with the service's code."""
        try:
            parts = self._answer(batch, was_lost)
        except ServiceError as error:
            if failure_of(error) is Failure.MISSING or error.status in (401, 403):
                self._note(batch, None, was_lost)
                raise
            return [(item, error.code or str(error.status)) for item in batch]
        if parts is None:
            return []
        taken = [item for item, part in zip(batch, parts, strict=True) if part.message_id is not None]
        self._spool.note_all([(item.entry.number, State.RETURNED, None, None) for item in taken])
        self._result.returned += len(taken)
        self._result.twice += sum(item.entry.number in was_lost for item in taken)
        return [
            (item, part.code or "no code") for item, part in zip(batch, parts, strict=True) if part.message_id is None
        ]

    def _alone(self, item: _Item, code: str, was_lost: set[int]) -> None:
        refused = self._sent([item], was_lost)
        if refused:
            self._note([item], None, was_lost)
            self._result.stay(item.entry, f"the queue does not take it ({refused[0][1] or code})")

    def _answer(self, batch: list[_Item], was_lost: set[int]) -> list[SentPart] | None:
        """Send a batch until there is an answer; None: it is to end, and what is known of the batch is noted."""
        back_off = BackOff(random.random, _FIRST_BACK_OFF_SECONDS, _MOST_BACK_OFF_SECONDS)
        while True:
            try:
                return self._queue.send_batch([item.message for item in batch])
            except FcAsyncError as error:
                if _may_be_there(error):
                    was_lost.update(item.entry.number for item in batch)
                elif failure_of(error) is not Failure.PASSING:
                    raise
            if self.stopping.is_set():
                self._note(batch, None, was_lost)
                self._result.reason = STOPPED
                return None
            self.stopping.wait(back_off.next_seconds())

    def _note(self, batch: list[_Item], reason: str | None, was_lost: Container[int] = ()) -> None:
        """Note that they are about to be sent (BEGUN), or that they were not (None); of what was lost it stays open."""

        def known(entry: Entry) -> str | None:
            return BEGUN if entry.number in was_lost else reason or entry.reason

        self._spool.note_all([(item.entry.number, item.entry.state, None, known(item.entry)) for item in batch])


def _may_be_there(error: FcAsyncError) -> bool:
    """Whether the service may have taken the batch although the call failed."""
    if isinstance(error, TransportError):
        return error.sent
    return isinstance(error, ServiceError) and error.status in (201, 500, 502, 504)
