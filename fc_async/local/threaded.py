"""Something that lives in an event loop, run in a loop and a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future


class OwnThread:
    """One life, from `begin` to `end`, both called by another thread.

    Args:
        start: brings it to life on the loop; what it raises, `begin` raises.
        stop: ends it on the loop.
    """

    def __init__(self, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> None:
        self._start = start
        self._stop = stop
        self._running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="fc-async-local")

    def begin(self) -> None:
        """Start the thread; returns when what lives in it has started."""
        self._thread.start()
        error = self._running.exception()
        if error is not None:
            self._thread.join()
            raise error

    def end(self) -> None:
        """Stop what lives in the thread; returns when both are gone."""
        loop, is_over = self._running.result()
        loop.call_soon_threadsafe(is_over.set)
        self._thread.join()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in this thread."""
        return threading.current_thread() is self._thread

    async def _live(self) -> None:
        is_over = asyncio.Event()
        try:
            await self._start()
        except BaseException as error:  # the thread that began this life hears of it
            self._running.set_exception(error)
            return
        self._running.set_result((asyncio.get_running_loop(), is_over))
        await is_over.wait()
        await self._stop()
