"""Tells the caller how far a redrive is; what that raises ends the redrive, after what is in flight is noted."""

from __future__ import annotations

import time
from collections.abc import Callable

from .breaker import Breaker
from .redrive_summary import Progress
from .worker import Counts


class Telling:
    """Tells a caller.

    Args:
        caller: is told; None: nobody is.
        counts: of the letters.
        breaker: counts what came back elsewhere.
        stop: ends the redrive.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        caller: Callable[[Progress], None] | None,
        counts: Counts,
        breaker: Breaker,
        stop: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._caller = caller
        self._counts = counts
        self._breaker = breaker
        self._stop = stop
        self._clock = clock
        self._began = clock()
        self._failure: Exception | None = None

    def tell(self, waits_for: str) -> None:
        """Tell how far it is, and what it waits for."""
        if self._caller is None:
            return
        counts, came_back = self._counts, self._counts.came_back + self._breaker.failed_elsewhere
        seconds = self._clock() - self._began
        try:
            self._caller(Progress(counts.sent, counts.done, came_back, counts.left, seconds, waits_for))
        except Exception as error:  # the caller's own
            self._caller, self._failure = None, error
            self._stop()

    def close(self) -> None:
        """Raise what telling has raised, if it has."""
        if self._failure is not None:
            raise self._failure
