"""Puts raw letters of a spool back into their queue, also those that were sent: the undo of a pull and of a redrive.

An execution cannot be taken back. What goes and what stays:

    held, left, came_back    goes, where the spool has custody; else it is in the queue still
    planned, accepted        task mode: the task is asked for; Succeeded or still going stays, anything else goes;
                             not known any more, or without task mode: goes only with `accepted`
    done, dropped            goes only with `everything`
    returned                 stays: it is back already

A journal of a queue's redrive has the raw letters of what it sent: of these, accepted and done have left the queue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from ..errors import ArgumentError, FcAsyncError, ServiceError
from ..functions.async_task import AsyncTask
from ..functions.client import FunctionsClient
from ..mns.queue_client import QueueClient
from .entry import SENT, Entry, State
from .push import NOT_DONE, Returned, give_back
from .sender import REGISTRATION_SECONDS
from .spool import Spool
from .spool_place import check_same_account

TASKS_KNOWN_SECONDS = 7 * 86400
"""So long the service tells of a task (design, decision 5)."""

_ASKED_AT_ONCE = 16
_PAGE = 256


def restore(
    spool: Spool,
    queue: QueueClient,
    *,
    everything: bool = False,
    accepted: bool = False,
    functions: FunctionsClient | None = None,
    on_progress: Callable[[int], None] | None = None,
    stopping: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
) -> Returned:
    """Put back what is not known to have succeeded and is not back yet.

    Args:
        spool: the spool, opened to be written.
        queue: the queue that the letters came from.
        everything: every letter that is not back yet, also what is done or dropped.
        accepted: also what was accepted, where no task tells how it ended.
        functions: asks for tasks; None: a client like the queue's.
        on_progress: is told after each batch how many are back; None: nobody is.
        stopping: set when it is to end after the batch that is under way; None: never.
        clock: seconds since 1970.

    Raises:
        ArgumentError: the queue is another one.
        ServiceError: the queue is not there, or not allowed.
        SpoolError: the spool is another account's, or cannot be written; nothing was sent after that.
    """
    check_same_account(spool.path, spool.place, queue.settings)
    if queue.queue != spool.place.queue:
        raise ArgumentError(f"the letters of {spool.path} came from {spool.place.queue}, not from {queue.queue}")
    queue.get_attributes()
    result = Returned()
    judge = _Judge(functions, queue, everything=everything, accepted=accepted, now_ms=round(clock() * 1000))
    try:
        chosen = _chosen(spool, judge, result)
        return give_back(spool, queue, chosen, result, on_progress, stopping)
    finally:
        judge.close()


def _chosen(spool: Spool, judge: _Judge, result: Returned) -> Iterator[Entry]:
    """Yield what goes back, a page at a time: several tasks are asked for at once."""
    known = spool.entries(states=[state for state in State if state is not State.RETURNED])
    entries = (entry for entry in known if entry.is_custody or entry.state in SENT)  # any other is in its queue still
    with ThreadPoolExecutor(_ASKED_AT_ONCE, "fc_async-restore") as pool:
        while page := list(islice(entries, _PAGE)):
            for entry, reason in zip(page, pool.map(judge.why_it_stays, page), strict=True):
                if reason is None:
                    yield entry
                else:
                    result.stay(entry, reason)


class _Judge:
    """Says why a letter stays where it is.

    Args:
        functions: asks for tasks; None: one like `queue` is made when it is needed.
        queue: where the letters go.
        everything, accepted: as `restore`.
        now_ms: the time.
    """

    def __init__(
        self,
        functions: FunctionsClient | None,
        queue: QueueClient,
        *,
        everything: bool,
        accepted: bool,
        now_ms: int,
    ) -> None:
        self._functions = functions
        self._queue = queue
        self._everything = everything
        self._accepted = accepted
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._own: FunctionsClient | None = None

    def close(self) -> None:
        """Close the client that was made here."""
        if self._own is not None:
            self._own.close()

    def why_it_stays(self, entry: Entry) -> str | None:
        """Return the reason; None: it goes back."""
        if self._everything or entry.state in NOT_DONE:
            return None
        if entry.state is State.DONE:
            return "done: its task has succeeded, goes on, or is followed by a letter of its own (--all)"
        if entry.state is State.DROPPED:
            return "dropped (--all)"
        return self._of_sent(entry)

    def _of_sent(self, entry: Entry) -> str | None:
        untold = None if self._accepted else "accepted, and no task tells how it ended (--accepted)"
        if entry.state is State.PLANNED:
            untold = None if self._accepted else "planned: whether it was accepted is not known (--accepted)"
        if entry.task_id is None or entry.target is None:
            return untold
        try:
            task = self._task(entry.target, entry.task_id)
        except ServiceError as error:
            return f"its task cannot be asked for ({error.status} {error.code or 'without a code'})"
        except FcAsyncError as error:
            return f"its task cannot be asked for ({type(error).__name__})"
        if task is None:
            return self._of_unknown_task(entry, untold)
        is_to_stay = task.status == "Succeeded" or not task.is_over
        return f"its task: {task.status}" if is_to_stay else None

    def _of_unknown_task(self, entry: Entry, untold: str | None) -> str | None:
        """A task of which the service knows nothing: not yet, not any more, or never."""
        age_seconds = (self._now_ms - entry.changed_ms) / 1000
        if age_seconds < REGISTRATION_SECONDS:
            return "its task is not known yet; ask again in a minute"
        was_never = entry.state is State.PLANNED and age_seconds < TASKS_KNOWN_SECONDS
        return None if was_never else untold

    def _task(self, target: str, task_id: str) -> AsyncTask | None:
        name, at, qualifier = target.partition("@")
        try:
            return self._client().get_task(name, task_id, qualifier=qualifier if at else None)
        except ServiceError as error:
            if error.status != 404:
                raise
        return None

    def _client(self) -> FunctionsClient:
        if self._functions is not None:
            return self._functions
        with self._lock:
            if self._own is None:
                self._own = _functions_like(self._queue)
            return self._own


def _functions_like(queue: QueueClient) -> FunctionsClient:
    """Return a client in the place of a queue, and as the same identity."""
    settings = queue.settings
    return FunctionsClient(
        endpoint=settings.endpoint.url if settings.endpoint.is_loopback else None,
        region=None if settings.region is None else settings.region.value,
        account_id=None if settings.account_id is None else settings.account_id.value,
        credentials=settings.credentials,
        internal=settings.internal,
    )
