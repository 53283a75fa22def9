"""Redrives a queue: letters are received, worked, and deleted after that; what is left comes back by itself.

It is over when the queue was polled empty twice and nothing is hidden but what was left here (design, decision 7).
What others hold is waited for. Where what is left keeps coming back for three visibilities in which nothing could be
sent, more turns would bring no more.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import FcAsyncError
from ..mns.consume.back_off import BackOff, Failure, failure_of
from ..mns.consume.verdict import LetBe, Retry
from ..mns.consumer import Consumer
from ..mns.letter import Letter
from ..mns.message import QueueAttributes, QueueMessage
from ..mns.queue_client import QueueClient
from .entry import SENT, Entry, State
from .sender import Result, Stopped
from .spool import Spool
from .worker import Worker

DEFAULT_VISIBILITY_SECONDS = 30
"""What a queue has that was made without saying (https://help.aliyun.com/document_detail/27497.html); it is never 0."""

_IDLE_VISIBILITIES = 3
_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 60
"""So long what is in flight may take to end after a stop."""

_LAST_DELETES_SECONDS = 5.0
"""So long a stop waits for deletes that fail, and the Consumer's own last 5 seconds more."""


@dataclass
class Ended:
    """How a queue was left.

    Args:
        drained: whether all that was there is done with.
        reason: why not; None: it is.
    """

    drained: bool
    reason: str | None = None


class FromQueue:
    """Works a queue.

    Args:
        queue: the queue.
        spool: the journal.
        worker: works each letter.
        concurrency: letters that are worked at a time.
        wait_seconds: how long letters that others hold are waited for; None: for a visibility, 60 at most.
        stopping: set when everything is to stop.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        queue: QueueClient,
        spool: Spool,
        worker: Worker,
        *,
        concurrency: int,
        wait_seconds: float | None,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._spool = spool
        self._worker = worker
        self._stopping = stopping
        self._clock = clock
        self._visibility_seconds = DEFAULT_VISIBILITY_SECONDS
        self._wanted_wait_seconds = wait_seconds
        self._began = clock()
        self._started_ms: int | None = None
        self._lock = threading.Lock()
        self._hidden_until: dict[str, float] = {}  # of what is left here, by message id
        self._in_work = 0
        self._stopped_at: float | None = None
        self._idle_since: float | None = None  # what is left comes back, and nothing was sent since
        self._is_going_round = False
        self._done = self._deleted = 0  # letters that are done with, and those of them that are deleted
        self._failure: FcAsyncError | None = None
        self.waits_for = ""
        self._since_ms = round(time.time() * 1000)
        self._consumer = Consumer(
            queue, self._handle, concurrency=concurrency, records=False, missing="raise", grace_seconds=_GRACE_SECONDS
        )

    def stop(self) -> None:
        """Receive no more, and end what is under way; from any thread, and from a signal handler."""
        self._consumer.stop()

    def hurry(self) -> None:
        """Asked a few times a second after a stop: wait no longer for deletes that fail, when nothing is in flight."""
        if self._stopped_at is None:
            self._stopped_at = self._clock()
        elif not self._in_work and self._clock() >= self._stopped_at + _LAST_DELETES_SECONDS:
            self._consumer.hurry()

    def run(self) -> Ended:
        """Work the queue to its end.

        Raises:
            SpoolError: the journal cannot be written.
            ServiceError: the queue is not there, or not allowed.
        """
        waiting_since: float | None = None
        attributes = self._attributes()
        if attributes is not None and attributes.visibility_timeout is not None:
            self._visibility_seconds = attributes.visibility_timeout
        while True:
            before = self._worker.counts.done + self._worker.counts.left
            self._deleted += self._consumer.run(idle_timeout_seconds=0).acknowledged
            if self._failure is not None:
                raise self._failure
            ended = self._ended()
            if ended is not None:
                return ended
            attributes = self._attributes()
            if attributes is None:
                return self._ended() or Ended(False, "it was stopped")
            delayed = attributes.delay_messages or 0
            others = self._held_by_others(attributes) + delayed
            if not others and not attributes.active_messages:
                return Ended(True)
            has_moved = self._worker.counts.done + self._worker.counts.left > before
            now = self._clock()
            waiting_since = now if has_moved or waiting_since is None else waiting_since
            if others and now >= waiting_since + self._wait_seconds():
                return Ended(False, self._who_holds(others - delayed, delayed))
            self.waits_for = f"{others} {'letter' if others == 1 else 'letters'} that others hold" if others else ""
            if self._stopping.wait(_LOOK_SECONDS if others else 0):
                return self._ended() or Ended(False, "it was stopped")
            self.waits_for = ""

    def _attributes(self) -> QueueAttributes | None:
        """Look at the queue, and again for as long as what hinders it may pass; None: everything is to stop."""
        back_off = BackOff(random.random)
        while True:
            try:
                return self._queue.get_attributes()
            except FcAsyncError as error:
                if failure_of(error) is not Failure.PASSING:
                    raise
            if self._stopping.wait(back_off.next_seconds()):
                return None

    def _wait_seconds(self) -> float:
        wanted = self._wanted_wait_seconds
        return min(60.0, self._visibility_seconds) if wanted is None else wanted

    def _ended(self) -> Ended | None:
        if self._is_going_round:
            counts = self._spool.counts()
            left = sum(counts.get(state.value, 0) for state in (State.LEFT, State.CAME_BACK, State.PLANNED))
            if not left:
                return Ended(False, "not drained: what is done with cannot be deleted, and keeps coming back")
            return Ended(False, f"not drained: {_letters(left)} left there, pull the queue to see all")
        if self._stopping.is_set():
            return Ended(False, "it was stopped")
        if self._worker.is_full():
            return Ended(True)
        return None

    def _held_by_others(self, attributes: QueueAttributes) -> int:
        now = self._clock()
        with self._lock:
            self._hidden_until = {one: until for one, until in self._hidden_until.items() if until > now}
            mine = len(self._hidden_until)
        return max(0, (attributes.inactive_messages or 0) - mine)

    @property
    def undeleted(self) -> int:
        """How many letters are done with and could not be deleted."""
        return max(0, self._done - self._deleted)

    def _who_holds(self, count: int, delayed: int) -> str:
        mine = min(count, self.undeleted)
        if mine:
            return f"not drained: {_letters(mine)} done with and could not be deleted; run it again, none is sent twice"
        if not count:
            return f"not drained: {_letters(delayed)} delayed, and not shown yet"
        at = time.strftime("%H:%M", time.gmtime(time.time() + self._visibility_seconds))
        return f"not drained: {_letters(count)} hidden by someone else until about {at} UTC"

    # one letter

    def _handle(self, unread: Letter) -> None:
        """Return: it is deleted. Raise: it is not touched again, or shown again at once."""
        with self._lock:
            self._in_work += 1
        try:
            result = self._work(Letter.of(unread.message))
        except Stopped:
            raise Retry(1) from None
        except FcAsyncError as error:  # the journal cannot be written, credentials are missing, asking is not allowed
            self._failure = error
            self._consumer.stop()
            raise Retry(1) from None
        finally:
            with self._lock:
                self._in_work -= 1
        if result.state in SENT:
            with self._lock:
                self._done += not result.is_repeat
            return
        if self._stopping.is_set():
            raise Retry(1)
        with self._lock:
            self._hidden_until[unread.message.message_id] = self._clock() + self._visibility_seconds
        raise LetBe

    def _work(self, letter: Letter) -> Result:
        if self._stopping.is_set() or self._worker.is_full():
            self._consumer.stop()
            raise Stopped
        result = self._worker.work(letter, is_newer=not self._was_there(letter.message), was_left=self._was_left)
        if result.is_counted:
            self._goes_round()
        elif result.state in SENT:
            self._idle_since = None
        return result

    def _was_left(self, there: Entry) -> bool:
        """Whether this run has left it; what is planned with a reason was asked about for as long as is worth it."""
        is_left = there.state in (State.LEFT, State.CAME_BACK) or (
            there.state is State.PLANNED and there.reason is not None
        )
        return is_left and there.changed_ms >= self._since_ms

    def _goes_round(self) -> None:
        now = self._clock()
        if self._idle_since is None:
            self._idle_since = now
        elif now >= self._idle_since + _IDLE_VISIBILITIES * self._visibility_seconds:
            self._is_going_round = True
            self._consumer.stop()

    def _was_there(self, message: QueueMessage) -> bool:
        """Whether it was in the queue when this began, which the first message that is handed out dates.

        The service's own clock counts: a message's NextVisibleTime less the visibility that receiving gave it. In
        whole seconds, so that a letter that came just before the start is not taken for a newer one.
        """
        if message.enqueue_time is None or message.next_visible_time is None:
            return True
        with self._lock:
            if self._started_ms is None:
                received_ms = message.next_visible_time - 1000 * self._visibility_seconds
                self._started_ms = received_ms - 1000 * int(self._clock() - self._began)
        return message.enqueue_time <= self._started_ms


def _letters(count: int) -> str:
    return f"{count} letter is" if count == 1 else f"{count} letters are"
