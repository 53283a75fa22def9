"""SIGTERM and SIGINT end a run; a second one does what it did before the run."""

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
        stop: called at the first signal, inside the signal handler.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before: dict[int, Any] = {}

    def take(self) -> None:
        """Begin; a signal that is ignored stays so, as in a job that the shell runs behind."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN and before is not None:
                self._before[number] = before
                signal.signal(number, self._first)

    def put_back(self) -> None:
        """End: what was there before holds again."""
        if threading.current_thread() is not threading.main_thread():
            return
        while self._before:
            number, before = self._before.popitem()
            if signal.getsignal(number) == self._first:  # else the handler's own code has set another one meanwhile
                signal.signal(number, before)

    def _first(self, number: int, frame: FrameType | None) -> None:
        self.put_back()
        self._stop()
