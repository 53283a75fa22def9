"""The places in which handlers run: how many are free, and who comes next when one is given back.

Sync invocations wait here, first come first served; async ones wait in the engine, which asks for places that are free.
The two take turns: every other place that is given back is the engine's, if something waits there.
"""

from __future__ import annotations

import asyncio
from collections import deque

Place = asyncio.Future[None]
"""Done when it is taken; cancelled when whoever waited for it went away."""


class Places:
    """Used on the event loop's thread only.

    Args:
        count: how many there are; 0 lets nothing run.
    """

    def __init__(self, count: int) -> None:
        self.free = count
        self._waiting: deque[Place] = deque()
        self._is_waiters_turn = True

    def take(self) -> Place:
        """Take a place at once if one is free, else stand in the queue."""
        place: Place = asyncio.get_running_loop().create_future()
        if self.free > 0:
            self.free -= 1
            place.set_result(None)
        else:
            self._waiting.append(place)
        return place

    def give_back(self) -> None:
        """Free a place.

        The dispatcher takes what is free as soon as the execution that has ended is accounted for, in the same turn of
        the loop. What it leaves goes to the queue on the next turn.
        """
        self.free += 1
        self._is_waiters_turn = not self._is_waiters_turn
        if not self._waiting:
            return
        if self._is_waiters_turn:
            self._serve()
        else:
            asyncio.get_running_loop().call_soon(self._serve)

    def close(self) -> None:
        """Cancel the wait of all who stand in the queue."""
        for place in self._waiting:
            place.cancel()

    def _serve(self) -> None:
        while self._waiting and self.free > 0:
            place = self._waiting.popleft()
            if not place.done():
                self.free -= 1
                place.set_result(None)
