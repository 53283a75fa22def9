"""The file of a spool: its tables, whose it is, and the one process that may write it.

A commit is on disk when it returns (`synchronous=FULL`): a letter is deleted from its queue after that and not before.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import SpoolError
from .spool_place import SpoolPlace

FORMAT: Final = 1
_APPLICATION_ID: Final = 0x66637370  # "fcsp"

_ELSEWHERE: Final = "name another file with --spool, or another folder with XDG_STATE_HOME"

_META: Final = ("account_id", "region", "queue", "endpoint", "created_ms")

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE letter (
    number INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    is_custody INTEGER NOT NULL,
    identity TEXT NOT NULL,
    message_id TEXT NOT NULL,
    request_id TEXT,
    target TEXT,
    task_id TEXT,
    new_request_id TEXT,
    reason TEXT,
    changed_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    fields TEXT NOT NULL,
    message TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX letter_identity ON letter (identity);
CREATE INDEX letter_message ON letter (message_id);
CREATE INDEX letter_request ON letter (request_id);
CREATE INDEX letter_new_request ON letter (new_request_id);
CREATE INDEX letter_state ON letter (state, number);
CREATE TABLE step (
    number INTEGER PRIMARY KEY,
    letter INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    detail TEXT
);
CREATE TRIGGER letter_came AFTER INSERT ON letter BEGIN
    INSERT INTO step (letter, at_ms, state, detail)
    VALUES (new.number, new.changed_ms, new.state, coalesce(new.reason, new.task_id));
END;
CREATE TRIGGER letter_changed AFTER UPDATE OF changed_ms ON letter BEGIN
    INSERT INTO step (letter, at_ms, state, detail)
    VALUES (new.number, new.changed_ms, new.state, CASE WHEN new.state IN ('accepted', 'done')
        THEN coalesce(new.new_request_id, new.reason) ELSE coalesce(new.reason, new.task_id) END);
END;
"""
"""The journal, `step`, is written by the file itself: no letter changes without a line in it."""


def make_spool(path: Path, place: SpoolPlace, now_ms: int) -> None:
    """Make an empty spool that only its owner may read.

    Raises:
        SpoolError: there is a file already, or none can be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SpoolError(f"{path}: no spool can be made here ({error.strerror}); {_ELSEWHERE}") from None
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        raise SpoolError(f"{path}: is there already; name another file, or go on with it: --resume {path}") from None
    except OSError as error:
        raise SpoolError(f"{path}: no spool can be made here ({error.strerror}); {_ELSEWHERE}") from None
    connection = None
    try:
        connection = connect(path)
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA application_id={_APPLICATION_ID};")
        meta = {**vars_of(place), "created_ms": str(now_ms)}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        connection.execute(f"PRAGMA user_version={FORMAT}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        path.unlink(missing_ok=True)
        raise SpoolError(f"{path}: no spool can be made here ({error}); {_ELSEWHERE}") from None
    finally:
        if connection is not None:
            connection.close()


def check_is_file(path: Path) -> None:
    """Raise SpoolError where there can be no spool at that path."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        reason = "there is no such spool"
    except (OSError, ValueError) as error:
        raise SpoolError(f"{path}: cannot be opened ({getattr(error, 'strerror', None) or error})") from None
    else:
        if stat.S_ISREG(mode):
            return
        reason = "is no spool, and no file"
    raise SpoolError(f"{path}: {reason}; `fc-async dlq spools` lists those that there are")


def vars_of(place: SpoolPlace) -> dict[str, str]:
    """Return what is written of a place."""
    return {
        "account_id": place.account_id,
        "region": place.region,
        "queue": place.queue,
        "endpoint": place.endpoint,
    }


def connect(path: Path, *, may_write: bool = True) -> sqlite3.Connection:
    """Open the file; raises sqlite3.Error."""
    mode = "rw" if may_write else "ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30, check_same_thread=False
    )
    if may_write:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            connection.close()
            raise
    return connection


def read_meta(path: Path, connection: sqlite3.Connection) -> dict[str, str]:
    """Return whose a spool is; raises SpoolError where a file is none, damaged or of another version."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (format_,) = connection.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION_ID:
            raise SpoolError(f"{path}: is no spool; `fc-async dlq spools` lists those that there are")
        if format_ != FORMAT:
            raise SpoolError(
                f"{path}: was written by another version of fc_async (its format is {format_}, this one has {FORMAT}); "
                "use that version"
            )
        meta = dict(connection.execute("SELECT key, value FROM meta"))
    except sqlite3.Error as error:
        if not os.access(path.parent, os.W_OK):
            raise SpoolError(
                f"{path}: cannot be read where its folder cannot be written; copy it and what lies beside it elsewhere"
            ) from None
        raise SpoolError(f"{path}: cannot be read, it may be damaged ({error}); it was left as it is") from None
    missing = [name for name in _META if not isinstance(meta.get(name), str)]
    if missing or not meta["created_ms"].isdigit():
        raise SpoolError(f"{path}: cannot be read, it may be damaged (whose it is is not told); it was left as it is")
    return meta


class SpoolLock:
    """The right to write a spool; the operating system takes it back from a process that dies.

    Raises:
        SpoolError: another process writes it.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + "-lock")
        try:
            self._descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SpoolError(f"{path}: cannot be written ({error.strerror})") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise SpoolError(f"{path}: is open elsewhere (process {holder}); wait for its end") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        """Give it back; harmless twice."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1
