"""Redrive: invoke again what dead letters ask for, then delete them. Nothing else is deleted.

A letter is deleted only after a function that has an OnFailure accepted its invocation (design, decision 6), so that
a new failure becomes a new letter. Only letters that were in the queue when the redrive started are sent: a failure
that comes back at once is not sent round and round. "Started" is read from the service's own clock: a received
message's NextVisibleTime minus the visibility that receiving gave it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import ArgumentError, FcAsyncError, RecordError, ServiceError, TransportError
from ..functions.client import FunctionsClient
from ..mns.letter import Letter
from ..mns.message import QueueMessage
from ..mns.queue_client import QueueClient
from ..records.record import InvocationRecord
from .leaving import Leaving

_POLLS_TO_BE_SURE = 2
"""A 404 after a full poll can miss messages that were there, so "drained" needs a second look (design, decision 7)."""

_DEFAULT_VISIBILITY_SECONDS = 30
"""What a queue has that was made without saying (https://help.aliyun.com/document_detail/27497.html); it is never 0."""


@dataclass
class RedriveSummary:
    """What a redrive did.

    Args:
        sent: letters whose invocation was accepted.
        repeats: further letters of an invocation that had been sent (delivery is at least once).
        left: (message id, reason) of each letter that stays in the queue.
        newer: letters that arrived after the start and were not sent: failures of this redrive are among them.
        stopped: why the redrive ended before the queue did; None when it did not.
    """

    sent: int = 0
    repeats: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    newer: int = 0
    stopped: str | None = None


def redrive(
    queue: QueueClient,
    functions: FunctionsClient,
    *,
    allow_loss: bool = False,
    wait_seconds: int = 1,
    clock: Callable[[], float] = time.monotonic,
) -> RedriveSummary:
    """Send every letter again that was in the queue at the start; what cannot or may not be sent stays, with a reason.

    Args:
        queue: the dead-letter queue.
        functions: the client that invokes.
        allow_loss: also send to a function that has no OnFailure, where a new failure would be lost.
        wait_seconds: how long one poll may wait for a letter, 0 to 30; default 1.
        clock: seconds that only grow; how long ago the start was.
    """
    return _Redrive(queue, functions, allow_loss, wait_seconds, clock).run()


class _Redrive:
    def __init__(
        self,
        queue: QueueClient,
        functions: FunctionsClient,
        allow_loss: bool,
        wait_seconds: int,
        clock: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._functions = functions
        self._leaving = Leaving(functions, allow_loss=allow_loss)
        seconds = queue.get_attributes().visibility_timeout
        self._visibility_ms = 1000 * (_DEFAULT_VISIBILITY_SECONDS if seconds is None else seconds)
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._began_seconds = clock()
        self._started_ms: int | None = None
        self._seen: set[str] = set()
        self._accepted: set[str] = set()
        self._held: dict[str, QueueMessage] = {}
        self._newer: set[str] = set()
        self._summary = RedriveSummary()

    def run(self) -> RedriveSummary:
        idle_polls = 0
        try:
            while idle_polls < _POLLS_TO_BE_SURE:
                idle_polls = 0 if self._work_batch() else idle_polls + 1
        except FcAsyncError as error:
            self._summary.stopped = str(error)
        finally:
            self._release()
        self._summary.newer = len(self._newer)
        return self._summary

    def _work_batch(self) -> bool:
        """Receive and work one batch; False when it brought nothing that had to be looked at."""
        news = False
        messages = self._queue.receive(16, wait_seconds=self._wait_seconds)
        self._held.update((message.message_id, message) for message in messages)
        for message in messages:
            if not self._was_there(message):
                self._newer.add(message.message_id)
                continue
            news = news or message.message_id not in self._seen
            self._work(Letter.of(message))
            self._seen.add(message.message_id)
        return news

    def _was_there(self, message: QueueMessage) -> bool:
        """Whether it was in the queue when the redrive began, which the first message that is handed out dates."""
        if message.enqueue_time is None or message.next_visible_time is None:
            return False
        if self._started_ms is None:
            received_ms = message.next_visible_time - self._visibility_ms
            self._started_ms = received_ms - round((self._clock() - self._began_seconds) * 1000)
        return message.enqueue_time <= self._started_ms

    def _work(self, letter: Letter) -> None:
        reason = self._leaving.reason(letter)
        if reason is None and letter.record is not None:
            reason = self._send(letter, letter.record)
        if reason is None:
            self._delete(letter)
            return
        if letter.message.message_id not in self._seen:
            self._leave(letter, reason)

    def _leave(self, letter: Letter, reason: str) -> None:
        self._summary.left.append((letter.message.message_id, reason))

    def _send(self, letter: Letter, record: InvocationRecord) -> str | None:
        """Invoke once per request id; None when that invocation is accepted, else why not."""
        if record.request_id in self._accepted:
            self._summary.repeats += 1
            return None
        function = record.function
        try:
            self._functions.invoke_async(function.name, record.request_bytes(), qualifier=function.qualifier)
        except (ServiceError, ArgumentError, RecordError) as error:
            return str(error)
        except TransportError as error:
            self._leave(letter, "it may have been accepted: no answer came" if error.sent else "not sent")
            raise
        self._accepted.add(record.request_id)
        self._summary.sent += 1
        return None

    def _delete(self, letter: Letter) -> None:
        del self._held[letter.message.message_id]
        try:
            self._queue.delete(letter.message.receipt_handle)
        except ServiceError as error:
            self._leave(letter, f"sent again, but not deleted ({error.code}): it may be sent twice")
        except TransportError:
            self._leave(letter, "sent again, but not deleted (no answer came): it may be sent twice")
            raise

    def _release(self) -> None:
        """Make what stays visible again at once; a handle that has run out means that it already is."""
        for message in self._held.values():
            try:
                self._queue.change_visibility(message.receipt_handle, 1)
            except FcAsyncError:
                continue
