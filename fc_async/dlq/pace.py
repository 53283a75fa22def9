"""How fast letters are sent: at most so many a second, however many threads send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Gives each sender its turn.

    Args:
        per_second: most turns a second, over 0; None: no limit.
        clock: seconds that only grow.
    """

    def __init__(self, per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap_seconds = 0.0 if per_second is None else 1 / per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._next_at = 0.0

    def wait(self, stopping: threading.Event) -> bool:
        """Wait for a turn; return whether it came before everything is to stop."""
        with self._lock:
            now = self._clock()
            at = max(now, self._next_at)
            self._next_at = at + self._gap_seconds
        return not (stopping.wait(at - now) if at > now else stopping.is_set())
