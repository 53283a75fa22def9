"""The journals of redrives of one queue: a new one, an old one to go on with, and those that are not done with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from ..errors import SpoolError
from ..mns.queue_client import QueueClient
from .entry import State
from .spool import Spool
from .spool_place import (
    SUFFIX,
    SpoolPlace,
    default_path,
    free_path,
    link_into_folder,
    place_of,
    resolved,
    spools_folder,
)


def journal_of(queue: QueueClient, *, new: Path | None, old: Path | None, folder: Path | None = None) -> Spool:
    """Open the journal of a redrive of a queue.

    Args:
        queue: the queue.
        new: where a new one goes; None: into the folder of spools.
        old: one to go on with; None: a new one is made.
        folder: the folder of spools; None: `$XDG_STATE_HOME/fc-async/spools`.

    Raises:
        SpoolError: it cannot be made, or it is of another queue.
    """
    place = place_of(queue)
    if old is not None:
        spool = Spool(old)
        if spool.place.prefix != place.prefix:
            spool.close()
            raise SpoolError(f"{old}: is of queue {spool.place.queue}, not of {place.queue}")
        return spool
    default = default_path(place, datetime.now(timezone.utc), spools_folder() if folder is None else folder)
    if new is None:
        return _new(default, place)
    spool = Spool.create(new, place)
    link_into_folder(spool.path, default)
    return spool


def _new(default: Path, place: SpoolPlace) -> Spool:
    while True:
        path = free_path(default)
        try:
            return Spool.create(path, place)
        except SpoolError:
            if not path.exists():
                raise


def unfinished(mine: Spool, folder: Path | None = None) -> Iterator[tuple[Path, int]]:
    """Yield the other spools of the queue that hold letters which nothing was done with, and how many."""
    folder = spools_folder() if folder is None else folder
    for path in sorted(folder.glob(f"{mine.place.prefix}*{SUFFIX}")) if folder.is_dir() else ():
        if resolved(path) == resolved(mine.path):
            continue
        try:
            with Spool(path, read_only=True) as spool:
                counts = spool.counts() if spool.has_custody() and spool.place.is_queue_of(mine.place) else {}
                held = counts.get(State.HELD.value, 0) + counts.get(State.PLANNED.value, 0)
        except SpoolError:
            continue
        if held:
            yield path, held
