"""Real time: the only file of the local service that reads it, beside the worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from .clock import Timer


class SystemClock:
    """Real time."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        delay_ms = max(0, when_ms - self.now_ms())
        return asyncio.get_running_loop().call_later(delay_ms / 1000, callback)
