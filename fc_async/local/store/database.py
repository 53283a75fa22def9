"""The file that things are kept in: SQLite, one table for each kind of them, one transaction for each turn.

A commit is in the hands of the operating system when it returns: it outlives the process, however that ends. It need
not outlive the machine (`synchronous=NORMAL`): what a power failure takes are the last commits, whole.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from ...errors import LocalError
from .shelf import Shelf

FORMAT: Final = 1
"""Another one for every change of what is written."""

TABLES: Final = {
    "meta": "TEXT",
    "function": "TEXT",
    "queue": "TEXT",
    "message": "TEXT",
    "topic": "TEXT",
    "push": "TEXT",
    "invocation": "INTEGER",
    "delivery": "INTEGER",
}
"""Every table, and the type of its key; rows stay in the order in which they came."""

_PUT: Final = {
    table: f"INSERT INTO {table} (key, value, data) VALUES (?, ?, ?) "  # noqa: S608 - ours
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, data = excluded.data"
    for table in TABLES
}
_DROP: Final = {table: f"DELETE FROM {table} WHERE key = ?" for table in TABLES}  # noqa: S608 - ours

_APPLICATION_ID: Final = 0x66636173  # "fcas"
_PAGES_BETWEEN_CHECKPOINTS: Final = 4000


class Database:
    """The tables.

    Args:
        path: the file; it is made where there is none.

    Raises:
        LocalError: the file is damaged, of another version or another program's: it is as it was; or it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            _check(path)
        try:
            if not path.exists():
                _make(path)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except sqlite3.Error:
                self._connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise LocalError(f"{path}: cannot be used ({error}); is the folder writable, is the disk full?") from None

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode=EXCLUSIVE")
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=NORMAL")
        execute(f"PRAGMA wal_autocheckpoint={_PAGES_BETWEEN_CHECKPOINTS}")

    def rows(self, table: str) -> Iterator[tuple[Any, str, bytes | None]]:
        """Yield key, JSON and bytes of every row, the first that came first."""
        return self._connection.execute(f"SELECT key, value, data FROM {table} ORDER BY rowid")  # noqa: S608 - ours

    def write(self, shelves: Iterable[Shelf[Any, Any]], *, is_cleared: bool = False) -> None:
        """Write all that has changed, or nothing of it.

        Args:
            shelves: what has changed.
            is_cleared: whether everything else goes.

        Raises:
            sqlite3.Error: it could not be written.
        """
        rows = [(shelf.table, *shelf.rows()) for shelf in shelves]
        if len(rows) == 1 and not is_cleared:
            ((table, puts, drops),) = rows
            if len(puts) == 1 and not drops:  # one statement for one row is a transaction of its own
                self._connection.execute(_PUT[table], puts[0])
                return
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            if is_cleared:
                for table in TABLES:
                    execute(f"DELETE FROM {table}")  # noqa: S608 - ours
            for row in rows:
                self._write(*row)
            execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                execute("ROLLBACK")
            raise

    def _write(self, table: str, puts: Sequence[tuple[Any, ...]], drops: Sequence[tuple[Any]]) -> None:
        if puts:
            self._connection.executemany(_PUT[table], puts)
        if drops:
            self._connection.executemany(_DROP[table], drops)

    def close(self) -> None:
        """Close the file; harmless twice."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _make(path: Path) -> None:
    """Make the file under another name first: one of this name is whole, also where the process is killed meanwhile."""
    unfinished = path.with_suffix(".new")
    for left_over in (unfinished, Path(f"{path}-wal"), Path(f"{path}-shm")):
        left_over.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_RDWR, 0o600))  # payloads are in it, and variables of functions
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        execute = connection.execute
        execute("PRAGMA journal_mode=OFF")
        execute("PRAGMA synchronous=OFF")
        execute("BEGIN")
        execute(f"PRAGMA application_id={_APPLICATION_ID}")
        execute(f"PRAGMA user_version={FORMAT}")
        for table, key in TABLES.items():
            execute(f"CREATE TABLE {table} (key {key} PRIMARY KEY, value TEXT NOT NULL, data BLOB)")
        execute("COMMIT")
    unfinished.replace(path)


def _check(path: Path) -> None:
    """Raise LocalError where a file is none of ours or not whole; it is only read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (format_,) = connection.execute("PRAGMA user_version").fetchone()
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from None
    if application != _APPLICATION_ID:
        raise LocalError(f"{path}: is a database of another program; name another folder")
    if format_ != FORMAT:
        raise LocalError(
            f"{path}: was written by another version of fc_async (its format is {format_}, this one has {FORMAT}); "
            "use that version, or name another folder"
        )
    if found != "ok":
        raise _damaged(path, str(found).splitlines()[0])


def _damaged(path: Path, found: str) -> LocalError:
    return LocalError(f"{path}: is damaged ({found}); it was left as it is: put it aside, or name another folder")
