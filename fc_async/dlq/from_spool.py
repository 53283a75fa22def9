"""Redrives a spool: letters in custody are sent, several at a time; what is left stays in the spool."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import Queue
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
        self._failures: list[BaseException] = []
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
        waiting: Queue[Entry | None] = Queue(2 * self._concurrency)
        threads = [threading.Thread(target=self._live, args=(waiting,), daemon=True) for _ in range(self._concurrency)]
        for thread in threads:  # daemons: a second Ctrl-C waits for no call that hangs
            thread.start()
        try:
            for entry in self._spool.entries(self._where, states=self._states):
                if self._stopping.is_set() or self._worker.is_full():
                    break
                waiting.put(entry)
        finally:
            for _ in threads:
                waiting.put(None)
            for thread in threads:
                thread.join()
        if self._failures:
            raise self._failures[0]
        return "it was stopped" if self._stopping.is_set() else None

    def _live(self, waiting: Queue[Entry | None]) -> None:
        """Work what waits; after a failure, or when everything is to stop, nothing more is begun."""
        while (entry := waiting.get()) is not None:
            if self._stopping.is_set():
                continue
            try:
                self._worker.work(self._spool.letter(entry.number))
            except Stopped:
                continue
            except BaseException as error:
                self._failures.append(error)
                self._stopping.set()
