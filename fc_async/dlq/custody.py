"""Takes custody of a queue: letters are received, stored on disk, and deleted from the queue after that, never before.

It is over when the queue was polled empty twice and nothing is hidden (design, decision 7). What others hold is waited
for. A delete that fails is repeated; what was deleted too late comes again, is known, and is only deleted. Whatever
dies in between, a letter is in the queue, in the spool, or for a moment in both.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

from ..checks import check_wait, check_whole
from ..errors import FcAsyncError, ServiceError, SpoolError
from ..mns.consume.back_off import BackOff, Failure, failure_of, is_gone
from ..mns.message import QueueAttributes, QueueMessage
from ..mns.queue_client import MAX_BATCH, QueueClient
from .entry import State
from .from_queue import DEFAULT_VISIBILITY_SECONDS
from .pulled import Pulled, Pulling
from .push import NOT_DONE
from .spool import Spool
from .unfinished import spool_for

_RECEIVERS = 16
_POLL_SECONDS = 1
_POLLS_TO_BE_SURE = 2
_LOOK_SECONDS = 0.2
_PROGRESS_SECONDS = 0.25
_FIRST_BACK_OFF_SECONDS, _MOST_BACK_OFF_SECONDS = 0.2, 5.0
_SINGLE_RECEIVES = 64
"""So many are for one letter alone after an answer that cannot be read: only what spoils it is left out then."""

_FRUITLESS_ROUNDS = 3
_LAST_TRIES = 3
_NOT_DELETED = "it was not deleted from the queue"
_SERVICE = "the service"
_Answer = TypeVar("_Answer")


def pull(
    queue: QueueClient,
    path: Path | str | None = None,
    *,
    limit: int | None = None,
    wait_seconds: float | timedelta | None = None,
    on_progress: Callable[[Pulling], None] | None = None,
    stopping: threading.Event | None = None,
    folder: Path | None = None,
) -> Spool:
    """Take custody of the letters of a queue, and return the spool that holds them, opened to be written.

    Args:
        queue: the queue.
        path: the spool: a new file, or that of a pull of this queue to go on with; None: that of one that was killed,
            if there is any, else a new one in the folder of spools.
        limit: most letters, 1 or more; None: no limit.
        wait_seconds: how long letters that others hold are waited for, from 0, a number or a timedelta; None: for the
            queue's visibility, 60 at most.
        on_progress: is told how far it is, a few times a second; None: nobody is.
        stopping: set, from any thread, when it is to end: what was received is stored and deleted still; None: never.
        folder: where spools lie; None: `$XDG_STATE_HOME/fc-async/spools`.

    Returns:
        The spool; its `pulled` says how this ended.

    Raises:
        ArgumentError: an argument cannot be right.
        ServiceError: the queue is not there, or not allowed; what was taken before stays in the spool.
        SpoolError: the letters cannot be stored; nothing was deleted after that, and what was held is released.
        TransportError: the first call got no answer.
    """
    if limit is not None:
        check_whole("limit", limit, 1, 10**12)
    check_wait("wait_seconds", wait_seconds)
    attributes = queue.get_attributes()  # before a file is made: the queue may not be there
    spool = spool_for(queue, None if path is None else Path(path), folder)
    try:
        wait = None if wait_seconds is None else check_wait("wait_seconds", wait_seconds)
        run = Pull(queue, spool, attributes, limit=limit, wait_seconds=wait, stopping=stopping)
        spool.pulled = run.run(on_progress)
    except BaseException:
        spool.close()
        raise
    return spool


class Pull:
    """One pull; several threads receive, and each holds one batch at a time.

    Args:
        queue: the queue.
        spool: where to.
        attributes: the queue's, as it was found.
        limit: most letters; None: no limit.
        wait_seconds: how long letters that others hold are waited for; None: for a visibility, 60 at most.
        stopping: set when it is to end; None: never.
        poll_seconds: how long one receive waits for a letter, 0 to 30.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        queue: QueueClient,
        spool: Spool,
        attributes: QueueAttributes,
        *,
        limit: int | None = None,
        wait_seconds: float | None = None,
        stopping: threading.Event | None = None,
        poll_seconds: int = _POLL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._spool = spool
        seconds = attributes.visibility_timeout
        self._visibility_seconds = DEFAULT_VISIBILITY_SECONDS if seconds is None else seconds
        self._wait_seconds = min(60.0, self._visibility_seconds) if wait_seconds is None else wait_seconds
        self._limit = limit
        self._stopping = threading.Event() if stopping is None else stopping
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._reserved = self._taken = self._received = self._empties = self._undeleted = 0
        self._unreadable = self._singles = 0
        self._round_is_over = False
        self._failure: FcAsyncError | None = None
        self._waits_for = ""
        self._file = _identity(spool.path)

    def run(self, on_progress: Callable[[Pulling], None] | None = None) -> Pulled:
        """Pull to the end; as `pull`."""
        began = self._clock()
        report = on_progress or _nobody

        def tell() -> None:
            report(Pulling(self._taken, self._clock() - began, self._waits_for))

        self._spool.note_pull("going")
        pulled = self._to_its_end(tell)
        if not pulled.undeleted:
            self._spool.note_pull("ended")
        tell()
        return pulled

    def _to_its_end(self, tell: Callable[[], None]) -> Pulled:
        waiting_since: float | None = None
        fruitless = 0
        while True:
            before = self._received
            self._round(tell)
            if self._stopping.is_set():
                return Pulled(self._taken, "it was stopped", undeleted=self._undeleted)
            if self._is_full():
                return Pulled(self._taken, undeleted=self._undeleted)
            now = self._clock()
            if waiting_since is None or self._received > before:
                waiting_since, fruitless = now, 0
            fruitless += 1
            ended = self._ended(now >= waiting_since + self._wait_seconds, fruitless)
            if ended is not None:
                return ended
            tell()
            self._stopping.wait(_LOOK_SECONDS if self._waits_for else 0)

    def _ended(self, is_late: bool, fruitless: int) -> Pulled | None:
        """Look at the queue after a round that brought nothing more; None: it is not the end."""
        found = self._looked()
        if found is None:
            return None  # stopping, or not to be read
        hidden, active = found.inactive_messages or 0, found.active_messages or 0
        self._waits_for = f"{hidden} that someone else holds" if hidden else ""
        delayed = found.delay_messages or 0
        if not hidden and not active:
            is_sure = self._empties >= _POLLS_TO_BE_SURE
            return Pulled(self._taken, delayed=delayed, undeleted=self._undeleted) if is_sure else None
        if not is_late or (active and fruitless < _FRUITLESS_ROUNDS):
            return None
        until = datetime.now(timezone.utc) + timedelta(seconds=self._visibility_seconds)
        reason = (
            f"not drained: {hidden} {'is' if hidden == 1 else 'are'} hidden by someone else until about {until:%H:%M}"
            " UTC"
            if hidden
            else f"not drained: the service counts about {active} more, and hands out none"
        )
        if self._unreadable:
            reason += f" ({self._unreadable} answers of the service could not be read)"
        return Pulled(self._taken, reason, hidden, until if hidden else None, delayed, self._undeleted)

    def _looked(self) -> QueueAttributes | None:
        try:
            return self._patiently(self._queue.get_attributes)
        except ServiceError as error:
            if error.status != 200:
                raise
            self._waits_for = _SERVICE
        return None

    # several threads

    def _round(self, tell: Callable[[], None]) -> None:
        """Receive in several threads until two polls in a row brought nothing; raises what went wrong."""
        self._empties, self._round_is_over = 0, False
        threads = [threading.Thread(target=self._live, name="fc_async-pull", daemon=True) for _ in range(_RECEIVERS)]
        for one in threads:
            one.start()
        try:
            for one in threads:
                while one.is_alive():
                    one.join(_PROGRESS_SECONDS)
                    tell()
        except BaseException:
            self._stopping.set()
            for one in threads:
                one.join()
            raise
        if self._failure is not None:
            raise self._failure

    def _live(self) -> None:
        try:
            while not (self._round_is_over or self._stopping.is_set() or self._failure is not None):
                count = self._reserve()
                if not count:
                    return
                self._one_batch(count)
        except FcAsyncError as error:
            self._fail(error)
        except BaseException as error:  # a fault of ours: it must not leave the others going on
            self._fail(FcAsyncError(f"a receiver ended with {type(error).__name__}"))
            raise

    def _one_batch(self, count: int) -> None:
        new = 0
        try:
            messages = self._patiently(lambda: self._queue.receive(count, wait_seconds=self._poll_seconds))
            if self._waits_for == _SERVICE:
                self._waits_for = ""
            if messages:
                self._empties = 0
                self._waits_for = ""
                new = self._keep(messages)
            elif messages is not None:
                with self._lock:
                    self._empties += 1
                    self._round_is_over = self._empties >= _POLLS_TO_BE_SURE
        except ServiceError as error:
            if error.status != 200:
                raise
            self._not_read()
        finally:
            with self._lock:
                self._reserved -= count - new

    def _not_read(self) -> None:
        """Take that an answer cannot be read: what it handed out is hidden, and shows again."""
        with self._lock:
            self._unreadable += 1
            self._singles = _SINGLE_RECEIVES
            self._round_is_over = True

    def _reserve(self) -> int:
        with self._lock:
            most = 1 if self._singles else MAX_BATCH
            self._singles = max(0, self._singles - 1)
            free = most if self._limit is None else min(most, self._limit - self._reserved)
            self._reserved += free
            return free

    def _is_full(self) -> bool:
        return self._limit is not None and self._taken >= self._limit

    def _fail(self, error: FcAsyncError) -> None:
        with self._lock:
            self._failure = self._failure or error

    # one batch

    def _keep(self, messages: list[QueueMessage]) -> int:
        """Store messages and delete them after that; return how many were new."""
        received_at = self._clock()
        try:
            new = self._spool.take(messages)
            self._check_file()
        except SpoolError as error:
            self._fail(error)
            self._release(messages)
            return 0
        with self._lock:
            self._received += len(messages)
            self._taken += new
        if self._failure is not None:
            self._not_in_custody(messages)
        else:
            self._delete(messages, received_at)
        return new

    def _check_file(self) -> None:
        """A file that was taken away is written still, and gone with its last reader."""
        if _identity(self._spool.path) != self._file:
            raise SpoolError(f"{self._spool.path}: the file was taken away; nothing was done after that")

    def _delete(self, messages: list[QueueMessage], received_at: float) -> None:
        """Delete what is stored, and again until it is gone or shows again; then it is received again."""
        left = [one.receipt_handle for one in messages]
        back_off = BackOff(random.random, _FIRST_BACK_OFF_SECONDS, _MOST_BACK_OFF_SECONDS)
        last_tries = 0
        while left:
            try:
                refused = self._queue.delete_each(left)
                left = [handle for handle in left if handle in refused and not is_gone(refused[handle])]
            except FcAsyncError as error:
                failure = failure_of(error)
                if failure is Failure.GONE:
                    return
                if failure is not Failure.PASSING:
                    self._give_up(messages, left, error)
                    return
            if self._clock() > received_at + self._visibility_seconds:
                return
            last_tries += self._stopping.is_set()
            if left and (last_tries > _LAST_TRIES or self._failure is not None):
                with self._lock:
                    self._undeleted += len(left)
                return
            if left:
                time.sleep(0.1) if self._stopping.is_set() else self._stopping.wait(back_off.next_seconds())

    def _give_up(self, messages: list[QueueMessage], left: list[str], error: FcAsyncError) -> None:
        self._fail(error)
        self._not_in_custody([one for one in messages if one.receipt_handle in left])

    def _not_in_custody(self, messages: list[QueueMessage]) -> None:
        """Note that what was stored and not deleted is in the queue; where the queue is gone, its only copy is here."""
        if self._failure is not None and failure_of(self._failure) is Failure.MISSING:
            return
        entries = map(self._spool.find_message, [one.message_id for one in messages])
        found = [entry for entry in entries if entry is not None and entry.state in NOT_DONE]
        with suppress(SpoolError):  # a spool that cannot be written: the same pull again knows the message
            self._spool.note_all([(one.number, State.RETURNED, None, _NOT_DELETED) for one in found])
        with self._lock:
            self._taken = max(0, self._taken - len(found))
        self._release(messages)

    def _release(self, messages: list[QueueMessage]) -> None:
        for one in messages:
            with suppress(FcAsyncError):  # it shows by itself when its visibility is over
                self._queue.change_visibility(one.receipt_handle, 1)

    def _patiently(self, call: Callable[[], _Answer]) -> _Answer | None:
        """Make a call, and again for as long as what hinders it may pass; None: it is to end."""
        back_off = BackOff(random.random, _FIRST_BACK_OFF_SECONDS, _MOST_BACK_OFF_SECONDS)
        while not self._stopping.is_set() and self._failure is None:
            try:
                return call()
            except FcAsyncError as error:
                if failure_of(error) is not Failure.PASSING:
                    raise
            self._waits_for = _SERVICE
            self._stopping.wait(back_off.next_seconds())
        return None


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise SpoolError(f"{path}: cannot be read any more ({error.strerror})") from None
    return status.st_dev, status.st_ino


def _nobody(_: Pulling) -> None:
    """Nobody is told."""
