"""A developer's code folder, watched by looking at it before each invocation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..system_clock import SystemClock

_SKIPPED = ("__pycache__", ".git")
_LOOKED_AT_ONCE = 50
"""So many files and folders take no longer to look at than it takes to ask a thread."""

_SETTLED_MS = 2100
"""File systems count time in steps, FAT in such of 2 s: two changes of a folder in one step leave one time."""

_Status = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Seen:
    """What a look has found.

    Args:
        files: path and status of every file.
        folders: path and time of every folder; the time changes when something is added, removed or renamed in it.
        number: the fingerprint.
        is_settled: whether another change of a folder would show in its time.
    """

    files: tuple[tuple[str, _Status], ...]
    folders: tuple[tuple[str, int], ...]
    number: int
    is_settled: bool

    def is_as_it_was(self) -> bool:
        """Whether nothing has changed since; asks the system once for each file and folder, and lists none."""
        try:
            return (
                self.is_settled
                and all(os.stat(path).st_mtime_ns == time_ns for path, time_ns in self.folders)
                and all(_status(os.stat(path)) == status for path, status in self.files)
            )
        except OSError:
            return False


class CodeFolder:
    """Tells whether a folder has changed, without holding up the event loop.

    A small folder is looked at at once. A large one is looked at in a thread, and all who ask meanwhile share the next
    look: it begins after they asked, and so sees every edit made before.

    Args:
        path: the folder.
        now_ms: the time by which files are stamped; None: real time.
    """

    def __init__(self, path: Path, now_ms: Callable[[], int] | None = None) -> None:
        self._path = path
        self._now_ms = SystemClock().now_ms if now_ms is None else now_ms
        self._seen: _Seen | None = None
        self._looking: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is looked at at once, as far as is known."""
        return self._seen is not None and len(self._seen.files) + len(self._seen.folders) <= _LOOKED_AT_ONCE

    async def fingerprint(self) -> int:
        """Return a number that changes when a file in the folder is edited, added or removed."""
        if self.is_small:
            return self.fingerprint_at_once()
        if self._next is None:
            self._next = asyncio.create_task(self._look_after(self._looking))
        return await asyncio.shield(self._next)

    def fingerprint_at_once(self) -> int:
        """Return it for a folder that is small."""
        if self._seen is None or not self._seen.is_as_it_was():
            self._seen = _look(self._path, self._now_ms())
        return self._seen.number

    async def _look_after(self, before: asyncio.Task[int] | None) -> int:
        if before is not None:
            await asyncio.wait([before])
        self._looking, self._next = self._next, None
        self._seen = await asyncio.to_thread(_look, self._path, self._now_ms())
        return self._seen.number


def _look(folder: Path, now_ms: int) -> _Seen:
    walk = _Walk()
    walk.into(str(folder))
    newest_ns = max((time_ns for _, time_ns in walk.folders), default=0)
    is_settled = walk.is_whole and newest_ns < (now_ms - _SETTLED_MS) * 1_000_000
    return _Seen(tuple(walk.files), tuple(walk.folders), hash(tuple(sorted(walk.files))), is_settled)


class _Walk:
    """One look at a folder and all below it.

    Attributes:
        is_whole: whether everything that has a name could be looked at. A link to nowhere may lead somewhere later,
            and no folder's time tells.
    """

    def __init__(self) -> None:
        self.files: list[tuple[str, _Status]] = []
        self.folders: list[tuple[str, int]] = []
        self.is_whole = True
        self._linked: set[str] = set()

    def into(self, folder: str) -> None:
        """Look at a folder."""
        try:
            self.folders.append((folder, os.stat(folder).st_mtime_ns))  # before the list: what comes between is seen
            entries = list(os.scandir(folder))
        except OSError:
            self.is_whole = False
            return  # gone or unreadable: starting the worker will say so
        for entry in entries:
            if entry.name not in _SKIPPED:
                self._note(entry)

    def _note(self, entry: os.DirEntry[str]) -> None:
        try:
            if entry.is_dir():
                if not entry.is_symlink():
                    self.into(entry.path)
                elif (target := os.path.realpath(entry.path)) not in self._linked:  # it may lead back to where it is
                    self._linked.add(target)
                    self.into(entry.path)
                return
            status = entry.stat()
        except OSError:
            self.is_whole = False
            return  # removed while we looked, or a link to nowhere
        self.files.append((entry.path, _status(status)))


def _status(status: os.stat_result) -> _Status:
    # A file that replaces another may have its time and size, but not its inode and ctime.
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
