"""Which spool a pull fills: the one that was named, the one of a pull that was killed, or a new one."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from ..errors import SpoolError
from ..mns.queue_client import QueueClient
from .spool import Spool
from .spool_place import SUFFIX, SpoolPlace, check_same_account, default_path, free_path, link_into_folder, place_of


def spool_for(queue: QueueClient, path: Path | None, folder: Path | None = None) -> Spool:
    """Return the spool for a pull of a queue, opened to be written.

    Args:
        queue: the queue.
        path: the file that was named; None: none was.
        folder: where spools lie; None: the folder of spools.

    Raises:
        SpoolError: the file that was named is none of a pull of this queue, or is open elsewhere.
    """
    place = place_of(queue)
    default = free_path(default_path(place, datetime.now(timezone.utc), folder))
    if path is None:
        path = killed(place, default.parent) or default
    if path.exists():
        return _named(queue, path, place)
    spool = Spool.create(path, place)
    try:
        link_into_folder(path, default)
    except SpoolError:
        spool.close()
        path.unlink(missing_ok=True)
        raise
    return spool


def path_for(queue: QueueClient, folder: Path | None = None) -> Path:
    """Return the file that a pull of a queue fills where none is named; nothing is made."""
    place = place_of(queue)
    default = free_path(default_path(place, datetime.now(timezone.utc), folder))
    return killed(place, default.parent) or default


def _named(queue: QueueClient, path: Path, place: SpoolPlace) -> Spool:
    spool = Spool(path)
    try:
        check_same_account(path, spool.place, queue.settings)
        if spool.place.queue != place.queue:
            raise SpoolError(f"{path}: holds letters of the queue {spool.place.queue}, not of {place.queue}")
        if spool.pull_state is None and spool.counts():  # an empty one: a pull was killed before its first letter
            raise SpoolError(f"{path}: is the journal of a redrive; name another file")
    except SpoolError:
        spool.close()
        raise
    return spool


def killed(place: SpoolPlace, folder: Path) -> Path | None:
    """Return the spool of a pull of this queue that came to no end, where no other process writes it."""
    for path in sorted(folder.glob(f"{place.prefix}*{SUFFIX}")) if folder.is_dir() else ():
        try:
            with Spool(path, read_only=True) as seen:
                is_it = seen.pull_state == "going" and seen.place.is_queue_of(place)
            if is_it:
                Spool(path).close()
                return path
        except SpoolError:  # damaged, or open elsewhere: it is passed over
            continue
    return None
