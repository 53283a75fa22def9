"""A service that was started: where it lives, its parts, and what ends it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from .assembly import Service
from .workers.scratch import Scratch

if TYPE_CHECKING:  # SQLite is loaded where something is kept
    from .store.store import Store


class Running:
    """A service that was started: the loop on which it lives, its parts, which a reset replaces, and what ends it.

    Args:
        loop: the event loop.
        store: keeps the service; None: it is in memory alone.
    """

    service: Service
    scratch: Scratch

    def __init__(self, loop: asyncio.AbstractEventLoop, store: Store | None) -> None:
        self.loop = loop
        self.store = store
        self._removals: set[asyncio.Future[None]] = set()
        self.ending = AsyncExitStack()
        self.advancing = asyncio.Lock()

    async def end_service(self) -> None:
        """End what `_begin` has made, as far as it came."""
        if hasattr(self, "service"):
            await self.service.close(for_good=True)
        await asyncio.gather(*self._removals)
        if hasattr(self, "scratch"):
            self.scratch.remove()

    def remove_soon(self, scratch: Scratch) -> None:
        """Remove the folder of a service that was started over, without keeping anybody waiting for it."""
        scratch.retire()
        self._removals = {one for one in self._removals if not one.done()}
        self._removals.add(self.loop.run_in_executor(None, scratch.remove))
