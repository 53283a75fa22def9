"""Where spools lie, how they are named, and which of them are of one queue."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import SpoolError
from ..settings.endpoint import is_loopback

if TYPE_CHECKING:
    from ..mns.queue_client import QueueClient
    from ..settings.settings import Settings

SUFFIX = ".spool"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True)
class SpoolPlace:
    """Whose letters a spool holds.

    Args:
        account_id: account id; "" where it is not known.
        region: region id; "" where it is not known.
        queue: name of the queue.
        endpoint: where MNS was asked.
    """

    account_id: str
    region: str
    queue: str
    endpoint: str

    @property
    def prefix(self) -> str:
        """What the names of its spools begin with."""
        return _UNSAFE.sub("_", f"{self.account_id}-{self.region}-{self.queue}-")

    def is_queue_of(self, other: SpoolPlace) -> bool:
        """Whether both are one queue: all endpoints in the cloud lead to it, each port of this machine elsewhere."""
        return _whose(self) == _whose(other)


def _whose(place: SpoolPlace) -> tuple[str, str, str, int | None]:
    parts = urlsplit(place.endpoint)
    port = (parts.port or 80) if is_loopback(parts.hostname or "") else None
    return place.account_id, place.region, place.queue, port


def place_of(queue: QueueClient) -> SpoolPlace:
    """Return whose letters a queue's are."""
    settings = queue.settings
    return SpoolPlace(
        "" if settings.account_id is None else settings.account_id.value,
        "" if settings.region is None else settings.region.value,
        queue.queue,
        settings.endpoint.url,
    )


def check_same_account(path: Path, place: SpoolPlace, settings: Settings) -> None:
    """See that a client may work a spool's letters.

    Raises:
        SpoolError: it is another account's, of another region, or one of the two is on this machine alone.
    """
    is_local = is_loopback(urlsplit(place.endpoint).hostname or "")
    if is_local is not settings.endpoint.is_loopback:
        at = "this machine's own service" if is_local else f"{place.account_id}/{place.region}"
        raise SpoolError(f"{path}: holds letters of {at}, and this client speaks to {settings.place}")
    known = (("account", place.account_id, settings.account_id), ("region", place.region, settings.region))
    for name, theirs, ours in known:
        if theirs and ours is not None and ours.value and theirs != ours.value:
            raise SpoolError(
                f"{path}: holds letters of {name} {theirs}, and this client is of {ours.value}; "
                f"--{'account-id' if name == 'account' else name} or --profile names the right one"
            )


def link_into_folder(path: Path, default: Path) -> None:
    """Have a spool that lies elsewhere found among the others.

    Raises:
        SpoolError: the folder of spools cannot be written.
    """
    if os.path.realpath(path.parent) == os.path.realpath(default.parent):
        return
    while True:
        free = free_path(default)
        try:
            default.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            free.symlink_to(path.absolute())
        except FileExistsError:  # another one has taken it meanwhile
            if default.parent.is_dir():
                continue
            raise _unusable(default.parent, "Not a directory") from None
        except OSError as error:
            raise _unusable(default.parent, error.strerror) from None
        return


def free_path(path: Path) -> Path:
    """Return a path at which there is nothing: one process may begin several of one queue in a second.

    Raises:
        SpoolError: what is there cannot be seen.
    """
    number, free = 1, path
    try:
        while free.exists() or free.is_symlink():
            number += 1
            free = path.with_name(f"{path.stem}-{number}{SUFFIX}")
    except OSError as error:
        raise _unusable(path.parent, error.strerror) from None
    return free


def _unusable(folder: Path, why: str | None) -> SpoolError:
    return SpoolError(f"{folder}: spools are listed there, and it cannot be used ({why}); XDG_STATE_HOME names another")


def is_spool(text: str) -> bool:
    """Whether an argument names a spool: it ends in `.spool` or holds a `/`; anything else is a queue's name."""
    return text.endswith(SUFFIX) or "/" in text


def spools_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of spools: `$XDG_STATE_HOME/fc-async/spools`, by default in `~/.local/state`.

    Raises:
        SpoolError: there is neither that variable nor a home.
    """
    state = environ.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        state = os.path.join(os.path.expanduser("~"), ".local", "state")
    if not state.startswith("/"):
        raise SpoolError("where spools lie is not known: there is no home folder; XDG_STATE_HOME names a place")
    return Path(state) / "fc-async" / "spools"


def default_path(place: SpoolPlace, now: datetime, folder: Path | None = None) -> Path:
    """Return where a new spool of a queue lies; nothing is made.

    Args:
        place: whose letters it will hold.
        now: the time.
        folder: where it lies; None: the folder of spools.
    """
    folder = spools_folder() if folder is None else folder
    stamp = now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return folder / f"{place.prefix}{stamp}-{os.getpid()}{SUFFIX}"


def resolved(path: Path) -> Path:
    """Return where a path leads; a link to itself leads to itself."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
