"""Ends a redrive when too much of what it has sent fails again (`--stop-at`).

What comes back to the queue that is worked is counted there. Where invocations are async tasks, this also asks how
those ended that were accepted, the oldest first, one after another while the redrive goes on: of a fast one it sees a
part.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ..errors import FcAsyncError
from ..functions.client import FunctionsClient
from .targets import Target

FEWEST_TO_JUDGE = 20
"""It says nothing before so many were sent, or have ended."""

_MOST_WAITING = 1000
_AGAIN_SECONDS = 0.5
_MOST_FAILURES = 5
_REST_SECONDS = 0.05
_LAST_LOOKS_SECONDS = 10.0


class _Task(NamedTuple):
    target: Target
    task_id: str
    not_before: float = 0.0
    failures: int = 0


class Breaker:
    """Counts how what was sent ended.

    Args:
        part: more than this part may not fail, over 0 to 1; None: nothing is counted or asked.
        functions: the client that asks.
        end: ends the redrive, with a reason.
        own_net: the queue that is worked: what fails and falls into it is counted when it shows; None: a spool is.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        part: float | None,
        functions: FunctionsClient,
        end: Callable[[str], None],
        own_net: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._part = part
        self._functions = functions
        self._end = end
        self._own_net = own_net
        self._clock = clock
        self._waiting: deque[_Task] = deque()
        self._ends_at: float | None = None
        self._seen = self._failed = 0
        self.failed_elsewhere = 0
        """Tasks that are known to have failed and do not come back to the queue that is worked."""
        self._thread = threading.Thread(target=self._live, name="fc_async-stop-at", daemon=True)

    def begin(self) -> None:
        """Begin to ask."""
        if self._part is not None:
            self._thread.start()

    def accepted(self, target: Target, task_id: str | None) -> None:
        """Take that an invocation was accepted."""
        if self._part is not None and task_id is not None and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(_Task(target, task_id))

    def came_back(self, count: int, sent: int) -> None:
        """Take how many letters of those that were sent came back so far."""
        if self._part is not None and sent >= FEWEST_TO_JUDGE and count > self._part * sent:
            self._end(f"{count} of {sent} came back, more than {self._part:.0%} (--stop-at)")

    def close(self, *, is_stopped: bool) -> None:
        """Ask for those that have not ended yet a little longer, where the redrive was not stopped; and end."""
        if not self._thread.is_alive():
            return
        self._ends_at = self._clock() + (0.0 if is_stopped else _LAST_LOOKS_SECONDS)
        self._thread.join()

    def ended(self, target: Target, status: str) -> None:
        """Take how a task ended."""
        if self._part is None:
            return
        self._seen += 1
        if status == "Succeeded":
            return
        self._failed += 1
        self.failed_elsewhere += self._own_net is None or target.net_queue != self._own_net
        if self._seen >= FEWEST_TO_JUDGE and self._failed > self._part * self._seen:
            self._end(f"{self._failed} of {self._seen} tasks failed again, more than {self._part:.0%} (--stop-at)")

    def _live(self) -> None:
        while self._ends_at is None or (self._waiting and self._clock() < self._ends_at):
            if not self._waiting or self._waiting[0].not_before > self._clock():
                time.sleep(_REST_SECONDS)
                continue
            self._ask(self._waiting.popleft())

    def _ask(self, one: _Task) -> None:
        name = one.target.name
        failures = one.failures
        try:
            task = self._functions.get_task(name.name, one.task_id, qualifier=name.qualifier)
        except FcAsyncError:  # not known yet, or not allowed: others are asked for
            failures += 1
        else:
            if task.is_over:
                self.ended(one.target, task.status)
                return
        if failures < _MOST_FAILURES:
            self._waiting.append(one._replace(not_before=self._clock() + _AGAIN_SECONDS, failures=failures))
