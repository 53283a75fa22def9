"""Writes a spool: what several threads ask for at once shares one commit, and each waits until it is on disk."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from ..errors import SpoolError
from .spool_file import connect

_Result = TypeVar("_Result")

Work = Callable[[sqlite3.Connection], _Result]
"""Changes something; what it returns is returned to whoever asked, after the commit."""

Together = Callable[[sqlite3.Connection, list[Any]], list[Any]]
"""Does with all rows that were asked for at once what a `Work` does with one; returns what becomes of each."""


class _Asked:
    """One piece of work, and what became of it."""

    __slots__ = ("_done", "_error", "result", "row", "together", "work")

    def __init__(self, work: Work[Any] | None, together: Together | None = None, row: Any = None) -> None:
        self.work = work
        self.together = together
        self.row = row
        self.result: Any = None
        self._error: SpoolError | None = None
        self._done = threading.Lock()  # held until it is done
        self._done.acquire()

    def end(self, error: SpoolError | None = None) -> None:
        self._error = error
        self._done.release()

    def wait(self) -> Any:
        with self._done:
            if self._error is not None:
                raise self._error
            return self.result


_MOST_AT_ONCE = 256
_NO_MORE = "nothing was done after that"


class Writer:
    """One thread with the one connection that writes.

    After a commit that failed nothing more is written: what then stands in the file is what is known.

    Args:
        path: the spool.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = _inode(path)
        try:
            self._connection = connect(path)
        except sqlite3.Error as error:
            raise SpoolError(f"{path}: cannot be written ({error})") from None
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._failure: SpoolError | None = None
        self._is_closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._live, name="fc_async-spool", daemon=True)
        self._thread.start()

    def write(self, work: Work[_Result]) -> _Result:
        """Change something, and return when it is on disk.

        Raises:
            SpoolError: it could not be written, or something before it could not.
        """
        result: _Result = self._ask(_Asked(work))
        return result

    def write_together(self, together: Together, row: Any) -> Any:
        """Change one row, together with those that others want changed likewise; else as `write`."""
        return self._ask(_Asked(None, together, row))

    def _ask(self, asked: _Asked) -> Any:
        with self._lock:
            if self._is_closed:
                raise SpoolError(f"{self._path}: is closed")
            self._asked.put(asked)
        return asked.wait()

    @property
    def pending(self) -> int:
        """How many wait for a commit that has not begun."""
        return self._asked.qsize()

    def close(self) -> None:
        """Write what was asked for, and end; harmless twice."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._asked.put(None)
        self._thread.join()
        self._connection.close()

    def _live(self) -> None:
        while (first := self._asked.get()) is not None:
            batch = [first]
            is_last = False
            while not self._asked.empty() and len(batch) < _MOST_AT_ONCE:
                one = self._asked.get()
                if one is None:
                    is_last = True
                    break
                batch.append(one)
            self._commit(batch)
            if is_last:
                return

    def _commit(self, batch: list[_Asked]) -> None:
        try:
            if self._failure is not None:
                raise self._failure
            self._check_place()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._do(batch)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError) as error:
            self._fail(batch, SpoolError(f"{self._path}: cannot be written ({error}); {_NO_MORE}"))
        except SpoolError as error:
            self._fail(batch, error)
        except BaseException as error:  # a fault of ours in one piece of work
            self._fail(batch, SpoolError(f"{self._path}: cannot be written ({type(error).__name__})"))
        else:
            for asked in batch:
                asked.end()

    def _do(self, batch: list[_Asked]) -> None:
        alike: dict[Together, list[_Asked]] = {}
        for asked in batch:
            if asked.work is not None:
                asked.result = asked.work(self._connection)
            elif asked.together is not None:
                alike.setdefault(asked.together, []).append(asked)
        for together, all_of_it in alike.items():
            results = together(self._connection, [asked.row for asked in all_of_it])
            for asked, result in zip(all_of_it, results, strict=True):
                asked.result = result

    def _fail(self, batch: list[_Asked], error: SpoolError) -> None:
        self._failure = error
        for asked in batch:
            asked.end(SpoolError(str(error)))

    def _check_place(self) -> None:
        """SQLite goes on writing a file that has been taken away."""
        try:
            is_there = _inode(self._path) == self._inode
        except SpoolError:
            is_there = False
        if not is_there:
            raise SpoolError(f"{self._path}: the file was taken away; {_NO_MORE}")


def _inode(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise SpoolError(f"{path}: cannot be opened ({error.strerror})") from None
    return status.st_dev, status.st_ino
