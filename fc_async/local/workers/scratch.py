"""The one folder on disk that a local service makes: uploaded code, and a home for handlers. Gone when it stops.

A service that was killed cannot clean up; the next one does. Which folders are left over is told by a lock that the
operating system gives back when its holder dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "fc-async-local-"
_LOCK = "lock"


class Scratch:
    """A folder that is ours until it is removed.

    Args:
        root: where it is made; None: the system's folder for temporary files.
        cleans: whether what others left over is removed, which takes as long as there is much in the root.
    """

    def __init__(self, root: Path | None = None, *, cleans: bool = True) -> None:
        root = Path(tempfile.gettempdir()) if root is None else root
        if cleans:
            _remove_left_over(root)
        self._folder, self._lock = _locked_folder(root)
        self.code = self._folder / "code"
        self.code.mkdir()
        self.packages = self._folder / "packages"
        self.packages.mkdir()
        self.bucket = self._folder / "bucket"
        self.bucket.mkdir()
        self.home = self._folder / "home"
        self.home.mkdir()

    def retire(self) -> None:
        """Have nothing more found or put in it, at once; `remove` takes longer."""
        with contextlib.suppress(OSError):
            self._folder = self._folder.rename(self._folder.with_name(f"{self._folder.name}-gone"))

    def remove(self) -> None:
        """Remove the folder and all that is in it; harmless twice."""
        if self._lock >= 0:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def _locked_folder(root: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        os.close(lock)  # a service that started at this moment saw the folder without its lock, and removed it


def _remove_left_over(root: Path) -> None:
    with contextlib.suppress(OSError):
        for entry in os.scandir(root):
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                _remove_if_left_over(Path(entry.path))


def _remove_if_left_over(folder: Path) -> None:
    try:
        if folder.stat().st_uid != os.getuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return  # another service has just made it, or removes it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # its service is alive
    finally:
        os.close(lock)
