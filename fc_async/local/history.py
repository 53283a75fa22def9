"""The invocations that `/_local/invocations` shows: all that are still under way, and the last of those that ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from . import limits
from .invocation import Invocation


class History:
    """Remembers invocations, bounded in number and bytes once they have ended."""

    def __init__(self) -> None:
        self._open: dict[int, Invocation] = {}
        self._ended: deque[Invocation] = deque()
        self._ended_bytes = 0

    def opened(self, invocation: Invocation) -> None:
        """Take note of an invocation that was accepted."""
        self._open[invocation.number] = invocation

    def ended(self, invocation: Invocation) -> None:
        """Take note that an invocation has ended; the oldest of those that ended are forgotten."""
        del self._open[invocation.number]
        self._ended.append(invocation)
        self._ended_bytes += _bytes(invocation)
        while len(self._ended) > limits.HISTORY_INVOCATIONS or self._ended_bytes > limits.HISTORY_BYTES:
            self._ended_bytes -= _bytes(self._ended.popleft())

    def __iter__(self) -> Iterator[Invocation]:
        """Return them in the order of their acceptance."""
        return iter(sorted([*self._ended, *self._open.values()], key=lambda invocation: invocation.number))


def _bytes(invocation: Invocation) -> int:
    return 1024 + len(invocation.payload) + invocation.record_bytes
