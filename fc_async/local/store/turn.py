"""One commit for each turn of the event loop, and nobody is answered before it.

The loop runs callbacks in the order in which they were asked for. A change asks for a commit; who waits for it asks to
go on after that, and so goes on in the next turn, when the commit has been. Who was alone in the last turn, and is the
first in this one, commits at once and goes on: waiting would cost more than the commit that it may share.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger("fc_async.local")


_RETRY_SECONDS = 1.0
"""What could not be written is tried again, also where nobody asks."""


class NotWritten(Exception):  # noqa: N818 - what happened, for the answer; never seen by a user
    """What has changed could not be written; the text says why."""


class Turn:
    """Commits what the callbacks of one turn have changed, together.

    What could not be written stays to be written, and is tried again after a second and by the next that asks.

    Args:
        write: writes all that has changed, or raises NotWritten.
    """

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self._has_changes = False
        self._is_scheduled = False
        self._asking = 0  # in this turn
        self._is_shared = False  # whether several have asked in the last turn
        self._commits = 0
        self._last_written = 0  # the last commit that has written everything up to it
        self._failure = ""

    def touch(self) -> None:
        """Commit at the end of this turn."""
        self._has_changes = True
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._end)

    async def settled(self) -> None:
        """Wait until everything that has changed up to now is safe; raises NotWritten."""
        if not self._has_changes:
            return
        self.touch()  # what could not be written has no commit under way
        self._asking += 1
        commit = self._commits + 1
        if self._asking == 1 and not self._is_shared:
            self.commit()
        else:
            await asyncio.sleep(0)
        if self._last_written < commit:
            raise NotWritten(self._failure)

    def _end(self) -> None:
        self._is_scheduled = False
        self._is_shared, self._asking = self._asking > 1, 0
        self.commit()

    def commit(self) -> None:
        """Write what has changed."""
        self._commits += 1
        if not self._has_changes:
            return
        try:
            self._write()
        except NotWritten as failed:
            self._failed(str(failed))
            return
        if self._failure:
            log.info("what has changed is kept again")
        self._has_changes, self._failure = False, ""
        self._last_written = self._commits

    def forget(self) -> None:
        """Write nothing of what has changed."""
        self._has_changes = False

    def _failed(self, reason: str) -> None:
        if not self._failure:
            log.error("nothing can be kept: %s; requests are answered 500 until it can", reason)
        self._failure = reason
        asyncio.get_running_loop().call_later(_RETRY_SECONDS, self.touch)
