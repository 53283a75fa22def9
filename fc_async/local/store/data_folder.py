"""The folder that a service keeps its state in: one process at a time has it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ...errors import LocalError

_LOCK = "lock"


class DataFolder:
    """A folder that is ours until it is closed; the operating system takes it back from a process that dies.

    Args:
        path: the folder; it is made where there is none.

    Raises:
        LocalError: it is no folder, not writable, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except (FileExistsError, NotADirectoryError):
            raise LocalError(f"--data {path}: expected a folder, found something else there") from None
        except OSError as error:
            raise LocalError(f"--data {path}: cannot be written ({error.strerror})") from None
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
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise LocalError(
                f"--data {self.path}: another fc-async local has it (process {holder}); stop that one, or name another "
                "folder"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise LocalError(f"--data {self.path}: {name} cannot be made in it ({error.strerror})") from None
        return folder

    def close(self) -> None:
        """Give it back; harmless twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
