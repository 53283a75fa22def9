"""The invocations that `/_local/invocations` shows: all that are still under way, and the last of those that ended.

It also bounds what async tasks hold, which the service shows for days after their end. One that is no longer shown here
keeps its id, its status and its times, and loses its payload; beyond a number of them the oldest are forgotten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .. import limits
from ..kept import NOT_KEPT, Kept
from .invocation import Invocation


class History:
    """Remembers invocations, bounded in number and bytes once they have ended.

    Args:
        kept: the invocations, by their numbers, where they outlive the process.
        max_invocations: most invocations that it shows after their end.
        max_bytes: most bytes that they may hold.
        max_tasks: most async tasks that are known after their end.
    """

    def __init__(
        self,
        kept: Kept[int, Invocation] = NOT_KEPT,
        max_invocations: int = limits.HISTORY_INVOCATIONS,
        max_bytes: int = limits.HISTORY_BYTES,
        max_tasks: int = limits.TASK_HISTORY_TASKS,
    ) -> None:
        self._kept = kept
        self._max_invocations = max_invocations
        self._max_bytes = max_bytes
        self._max_tasks = max_tasks
        self._open: dict[int, Invocation] = {}
        self._ended: deque[Invocation] = deque()
        self._ended_bytes = 0
        self._ended_tasks: deque[Invocation] = deque()

    def opened(self, invocation: Invocation) -> None:
        """Take note of an invocation that was accepted."""
        self._open[invocation.number] = invocation

    def ended(self, invocation: Invocation) -> None:
        """Take note that an invocation has ended; the oldest of those that ended are forgotten."""
        del self._open[invocation.number]
        if invocation.has_payloads:  # else it was shown no longer before a restart
            self._show(invocation)
        if invocation.is_task:
            self._bound_tasks(invocation)

    def _show(self, invocation: Invocation) -> None:
        self._ended.append(invocation)
        self._ended_bytes += _bytes(invocation)
        while len(self._ended) > self._max_invocations or self._ended_bytes > self._max_bytes:
            oldest = self._ended.popleft()
            self._ended_bytes -= _bytes(oldest)
            self._show_no_longer(oldest)

    def _show_no_longer(self, invocation: Invocation) -> None:
        invocation.drop_payloads()
        if invocation.is_task and invocation.target.lane.tasks.holds(invocation):
            self._kept.put(invocation.number, invocation)
        else:
            self._kept.drop(invocation.number)

    def _bound_tasks(self, task: Invocation) -> None:
        self._ended_tasks.append(task)
        if len(self._ended_tasks) > self._max_tasks:
            oldest = self._ended_tasks.popleft()
            oldest.target.lane.tasks.forget(oldest)
            if not oldest.has_payloads:
                self._kept.drop(oldest.number)

    def unordered(self) -> Iterator[Invocation]:
        """Return them as they lie: a page out of a hundred thousand is not worth their sorting."""
        yield from self._ended
        yield from self._open.values()

    def __iter__(self) -> Iterator[Invocation]:
        """Return them in the order of their acceptance."""
        return iter(sorted([*self._ended, *self._open.values()], key=lambda invocation: invocation.number))


def _bytes(invocation: Invocation) -> int:
    return 1024 + len(invocation.payload) + invocation.record_bytes
