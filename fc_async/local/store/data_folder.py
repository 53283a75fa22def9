"""The folder that a service keeps its state in: one process at a time has it."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from ...errors import LocalError

_LOCK = "lock"
_PID = re.compile(rb"(?:[0-9]{1,18}\n)?")


class DataFolder:
    """A folder that is ours until it is closed; the operating system takes it back from a process that dies.

    Args:
        path: the folder; it is made where there is none.

    Raises:
        LocalError: it is no folder, not writable, has files of somebody else where ours would lie, or another process
            has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._lock = os.open(self.path / _LOCK, flags, 0o600)
        except (FileExistsError, NotADirectoryError):
            raise LocalError(f"--data {path}: expected a folder, found something else there") from None
        except OSError as error:
            raise LocalError(f"--data {path}: cannot be written ({error.strerror})") from None
        self._owner = os.getpid()
        try:
            self._take()
            self.code = self._folder("code")
            self.packages = self._folder("packages")
        except BaseException:
            self.close()
            raise

    @property
    def database(self) -> Path:
        """The file of the state."""
        return self.path / "state.sqlite3"

    def _take(self) -> None:
        try:
            said = os.pread(self._lock, 20, 0)
            if not _PID.fullmatch(said):
                raise LocalError(f"--data {self.path}: {_LOCK} in it is none of ours; name another folder")
            self._lock_it(said.decode().strip() or "unknown")
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{self._owner}\n".encode(), 0)
        except OSError as error:
            raise LocalError(f"--data {self.path}: its lock cannot be written ({error.strerror})") from None

    def _lock_it(self, holder: str) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(
                f"--data {self.path}: another fc-async local has it (process {holder}); stop that one, or name another "
                "folder"
            ) from None

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        try:
            folder.mkdir(exist_ok=True)
            is_foreign = not self.database.exists() and any(folder.iterdir())
        except OSError as error:
            raise LocalError(f"--data {self.path}: {name} cannot be made in it ({error.strerror})") from None
        if is_foreign:  # what no function needs is removed there
            raise LocalError(
                f"--data {self.path}: expected nothing in {name}, which would hold uploaded code, found files of "
                "somebody else; name another folder"
            )
        return folder

    def close(self) -> None:
        """Give it back; harmless twice."""
        if self._lock >= 0:
            if os.getpid() == self._owner:  # a child that was forked has the lock too, and may live on
                fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = -1
