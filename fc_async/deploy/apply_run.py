"""Make the changes of a plan, stage by stage and 24 at once, and keep what came of each.

Queues and topics come first, then subscriptions, then the functions that name them. What has begun comes to its end:
half a change could leave a function without its destinations.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from ..errors import FcAsyncError, TransportError
from .apply_work import Work
from .change import Change

CONCURRENCY = 24
"""More than are read at once, because a config is changed by two reads and one PUT, one after the other."""

_STAGES = (("queue", "topic"), ("subscription",), ("config",))


@dataclass(frozen=True)
class ApplySummary:
    """What came of a plan; each of its changes is in one of the three.

    Args:
        done: they hold now.
        failed: each with why. After a `TransportError` that was sent, the change may hold all the same.
        not_reached: they were not begun.
    """

    done: tuple[Change, ...] = ()
    failed: tuple[tuple[Change, FcAsyncError], ...] = ()
    not_reached: tuple[Change, ...] = ()


class Run:
    """Makes changes.

    Args:
        changes: of the plan, in its order.
        work: makes one.
        on_progress: is told each change as it ends; None: nobody is.
        is_stopping: whether nothing new is begun after a failure.
    """

    def __init__(
        self,
        changes: Sequence[Change],
        work: Work,
        on_progress: Callable[[Change, FcAsyncError | None], object] | None,
        *,
        is_stopping: bool,
    ) -> None:
        self._changes = changes
        self._work = work
        self._tell = on_progress or (lambda _change, _error: None)
        self._is_stopping = is_stopping
        self._is_over = self._is_reading = False  # no Event: a signal handler must take no lock
        self._interrupted = TransportError("interrupted: whether it holds is not known", sent=True)
        self._lock = threading.Lock()
        self._done: list[Change] = []
        self._failed: list[tuple[Change, FcAsyncError]] = []
        self._begun: list[Change] = []

    def stop(self) -> None:
        """Begin nothing more; where nothing has begun yet, end the reading. For a signal handler."""
        self._is_over = True
        if self._is_reading:
            raise KeyboardInterrupt

    def all(self, done_already: Callable[[], Sequence[Change]]) -> None:
        """Make the changes that do not hold already.

        Raises:
            KeyboardInterrupt: a signal while what holds was read, or a second one later; what has begun goes on.
        """
        pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="fc_async-apply")
        try:
            held = self._read(done_already)
            is_held = {id(one) for one in held}
            for one in held:
                self._ended(one, None)
            for kinds in _STAGES:
                stage = [one for one in self._changes if one.kind in kinds and id(one) not in is_held]
                wait([pool.submit(self._make, one) for one in stage])
        finally:
            self._is_over = True
            pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, done_already: Callable[[], Sequence[Change]]) -> Sequence[Change]:
        self._is_reading = True
        try:
            return done_already()
        finally:
            self._is_reading = False

    def _make(self, change: Change) -> None:
        with self._lock:
            if self._is_over or self._needs_what_failed(change):
                return
            self._begun.append(change)
        failure: FcAsyncError | None = None
        try:
            self._work.do(change)
        except FcAsyncError as error:
            failure = error
        except Exception as error:  # a saved plan can hold anything: the others' outcomes must be kept
            failure = FcAsyncError(f"{change.title}: broke off ({type(error).__name__})")
        self._ended(change, failure)

    def _ended(self, change: Change, failure: FcAsyncError | None) -> None:
        with self._lock:
            if failure is None:
                self._done.append(change)
            else:
                self._failed.append((change, failure))
                if self._is_stopping:
                    self._is_over = True
            self._tell(change, failure)

    def _needs_what_failed(self, change: Change) -> bool:
        """Tell whether a change names a queue or topic that could not be made."""
        after = change.after or {}
        names = [str(after.get(key)) for key in ("on_failure", "on_success", "queue") if after.get(key)]
        parts = {part for name in names for part in (name.removesuffix("/messages").rpartition(":")[2].lstrip("/"),)}
        parts.add(f"topics/{(change.name or '').partition('/')[0]}" if change.kind == "subscription" else "")
        return any(f"{failed.kind}s/{failed.name}" in parts for failed, _ in self._failed)

    def is_open(self, summary: ApplySummary) -> bool:
        """Tell whether something of a summary had begun and not ended."""
        return any(error is self._interrupted for _, error in summary.failed)

    def summary(self) -> ApplySummary:
        """Return what came of each change so far."""
        with self._lock:
            ended = {id(one) for one in (*self._done, *(one for one, _ in self._failed))}
            open_ = [one for one in self._begun if id(one) not in ended]
            began = {id(one) for one in open_}
            rest = [one for one in self._changes if id(one) not in ended and id(one) not in began]
            order = {id(one): at for at, one in enumerate(self._changes)}
            done = sorted(self._done, key=lambda one: order[id(one)])
            failed = sorted(
                [*self._failed, *((one, self._interrupted) for one in open_)], key=lambda one: order[id(one[0])]
            )
            return ApplySummary(tuple(done), tuple(failed), tuple(rest))
