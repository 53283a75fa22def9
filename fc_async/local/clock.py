"""What the local service knows of time, and the clock that stands still until a test moves it.

What is told `now_ms` needs no clock. `call_at` is the one way to wait: both clocks call back on the event loop's
thread, the system clock (`system_clock.py`) when the time has come, the manual one when it is moved there.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A callback that is still to come."""

    def cancel(self) -> None:
        """Forget it; harmless when it has already run."""


class Clock(Protocol):
    """What the local service knows of time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        """Run `callback` once, on the event loop, at `when_ms` (soon, if that is past)."""

    def jump(self, by_ms: int) -> None:
        """Be another time from now on, as when a machine's clock is set: forward, or back where it is negative."""


class _ManualTimer:
    __slots__ = ("callback", "cancelled")

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """Time that stands still until it is moved; timers run in order as it passes them.

    Args:
        start_ms: where it begins; the default is 2026-01-01T00:00:00Z.
    """

    def __init__(self, start_ms: int = 1_767_225_600_000) -> None:
        self._now_ms = start_ms
        self._timers: list[tuple[int, int, _ManualTimer]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        return self._now_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (when_ms, next(self._order), timer))
        return timer

    def next_timer_ms(self) -> int | None:
        """When the next callback is due; None when none waits."""
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance_to(self, when_ms: int) -> None:
        """Move to `when_ms`, running on the way, in order, every callback that becomes due (also new ones)."""
        while (due_ms := self.next_timer_ms()) is not None and due_ms <= when_ms:
            self._now_ms = max(self._now_ms, due_ms)
            heapq.heappop(self._timers)[2].callback()
        self._now_ms = max(self._now_ms, when_ms)

    def jump(self, by_ms: int) -> None:
        if by_ms > 0:
            self.advance_to(self._now_ms + by_ms)
        else:
            self._now_ms += by_ms
