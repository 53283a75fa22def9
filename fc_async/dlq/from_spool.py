"""Redrives a spool: letters in custody are sent, several at a time; what is left stays in the spool."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from .entry import OPEN, Entry, State
from .sender import Stopped
from .spool import Spool
from .worker import Worker

if TYPE_CHECKING:
    from .where import Where


class FromSpool:
    """Works a spool.

    Args:
        spool: the spool, its own journal.
        worker: works each letter.
        where: only those that it selects; None: all.
        states: only those in one of these. By default what is still to be dealt with.
        concurrency: letters that are worked at a time.
        stopping: set when everything is to stop.
    """

    def __init__(
        self,
        spool: Spool,
        worker: Worker,
        where: Where | None,
        states: Sequence[State] = OPEN,
        *,
        concurrency: int,
        stopping: threading.Event,
    ) -> None:
        self._spool = spool
        self._worker = worker
        self._where = where
        self._states = states
        self._concurrency = concurrency
        self._stopping = stopping
        self.waits_for = ""

    def stop(self) -> None:
        """Nothing is to be broken off: what is under way looks at `stopping` itself."""

    def hurry(self) -> None:
        """Likewise."""

    def run(self) -> str | None:
        """Work the letters that are still to be dealt with; return why it ended before the last, None for the end.

        Raises:
            SpoolError: the journal cannot be written.
        """
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(self._concurrency, "fc_async-redrive") as pool:
            for entry in self._spool.entries(self._where, states=self._states):
                if self._stopping.is_set() or self._worker.is_full():
                    break
                under_way.add(pool.submit(self._work, entry))
                if len(under_way) >= 2 * self._concurrency:
                    under_way = _those_that_go_on(under_way)
            while under_way:
                under_way = _those_that_go_on(under_way)
        return "it was stopped" if self._stopping.is_set() else None

    def _work(self, entry: Entry) -> None:
        if self._stopping.is_set():
            return
        letter = self._spool.letter(entry.number)
        try:
            self._worker.work(letter)
        except Stopped:
            return
        except BaseException:
            self._stopping.set()
            raise


def _those_that_go_on(under_way: set[Future[None]]) -> set[Future[None]]:
    done, rest = wait(under_way, return_when=FIRST_COMPLETED)
    for one in done:
        one.result()
    return rest
