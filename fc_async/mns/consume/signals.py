"""SIGTERM and SIGINT end a run; a second one ends its grace, and one more does what it did before the run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Takes the signals from `take` to `put_back`; does nothing outside the main thread, where Python allows it not.

    Args:
        calls: what the first signal calls, and what each one after it, inside the signal handler.
    """

    def __init__(self, *calls: Callable[[], None]) -> None:
        self._calls = list(calls)
        self._before: dict[int, Any] = {}
        self.came: int | None = None
        """The number of the last one that came."""

    def take(self) -> None:
        """Begin; a signal that is ignored stays so, as in a job that the shell runs behind."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN and before is not None:
                self._before[number] = before
                signal.signal(number, self._came)

    def put_back(self) -> None:
        """End: what was there before holds again."""
        if threading.current_thread() is not threading.main_thread():
            return
        while self._before:
            number, before = self._before.popitem()
            if signal.getsignal(number) == self._came:  # else the handler's own code has set another one meanwhile
                signal.signal(number, before)

    def _came(self, number: int, frame: FrameType | None) -> None:
        self.came = number
        now, self._calls = self._calls[:1], self._calls[1:]
        if not self._calls:
            self.put_back()
        for call in now:
            call()
