"""Who runs next: what waits for its time lies in a heap, what is ready in its function's lane, and lanes take turns."""

from __future__ import annotations

import heapq
import itertools
from collections import deque

from .invocation import Invocation
from .lane import Lane

_FEWEST_TO_SWEEP = 1000


class Schedule:
    """The invocations that wait: for a worker, for their delay or for their next attempt.

    One that is stopped while it waits stays where it lies and is passed over at its turn. Where there are no workers no
    turn comes, so that the queues are swept when such invocations outnumber the others.
    """

    def __init__(self) -> None:
        self._turns: deque[Lane[Invocation]] = deque()  # the lanes with ready work, each once
        self._waiting: list[tuple[int, int, Invocation]] = []
        self._order = itertools.count()
        self._stopped = 0  # at most: those that were passed over since are counted still
        self.backlog = 0
        """How many wait."""

    def add(self, invocation: Invocation) -> None:
        """Put an invocation behind those of its function that are ready."""
        self.backlog += 1
        self._make_ready(invocation)

    def add_at(self, due_ms: int, invocation: Invocation) -> None:
        """Let an invocation wait until `due_ms`."""
        self.backlog += 1
        heapq.heappush(self._waiting, (due_ms, next(self._order), invocation))

    def due(self, now_ms: int) -> int | None:
        """Make ready what has waited long enough; return when the next one is due, None when nothing waits for time."""
        waiting = self._waiting
        while waiting and (waiting[0][0] <= now_ms or waiting[0][2].has_ended):
            invocation = heapq.heappop(waiting)[2]
            if not invocation.has_ended:
                self._make_ready(invocation)
        return waiting[0][0] if waiting else None

    def take(self) -> Invocation | None:
        """Take out the invocation whose turn it is; None when none is ready."""
        while self._turns:
            lane = self._turns.popleft()
            invocation = lane.ready.popleft()
            if lane.ready:
                self._turns.append(lane)
            if not invocation.has_ended:
                self.backlog -= 1
                return invocation
        return None

    def stopped(self) -> None:
        """Take note that an invocation has ended while it waits."""
        self.backlog -= 1
        self._stopped += 1
        if self._stopped > max(_FEWEST_TO_SWEEP, self.backlog):
            self._sweep()

    def _make_ready(self, invocation: Invocation) -> None:
        lane = invocation.target.lane
        if not lane.ready:
            self._turns.append(lane)
        lane.ready.append(invocation)

    def _sweep(self) -> None:
        for lane in self._turns:
            lane.ready = deque(invocation for invocation in lane.ready if not invocation.has_ended)
        self._turns = deque(lane for lane in self._turns if lane.ready)
        self._waiting = [entry for entry in self._waiting if not entry[2].has_ended]
        heapq.heapify(self._waiting)
        self._stopped = 0
