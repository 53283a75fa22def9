"""One commit for each turn of the event loop, and nobody is answered before it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger("fc_async.local")


class NotWritten(Exception):  # noqa: N818 - what happened, for the answer; never seen by a user
    """What has changed could not be written; the text says why."""


class Turn:
    """Commits what the callbacks of one turn have changed, together.

    What could not be written stays to be written: the next that asks has it tried again.

    Args:
        write: writes all that has changed, or raises NotWritten.
    """

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self._has_changes = False
        self._is_scheduled = False
        self._is_failing = False
        self._waiting: list[asyncio.Future[None]] = []

    def touch(self) -> None:
        """Commit at the end of this turn."""
        self._has_changes = True
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.commit)

    async def settled(self) -> None:
        """Wait until everything that has changed up to now is safe; raises NotWritten."""
        if not self._has_changes:
            return
        self.touch()
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def commit(self) -> None:
        """Write what has changed, and let those go on who wait for it."""
        self._is_scheduled = False
        failure = self._failure() if self._has_changes else None
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if one.done():
                continue
            if failure is None:
                one.set_result(None)
            else:
                one.set_exception(NotWritten(failure))

    def forget(self) -> None:
        """Write nothing of what has changed."""
        self._has_changes = False

    def _failure(self) -> str | None:
        try:
            self._write()
        except NotWritten as failed:
            if not self._is_failing:
                log.error("nothing can be kept: %s; requests are answered 500 until it can", failed)
            self._is_failing = True
            return str(failed)
        if self._is_failing:
            log.info("what has changed is kept again")
        self._has_changes = self._is_failing = False
        return None
