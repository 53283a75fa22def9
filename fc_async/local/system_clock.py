"""Real time: the only file of the local service that reads it, beside the worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from .clock import Timer


class SystemClock:
    """Real time, moved only by a jump that was asked for."""

    def __init__(self) -> None:
        self._offset_ms = 0
        self._timers: set[_Timer] = set()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._offset_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        timer = _Timer(self._timers, when_ms, callback)
        timer.set(when_ms - self.now_ms())
        return timer

    def jump(self, by_ms: int) -> None:
        """Be another time from now on, as when a machine's clock is set; what is due by then is called soon."""
        self._offset_ms += by_ms
        for timer in list(self._timers):
            timer.set(timer.when_ms - self.now_ms())


class _Timer:
    __slots__ = ("_all", "_callback", "_handle", "when_ms")

    def __init__(self, all_timers: set[_Timer], when_ms: int, callback: Callable[[], None]) -> None:
        self._all = all_timers
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None
        self.when_ms = when_ms

    def set(self, delay_ms: int) -> None:
        self._stop()
        self._all.add(self)
        self._handle = asyncio.get_running_loop().call_later(max(0, delay_ms) / 1000, self._run)

    def cancel(self) -> None:
        self._all.discard(self)
        self._stop()

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _run(self) -> None:
        self._all.discard(self)
        self._callback()
