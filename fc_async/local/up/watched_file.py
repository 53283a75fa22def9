"""Takes up changes of the file of functions: it is looked at twice a second, and read when it has changed."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import FcAsyncError
from ..catalog.function import FunctionSpec
from ..server import LocalServer

log = logging.getLogger("fc_async.local")

LOOK_SECONDS = 0.5


class WatchedFile:
    """A file of functions.

    Args:
        path: the file.
        read: returns its functions; what it raises is said, and the functions stay as they are.
    """

    def __init__(self, path: Path, read: Callable[[], Sequence[FunctionSpec]]) -> None:
        self._path = path
        self._read = read
        self._seen = _stamp(path)

    async def serve(self, server: LocalServer) -> None:
        """Have a running server follow the file, until this is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            stamp = _stamp(self._path)
            if stamp not in (None, self._seen):  # an editor takes a file away for a moment while it writes
                self._seen = stamp
                self._take_up(server)

    def _take_up(self, server: LocalServer) -> None:
        try:
            functions = self._read()
        except FcAsyncError as error:
            log.warning("%s has changed and cannot be read; the functions stay as they are: %s", self._path, error)
            return
        server.redeclare(functions)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
