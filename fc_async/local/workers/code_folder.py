"""A developer's code folder, watched by looking at it before each invocation."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

_SKIPPED = ("__pycache__", ".git")
_LOOKED_AT_ONCE = 50
"""So many files take no longer to look at than it takes to ask a thread."""


class CodeFolder:
    """Tells whether a folder has changed, without holding up the event loop.

    A small folder is looked at at once. A large one is looked at in a thread, and all who ask meanwhile share the next
    look: it begins after they asked, and so sees every edit made before.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = _LOOKED_AT_ONCE + 1  # not known yet
        self._looking: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def fingerprint(self) -> int:
        """Return a number that changes when a file in the folder is edited, added or removed."""
        if self._files <= _LOOKED_AT_ONCE:
            return self._take(_look(self._path))
        if self._next is None:
            self._next = asyncio.create_task(self._look_after(self._looking))
        return await asyncio.shield(self._next)

    async def _look_after(self, before: asyncio.Task[int] | None) -> int:
        if before is not None:
            await asyncio.wait([before])
        self._looking, self._next = self._next, None
        return self._take(await asyncio.to_thread(_look, self._path))

    def _take(self, looked: tuple[int, int]) -> int:
        self._files, number = looked
        return number


def _look(folder: Path) -> tuple[int, int]:
    """Return how many files there are, and the fingerprint."""
    found: list[tuple[str, int, int, int, int]] = []
    _walk(str(folder), found, set())
    return len(found), hash(tuple(sorted(found)))


def _walk(folder: str, found: list[tuple[str, int, int, int, int]], linked: set[str]) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # gone or unreadable: starting the worker will say so
    for entry in entries:
        if entry.name not in _SKIPPED:
            _note(entry, found, linked)


def _note(entry: os.DirEntry[str], found: list[tuple[str, int, int, int, int]], linked: set[str]) -> None:
    try:
        if entry.is_dir():
            if not entry.is_symlink():
                _walk(entry.path, found, linked)
            elif (target := os.path.realpath(entry.path)) not in linked:  # a link may lead back to where it stands
                linked.add(target)
                _walk(entry.path, found, linked)
            return
        status = entry.stat()
    except OSError:
        return  # removed while we looked, or a link to nowhere
    # A file that replaces another may have its time and size, but not its inode and ctime.
    found.append((entry.path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
