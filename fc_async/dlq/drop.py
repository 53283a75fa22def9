"""Drops letters of a spool: they are not wanted any more. Their raw letters stay for 7 days, unless they are forgotten.

What is due is forgotten by the next call that drops, puts back or restores.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Final

from ..errors import SpoolError
from .entry import Entry, State
from .push import NOT_DONE
from .spool import Spool
from .spool_file import connect

if TYPE_CHECKING:
    from .where import Where

KEPT_SECONDS: Final = 7 * 86400
"""So long the raw letter of a dropped one stays: as long as a queue would have kept it at most."""

_AT_ONCE = 256


def droppable(spool: Spool, where: Where | None = None, *, forget: bool = False) -> Iterator[Entry]:
    """Yield what `drop` is about: what was not done, and with `forget` also what was dropped before.

    Args:
        spool: the spool.
        where: only those that it selects; None: all.
        forget: as `drop`.
    """
    states = (*NOT_DONE, State.DROPPED) if forget else NOT_DONE
    return (entry for entry in spool.entries(where, states=states) if entry.is_custody)


def drop(
    spool: Spool,
    where: Where | None = None,
    *,
    forget: bool = False,
    busy_seconds: float = 30,
    clock: Callable[[], float] = time.time,
) -> int:
    """Drop what was not done, and return how many that were.

    Args:
        spool: the spool, opened to be written.
        where: only those that it selects; None: all.
        forget: also take their raw letters away, for good; also of those that were dropped before.
        busy_seconds: how long another process that reads the spool at this moment is waited for, from 0.
        clock: seconds since 1970.

    Raises:
        SpoolError: the spool cannot be written; or what was to be forgotten is in the file still.
    """
    forget_what_is_due(spool, clock=clock)
    chosen = droppable(spool, where, forget=forget)
    dropped = 0
    while entries := list(islice(chosen, _AT_ONCE)):
        dropped += sum(entry.state is not State.DROPPED for entry in entries)
        _dropped(spool, [entry.number for entry in entries], forget)
    if forget:
        _merge(spool, busy_seconds)
    return dropped


def forget_what_is_due(spool: Spool, *, clock: Callable[[], float] = time.time) -> None:
    """Take the raw letters away that were dropped more than 7 days ago."""
    due_ms = round((clock() - KEPT_SECONDS) * 1000)
    due = (one.number for one in spool.entries(states=(State.DROPPED,)) if one.changed_ms <= due_ms)
    while numbers := list(islice(due, _AT_ONCE)):
        spool.forget_bodies(numbers)


def _merge(spool: Spool, busy_seconds: float) -> None:
    """Take what was forgotten out of the log beside the file, also where another process has the spool open to look."""
    try:
        with closing(connect(spool.path)) as connection:
            connection.execute(f"PRAGMA busy_timeout={round(busy_seconds * 1000)}")
            is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise SpoolError(f"{spool.path}: cannot be written ({error}); raw letters may be in it still") from None
    if is_busy:
        raise SpoolError(f"{spool.path}: is being read elsewhere, and raw letters are in it still; forget them again")


def _dropped(spool: Spool, numbers: list[int], forget: bool) -> None:
    spool.note_all([(number, State.DROPPED, None, None) for number in numbers])
    if forget:
        spool.forget_bodies(numbers)
