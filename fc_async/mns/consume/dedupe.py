"""Which letters have been handled before: the key of a letter, and two stores of keys.

One failure may send several records: they share the request id, and the last one must not be dropped for the first. So
the key is made of the request id, the function's ARN, the payload and the number of attempts.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from ...checks import check_whole
from ...forks import renew_after_fork
from ..letter import Letter

_LEAST_KEYS = 1
_MOST_KEYS = 10_000_000

_PATIENCE_SECONDS = 30.0
"""How long another process may have the file."""

_OF_PARENTS: list[object] = []
"""Connections that a forked child has copies of: to close one could wait for a thread that is not there."""


class DedupeStore(Protocol):
    """Remembers what was handled; is asked by several threads at once."""

    def seen(self, key: str) -> bool:
        """Tell whether a letter of this key was handled before."""

    def done(self, key: str) -> None:
        """Remember that a letter of this key was handled."""


def key_of(letter: Letter) -> str | None:
    """Return a letter's key, None where it holds no record: 64 hex digits that tell nothing of it."""
    record = letter.record
    if record is None:
        return None
    payload = b"" if record.request_payload is None else record.request_payload.encode("utf-8", "surrogatepass")
    parts = (
        record.request_id,
        record.function_arn,
        "" if record.request_payload is None else sha256(payload).hexdigest(),
        str(record.approximate_invoke_count),
    )
    return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class MemoryDedupe:
    """Remembers the newest keys in this process.

    Args:
        max_keys: the oldest are forgotten, 1 to 10,000,000. Default 100,000 (some 20 MB).

    Raises:
        ArgumentError: `max_keys` is out of range.
    """

    def __init__(self, max_keys: int = 100_000) -> None:
        self._max_keys = check_whole("max_keys", max_keys, _LEAST_KEYS, _MOST_KEYS)
        self._lock = threading.Lock()
        self._keys: OrderedDict[str, None] = OrderedDict()
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Take a lock that no thread of the parent holds."""
        self._lock = threading.Lock()

    def seen(self, key: str) -> bool:
        with self._lock:
            return key in self._keys

    def done(self, key: str) -> None:
        with self._lock:
            self._keys[key] = None
            self._keys.move_to_end(key)
            if len(self._keys) > self._max_keys:
                self._keys.popitem(last=False)


class SqliteDedupe:
    """Remembers keys in a file that processes of one machine share; a key is on the disk when `done` returns.

    Args:
        path: the file; it is made, readable for its owner alone.
        max_keys: the oldest are forgotten, 1 to 10,000,000. Default 1,000,000 (some 150 MB).

    Raises:
        ArgumentError: `max_keys` is out of range.
    """

    def __init__(self, path: str | Path, max_keys: int = 1_000_000) -> None:
        self._path = Path(path)
        self._max_keys = check_whole("max_keys", max_keys, _LEAST_KEYS, _MOST_KEYS)
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Take a lock and a connection of this process's own: SQLite's cannot be taken into a forked child."""
        self._lock = threading.Lock()
        if self._opened is not None:
            _OF_PARENTS.append(self._opened)
        self._opened = None

    def seen(self, key: str) -> bool:
        with self._lock:
            found = self._connection().execute("SELECT 1 FROM done WHERE key = ?", (key,)).fetchone()
        return found is not None

    def done(self, key: str) -> None:
        with self._lock:
            connection = self._connection()
            place = connection.execute("INSERT OR REPLACE INTO done (key) VALUES (?)", (key,)).lastrowid or 0
            connection.execute("DELETE FROM done WHERE place <= ?", (place - self._max_keys,))

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS done (place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE)"
            )
        except BaseException:
            connection.close()
            raise
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have the file written ahead; SQLite itself does not wait for another process that is about to do the same."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= ends:
                raise
            time.sleep(0.01)
        else:
            return


class Once:
    """Sees to it that no letter is handled twice, not even at the same time.

    Args:
        store: what was handled; None: nothing is remembered.
        key: a letter's key, None for one that is always handled.
    """

    def __init__(self, store: DedupeStore | None, key: Callable[[Letter], str | None]) -> None:
        self._store = store
        self._key = key
        self._lock = threading.Lock()
        self._going: set[str] = set()
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Forget what the parent's threads are handling: none of them runs here."""
        self._lock = threading.Lock()
        self._going = set()

    def begin(self, letter: Letter) -> Claim:
        """Say that a letter is about to be handled."""
        key = None if self._store is None else self._key(letter)
        if self._store is None or key is None:
            return Claim()
        if self._store.seen(key):
            return Claim(is_done=True)
        with self._lock:
            if key in self._going:
                return Claim(is_going=True)
            self._going.add(key)
        claim = Claim(self, key)
        try:
            is_done = self._store.seen(key)  # another worker may have come to its end since the first look
        except BaseException:
            claim.end(is_handled=False)
            raise
        if is_done:
            claim.end(is_handled=False)
            return Claim(is_done=True)
        return claim

    def handled(self, key: str) -> None:
        """Say that it was handled."""
        if self._store is not None:
            self._store.done(key)

    def let_go(self, key: str) -> None:
        """Say that another worker may handle it, where it is not handled yet."""
        with self._lock:
            self._going.discard(key)


class Claim:
    """A letter that is being handled.

    Args:
        once: who gave it; None: nothing is remembered.
        key: the letter's key.
        is_done: the letter was handled before.
        is_going: another worker handles it now.
    """

    def __init__(
        self, once: Once | None = None, key: str = "", *, is_done: bool = False, is_going: bool = False
    ) -> None:
        self._once = once
        self._key = key
        self.is_done = is_done
        self.is_going = is_going
        self._is_given_up = False

    def end(self, *, is_handled: bool) -> None:
        """Say that it was handled, or was not; only the first word counts."""
        once, self._once = self._once, None
        if once is None:
            return
        try:
            if is_handled:
                once.handled(self._key)
        finally:
            if not self._is_given_up:
                once.let_go(self._key)

    def give_up(self) -> None:
        """Let another worker handle it: this one takes too long; should it come to its end, that counts still."""
        once = self._once
        if once is not None and not self._is_given_up:
            self._is_given_up = True
            once.let_go(self._key)
